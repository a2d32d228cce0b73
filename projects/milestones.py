"""The line of a project's life in six milestones, as a page draws it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from projects.models import Stage
from projects.states import State

MILESTONES = {
    "Émergence": {State.INITIATIVE, State.FORMALISING},
    "Lettre d'intention": {State.LETTER_FILED, State.LETTER_VALIDATED},
    "Ingénierie": {State.ENGINEERING},
    "Dépôt": {State.FILED, State.OPPOSED},
    "Validation": {State.VALIDATED},
    "ACI signé": {State.ACI_SIGNED},
}


@dataclass(frozen=True, slots=True)
class Milestone:
    """`since`: when the project last came to it, or will by silence (`is_planned`); None: not reached, or skipped."""

    label: str
    since: date | None
    is_current: bool
    is_done: bool
    is_planned: bool


def milestones(stages: Sequence[Stage], day: date) -> list[Milestone]:
    """The milestones as they stand on `day`, from the project's stages in order of date."""
    entered: dict[str, date] = {}
    previous = ""
    for stage in stages:
        label = _milestone_of(stage)
        if label and stage.since <= day:
            if label != previous:
                entered[label] = stage.since
            previous = label
    current = next((_milestone_of(stage) for stage in stages if stage.is_true_on(day)), "")
    labels = list(MILESTONES)
    reached = labels.index(previous) if previous else -1
    planned = {_milestone_of(stage): stage.since for stage in stages if stage.is_tacit and stage.since > day}
    return [
        Milestone(
            label,
            since=entered.get(label) if rank <= reached else planned.get(label),
            is_current=label == current,
            is_done=rank <= reached and label in entered and label != current,
            is_planned=rank > reached and label in planned,
        )
        for rank, label in enumerate(labels)
    ]


def _milestone_of(stage: Stage) -> str:
    """Empty for a project that has ended."""
    return next((label for label, states in MILESTONES.items() if stage.state in states), "")
