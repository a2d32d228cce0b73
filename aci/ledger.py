"""The ledger of a contract: granted, due, validated, paid and to come, line by line, as they were on a day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from aci.contracts import Books, data_and_grants
from aci.models import Contract, Meeting, Payment, Validation
from aci.money import in_euros
from aci.remuneration import Verified, least_verified, total
from aci.schedule import (
    AFTER_DIALOGUE,
    PAID_FIRST,
    RUNNING_COSTS,
    ContractData,
    Due,
    DueKind,
    Grant,
    Rules,
    crisis_grants,
    schedule,
)

NOT_DUE_ANY_MORE = "plus rien n'est dû sur cette ligne : à régulariser"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line of the schedule with what was validated and paid of it.

    `validations` are those of `meetings`; `set_off`: what an advance not paid and the recovery of its year keep from
    moving, positive on the advance, negative on the recovery.
    """

    due: Due
    day: date
    validated: Decimal
    validated_by: str
    meetings: tuple[Meeting, ...]
    payments: tuple[Payment, ...]
    validations: tuple[Validation, ...] = ()
    set_off: Decimal = Decimal(0)

    @property
    def meeting(self) -> Meeting | None:
        """The last one that validated it."""
        return self.meetings[-1] if self.meetings else None

    @property
    def is_due(self) -> bool:
        return self.due.due_on <= self.day

    @property
    def due_amount(self) -> Decimal:
        return self.due.amount if self.is_due else Decimal(0)

    @property
    def paid(self) -> Decimal:
        return total(payment.amount for payment in self.payments)

    @property
    def left(self) -> Decimal:
        """What is still to pay of what is due by that day; negative when too much was paid, or is to be given back."""
        return self.due_amount - self.paid - self.set_off

    @property
    def set_off_words(self) -> str:
        """Why `left` is not due minus paid; empty when it is."""
        if not self.set_off:
            return ""
        other = (
            "la reprise de la même année"
            if self.set_off > 0
            else "l'avance de la même année, qui n'est pas toute versée"
        )
        return f"{in_euros(abs(self.set_off))} compensés avec {other}"

    @property
    def to_come(self) -> Decimal:
        return Decimal(0) if self.is_due else self.due.amount

    @property
    def is_late(self) -> bool:
        return self.due.due_on < self.day and self.left != 0

    @property
    def payable(self) -> Decimal:
        """What may be paid now: no more than is validated; negative when the CPTS is to give back."""
        if self.left <= 0 or self.due.kind not in AFTER_DIALOGUE:
            return self.left
        return max(Decimal(0), min(self.left, self.validated - self.paid))

    @property
    def is_overpaid(self) -> bool:
        """More was paid than is due, and nothing in the schedule says why: somebody has to mend it."""
        return self.paid > 0 and self.left < 0


@dataclass(frozen=True, slots=True)
class Sums:
    """Amounts in euros. Granted is the most that may be received; due and paid are as of a day."""

    granted: Decimal = Decimal(0)
    due: Decimal = Decimal(0)
    validated: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    to_come: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        return self.due - self.paid

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.granted + other.granted,
            self.due + other.due,
            self.validated + other.validated,
            self.paid + other.paid,
            self.to_come + other.to_come,
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """A contract's money on `day`; a recognised crisis is granted as the missions are."""

    contract: Contract
    data: ContractData
    rules: Rules
    day: date
    grants: tuple[Grant, ...]
    lines: tuple[LedgerLine, ...] = field(default=())

    def of_year(self, number: int) -> list[LedgerLine]:
        return [line for line in self.lines if line.due.year == number]

    def granted_in(self, number: int) -> Decimal:
        return total(grant.most for grant in self.grants if grant.year.number == number)

    def sums_of_year(self, number: int) -> Sums:
        """Of a contract year, whatever the civil year in which it is paid."""
        return sums(self.of_year(number), granted=self.granted_in(number))

    def civil_years(self) -> dict[int, Sums]:
        """By civil year: due in it, paid in it. Nothing is granted by civil year."""
        found: dict[int, Sums] = defaultdict(Sums)
        for line in self.lines:
            on = line.due.due_on.year
            found[on] += Sums(due=line.due_amount, validated=line.validated, to_come=line.to_come)
            for payment in line.payments:
                found[payment.paid_on.year] += Sums(paid=payment.amount)
        return dict(sorted(found.items()))

    @property
    def sums(self) -> Sums:
        return sums(self.lines, granted=total(grant.most for grant in self.grants))

    @property
    def verified(self) -> Verified:
        """Of all its amounts."""
        granted = [grant.line.verified for grant in self.grants]
        return least_verified([*granted, *(line.due.verified for line in self.lines)])

    def line(self, key: tuple[int, str, DueKind]) -> LedgerLine | None:
        return next((line for line in self.lines if line.due.key == key), None)


def sums(lines: Iterable[LedgerLine], *, granted: Decimal = Decimal(0)) -> Sums:
    result = Sums(granted=granted)
    for line in lines:
        result += Sums(due=line.due_amount, validated=line.validated, paid=line.paid, to_come=line.to_come)
    return result


def ledger_of(contract: Contract, books: Books, day: date) -> Ledger:
    """Needs `with_facts`."""
    data, granted = data_and_grants(contract, books, day)
    rules = books.rules_of(contract)
    payments: dict[tuple, list[Payment]] = defaultdict(list)
    for payment in contract.payments.all():
        if payment.paid_on <= day:
            payments[payment.key].append(payment)
    validations, engaged = _validations(contract, day), _engaged(contract)
    dues = schedule(data, rules, granted=granted)
    lines = [_line(due, day, payments.pop(due.key, []), validations.get(due.key, []), engaged) for due in dues]
    lines = [*_with_set_off(lines), *_no_longer_due(data, day, payments)]
    standing = tuple(grant.on(day) for grant in (*granted, *crisis_grants(data)))
    return Ledger(contract, data, rules, day, standing, tuple(lines))


def _validations(contract: Contract, day: date) -> dict[tuple, list[Validation]]:
    """By line, what meetings had validated of it by that day, in their order."""
    found: dict[tuple, list[Validation]] = defaultdict(list)
    for validation in sorted(contract.validations.all(), key=lambda each: each.decision.meeting.held_on):
        if validation.decision.meeting.held_on <= day:
            found[validation.key].append(validation)
    return found


def _engaged(contract: Contract) -> dict[str, tuple[str, Meeting]]:
    """The meeting that engaged each mission, and how it is told."""
    meetings = {each.mission: each.decision.meeting for each in contract.engagements.all()}
    return {mission: (str(meeting), meeting) for mission, meeting in meetings.items()}


def _line(
    due: Due,
    day: date,
    payments: list[Payment],
    validations: list[Validation],
    engaged: dict[str, tuple[str, Meeting]],
) -> LedgerLine:
    """The line with how much of it is validated, and by what: meetings, the contract itself, or what ended it."""
    amount, by, meetings = due.amount, "engagement de la mission", ()
    if due.kind in AFTER_DIALOGUE:
        meetings = tuple(dict.fromkeys(each.decision.meeting for each in validations))
        amount, by = total(each.amount for each in validations), " ; ".join(map(str, meetings))
    elif due.kind == DueKind.RECOVERY:
        by = "fin du contrat ou de la mission"
    elif due.mission == RUNNING_COSTS:
        by = "contrat"
    elif due.mission in engaged:
        by, meeting = engaged[due.mission]
        meetings = (meeting,)
    return LedgerLine(due, day, amount, by, meetings, tuple(payments), tuple(validations))


def _with_set_off(lines: list[LedgerLine]) -> list[LedgerLine]:
    """Nothing is given back that was not paid: an advance left unpaid and the recovery of its year make one amount."""
    advances = {line.due.key[:2]: line for line in lines if line.due.kind in PAID_FIRST}
    kept: dict[tuple, Decimal] = {}
    for line in lines:
        if line.due.kind == DueKind.RECOVERY and line.left < 0:
            advance = advances[line.due.key[:2]]
            if (amount := min(-line.left, advance.left)) > 0:
                kept |= {advance.due.key: amount, line.due.key: -amount}
    return [replace(line, set_off=kept[line.due.key]) if line.due.key in kept else line for line in lines]


def _no_longer_due(data: ContractData, day: date, payments: dict[tuple, list[Payment]]) -> Iterator[LedgerLine]:
    """What was paid on lines that the schedule no longer has: shown, so that somebody mends it."""
    labels = data.labels
    for (year, mission, kind), paid in payments.items():
        label = labels.get(mission, mission)
        first = min(payment.paid_on for payment in paid)
        due = Due(first, kind, mission, label, year, Decimal(0), NOT_DUE_ANY_MORE, Verified.YES)
        yield LedgerLine(due, day, Decimal(0), "", (), tuple(paid))
