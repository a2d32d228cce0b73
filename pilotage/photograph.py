"""The photograph: how many projects stand at each maturity, by department, on any day."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from ground import tables
from projects.models import Stage, in_conciliation_on
from projects.states import PHOTOGRAPH, Column
from territories.models import Department

TOTAL = "TOTAL"


@dataclass(frozen=True, slots=True)
class Row:
    """The projects that a department leads, by column; the last row of a photograph adds up the others.

    `in_conciliation` tells by column how many of them are in conciliation.
    """

    code: str
    name: str
    counts: Counter[Column]
    in_conciliation: Counter[Column]

    @property
    def total(self) -> int:
        return self.counts.total()


@dataclass(frozen=True, slots=True)
class Photograph:
    day: date
    rows: list[Row]

    @property
    def total(self) -> Row:
        counts = sum((row.counts for row in self.rows), Counter())
        return Row(TOTAL, "", counts, sum((row.in_conciliation for row in self.rows), Counter()))


def photograph(departments: QuerySet[Department], day: date) -> Photograph:
    """Every one of `departments`, in code order, whether it has projects or not."""
    names = dict(departments.order_by("code").values_list("code", "name"))
    rows = {code: Row(code, name, Counter(), Counter()) for code, name in names.items()}
    grouped = Stage.objects.on(day).order_by().values_list("project__lead_department", "state")
    disputed = Count("pk", filter=Q(project__in=in_conciliation_on(day)))
    for code, state, count, in_conciliation in grouped.annotate(Count("pk"), disputed=disputed):
        if code in rows and state in PHOTOGRAPH:
            rows[code].counts[PHOTOGRAPH[state]] += count
            rows[code].in_conciliation[PHOTOGRAPH[state]] += in_conciliation
    return Photograph(day, list(rows.values()))


def _count(column: Column) -> tables.Column:
    return tables.Column(column.value, column.label, lambda row: row.counts[column], is_number=True)


COLUMNS = [
    tables.Column("department", "Département", lambda row: row.code),
    *(_count(column) for column in Column),
    tables.Column("total", "Total", lambda row: row.total, is_number=True),
]
NAMED_COLUMNS = [COLUMNS[0], tables.Column("name", "Nom", lambda row: row.name), *COLUMNS[1:]]
ENGINEERING_IN_CONCILIATION = tables.Column(
    "engineering_in_conciliation",
    "Ingénierie, dont en conciliation",
    lambda row: row.in_conciliation[Column.ENGINEERING],
    is_number=True,
)
