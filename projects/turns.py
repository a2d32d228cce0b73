"""Whose turn it is on many projects at once, on a day: every fact that it depends on comes in one query."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import CharField, DateField, Exists, F, Model, OuterRef, QuerySet, Value
from django.db.models.functions import Cast

from accounts.models import Institution, User
from projects import clock, turn
from projects.models import (
    Escalation,
    ExchangedVersion,
    Opinion,
    PieceRequest,
    Project,
    RolloutEvent,
    Signature,
    Stage,
    Verdict,
)
from projects.models.examination import SUBJECTS
from projects.states import State
from projects.turn import Actor, Facts, Turn, turns

ACTORS = {"ars": Actor.ARS, "insurance": Actor.INSURANCE, "cpts": Actor.PROMOTER}
"""Sides of the binôme, parties to a signature and senders of a version, as actors."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a project stands on the day one asks about."""

    project: int
    state: State
    since: date
    has_finess: bool = False

    @classmethod
    def of(cls, stage: Stage) -> "Standing":
        """No query when the stage's project was fetched before."""
        return cls(stage.project_id, State(stage.state), stage.since, bool(stage.project.finess))

    @classmethod
    def of_listed(cls, project: Project) -> "Standing":
        """Needs `with_state_on(day)`, and a project that was known on that day."""
        return cls(project.pk, State(project.state_on), project.state_since, bool(project.finess))


class Row(NamedTuple):
    """A dated fact: of which project (`about`), who did it, the word that says it, when it began, and ended if it has.

    None of these names is a field of the models that they are read from.
    """

    about: int
    fact: str
    actor: str
    word: str
    began: date
    ended: date | None
    row: int


def turns_of(standings: Collection[Standing], day: date) -> dict[int, tuple[Turn, ...]]:
    """The acts awaited on each project, by its pk, as known on `day`: one query at most."""
    examined = [standing.project for standing in standings if standing.state in SUBJECTS]
    told: dict[int, list[Row]] = defaultdict(list)
    for row in _rows(examined, day) if examined else ():
        told[row.about].append(row)
    return {standing.project: turns(_facts(standing, told[standing.project])) for standing in standings}


def awaited(standings: Collection[Standing], actors: Collection[Actor], day: date) -> set[int]:
    """The projects on which one of `actors` is awaited, by their pk."""
    found = turns_of(standings, day)
    return {project for project, acts in found.items() if any(act.is_of(actors) for act in acts)}


def actors_of(user: User) -> tuple[Actor, ...]:
    """Whom this user acts for: its side of the binôme and, where the disagreements are settled, its direction."""
    if user.side is None:
        return ()
    settles = user.institution.kind in (Institution.Kind.ARS_HEADQUARTERS, Institution.Kind.DCGDR)
    return (ACTORS[user.side], Actor.DIRECTION) if settles else (ACTORS[user.side],)


def _rows(projects: Collection[int], day: date) -> Iterator[Row]:
    """What was said on the present stage of each project and done of its roll-out, in order of date."""
    stages = Stage.objects.on(day).filter(project__in=projects, state__in=SUBJECTS)
    of_stages, of_projects = {"stage__in": stages}, {"project__in": projects}
    of_filings = {"filing__stage__in": stages, "is_indispensable": True}
    first, *others = [
        _select(Opinion, of_stages, day, about="stage__project", actor="side", word="verdict", began="given_on"),
        _select(
            Escalation, of_stages, day, about="stage__project", word="outcome", began="opened_on", ended="closed_on"
        ),
        _select(PieceRequest, of_filings, day, about="filing__stage__project", began="asked_on", ended="received_on"),
        _select(Signature, of_stages, day, about="stage__project", actor="party", began="signed_on"),
        _since_last_filing(RolloutEvent, of_projects, day, about="project", word="kind", began="happened_on"),
        _since_last_filing(ExchangedVersion, of_projects, day, about="project", actor="sender", began="sent_on"),
    ]
    for values in first.union(*others, all=True).order_by("began", "row"):
        row = Row(*values)
        is_over = row.ended is not None and row.ended <= day
        yield row if is_over else row._replace(ended=None)


def _select(model: type[Model], found: dict, day: date, *, began: str, **columns: str) -> QuerySet:
    """The rows of `model` known on `day`, under the names of Row so that one query brings those of every model."""
    nothing, never = Value("", CharField()), Cast(None, DateField())
    given = {name: F(path) for name, path in columns.items()}
    named = {"fact": Value(model.__name__, CharField()), "actor": nothing, "word": nothing, "ended": never} | given
    rows = model.objects.filter(**found, **{f"{began}__lte": day}).order_by()
    return rows.annotate(**named, began=F(began), row=F("pk")).values_list(*Row._fields)


def _since_last_filing(model: type[Model], found: dict, day: date, *, began: str, **columns: str) -> QuerySet:
    """The same, without what was done for an earlier filing of the project."""
    filings = Stage.objects.filter(project=OuterRef("project"), state=State.FILED, since__lte=day)
    later = Exists(filings.filter(since__gt=OuterRef(began)))
    return _select(model, found, day, began=began, **columns).filter(~later)


def _facts(standing: Standing, rows: Iterable[Row]) -> Facts:
    told: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        told[row.fact].append(row)
    return Facts(
        standing.state,
        standing.since,
        opinions={ACTORS[row.actor]: turn.Opinion(_is_favourable(row), row.began) for row in told["Opinion"]},
        escalation=next(
            (turn.Escalation(row.began, row.ended, _is_favourable(row)) for row in reversed(told["Escalation"])),
            None,
        ),
        requests=tuple(clock.Request(row.began, row.ended) for row in told["PieceRequest"]),
        signed={ACTORS[row.actor]: row.began for row in told["Signature"]},
        rollout=_rollout(standing, told["RolloutEvent"], told["ExchangedVersion"]),
    )


def _is_favourable(row: Row) -> bool:
    return row.word != Verdict.UNFAVOURABLE


def _rollout(standing: Standing, events: list[Row], versions: list[Row]) -> turn.Rollout:
    days: dict[str, list[date]] = defaultdict(list)
    for event in events:
        days[event.word].append(event.began)
    last = versions[-1] if versions else None
    kinds = RolloutEvent.Kind
    return turn.Rollout(
        restitution_on=max(days[kinds.RESTITUTION], default=None),
        decision_sent_on=max(days[kinds.DECISION_SENT], default=None),
        has_finess=standing.has_finess or bool(days[kinds.FINESS]),
        indicator_meetings=tuple(days[kinds.INDICATOR_MEETING]),
        draft_sent_on=max(days[kinds.DRAFT_SENT], default=None),
        last_sender=ACTORS[last.actor] if last else None,
        last_sent_on=last.began if last else None,
    )
