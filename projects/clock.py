"""The two-month clock of a filing (code de la santé publique, L.1434-12; docs/rules/clock.md).

Periods run from the receipt by the ARS, same day number to same day number, and never move for a Saturday, a Sunday or
a public holiday: the silence of the administration takes effect on such a day too. The dates depend on what was asked
and received, never on today.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from ground.days import in_words

RULE = "L1434-12/2019"
RULES = {RULE: "code de la santé publique, article L. 1434-12, rédaction de la loi n° 2019-774 du 24 juillet 2019"}
"""Every version a filing may have been counted with, and its text."""

L1434_12 = "CSP, art. L. 1434-12"
L114_3 = "CRPA, art. L. 114-3"
L114_5 = "CRPA, art. L. 114-5"
L114_5_1 = "CRPA, art. L. 114-5-1"
SAFETY = "règle prudente du service"
NO_EFFECT = "Sans effet sur le délai."
AWAITED = date.max  # later than any receipt


class ImpossibleDates(ValueError):
    """The dates told cannot be true together; `message_fr` says why."""

    def __init__(self, message_fr: str) -> None:
        super().__init__(message_fr)
        self.message_fr = message_fr


def last_day(start: date) -> date:
    """Last day on which an opposition can be notified: same day number two months later, clamped to the month's end."""
    return start + relativedelta(months=2)


def acquired_on(start: date) -> date:
    """First day on which silence is a validation."""
    return last_day(start) + timedelta(days=1)


def last_safe_day(received_on: date) -> date:
    """Last day to notify an opposition that every convention met in practice accepts.

    Practice counts the start of silence in three ways; the day before the earliest of them is safe in all.
    """
    counted_from_the_day_after = received_on + timedelta(days=1) + relativedelta(months=2)
    effect_of_silence = acquired_on(received_on)
    one_day_short = effect_of_silence - timedelta(days=1)
    return min(counted_from_the_day_after, effect_of_silence, one_day_short) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Request:
    """Pieces asked of the promoters; `received_on` is None while they are awaited.

    Only an indispensable piece, required by the texts, acts on the clock (CRPA, L.114-5 and L.114-5-1).
    """

    asked_on: date
    received_on: date | None
    is_indispensable: bool = True
    what: str = ""  # told on the lines of the count

    def as_known_on(self, day: date) -> "Request":
        return self if self.received_on is None or self.received_on <= day else replace(self, received_on=None)


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the period; no start, hence no date, while an indispensable piece is awaited."""

    start: date | None

    @property
    def last_day(self) -> date | None:
        return last_day(self.start) if self.start else None

    @property
    def acquired_on(self) -> date | None:
        return acquired_on(self.start) if self.start else None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the printable count; `day` is None for what is awaited."""

    day: date | None
    fact: str
    effect: str
    basis: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """What a filing received on `received_on` leads to, given the pieces asked since.

    Raises ImpossibleDates when a request precedes the filing, or a piece its request.
    """

    received_on: date
    requests: tuple[Request, ...] = ()

    def __post_init__(self) -> None:
        for request in self.requests:
            if request.asked_on < self.received_on:
                raise ImpossibleDates(
                    f"Pièce demandée le {in_words(request.asked_on)}, avant la réception du dossier "
                    f"({in_words(self.received_on)}) : vérifiez les deux dates."
                )
            if request.received_on and request.received_on < request.asked_on:
                raise ImpossibleDates(
                    f"Pièce reçue le {in_words(request.received_on)}, avant d'être demandée "
                    f"({in_words(request.asked_on)}) : vérifiez les deux dates."
                )

    @property
    def prudent(self) -> Reading:
        """As if no request had been made."""
        return Reading(self.received_on)

    @property
    def complete(self) -> Reading:
        """From the day the last indispensable piece asked in time was received: a fresh two months, not a pause."""
        start = self._start(self.effective_requests)
        return Reading(None if start == AWAITED else start)

    def as_known_on(self, day: date) -> "Deadline":
        """The same filing as it stood that day: what was asked or received later had not happened."""
        known = (request for request in self.requests if request.asked_on <= day)
        return Deadline(self.received_on, tuple(request.as_known_on(day) for request in known))

    @property
    def effective_requests(self) -> tuple[Request, ...]:
        """The indispensable requests made on or before the last day in force when they were made.

        While an earlier piece is awaited no term runs, and a request is in time.
        """
        effective: tuple[Request, ...] = ()
        for request in sorted(self.requests, key=lambda each: each.asked_on):
            start = self._start(effective)
            in_time = request.asked_on <= start or request.asked_on <= last_day(start)
            if request.is_indispensable and in_time:
                effective += (request,)
        return effective

    def _start(self, effective: Iterable[Request]) -> date:
        return max([self.received_on, *(request.received_on or AWAITED for request in effective)])

    @property
    def is_waiting(self) -> bool:
        """Whether an indispensable piece is awaited: the complete reading then has no date."""
        return self.complete.start is None

    @property
    def last_day(self) -> date | None:
        """Of the clock in force: complete as soon as an indispensable request acts on it."""
        return self.complete.last_day

    @property
    def acquired_on(self) -> date | None:
        return self.complete.acquired_on

    @property
    def last_safe_day(self) -> date:
        return last_safe_day(self.received_on)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The count in the order of the days, each line with its legal basis; what is still awaited comes last."""
        return tuple(sorted(self._lines(), key=lambda line: line.day or AWAITED))

    def _lines(self) -> Iterator[Line]:
        """Acts before what follows from them: the lines of one day keep this order."""
        yield Line(self.received_on, "Dossier reçu par l'ARS", "Le délai de deux mois commence ce jour.", L114_3)
        effective = self.effective_requests
        for request in self.requests:
            yield _asked(request, in_time=request in effective)
        for request in self.requests:
            if request.received_on:
                yield _received(request, request.received_on, effective)
        yield Line(
            self.last_safe_day,
            "Dernier jour sûr",
            "Une opposition notifiée ce jour au plus tard est dans le délai quelle que soit la manière de compter ; "
            "les pièces demandées ne le déplacent pas.",
            SAFETY,
        )
        start = self.complete.start
        yield from self._awaited() if start is None else _term(start)

    def _awaited(self) -> Iterator[Line]:
        yield Line(
            None,
            "Pièce indispensable attendue",
            "Pas de terme tant qu'elle n'est pas reçue. À ne compter que du dépôt, le dernier jour serait le "
            f"{in_words(last_day(self.received_on))} et la validation acquise le "
            f"{in_words(acquired_on(self.received_on))}.",
            L114_5,
        )


def _asked(request: Request, *, in_time: bool) -> Line:
    if not request.is_indispensable:
        return Line(request.asked_on, "Pièce non indispensable demandée", NO_EFFECT, L114_5_1, request.what)
    if not in_time:
        effect = "Demandée après le terme : le silence a déjà validé. Sans effet sur le délai."
        return Line(request.asked_on, "Pièce indispensable demandée", effect, L1434_12, request.what)
    effect = "Demandée dans le délai : un nouveau délai de deux mois partira de la réception de la pièce."
    return Line(request.asked_on, "Pièce indispensable demandée", effect, L114_5, request.what)


def _received(request: Request, day: date, effective: tuple[Request, ...]) -> Line:
    if request not in effective:
        basis = L1434_12 if request.is_indispensable else L114_5_1
        return Line(day, "Pièce reçue", NO_EFFECT, basis, request.what)
    if any(other.asked_on <= day < (other.received_on or AWAITED) for other in effective):
        effect = "Une autre pièce indispensable manque encore : c'est la dernière reçue qui comptera."
    else:
        effect = "Plus rien d'indispensable ne manque : le délai de deux mois repart en entier de ce jour."
    return Line(day, "Pièce indispensable reçue", effect, L114_5, request.what)


def _term(start: date) -> Iterator[Line]:
    yield Line(
        last_day(start),
        "Dernier jour",
        f"Deux mois de quantième à quantième depuis le {in_words(start)}, sans report pour un samedi, un dimanche ou "
        "un jour férié. Une opposition se notifie ce jour au plus tard.",
        L1434_12,
    )
    yield Line(
        acquired_on(start),
        "Validation acquise",
        "Sans opposition notifiée dans le délai, le projet de santé est réputé validé à partir de ce jour.",
        L1434_12,
    )
