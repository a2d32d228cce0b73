"""What the stages of a project carry: the acts that rest on one, and what is only told about it."""

from collections import Counter
from collections.abc import Iterable, Iterator

from django.db import models

from projects.models import Document, JournalEntry, Letter, LetterKind, Project, Stage, VigilancePoint
from projects.states import State

ABOUT_A_STAGE = (VigilancePoint, JournalEntry, Document, Letter)
"""What belongs to the project and only says which stage it is about."""


def last_recorded(project: Project) -> Stage:
    """The last stage that somebody recorded; what silence makes or will make of it does not count."""
    return [stage for stage in project.stages.all() if not stage.is_tacit][-1]


def stage_before(project: Project, stage: Stage) -> Stage | None:
    """What was true before `stage`, be it by silence; None for the stage that opens the project."""
    stages = list(project.stages.all())
    position = stages.index(stage)
    return stages[position - 1] if position else None


ATTACHED = ("opinions", "consultations", "escalations", "signatures", "filing__piece_requests")
"""How the acts that rest on a stage are reached, to fetch them with it."""


def attached_rows(stage: Stage) -> Iterator[models.Model]:
    """The acts that rest on a stage and go with it: opinions, signatures, the pieces asked of its filing."""
    for related in (stage.opinions, stage.consultations, stage.escalations, stage.signatures):
        yield from related.all()
    if stage.state == State.FILED:
        yield from stage.filing.piece_requests.all()


def has_acts(stages: Iterable[Stage]) -> bool:
    """Whether somebody has recorded a step, or an act that rests on one: an import does not write over it."""
    return any(stage.origin == Stage.Origin.ACT or any(attached_rows(stage)) for stage in stages)


def attached_to(stage: Stage) -> list[str]:
    """What would be lost with a stage, in words: « 2 avis », « 1 signature »."""
    return _counted(attached_rows(stage))


def resting_on(stage: Stage) -> list[str]:
    """What was done because of a tacit validation, in words: it must go before the validation may."""
    rollout, versions = stage.project.rollout, stage.project.versions
    attestations = stage.letters.filter(kind=LetterKind.ATTESTATION, document__withdrawn_at=None)
    return _counted(
        [
            *attached_rows(stage),
            *rollout.filter(happened_on__gte=stage.since),
            *versions.filter(sent_on__gte=stage.since),
            *attestations,
        ]
    )


def _counted(rows: Iterable[models.Model]) -> list[str]:
    counted = Counter(type(row) for row in rows)
    return [
        f"{count} {model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural}"
        for model, count in counted.items()
    ]


def details_of(stage: Stage) -> Iterator[models.Model]:
    """What the step that opened a stage needed: its filing, its decision, its merger."""
    for name in ("filing", "decision", "merger"):
        if details := getattr(stage, name, None):
            yield details


def tell_of(instead: Stage, of: Stage) -> None:
    """What was told about a stage that goes is told about the one that stays."""
    for model in ABOUT_A_STAGE:
        model.objects.filter(stage=of).update(stage=instead)


Told = dict[type[models.Model], dict[State, list[int]]]


def told_of(stages: Iterable[Stage]) -> Told:
    """What is told about each state of these stages, by its keys: to be told again of the stages that replace them."""
    told: Told = {}
    for model in ABOUT_A_STAGE:
        by_state = told.setdefault(model, {})
        for pk, state in model.objects.filter(stage__in=stages).values_list("pk", "stage__state"):
            by_state.setdefault(State(state), []).append(pk)
    return told


def tell_again(project: Project, told: Told) -> None:
    """Point to the new stages of the same states; what was about a state that is gone stays with the project."""
    stages = {State(stage.state): stage for stage in project.stages.all()}
    for model, by_state in told.items():
        for state, pks in by_state.items():
            model.objects.filter(pk__in=pks).update(stage=stages.get(state))


def remove(row: models.Model, reason: str) -> None:
    """Delete what was entered by mistake; its field history keeps it, with the reason."""
    row._change_reason = reason  # read by django-simple-history
    row.delete()
