"""The ledger of a contract: granted, due, validated, paid and to come, line by line, as they were on a day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from aci.contracts import Books, data_of
from aci.models import Contract, Meeting, Payment, Validation
from aci.remuneration import Verified, total
from aci.schedule import AFTER_DIALOGUE, RUNNING_COSTS, ContractData, Due, DueKind, Grant, Rules, grants, schedule

NOT_DUE_ANY_MORE = "plus rien n'est dû sur cette ligne : à régulariser"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line of the schedule with what was validated and paid of it; `meeting` is the one that validated it."""

    due: Due
    day: date
    validated: Decimal
    validated_by: str
    meeting: Meeting | None
    payments: tuple[Payment, ...]

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
        return self.due_amount - self.paid

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
    """A contract's money on `day`."""

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

    def line(self, key: tuple[int, str, DueKind]) -> LedgerLine | None:
        return next((line for line in self.lines if line.due.key == key), None)


def sums(lines: Iterable[LedgerLine], *, granted: Decimal = Decimal(0)) -> Sums:
    result = Sums(granted=granted)
    for line in lines:
        result += Sums(due=line.due_amount, validated=line.validated, paid=line.paid, to_come=line.to_come)
    return result


def ledger_of(contract: Contract, books: Books, day: date) -> Ledger:
    """Needs `with_facts`."""
    data, rules = data_of(contract, books, day), books.rules_of(contract)
    payments: dict[tuple, list[Payment]] = defaultdict(list)
    for payment in contract.payments.all():
        if payment.paid_on <= day:
            payments[payment.key].append(payment)
    validations = {
        validation.key: validation
        for validation in contract.validations.all()
        if validation.decision.meeting.held_on <= day
    }
    dues = schedule(data, rules)
    lines = [_line(contract, due, day, payments.pop(due.key, []), validations) for due in dues]
    lines += _no_longer_due(data, day, payments)
    return Ledger(contract, data, rules, day, tuple(grants(data, rules)), tuple(lines))


def _line(
    contract: Contract, due: Due, day: date, payments: list[Payment], validations: dict[tuple, Validation]
) -> LedgerLine:
    amount, by, meeting = validated(contract, due, validations)
    return LedgerLine(due, day, amount, by, meeting, tuple(payments))


def validated(
    contract: Contract, due: Due, validations: dict[tuple, Validation]
) -> tuple[Decimal, str, Meeting | None]:
    """How much of a line is validated, and by what: a COPIL, the contract itself, or what ended it."""
    if due.kind in AFTER_DIALOGUE:
        validation = validations.get(due.key)
        if validation is None:
            return Decimal(0), "", None
        meeting = validation.decision.meeting
        return validation.amount, str(meeting), meeting
    if due.kind == DueKind.RECOVERY:
        return due.amount, "fin du contrat ou de la mission", None
    if due.mission == RUNNING_COSTS:
        return due.amount, "contrat", None
    for engagement in contract.engagements.all():
        if engagement.mission == due.mission:
            return due.amount, str(engagement.decision.meeting), engagement.decision.meeting
    return due.amount, "engagement de la mission", None


def _no_longer_due(data: ContractData, day: date, payments: dict[tuple, list[Payment]]) -> Iterator[LedgerLine]:
    """What was paid on lines that the schedule no longer has: shown, so that somebody mends it."""
    labels = {code: label for terms in data.terms for code, label in terms.tariff.missions.items()}
    for (year, mission, kind), paid in payments.items():
        label = labels.get(mission, mission)
        first = min(payment.paid_on for payment in paid)
        due = Due(first, kind, mission, label, year, Decimal(0), NOT_DUE_ANY_MORE, Verified.YES)
        yield LedgerLine(due, day, Decimal(0), "", None, tuple(paid))
