"""A contract's ledger as pages and files show it: year by year, mission by mission, line by line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aci.ledger import Ledger, LedgerLine, Sums, sums
from aci.money import in_euros
from aci.remuneration import Labelled, Verified
from aci.schedule import Grant
from aci.years import ContractYear
from ground.tables import Column
from ground.templatetags.french import short_day


class Amount(Labelled):
    """A column of amounts, by its name in `Sums`."""

    GRANTED = "granted", "Accordé"
    DUE = "due", "Dû"
    VALIDATED = "validated", "Validé"
    PAID = "paid", "Versé"
    LEFT = "left", "Écart"
    TO_COME = "to_come", "À venir"


def amount_columns(sums_of: Callable[[Any], Sums]) -> list[Column]:
    """The six amounts in a file, in euros."""
    return [
        Column(amount.value, f"{amount.label} (€)", lambda row, name=amount.value: getattr(sums_of(row), name), True)
        for amount in Amount
    ]


def verification(of: Callable[[Any], Verified]) -> Column:
    """How far the amounts of a row were verified: in every file that has some."""
    return Column("verification", "Vérification du barème", lambda row: of(row).label)


@dataclass(frozen=True, slots=True)
class MissionBook:
    """A mission in a contract year; `grant` is None when only payments to put right are left of it."""

    label: str
    grant: Grant | None
    lines: list[LedgerLine]

    @property
    def sums(self) -> Sums:
        return sums(self.lines, granted=self.grant.most if self.grant else Sums().granted)

    @property
    def verified(self) -> Verified:
        """That of its line in the tariff."""
        return self.grant.line.verified if self.grant else self.lines[0].due.verified


@dataclass(frozen=True, slots=True)
class YearBook:
    year: ContractYear
    missions: list[MissionBook]
    sums: Sums


def year_books(ledger: Ledger) -> list[YearBook]:
    """The years of the contract, then those that only have payments to put right."""
    numbers = {year.number for year in ledger.data.all_years()} | {line.due.year for line in ledger.lines}
    return [
        YearBook(ledger.data.year(number), mission_books(ledger, number), ledger.sums_of_year(number))
        for number in sorted(numbers)
    ]


def mission_books(ledger: Ledger, number: int) -> list[MissionBook]:
    """In the order of the contract: running costs, then missions as they were engaged."""
    granted = {grant.line.mission: grant for grant in ledger.grants if grant.year.number == number}
    lines = ledger.of_year(number)
    labels = {mission: grant.line.label for mission, grant in granted.items()}
    labels |= {line.due.mission: line.due.label for line in lines}
    return [
        MissionBook(label, granted.get(mission), [line for line in lines if line.due.mission == mission])
        for mission, label in labels.items()
    ]


@dataclass(frozen=True, slots=True)
class BookedLine:
    """A line with the ledger it stands in."""

    ledger: Ledger
    line: LedgerLine


def payments_of(line: LedgerLine) -> str:
    return " ; ".join(
        f"{in_euros(payment.amount)} le {short_day(payment.paid_on)} ({payment.reference})" for payment in line.payments
    )


LINE_COLUMNS = [
    Column("cpts", "CPTS", lambda row: row.ledger.contract.project.name),
    Column("departement", "Dép.", lambda row: row.ledger.contract.project.lead_department_id),
    Column("signature", "Contrat signé le", lambda row: row.ledger.contract.signed_on),
    Column("annee", "Année de contrat", lambda row: row.line.due.year, is_number=True),
    Column("mission", "Mission", lambda row: row.line.due.label),
    Column("echeance", "Échéance", lambda row: row.line.due.kind.label),
    Column("due_le", "Due le", lambda row: row.line.due.due_on),
    Column("du", "Dû (€)", lambda row: row.line.due_amount, is_number=True),
    Column("valide", "Validé (€)", lambda row: row.line.validated, is_number=True),
    Column("valide_par", "Validé par", lambda row: row.line.validated_by),
    Column("verse", "Versé (€)", lambda row: row.line.paid, is_number=True),
    Column("reste", f"{Amount.LEFT.label} (€)", lambda row: row.line.left, is_number=True),
    Column("compense", "Compensé avec la reprise (€)", lambda row: row.line.set_off, is_number=True),
    Column("a_venir", "À venir (€)", lambda row: row.line.to_come, is_number=True),
    Column("calcul", "Calcul", lambda row: row.line.due.formula),
    verification(lambda row: row.line.due.verified),
    Column("versements", "Versements", lambda row: payments_of(row.line)),
]
