"""The figures of a project's territory, beside those of its department and of its region."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, Q, Sum

from ground.tables import Column
from projects.models import Project
from territories.diagnosis import Leaf, Worth, mean, total
from territories.models import Department, Figure, FigureValue, PerimeterZone, Zone

PLACES = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Line:
    """A figure over the territory; `department` and `region` are its values there, from the communes told."""

    figure: Figure
    worth: Worth
    department: Decimal | None
    region: Decimal | None
    undivided: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def value(self) -> Decimal | None:
        return self.worth.value if self.worth.value is None else rounded(self.worth.value)

    @property
    def of_department(self) -> float | None:
        """For a sum, what the territory makes of its department's."""
        is_share = self.figure.mode == Figure.Mode.SUM and self.value is not None and self.department
        return float(self.worth.value / self.department) if is_share else None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    day: date
    department: Department
    zone_count: int
    partly_held: int
    lines: list[Line]


def diagnosis_of(project: Project, day: date) -> Diagnosis:
    """Each figure as last told on `day`, over the perimeter of that day. Six queries, whatever the rows."""
    held = list(project.perimeter.memberships.on(day).select_related("zone__parent__parent"))
    territory = [leaf_of(membership) for membership in held]
    figures = list(Figure.objects.latest_on(day))
    codes = {code for leaf in territory for code in (leaf.code, *leaf.within)}
    values = values_of(figures, codes)
    department = project.lead_department
    around = around_of(figures, department)
    told_as = {zone.code: zone.name for membership in held for zone in (membership.zone, *wholes_of(membership.zone))}
    parts = parts_of({code for leaf in territory for code in leaf.within}, day)
    lines = [
        line_of(figure, values.get(figure.pk, {}), territory, parts, around.get(figure.pk, (None, None)), told_as)
        for figure in figures
    ]
    partly_held = sum(leaf.is_partial for leaf in territory)
    return Diagnosis(day, department, len(territory), partly_held, lines)


def leaf_of(membership: PerimeterZone) -> Leaf:
    zone = membership.zone
    within = tuple(whole.code for whole in wholes_of(zone))
    return Leaf(zone.code, zone.population, membership.is_partial, within)


def wholes_of(zone: Zone) -> list[Zone]:
    """What the zone is a part of: its commune, or its arrondissement then its commune."""
    return [whole for whole in (zone.parent, zone.parent and zone.parent.parent) if whole]


def line_of(
    figure: Figure,
    values: Mapping[str, Decimal],
    territory: Iterable[Leaf],
    parts: Mapping[str, int],
    around: tuple[Decimal | None, Decimal | None],
    told_as: Mapping[str, str],
) -> Line:
    is_sum = figure.mode == Figure.Mode.SUM
    worth = total(values, territory, parts) if is_sum else mean(values, territory)
    return Line(
        figure,
        worth,
        *around,
        undivided=tuple(told_as[code] for code in worth.undivided),
        missing=tuple(sorted(told_as[code] for code in worth.missing)),
    )


def values_of(figures: Iterable[Figure], codes: Iterable[str]) -> dict[int, dict[str, Decimal]]:
    """The values of each figure by the code of the zone."""
    rows = FigureValue.objects.filter(figure__in=figures, zone__code__in=codes)
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for figure, code, value in rows.values_list("figure", "zone__code", "value"):
        found[figure][code] = value
    return found


def parts_of(codes: Iterable[str], day: date) -> dict[str, int]:
    """How many leaves each split commune has on `day`."""
    leaves = Zone.objects.leaves(day).filter(Q(parent__code__in=codes) | Q(parent__parent__code__in=codes))
    wholes = leaves.values_list("parent__code", "parent__parent__code")
    return Counter(code for pair in wholes for code in pair if code in codes)


def around_of(figures: Iterable[Figure], department: Department) -> dict[int, tuple[Decimal | None, Decimal | None]]:
    """The value of each figure in the department and in its region, from the communes that are told."""
    in_department = Q(zone__department=department)
    weighted = F("value") * F("zone__population")
    rows = (
        FigureValue.objects.filter(figure__in=figures, zone__department__region=department.region_id)
        .order_by()
        .values("figure", "figure__mode")
        .annotate(
            sum_there=Sum("value", filter=in_department),
            sum_around=Sum("value"),
            weighted_there=Sum(weighted, filter=in_department),
            weighted_around=Sum(weighted),
            weight_there=Sum("zone__population", filter=in_department),
            weight_around=Sum("zone__population"),
        )
    )
    found = {}
    for row in rows:
        if row["figure__mode"] == Figure.Mode.SUM:
            there, around = row["sum_there"], row["sum_around"]
        else:
            there = ratio(row["weighted_there"], row["weight_there"])
            around = ratio(row["weighted_around"], row["weight_around"])
        found[row["figure"]] = (rounded(there), rounded(around))
    return found


def ratio(weighted: Decimal | None, weight: int | None) -> Decimal | None:
    return weighted / weight if weighted is not None and weight else None


def rounded(value: Decimal | None) -> Decimal | None:
    """To the hundredth, without zeros that say nothing."""
    if value is None:
        return None
    cents = Decimal(value).quantize(PLACES)
    return cents.to_integral_value() if cents == cents.to_integral_value() else cents


DIAGNOSIS_COLUMNS = [
    Column("indicateur", "Indicateur", lambda line: line.figure.name),
    Column("unite", "Unité", lambda line: line.figure.unit),
    Column("calcul", "Calcul", lambda line: line.figure.get_mode_display()),
    Column("territoire", "Territoire", lambda line: line.value),
    Column("departement", "Département", lambda line: line.department),
    Column("region", "Région", lambda line: line.region),
    Column("sans_valeur", "Communes sans valeur", lambda line: ", ".join(line.missing)),
    Column("non_reparties", "Communes entières non réparties", lambda line: ", ".join(line.undivided)),
    Column("en_partie", "Communes en partie comptées entières", lambda line: line.worth.partly_held),
    Column("population_couverte", "Population couverte (%)", lambda line: round(line.worth.share * 100, 1)),
    Column("situation_au", "Situation au", lambda line: line.figure.as_of),
    Column("source", "Source", lambda line: line.figure.source),
]
