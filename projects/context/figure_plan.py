"""What a file of figures would write for who sends it: read, told in full, then written whole or not at all."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction

from projects.context.figure_file import FigureColumn, FigureFile, read_figures
from projects.spreadsheets.opening import MOST_COMMUNES, open_workbook
from projects.spreadsheets.zones import ZoneFinder
from territories.models import Figure, FigureValue, Zone

BATCH = 5_000


@dataclass(slots=True)
class FigurePlan:
    """`told` are the zones of the file in one's departments, `outside` how many are elsewhere and left aside.

    `missing` names, for each department told, the communes that the file does not tell; `shared_out` the communes left
    aside because their arrondissements (or their parts) are told.
    """

    file: FigureFile
    told: dict[str, int]
    outside: int = 0
    departments: dict[str, str] = field(default_factory=dict)
    missing: list[tuple[str, list[str]]] = field(default_factory=list)
    shared_out: list[str] = field(default_factory=list)

    @property
    def columns(self) -> list[FigureColumn]:
        return self.file.columns

    @property
    def missing_count(self) -> int:
        return sum(len(names) for _, names in self.missing)

    @property
    def unread_cells(self) -> int:
        return sum(len(column.unread) for column in self.columns)


def read(content: bytes, filename: str, department: str | None = None) -> FigureFile:
    """`department` is where names are looked for; without it they must be known in the whole country.

    Raises UnreadableFile.
    """
    finder = ZoneFinder()

    def find(text: str):
        return finder.find(text, department)[0] if department else finder.find_anywhere(text)

    return read_figures(open_workbook(content, filename, MOST_COMMUNES), find)


def plan_figures(file: FigureFile, departments: Collection[str]) -> FigurePlan:
    """What of the file concerns `departments`, those of who sends it."""
    zones = Zone.objects.filter(code__in=file.lines) if len(file.lines) < BATCH else Zone.objects.all()
    known = {
        code: (pk, department, parent)
        for code, pk, department, parent in zones.values_list("code", "pk", "department", "parent__code")
        if code in file.lines
    }
    own = {code: row for code, row in known.items() if row[1] in departments}
    plan = FigurePlan(file, {}, outside=len(known) - len(own))
    split = {parent for _, _, parent in own.values() if parent in own}
    plan.told = {code: pk for code, (pk, _, _) in own.items() if code not in split}
    plan.departments = {code: department for code, (_, department, _) in own.items()}
    plan.shared_out = sorted(split)
    plan.missing = list(_missing(plan, known))
    return plan


def _missing(plan: FigurePlan, known: dict):
    """Today's communes of the departments told that the file does not tell, neither whole nor by their parts."""
    leaves = Zone.objects.leaves().filter(department__in=set(plan.departments.values()))
    names: dict[str, list[str]] = {}
    rows = leaves.order_by("department", "search_name")
    for code, name, department, *wholes in rows.values_list(
        "code", "name", "department__name", "parent__code", "parent__parent__code"
    ):
        if plan.told.keys().isdisjoint({code, *wholes}):
            names.setdefault(department, []).append(name)
    return names.items()


@dataclass(frozen=True, slots=True)
class Described:
    """A column as its sender describes it."""

    column: FigureColumn
    name: str
    unit: str
    mode: str
    as_of: date
    source: str


@dataclass(frozen=True, slots=True)
class Written:
    figure: Figure
    count: int


def known_figures(described: Collection[Described]) -> dict[tuple[str, date], Figure]:
    """Those of the described columns that are already told, by name and date."""
    found = Figure.objects.filter(name__in={each.name for each in described})
    wanted = {(each.name, each.as_of) for each in described}
    return {(each.name, each.as_of): each for each in found if (each.name, each.as_of) in wanted}


def why_not_joined(described: Described, figure: Figure, plan: FigurePlan) -> str:
    """Why values cannot join a figure whose others, of departments that this file does not tell, stay; empty if so."""
    kept = figure.values.exclude(zone__department__in=set(plan.departments.values()))
    differs = [
        label
        for label, mine, theirs in (
            ("l'unité", described.unit, figure.unit),
            ("le calcul", described.mode, figure.mode),
            ("la source", described.source, figure.source),
        )
        if mine != theirs
    ]
    if not differs or not kept.exists():
        return ""
    return (
        f"Cet indicateur est déjà chargé à cette date pour d'autres départements, et {', '.join(differs)} diffère : "
        f"reprenez « {figure.unit or 'sans unité'} », « {figure.get_mode_display()} », « {figure.source} », ou changez "
        "de nom."
    )


@transaction.atomic
def write_figures(plan: FigurePlan, described: Collection[Described]) -> list[Written]:
    """Write each figure; what it told before of the same departments is replaced. Raises ValidationError."""
    known = known_figures(described)
    departments = set(plan.departments.values())
    written = []
    for each in described:
        figure = known.get((each.name, each.as_of)) or Figure(name=each.name, as_of=each.as_of)
        if figure.pk:
            figure = Figure.objects.select_for_update().get(pk=figure.pk)
            if obstacle := why_not_joined(each, figure, plan):
                raise ValidationError(obstacle)
            FigureValue.objects.filter(figure=figure, zone__department__in=departments).delete()
        figure.unit, figure.mode, figure.source = each.unit, each.mode, each.source
        figure.full_clean()
        figure.save()
        values = each.column.values
        told = [(pk, values[code]) for code, pk in plan.told.items() if code in values]
        rows = (FigureValue(figure_id=figure.pk, zone_id=pk, value=value) for pk, value in told)
        FigureValue.objects.bulk_create(rows, batch_size=BATCH)
        written.append(Written(figure, len(told)))
    return written
