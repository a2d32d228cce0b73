"""The roll-out of the ACI, from the restitution of the health project to the signatures, in the order of the field.

The order and who does what are those of the Paris experience (ARS Île-de-France, comité de suivi régional, 24 February
2020). Nothing here blocks what comes next: what was not recorded may have been done.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import count

from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted, short_day
from projects.examination.opinions import current_opinions
from projects.models import SIGNED_BY, ExchangedVersion, Project, RolloutEvent, Stage
from projects.states import ENDED, State
from projects.timeline import OBSERVED
from projects.turn import INDICATOR_MEETINGS

Kind = RolloutEvent.Kind
BOTH = frozenset(Side)

FROM_VALIDATION = (State.VALIDATED, State.ACI_SIGNED)
FROM_FILING = (State.FILED, *FROM_VALIDATION)
NOT_YET = {
    FROM_FILING: "La réunion de restitution s'enregistre à partir du dépôt du projet de santé.",
    FROM_VALIDATION: "Cette étape s'enregistre à partir de la validation du projet de santé, expresse ou tacite.",
}


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """A line of the checklist: whose it is, and who records it. `key` is a `Kind` for what is recorded as an event."""

    key: str
    label: str
    whose: str
    recorded_by: frozenset[Side] = BOTH
    opened_by: tuple[State, ...] = FROM_VALIDATION


VERSIONS, OPINIONS, SIGNATURES = "versions", "opinions", "signatures"
STEPS = (
    RolloutStep(
        Kind.RESTITUTION, Kind.RESTITUTION.label, "CPTS, en présence de la DD et de la CPAM", opened_by=FROM_FILING
    ),
    RolloutStep(Kind.DECISION_SENT, Kind.DECISION_SENT.label, "ARS (DD)", frozenset({Side.ARS})),
    RolloutStep(Kind.FINESS, Kind.FINESS.label, "ARS", frozenset({Side.ARS})),
    RolloutStep(Kind.INDICATOR_MEETING, "Réunions sur les indicateurs", "CPAM, avec la CPTS et la DD"),
    RolloutStep(VERSIONS, "Versions des indicateurs échangées", "CPAM et CPTS"),
    RolloutStep(Kind.DRAFT_SENT, Kind.DRAFT_SENT.label, "CPAM", frozenset({Side.INSURANCE})),
    RolloutStep(OPINIONS, "Avis des institutions sur le projet de contrat", "ARS et CPAM"),
    RolloutStep(SIGNATURES, "Signatures de l'ACI", "CPTS, CPAM et ARS"),
)
STEP_OF = {step.key: step for step in STEPS}


def opening(project: Project, step: RolloutStep, today: date) -> Stage | None:
    """The stage from which this step can happen; None as long as it has not begun. The last filing alone counts."""
    stages = [stage for stage in project.stages.all() if stage.since <= today]
    filings = [stage for stage in stages if stage.state == State.FILED]
    recent = [stage for stage in stages if not filings or stage.since >= filings[-1].since]
    return next((stage for stage in recent if stage.state in step.opened_by), None)


def why_not(project: Project, step: RolloutStep, today: date, day: date | None = None) -> str:
    """Why this step cannot be recorded, at all or on `day`; empty when it can.

    A stage known only because somebody saw it (import) has begun before its date: it says nothing of the days before.
    """
    stage = opening(project, step, today)
    if stage is None:
        return NOT_YET[step.opened_by]
    if day is None:
        return ""
    if is_before(stage, day):
        state = quoted(State(stage.state).short_label)
        return f"C'est avant l'étape {state} du {in_words(stage.since)} : vérifiez la date."
    end = project.stage_on(day)
    if end and end.state in ENDED and day > end.since:
        return f"Le projet a pris fin le {in_words(end.since)} ({State(end.state).short_label}) : vérifiez la date."
    return ""


def is_before(stage: Stage, day: date) -> bool:
    """Whether `day` comes before the stage, as far as one knows when it began."""
    return day < stage.since and not stage.comment.startswith(OBSERVED)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A version, numbered among those of its subject in the order they were sent: v1, v2…"""

    version: ExchangedVersion
    number: int

    def __str__(self) -> str:
        return f"v{self.number}"


def numbered(versions: Iterable[ExchangedVersion]) -> list[Numbered]:
    numbers: dict[str, count] = defaultdict(lambda: count(1))
    ordered = sorted(versions, key=lambda version: (version.sent_on, version.pk))
    return [Numbered(version, next(numbers[version.subject])) for version in ordered]


@dataclass(slots=True)
class Line:
    """A step with what was done of it; `told` says in words what no event says."""

    step: RolloutStep
    why_not: str  # why it cannot be recorded yet
    is_done: bool = False
    events: list[RolloutEvent] = field(default_factory=list)
    former: list[RolloutEvent] = field(default_factory=list)  # before the last filing
    told: list[str] = field(default_factory=list)


def checklist(project: Project, versions: Iterable[Numbered], today: date) -> list[Line]:
    """The steps of the roll-out as they stand; as many queries whatever was recorded."""
    events: dict[str, list[RolloutEvent]] = defaultdict(list)
    for event in project.rollout.select_related("recorded_by__institution"):
        events[event.kind].append(event)
    known = [stage for stage in project.stages.all() if stage.since <= today]
    validated = next((stage for stage in reversed(known) if stage.state == State.VALIDATED), None)
    is_signed = any(stage.state == State.ACI_SIGNED for stage in known)
    lines = {step.key: Line(step, why_not(project, step, today)) for step in STEPS}
    for kind in Kind:
        _tell_events(lines[kind], project, events[kind], today)
    _tell_meetings(lines[Kind.INDICATOR_MEETING])
    _tell_finess(lines[Kind.FINESS], project)
    _tell_versions(lines[VERSIONS], versions)
    _tell_opinions(lines[OPINIONS], validated)
    _tell_signatures(lines[SIGNATURES], validated, is_signed=is_signed)
    return list(lines.values())


def _tell_events(line: Line, project: Project, events: list[RolloutEvent], today: date) -> None:
    stage = opening(project, line.step, today)
    for event in events:
        is_former = stage is None or is_before(stage, event.happened_on)
        (line.former if is_former else line.events).append(event)
    line.is_done = bool(line.events)


def _tell_meetings(line: Line) -> None:
    line.is_done = len(line.events) >= INDICATOR_MEETINGS
    line.told = [f"{len(line.events)} sur {INDICATOR_MEETINGS}, le nombre d'usage à Paris en 2020"]


def _tell_finess(line: Line, project: Project) -> None:
    if project.finess:
        line.is_done = True
        line.told = [f"N° {project.finess}" + ("" if line.events else ", sans date enregistrée")]


def _tell_versions(line: Line, versions: Iterable[Numbered]) -> None:
    sent = [each for each in versions if each.version.subject == ExchangedVersion.Subject.INDICATORS]
    line.is_done = bool(sent)
    line.told = [
        f"{each} : {each.version.get_sender_display()}, {short_day(each.version.sent_on)}" for each in sent[-1:]
    ]


def _tell_opinions(line: Line, validated: Stage | None) -> None:
    if validated is None:
        return
    given = current_opinions(validated)
    line.is_done = given.keys() == set(Side)
    line.told = [
        f"{side.label} : {given[side].get_verdict_display()}, {short_day(given[side].given_on)}"
        if side in given
        else f"{side.label} : attendu"
        for side in Side
    ]


def _tell_signatures(line: Line, validated: Stage | None, *, is_signed: bool) -> None:
    line.is_done = is_signed
    given = {signature.party: signature for signature in validated.signatures.all()} if validated else {}
    if is_signed and not given:
        line.told = ["Signé ; le détail des signatures n'est pas enregistré."]
    elif validated:
        line.told = [
            f"{party.label} : {given[party].signatory}, {short_day(given[party].signed_on)}"
            if party in given
            else f"{party.label} : attendue"
            for party in SIGNED_BY[State.VALIDATED]
        ]
