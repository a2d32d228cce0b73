"""Taking back an outcome entered by mistake: perimeters and absorbed projects as before, and the conciliation open."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from accounts.models import User
from ground.templatetags.french import quoted
from projects.conciliations.opening import already_open
from projects.conciliations.rights import hold, may_write, whose_perimeters
from projects.models import Conciliation, Outcome, Project, Stage
from projects.perimeters import last_change
from projects.stages import last_recorded, remove
from projects.states import State
from projects.taking_back import take_back
from projects.withdrawing import NOT_YOURS, check_reason, may_remove
from territories.models import PerimeterChange


def may_reopen(user: User, conciliation: Conciliation) -> bool:
    """Whether `user` may take back the outcome of this closed conciliation."""
    return may_write(user, conciliation) and may_remove(user, conciliation.outcome.recorded_by)


def reopen(user: User, pk: int, reason: str) -> Conciliation:
    """Undo the outcome, with what it changed, as long as nothing has moved since; the histories keep it.

    Raises Conciliation.DoesNotExist, Outcome.DoesNotExist when it is open, PermissionDenied, ValidationError.
    """
    with transaction.atomic():
        conciliation = hold(user, pk)
        outcome = conciliation.outcome
        if not may_reopen(user, conciliation):
            raise PermissionDenied(NOT_YOURS)
        check_reason(reason)
        if reasons := why_not_reopen(user, outcome):
            raise ValidationError(reasons)
        for change in changes_of(outcome):
            change.take_back(reason, by=user)
        for stage in mergers_of(outcome):
            take_back(user, stage.project_id, reason, seen_stage=stage.pk, reopens=True)
        remove(outcome, reason)
        conciliation.until = None
        conciliation._change_reason = reason  # read by django-simple-history
        conciliation.save(update_fields=["until"])
    return conciliation


def changes_of(outcome: Outcome) -> list[PerimeterChange]:
    return list(outcome.changes.select_related("perimeter__project").order_by("pk"))


def mergers_of(outcome: Outcome) -> list[Stage]:
    """The stages that a merger has opened for the projects absorbed."""
    if outcome.kind != Outcome.Kind.MERGER:
        return []
    merged = Stage.objects.filter(state=State.MERGED, since=outcome.effective_on, merger__successor=outcome.successor)
    return list(merged.filter(project__conciliations=outcome.conciliation_id).select_related("project"))


def why_not_reopen(user: User, outcome: Outcome) -> list[str]:
    """Why what this outcome changed cannot be undone; empty when it can."""
    changes = changes_of(outcome)
    reasons = whose_perimeters(user, [change.perimeter.project for change in changes])
    for change in changes:
        project = change.perimeter.project
        if user.can_write_in(project.department_codes()) and change != last_change(project):
            reasons.append(
                f"Le périmètre de {quoted(project)} a changé depuis : annulez d'abord son dernier changement."
            )
    for stage in mergers_of(outcome):
        if last_recorded(stage.project) != stage:
            reasons.append(f"Une étape a été enregistrée depuis la fusion de {quoted(stage.project)}.")
    projects = list(Project.objects.filter(conciliations=outcome.conciliation_id))
    if already_open(projects):
        reasons.append("Une autre conciliation est ouverte depuis entre ces projets : poursuivez-la.")
    return reasons
