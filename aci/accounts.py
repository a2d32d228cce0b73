"""The ledgers of many contracts together: what is to be paid, and the accounts of departments and regions."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from aci.contracts import Books, with_facts
from aci.ledger import Ledger, LedgerLine, Sums, ledger_of
from aci.ledger_pages import LINE_COLUMNS, BookedLine, amount_columns, verification
from aci.models import Contract
from aci.money import in_euros
from aci.remuneration import Kind, Labelled, Verified, least_verified
from ground.tables import Column
from territories.models import Department, Region


def ledgers(contracts: QuerySet[Contract], day: date) -> Iterator[Ledger]:
    """One for each contract signed by `day`, in as many queries whatever their number."""
    books = Books()
    signed = contracts.filter(signed_on__lte=day).select_related("project__lead_department__region")
    for contract in with_facts(signed).order_by("project__name", "number"):
        yield ledger_of(contract, books, day)


# ---- What is to be paid ----


class Awaited(Labelled):
    """What a line that is not settled waits for."""

    PAY = "a-verser", "À verser"
    VALIDATE = "a-valider", "À valider en COPIL"
    BACK = "a-reverser", "À reverser par la CPTS"


def awaited(line: LedgerLine) -> Awaited:
    """Of a line whose `left` is not zero."""
    if line.left < 0:
        return Awaited.BACK
    return Awaited.PAY if line.payable else Awaited.VALIDATE


def unsettled(books: Iterable[Ledger], own: frozenset[str]) -> list[BookedLine]:
    """Every line not fully paid on its day; first those of one's own departments, then the oldest."""
    rows = [BookedLine(ledger, line) for ledger in books for line in ledger.lines if line.left]
    return sorted(rows, key=lambda row: (department_of(row.ledger).pk not in own, row.line.due.due_on))


TO_PAY_COLUMNS = [
    *LINE_COLUMNS,
    Column("a_payer", "À payer maintenant (€)", lambda row: row.line.payable, is_number=True),
    Column("etat", "Attend", lambda row: awaited(row.line).label),
]

# ---- The accounts ----


class Scale(Labelled):
    """Which years the accounts are cut into. Nothing is granted by civil year."""

    CONTRACT = "contrat", "Années de contrat"
    CIVIL = "civile", "Années civiles"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one fact of a contract adds to the accounts: a grant, a line of the schedule, or a payment."""

    ledger: Ledger
    contract_year: int
    day: date
    mission: str
    what: str
    formula: str
    verified: Verified
    sums: Sums

    def year(self, scale: Scale) -> int:
        return self.day.year if scale == Scale.CIVIL else self.contract_year


def entries_of(ledger: Ledger) -> Iterator[Entry]:
    for grant in ledger.grants:
        line, number, formula = grant.line, grant.year.number, grant.fixed_formula
        if line.kind != Kind.CONDITIONAL:
            formula = f"fixe {formula}, variable {in_euros(grant.variable)}"
        sums = Sums(granted=grant.most)
        yield Entry(ledger, number, grant.since, line.label, "Accordé au plus", formula, line.verified, sums)
    for line in ledger.lines:
        due = line.due
        sums = Sums(due=line.due_amount, validated=line.validated, to_come=line.to_come)
        yield Entry(ledger, due.year, due.due_on, due.label, due.kind.label, due.formula, due.verified, sums)
        for payment in line.payments:
            what, sums = f"Versement {payment.reference}", Sums(paid=payment.amount)
            yield Entry(ledger, due.year, payment.paid_on, due.label, what, "", due.verified, sums)


def department_of(ledger: Ledger) -> Department:
    return ledger.contract.project.lead_department


def sums_by(entries: Iterable[Entry], key: Callable[[Entry], Hashable]) -> dict:
    """Sums of the entries that share a key, in the order of the keys."""
    found: dict[Hashable, Sums] = defaultdict(Sums)
    for entry in entries:
        found[key(entry)] += entry.sums
    return dict(sorted(found.items()))


def all_sums(entries: Iterable[Entry]) -> Sums:
    return sum((entry.sums for entry in entries), Sums())


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    department: Department
    contracts: int
    sums: Sums
    verified: Verified


@dataclass(frozen=True, slots=True)
class RegionRows:
    region: Region
    departments: list[DepartmentRow]

    @property
    def codes(self) -> list[str]:
        return [row.department.pk for row in self.departments]

    @property
    def contracts(self) -> int:
        return sum(row.contracts for row in self.departments)

    @property
    def sums(self) -> Sums:
        return sum((row.sums for row in self.departments), Sums())


def by_department(entries: Iterable[Entry]) -> list[RegionRows]:
    """Each department that has an entry, under its region; by the department that leads the project."""
    sums: dict[Department, Sums] = defaultdict(Sums)
    contracts: dict[Department, set[int]] = defaultdict(set)
    marks: dict[Department, set[Verified]] = defaultdict(set)
    for entry in entries:
        department = department_of(entry.ledger)
        sums[department] += entry.sums
        marks[department].add(entry.verified)
        contracts[department].add(entry.ledger.contract.pk)
    regions: dict[Region, list[DepartmentRow]] = defaultdict(list)
    for department in sorted(sums, key=lambda each: (each.region.name, each.pk)):
        told = len(contracts[department]), sums[department], least_verified(marks[department])
        row = DepartmentRow(department, *told)
        regions[department.region].append(row)
    return [RegionRows(region, rows) for region, rows in regions.items()]


ENTRY_COLUMNS = [
    Column("cpts", "CPTS", lambda entry: entry.ledger.contract.project.name),
    Column("departement", "Dép.", lambda entry: department_of(entry.ledger).pk),
    Column("annee", "Année de contrat", lambda entry: entry.contract_year, is_number=True),
    Column("date", "Date", lambda entry: entry.day),
    Column("mission", "Mission", lambda entry: entry.mission),
    Column("ligne", "Ligne", lambda entry: entry.what),
    *amount_columns(lambda entry: entry.sums),
    Column("calcul", "Calcul", lambda entry: entry.formula),
    verification(lambda entry: entry.verified),
]
