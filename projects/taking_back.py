"""Taking back the last recorded step, entered by mistake (docs/adr/0004-a-mistake-is-taken-back-not-edited.md)."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.dispatch import Signal

from accounts.models import User
from projects.models import Outcome, Project, Stage
from projects.stages import attached_rows, details_of, last_recorded, remove, stage_before
from projects.states import State
from projects.withdrawing import may_remove
from projects.workflow import lock, plan_silence, settle, what_rests_on_silence

stage_leaves = Signal()
"""Sent in the transaction, before `stage` is taken back: what an app above rests on it raises ValidationError."""


def why_not_take_back(project: Project, user: User, *, reopens: bool = False) -> str:
    """Why `user` cannot take back the last recorded step; empty when it can. The first stage opens the project.

    `reopens`: the conciliation that brought the step is taken back with it.
    """
    stage = last_recorded(project)
    if stage_before(project, stage) is None:
        return "C'est la première étape du projet : il n'y a rien avant elle."
    if not reopens and is_of_a_conciliation(stage):
        return (
            "Cette fusion est l'issue d'une conciliation, qui a aussi changé des périmètres : rouvrez la conciliation "
            "pour annuler le tout."
        )
    if may_remove(user, stage.recorded_by):
        return ""
    return "Seuls son auteur, un responsable de son institution ou un administrateur annulent une étape."


def is_of_a_conciliation(stage: Stage) -> bool:
    """Whether the outcome of a conciliation has merged the project."""
    if stage.state != State.MERGED:
        return False
    merged = Outcome.objects.filter(kind=Outcome.Kind.MERGER, conciliation__projects=stage.project_id)
    return merged.filter(effective_on=stage.since, successor=stage.merger.successor_id).exists()


def take_back(user: User, pk: int, reason: str, *, seen_stage: int, reopens: bool = False) -> Stage:
    """Undo the last recorded step, entered by mistake: the stage before is true again, and its clock if it was filed.

    What was undone stays in the field history, with `reason`. Returns the stage taken back. Raises as `take_step` does;
    `seen_stage` is the stage shown on the page the user answers from; `reopens` as in `why_not_take_back`.
    """
    with transaction.atomic():
        project = lock(Project.objects.for_user(user), pk)
        if not user.can_write_in(project.department_codes()):
            raise PermissionDenied("Ce projet n'est pas de vos départements.")
        if last_recorded(project).pk != seen_stage:
            raise ValidationError(
                "Une autre étape a été enregistrée depuis l'ouverture de cette page : relisez le projet."
            )
        if obstacle := why_not_take_back(project, user, reopens=reopens):
            raise PermissionDenied(obstacle)
        taken_back = last_recorded(project)
        if obstacle := what_rests_on_silence(project, taken_back.since):
            raise ValidationError(obstacle)
        stage_leaves.send(Stage, stage=taken_back)
        before = stage_before(project, taken_back)
        for stage in project.stages.filter(since__gte=taken_back.since, pk__gte=taken_back.pk):
            for row in (*attached_rows(stage), *details_of(stage)):
                remove(row, reason)
            remove(stage, reason)
        before.until = None
        before.save(update_fields=["until"])
        _take_back_signature(before, taken_back, reason)
        plan_silence(project, by=user)
        settle(project)
    return taken_back


def _take_back_signature(before: Stage, taken_back: Stage, reason: str) -> None:
    """The signature that took the step goes with it: signed again, it takes the step again."""
    is_signed = taken_back.state in (State.LETTER_VALIDATED, State.ACI_SIGNED)
    if is_signed and (signature := before.signatures.order_by("recorded_at", "pk").last()):
        remove(signature, reason)
