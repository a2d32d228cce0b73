"""Whose turn it is, to do what, and since when: counted from what was recorded, never typed by anybody.

Who does what follows the regional process (ARS Île-de-France, comité de suivi régional, 24 February 2020) and the
statutory clock: the two institutions say what they think, the ARS alone decides on a health project.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db import models

from projects import clock
from projects.states import State


class Actor(models.TextChoices):
    """Who can be awaited, in the order in which they are named."""

    ARS = "ars", "ARS"
    INSURANCE = "insurance", "CPAM"
    PROMOTER = "promoter", "Porteur"
    DIRECTION = "direction", "DG de l'ARS et DCGDR"


BINOME = (Actor.ARS, Actor.INSURANCE)
SIGNATORIES = (*BINOME, Actor.PROMOTER)  # of the ACI
INDICATOR_MEETINGS = 2  # each CPTS of Paris needed two


@dataclass(frozen=True, slots=True)
class Turn:
    """An act that is awaited, of one actor or of several at once."""

    who: tuple[Actor, ...]
    what: str  # in French, an infinitive
    since: date

    @property
    def names(self) -> str:
        """« ARS, CPAM et Porteur »."""
        *first, last = (actor.label for actor in self.who)
        return f"{', '.join(first)} et {last}" if first else last

    def is_of(self, actors: Collection[Actor]) -> bool:
        return not set(actors).isdisjoint(self.who)


@dataclass(frozen=True, slots=True)
class Opinion:
    is_favourable: bool  # with or without vigilance points
    given_on: date


@dataclass(frozen=True, slots=True)
class Escalation:
    """A disagreement brought before the DG of the ARS and the DCGDR."""

    opened_on: date
    closed_on: date | None = None
    is_favourable: bool = False  # what they decided


@dataclass(frozen=True, slots=True)
class Rollout:
    """What has been done of the roll-out of the ACI; empty for what has not been."""

    restitution_on: date | None = None
    decision_sent_on: date | None = None
    has_finess: bool = False
    indicator_meetings: tuple[date, ...] = ()
    draft_sent_on: date | None = None
    last_sender: Actor | None = None  # of the last version exchanged
    last_sent_on: date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The stage of a project and what was recorded about it, as known on the day one asks about."""

    state: State
    since: date
    opinions: Mapping[Actor, Opinion] = field(default_factory=dict)  # the current one of each institution
    escalation: Escalation | None = None  # the last one
    requests: tuple[clock.Request, ...] = ()
    signed: Mapping[Actor, date] = field(default_factory=dict)
    rollout: Rollout = Rollout()

    @property
    def without_opinion(self) -> tuple[Actor, ...]:
        return tuple(side for side in BINOME if side not in self.opinions)

    @property
    def disagree(self) -> bool:
        return len({opinion.is_favourable for opinion in self.opinions.values()}) > 1

    @property
    def is_escalated(self) -> bool:
        """Whether a disagreement waits for those above."""
        return self.disagree and (self.escalation is None or self.escalation.closed_on is None)

    def latest(self, *days: date | None) -> date:
        """The last of `days` that is known, and never before the stage."""
        return max([self.since, *(day for day in days if day)])

    @property
    def heard_on(self) -> date:
        """When the last opinion was given, or the disagreement of the two was settled."""
        settled_on = self.escalation.closed_on if self.escalation else None
        return self.latest(settled_on, *(opinion.given_on for opinion in self.opinions.values()))


def turns(facts: Facts) -> tuple[Turn, ...]:
    """Every act that is awaited, the oldest first; none once the ACI is signed or the project has ended."""
    return tuple(sorted(_turns(facts), key=lambda turn: turn.since))


def _turns(facts: Facts) -> Iterable[Turn]:
    match facts.state:
        case State.INITIATIVE | State.FORMALISING:
            return [Turn((Actor.PROMOTER,), "écrire la lettre d'intention", facts.since)]
        case State.LETTER_FILED:
            return _letter(facts)
        case State.LETTER_VALIDATED:
            return [Turn((Actor.ARS,), "engager l'ingénierie", facts.since)]
        case State.ENGINEERING:
            return [Turn((Actor.PROMOTER,), "rédiger et déposer le projet de santé", facts.since)]
        case State.FILED:
            return _health_project(facts)
        case State.OPPOSED:
            return [Turn((Actor.PROMOTER,), "déposer un projet amendé", facts.since)]
        case State.VALIDATED:
            return [*_finess(facts), *_rollout(facts)]
    return []


def _letter(facts: Facts) -> Iterator[Turn]:
    """Both say what they think; then both sign, or both send the letter back."""
    if unheard := tuple(side for side in facts.without_opinion if side not in facts.signed):
        yield Turn(unheard, "rendre l'avis sur la lettre d'intention", facts.since)
    elif facts.is_escalated:
        yield _settling(facts)
    elif not _is_letter_accepted(facts):
        yield Turn(BINOME, "renvoyer la lettre à retravailler", facts.heard_on)
    elif missing := tuple(side for side in BINOME if side not in facts.signed):
        yield Turn(missing, "signer le courrier conjoint", facts.latest(facts.heard_on, *facts.signed.values()))


def _is_letter_accepted(facts: Facts) -> bool:
    if facts.disagree and facts.escalation:
        return facts.escalation.is_favourable
    return all(opinion.is_favourable for opinion in facts.opinions.values())


def _settling(facts: Facts) -> Turn:
    opened_on = facts.escalation.opened_on if facts.escalation else facts.heard_on
    return Turn((Actor.DIRECTION,), "trancher le désaccord", facts.latest(opened_on))


def _health_project(facts: Facts) -> Iterator[Turn]:
    """While an indispensable piece is awaited the promoters have the pen; else the ARS never waits to decide."""
    deadline = clock.Deadline(facts.since, facts.requests)
    if deadline.complete.start is None:
        asked_on = min(request.asked_on for request in deadline.effective_requests if not request.received_on)
        yield Turn((Actor.PROMOTER,), "fournir les pièces demandées", asked_on)
        return
    if facts.without_opinion:
        yield Turn(facts.without_opinion, "rendre l'avis sur le projet de santé", deadline.complete.start)
    if facts.is_escalated:
        yield _settling(facts)
    if Actor.ARS in facts.opinions:
        decide = "décider : valider, s'opposer, ou laisser le délai valider"
        yield Turn((Actor.ARS,), decide, max(deadline.complete.start, facts.heard_on))


def _finess(facts: Facts) -> Iterator[Turn]:
    """The number and the indicators both start from the decision: neither waits for the other."""
    if _is_decision_known(facts) and not facts.rollout.has_finess:
        yield Turn((Actor.ARS,), "délivrer le numéro FINESS", facts.latest(facts.rollout.decision_sent_on))


def _rollout(facts: Facts) -> Iterator[Turn]:
    """One step after the other. A step passed over is not asked for once a later one is recorded."""
    done = facts.rollout
    if not _is_decision_known(facts):
        step = "envoyer la décision" if done.restitution_on else "organiser la réunion de restitution"
        yield Turn((Actor.ARS,), step, facts.latest(done.restitution_on))
    elif not (done.draft_sent_on or facts.signed):
        yield _negotiation(facts)
    elif facts.is_escalated:
        yield _settling(facts)
    else:
        yield from _contract(facts)


def _is_decision_known(facts: Facts) -> bool:
    done = facts.rollout
    return bool(done.decision_sent_on or done.indicator_meetings or done.draft_sent_on or facts.signed)


def _negotiation(facts: Facts) -> Turn:
    """Two meetings, one where a version follows it; then versions go back and forth until the CPAM sends the draft."""
    done = facts.rollout
    met_on = facts.latest(done.decision_sent_on, *done.indicator_meetings)
    is_followed = done.indicator_meetings and done.last_sent_on and done.last_sent_on > done.indicator_meetings[-1]
    if len(done.indicator_meetings) < INDICATOR_MEETINGS and not is_followed:
        which = "la seconde réunion" if done.indicator_meetings else "la première réunion"
        return Turn((Actor.INSURANCE,), f"tenir {which} sur les indicateurs", met_on)
    if done.last_sender is None:
        return Turn((Actor.INSURANCE,), "envoyer les indicateurs amendés à la CPTS", met_on)
    sent_on = facts.latest(met_on, done.last_sent_on)
    if done.last_sender == Actor.INSURANCE:
        return Turn((Actor.PROMOTER,), "répondre à la version envoyée par la CPAM", sent_on)
    return Turn((Actor.INSURANCE,), "répondre à la version reçue, ou envoyer le projet de contrat", sent_on)


def _contract(facts: Facts) -> Iterator[Turn]:
    done = facts.rollout
    is_commented = (
        done.last_sender == Actor.PROMOTER
        and done.last_sent_on is not None
        and done.draft_sent_on is not None
        and done.last_sent_on >= done.draft_sent_on
    )
    if is_commented and not facts.signed:
        what = "répondre aux commentaires sur le projet de contrat"
        yield Turn((Actor.INSURANCE,), what, facts.latest(done.last_sent_on))
    elif missing := tuple(party for party in SIGNATORIES if party not in facts.signed):
        yield Turn(missing, "signer l'ACI", facts.latest(done.draft_sent_on, done.last_sent_on, *facts.signed.values()))
