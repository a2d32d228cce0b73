"""The photograph: how many projects stand at each maturity, by department, on any day."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet

from ground import tables
from projects.models import Stage
from projects.states import PHOTOGRAPH, Column
from territories.models import Department

TOTAL = "TOTAL"


@dataclass(frozen=True, slots=True)
class Row:
    """The projects that a department leads, by column; the last row of a photograph adds up the others."""

    code: str
    name: str
    counts: Counter[Column]

    @property
    def total(self) -> int:
        return self.counts.total()


@dataclass(frozen=True, slots=True)
class Photograph:
    day: date
    rows: list[Row]

    @property
    def total(self) -> Row:
        return Row(TOTAL, "", sum((row.counts for row in self.rows), Counter()))


def photograph(departments: QuerySet[Department], day: date) -> Photograph:
    """Every one of `departments`, in code order, whether it has projects or not."""
    names = dict(departments.order_by("code").values_list("code", "name"))
    counts: dict[str, Counter[Column]] = {code: Counter() for code in names}
    grouped = Stage.objects.on(day).order_by().values_list("project__lead_department", "state").annotate(Count("pk"))
    for code, state, count in grouped:
        if code in names and state in PHOTOGRAPH:
            counts[code][PHOTOGRAPH[state]] += count
    return Photograph(day, [Row(code, name, counts[code]) for code, name in names.items()])


def _count(column: Column) -> tables.Column:
    return tables.Column(column.value, column.label, lambda row: row.counts[column], is_number=True)


COLUMNS = [
    tables.Column("department", "Département", lambda row: row.code),
    *(_count(column) for column in Column),
    tables.Column("total", "Total", lambda row: row.total, is_number=True),
]
NAMED_COLUMNS = [COLUMNS[0], tables.Column("name", "Nom", lambda row: row.name), *COLUMNS[1:]]
