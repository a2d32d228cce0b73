"""Zones without a project (« zones atones »), grouped into areas, and who is covered by what.

The leaf zones of a day are a partition, so every sum is exact and everybody is counted once: a zone that several
projects hold counts for the most advanced. A zone held « in part » only is neither covered nor uncovered.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby

from django.db import models
from django.db.models import QuerySet

from accounts.models import User
from pilotage.held import readable_among
from projects.models import Stage
from projects.states import LIVING, PHOTOGRAPH, Column, State
from territories.adjacency import components, neighbours
from territories.communes import commune_of
from territories.contours import department_of
from territories.models import Department, PerimeterZone, Zone


class Cover(models.TextChoices):
    """How far the most advanced project that wholly holds a zone has come."""

    SIGNED = "signed", "ACI signé"
    VALIDATED = "validated", "ACI en cours"
    PREPARATION = "preparation", "Ingénierie ou dépôt"
    EMERGENCE = "emergence", "Émergence"
    IN_PART = "in_part", "Couverte en partie"
    NONE = "none", "Sans projet"


COVER_OF = {
    Column.ACI_SIGNED: Cover.SIGNED,
    Column.ACI_IN_PROGRESS: Cover.VALIDATED,
    Column.ENGINEERING: Cover.PREPARATION,
    Column.FORMALISING: Cover.EMERGENCE,
    Column.INITIATIVE: Cover.EMERGENCE,
}
RANK = {cover: rank for rank, cover in enumerate(Cover)}
MOST_NAMED = 200  # communes of one area on a page: nobody reads more, and the files tell them all


@dataclass(frozen=True, slots=True)
class Leaf:
    """A zone of the partition and how it is covered."""

    code: str
    name: str
    population: int
    vintage: int
    department: str
    epci: str
    cover: Cover


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A living project next to an area, that it could join. Out of its reader's scope, nothing more is known of it."""

    name: str
    pk: int
    state: State
    department: str
    is_readable: bool = True


@dataclass(frozen=True)
class Area:
    """Uncovered zones in one piece, the most populated first."""

    zones: tuple[Leaf, ...]
    neighbours: tuple[Neighbour, ...]  # those that touch it most first

    @property
    def name(self) -> str:
        others = len(self.zones) - 1
        return f"{self.zones[0].name} et {others} autre{'s' if others > 1 else ''}" if others else self.zones[0].name

    @property
    def named(self) -> tuple[Leaf, ...]:
        return self.zones[:MOST_NAMED]

    @property
    def unnamed(self) -> int:
        return len(self.zones) - len(self.named)

    @property
    def codes(self) -> list[str]:
        return [zone.code for zone in self.zones]

    @cached_property
    def population(self) -> int:
        return sum(zone.population for zone in self.zones)

    @property
    def vintage(self) -> int:
        return max(zone.vintage for zone in self.zones)

    @property
    def departments(self) -> list[str]:
        return sorted({zone.department for zone in self.zones})

    @property
    def epcis(self) -> list[str]:
        """Names, the EPCI of the most populated zone first."""
        return list(dict.fromkeys(zone.epci for zone in self.zones if zone.epci))


@dataclass(frozen=True, slots=True)
class Line:
    """The inhabitants of a department (or of a region, or of all) by how they are covered."""

    code: str
    name: str
    inhabitants: Counter[Cover]
    is_sum: bool = False

    @property
    def population(self) -> int:
        return self.inhabitants.total()

    def share(self, cover: Cover) -> float | None:
        return self.inhabitants[cover] / self.population if self.population else None

    @property
    def figures(self) -> list[tuple[Cover, int, float | None]]:
        return [(cover, self.inhabitants[cover], self.share(cover)) for cover in Cover]


@dataclass(frozen=True)
class Coverage:
    day: date
    leaves: list[Leaf]
    areas: list[Area]
    lines: list[Line]

    @property
    def total(self) -> Line:
        return _sum("", "Total", [line for line in self.lines if not line.is_sum])

    @property
    def in_part(self) -> list[Leaf]:
        """Zones held in part only, the most populated first."""
        return sorted((leaf for leaf in self.leaves if leaf.cover == Cover.IN_PART), key=_biggest_first)

    @property
    def uncovered(self) -> int:
        return sum(len(area.zones) for area in self.areas)

    @property
    def vintages(self) -> list[int]:
        return sorted({leaf.vintage for leaf in self.leaves})


def coverage(departments: QuerySet[Department], day: date, reader: User | None = None) -> Coverage:
    """What is covered in `departments` on `day`; the number of queries does not depend on what is found."""
    in_order = list(departments.order_by("region__name", "code").values_list("code", "name", "region__name"))
    scope = [code for code, *_ in in_order]
    living = _living(day)
    holders = _holders(day, scope, living)
    leaves = list(_leaves(day, scope, holders, living))
    groups = _grouped([leaf for leaf in leaves if leaf.cover == Cover.NONE])
    around = [{near for leaf in group for near in neighbours(leaf.code)} for group in groups]
    abroad = {department_of(code) for codes in around for code in codes} - set(scope)
    holders_around = _by_commune([holders, _holders(day, sorted(abroad), living)])
    projects = _projects(living, reader)
    areas = [
        Area(tuple(group), _touching((p for code in codes for p in holders_around.get(code, ())), projects))
        for group, codes in zip(groups, around, strict=True)
    ]
    return Coverage(day, leaves, sorted(areas, key=_biggest_first), list(_lines(in_order, leaves)))


Living = dict[int, tuple[int, str, str, str]]
Holders = dict[str, list[tuple[int, bool]]]


def _living(day: date) -> Living:
    """Key, name, state and department of each living project, by its perimeter."""
    stages = Stage.objects.on(day).filter(state__in=LIVING).order_by()
    columns = "project", "project__name", "state", "project__lead_department"
    return {perimeter: told for perimeter, *told in stages.values_list("project__perimeter", *columns)}


def _holders(day: date, departments: list[str], living: Living) -> Holders:
    """The living perimeters that hold each zone of these departments, and whether they do so in part."""
    rows = PerimeterZone.objects.on(day).filter(zone__department__in=departments).order_by()
    holders: Holders = defaultdict(list)
    for code, perimeter, is_partial in rows.values_list("zone__code", "perimeter", "is_partial"):
        if perimeter in living:
            holders[code].append((perimeter, is_partial))
    return holders


def _leaves(day: date, departments: list[str], holders: Holders, living: Living) -> Iterator[Leaf]:
    zones = Zone.objects.leaves(day).filter(department__in=departments).order_by("code")
    columns = "code", "name", "population", "vintage", "department", "epci__name"
    for code, name, population, vintage, department, epci in zones.values_list(*columns):
        yield Leaf(code, name, population, vintage, department, epci or "", _cover(holders.get(code, ()), living))


def _cover(held: Iterable[tuple[int, bool]], living: Living) -> Cover:
    covers = (Cover.IN_PART if is_partial else COVER_OF[PHOTOGRAPH[living[p][2]]] for p, is_partial in held)
    return min(covers, key=RANK.__getitem__, default=Cover.NONE)


def _grouped(leaves: list[Leaf]) -> list[list[Leaf]]:
    """In pieces by adjacency; a zone that the contours do not know is a piece of its own."""
    by_code = {leaf.code: leaf for leaf in leaves}
    pieces = components(by_code)
    alone = by_code.keys() - {code for piece in pieces for code in piece}
    return [sorted((by_code[code] for code in piece), key=_biggest_first) for piece in [*pieces, *({c} for c in alone)]]


def _by_commune(found: Iterable[Holders]) -> dict[str, set[int]]:
    perimeters: dict[str, set[int]] = defaultdict(set)
    for holders in found:
        for code, held in holders.items():
            perimeters[commune_of(code)].update(perimeter for perimeter, _ in held)
    return perimeters


def _touching(perimeters: Iterable[int], projects: dict[int, Neighbour]) -> tuple[Neighbour, ...]:
    """The projects of these perimeters, told once for each commune that touches."""
    counted = Counter(perimeters)
    return tuple(projects[p] for p in sorted(counted, key=lambda p: (-counted[p], projects[p].name, p)))


def _projects(living: Living, reader: User | None) -> dict[int, Neighbour]:
    readable = readable_among(reader)
    return {
        perimeter: Neighbour(name, pk, State(state), department, readable is None or pk in readable)
        for perimeter, (pk, name, state, department) in living.items()
    }


def _lines(departments: list[tuple[str, str, str]], leaves: list[Leaf]) -> Iterator[Line]:
    """A line a department, and one a region under its own when there are several."""
    inhabitants: dict[str, Counter[Cover]] = defaultdict(Counter)
    for leaf in leaves:
        inhabitants[leaf.department][leaf.cover] += leaf.population
    regions = [(region, list(rows)) for region, rows in groupby(departments, key=lambda row: row[2])]
    for region, rows in regions:
        lines = [Line(code, name, inhabitants[code]) for code, name, _ in rows]
        yield from lines
        if len(regions) > 1:
            yield _sum("", region, lines)


def _sum(code: str, name: str, lines: Iterable[Line]) -> Line:
    return Line(code, name, sum((line.inhabitants for line in lines), Counter()), is_sum=True)


def _biggest_first(one: Leaf | Area) -> tuple[int, str]:
    return -one.population, one.code if isinstance(one, Leaf) else one.zones[0].code
