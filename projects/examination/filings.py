"""The filings of a project, one after the other: their dates and what became of each, in words."""

from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.text import capfirst

from accounts.models import User
from ground.templatetags.french import day as in_words
from projects.clock import Deadline, Reading
from projects.models import Filing, PieceRequest, Project, Stage
from projects.perimeters import Difference, difference
from projects.stages import last_recorded
from projects.states import State
from projects.withdrawing import may_withdraw
from territories.models import PerimeterZone

ENDS = {
    State.OPPOSED: "opposition notifiée le",
    State.VALIDATED: "validation notifiée le",
    State.ENGINEERING: "dépôt retiré le",
    State.ABANDONED: "projet abandonné le",
    State.MERGED: "projet fusionné le",
}
"""How a filing ends by an act, in words."""


@dataclass(frozen=True, slots=True)
class FilingRow:
    """A filing, the stage that followed it or will, and its requests, each with whether the reader may withdraw it."""

    filing: Filing
    followed_by: Stage | None
    requests: tuple[tuple[PieceRequest, bool], ...]
    change: Difference | None
    is_open: bool  # nobody has decided: silence alone does not prevent a late entry of what was asked in time

    @property
    def outcome(self) -> str:
        return outcome(self.followed_by)

    @property
    def is_running(self) -> bool:
        return self.followed_by is None or self.followed_by.since > timezone.localdate()


def filings_of(project: Project, user: User) -> list[FilingRow]:
    """The latest first; as many queries whatever there is to show."""
    requests = PieceRequest.objects.select_related("recorded_by__institution")
    filings = list(
        Filing.objects.filter(stage__project=project)
        .select_related("stage", "follows__stage")
        .prefetch_related(Prefetch("piece_requests", requests))
        .order_by("-stage__since", "-pk")
    )
    held = held_zones(project) if any(filing.follows for filing in filings) else []
    return [
        FilingRow(
            filing,
            stage_after(project, filing),
            tuple((request, may_withdraw(user, project, request)) for request in filing.piece_requests.all()),
            difference(held, filing.follows.received_on, filing.received_on) if filing.follows else None,
            is_open=filing.stage_id == last_recorded(project).pk,
        )
        for filing in filings
    ]


def stage_after(project: Project, filing: Filing) -> Stage | None:
    stages = list(project.stages.all())
    following = stages.index(filing.stage) + 1
    return stages[following] if following < len(stages) else None


def deadline_of(filing: Filing, followed_by: Stage | None) -> Deadline:
    """The clock of a filing; once an act has ended it, nothing asked or received afterwards counts."""
    is_ended = followed_by is not None and not followed_by.is_tacit
    return filing.deadline.as_known_on(followed_by.since) if is_ended else filing.deadline


def outcome(followed_by: Stage | None) -> str:
    """What became of a filing, in words."""
    if followed_by is None or followed_by.since > timezone.localdate():
        return "à l'examen"
    if followed_by.is_tacit:
        return f"validation tacite acquise le {in_words(followed_by.since)}"
    state = State(followed_by.state)
    return f"{ENDS.get(state, f'{state.short_label} depuis le')} {in_words(followed_by.since)}"


def conclusion(deadline: Deadline, followed_by: Stage | None) -> str:
    """What the count of a filing leads to, or has led to, in a sentence or two."""
    if followed_by and followed_by.since <= timezone.localdate():
        return _told_silence(deadline) if followed_by.is_tacit else _told_act(deadline, followed_by)
    if deadline.is_waiting:
        return (
            "Une pièce indispensable est attendue. En lecture complète, aucun terme ne court ; en lecture prudente : "
            f"{reading_in_words(deadline.prudent)}."
        )
    return (
        f"Sans opposition notifiée le {in_words(deadline.last_day)} au plus tard, le projet de santé sera réputé "
        f"validé le {in_words(deadline.acquired_on)}."
    )


def _told_silence(deadline: Deadline) -> str:
    return (
        f"Aucune opposition n'a été notifiée le {in_words(deadline.last_day)} au plus tard : le projet de santé est "
        f"réputé validé depuis le {in_words(deadline.acquired_on)}."
    )


def _told_act(deadline: Deadline, act: Stage) -> str:
    told = capfirst(outcome(act))
    term, prudent = deadline.last_day, deadline.prudent.last_day
    if act.state != State.OPPOSED:
        return f"{told} : le délai s'est arrêté ce jour."
    told += f", dans le délai : le dernier jour était le {in_words(term)}." if term else ", avant tout terme."
    if act.since > prudent:
        told += f" En lecture prudente, le dernier jour était le {in_words(prudent)}."
    return told


def readings_in_words(deadline: Deadline) -> str:
    if deadline.prudent == deadline.complete:
        return f"Le délai ne change pas : {reading_in_words(deadline.prudent)}."
    return (
        f"Lecture prudente : {reading_in_words(deadline.prudent)}. "
        f"Lecture complète, en vigueur : {reading_in_words(deadline.complete)}."
    )


def reading_in_words(reading: Reading) -> str:
    if reading.start is None:
        return "pas de terme tant qu'une pièce indispensable est attendue"
    return f"dernier jour le {in_words(reading.last_day)}, validation acquise le {in_words(reading.acquired_on)}"


def held_zones(project: Project) -> list[PerimeterZone]:
    return list(project.perimeter.memberships.select_related("zone").order_by("zone__search_name"))
