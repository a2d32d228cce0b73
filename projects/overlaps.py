"""Projects whose perimeters share zones on a day, and what a reader may know of each side."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from accounts.models import User
from projects.models import Project, Stage
from projects.models.project import ProjectQuerySet
from projects.states import LIVING, State
from territories.models import Perimeter, PerimeterZone
from territories.overlap import Extent, Kind, Overlap, SharedZone, among


@dataclass(frozen=True, slots=True)
class Side:
    """One project of a pair. Out of its reader's scope only name, state and department (whom to call) are known."""

    pk: int
    name: str
    state: State
    department: str
    department_name: str
    population: int | None
    share: float | None
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class Pair:
    """Two living projects that share zones; `a` comes before `b` in the register."""

    a: Side
    b: Side
    overlap: Overlap
    zone_names: dict[str, str]
    vintage: int

    @property
    def population(self) -> int:
        return self.overlap.population

    @property
    def kind(self) -> Kind:
        return self.overlap.kind

    @property
    def zones(self) -> list[str]:
        """Names of the shared zones, those held in part said so."""
        return [
            f"{self.zone_names[zone.code]} (en partie)" if zone.is_partial else self.zone_names[zone.code]
            for zone in self.overlap.zones
        ]


def overlaps(day: date, *, touching: ProjectQuerySet | None = None, reader: User | None = None) -> list[Pair]:
    """Pairs of living projects that share zones on `day`, the most people first.

    `touching` keeps the pairs with one of these projects on a side. With a `reader`, at least one side is in its scope
    and the figures of the other are left out when it is not. The number of queries does not depend on that of projects.
    """
    shared, names, vintages = _shared_zones(day, touching)
    perimeters = {perimeter for pair in shared for perimeter in pair}
    living = _living(day, perimeters)
    wanted = _perimeters_of(touching, perimeters)
    readable = perimeters if reader is None else _perimeters_of(Project.objects.for_user(reader), perimeters)
    extents = {
        pk: Extent(population or 0, count)
        for pk, population, count in Perimeter.objects.filter(pk__in=perimeters)
        .with_population(day)
        .values_list("pk", "population", "zone_count")
    }

    def side(perimeter: int, share: float) -> Side:
        population = extents[perimeter].population
        figures = (population, share, True) if perimeter in readable else (None, None, False)
        return Side(*living[perimeter], *figures)

    pairs = []
    for (a, b), zones in shared.items():
        if {a, b} <= living.keys() and wanted & {a, b} and readable & {a, b}:
            found = among(zones, extents[a], extents[b])
            zone_names = {zone.code: names[zone.code] for zone in found.zones}
            vintage = max(vintages[zone.code] for zone in found.zones)
            pairs.append(Pair(side(a, found.share_a), side(b, found.share_b), found, zone_names, vintage))
    return sorted(pairs, key=lambda pair: (-pair.population, pair.a.name, pair.b.name))


def overlaps_of(project: Project, day: date, reader: User | None = None) -> list[Pair]:
    """The pairs of one project."""
    return overlaps(day, touching=Project.objects.filter(pk=project.pk), reader=reader)


Shared = dict[tuple[int, int], list[SharedZone]]


def _shared_zones(day: date, touching: ProjectQuerySet | None) -> tuple[Shared, dict[str, str], dict[str, int]]:
    """Shared zones by pair of perimeters, and the name and population vintage of each."""
    memberships = PerimeterZone.objects.shared_on(day)
    if touching is not None:
        held = PerimeterZone.objects.on(day).filter(perimeter__in=touching.order_by().values("perimeter"))
        memberships = memberships.filter(zone__in=held.values("zone"))
    rows = memberships.values_list(
        "perimeter",
        "other_perimeter_id",
        "zone__code",
        "zone__population",
        "is_partial",
        "other_is_partial",
        "zone__name",
        "zone__vintage",
    )
    shared: Shared = defaultdict(list)
    names, vintages = {}, {}
    for a, b, code, population, partial_in_a, partial_in_b, name, vintage in rows:
        shared[a, b].append(SharedZone(code, population, partial_in_a, partial_in_b))
        names[code], vintages[code] = name, vintage
    return shared, names, vintages


def _living(day: date, perimeters: set[int]) -> dict[int, tuple[int, str, State, str, str]]:
    """Project, name, state and department of the perimeters whose project is living."""
    stages = Stage.objects.on(day).filter(state__in=LIVING, project__perimeter__in=perimeters)
    return {
        perimeter: (pk, name, State(state), department, department_name)
        for perimeter, pk, name, state, department, department_name in stages.values_list(
            "project__perimeter",
            "project",
            "project__name",
            "state",
            "project__lead_department",
            "project__lead_department__name",
        )
    }


def _perimeters_of(projects: ProjectQuerySet | None, perimeters: set[int]) -> set[int]:
    if projects is None:
        return perimeters
    return set(projects.filter(perimeter__in=perimeters).values_list("perimeter", flat=True))
