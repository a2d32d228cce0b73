"""Projects whose perimeters share zones on a day, what the doctrine says of them, what a reader may know of each."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import NamedTuple

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from accounts.models import User
from ground.periods import true_on
from projects.conciliation_rules import CAUTIONS, Assessment, Caution, Offer, Progress, Situation, assess
from projects.models import Project, Stage
from projects.models.project import ProjectQuerySet
from projects.same_project import SAME_ZONES, is_same_name
from projects.states import LIVING, State
from projects.timeline import OBSERVED
from territories.models import PerimeterZone
from territories.overlap import Extent, Kind, Overlap, SharedZone, among, ratio


@dataclass(frozen=True, slots=True)
class Side:
    """One project of a pair. Out of its reader's scope only name, state and department (whom to call) are known.

    `progress` has no date then either.
    """

    pk: int
    name: str
    state: State
    department: str
    department_name: str
    progress: Progress
    population: int | None = None
    share: float | None = None
    is_readable: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """Two living projects that share zones; `a` comes before `b` in the register."""

    a: Side
    b: Side
    overlap: Overlap
    held: Mapping[str, "HeldZone"] = field(compare=False, repr=False)  # these zones and perhaps others, by code

    @property
    def population(self) -> int:
        return self.overlap.population

    @property
    def vintage(self) -> int:
        return max(self.held[zone.code].vintage for zone in self.overlap.zones)

    @property
    def kind(self) -> Kind:
        is_same = self.overlap.sameness > SAME_ZONES and is_same_name(self.a.name, self.b.name)
        return Kind.SAME if is_same else self.overlap.kind

    @property
    def assessment(self) -> Assessment:
        return assess(self.a.progress, self.b.progress)

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.a, self.b

    @property
    def situation(self) -> Situation:
        return self.assessment.situation

    @property
    def prior(self) -> Side | None:
        prior = self.assessment.prior
        return None if prior is None else self.sides[prior]

    @property
    def outcomes(self) -> tuple[Offer, ...]:
        """What the doctrine offers to these two."""
        return self.situation.offers(self.kind)

    @property
    def caution(self) -> Caution | None:
        """What to make sure of before."""
        return CAUTIONS.get(self.kind)

    @property
    def zones(self) -> list[str]:
        """Names of the shared zones, those held in part said so."""
        return [
            f"{self.held[zone.code].name} (en partie)" if zone.is_partial else self.held[zone.code].name
            for zone in self.overlap.zones
        ]

    @property
    def named_zones(self) -> list[tuple[SharedZone, str]]:
        return list(zip(self.overlap.zones, self.zones, strict=True))

    def other_than(self, project: Project) -> Side:
        return self.b if self.a.pk == project.pk else self.a


def overlaps(day: date, *, touching: ProjectQuerySet | None = None, reader: User | None = None) -> list[Pair]:
    """Pairs of living projects that share zones on `day`, the most people first.

    `touching` keeps the pairs with one of these projects on a side. With a `reader`, at least one side is in its scope
    and the figures and dates of the other are left out when it is not. The number of queries does not depend on that
    of projects.
    """
    held = _zones_held_twice(day, touching)
    perimeters = {perimeter for zone in held.values() for perimeter, _ in zone.holders}
    living = _living(day, perimeters)
    wanted = _perimeters_of(touching, perimeters)
    readable = perimeters if reader is None else _perimeters_of(Project.objects.for_user(reader), perimeters)
    shared: dict[tuple[int, int], list[SharedZone]] = defaultdict(list)
    for code, zone in held.items():
        holders = sorted(holder for holder in zone.holders if holder[0] in living)
        for (a, is_partial_in_a), (b, is_partial_in_b) in combinations(holders, 2):
            if (a in wanted or b in wanted) and (a in readable or b in readable):
                shared[a, b].append(SharedZone(code, zone.population, is_partial_in_a, is_partial_in_b))
    extents = _extents(day, {perimeter for pair in shared for perimeter in pair})

    def side(perimeter: int, inhabitants: int) -> Side:
        project = living[perimeter]
        if perimeter not in readable:
            return Side(*project.identity, Progress(project.progress.state))
        population = extents[perimeter].population
        return Side(*project.identity, project.progress, population, ratio(inhabitants, population), is_readable=True)

    pairs: list[Pair] = []
    for (a, b), zones in shared.items():
        found = among(zones, extents[a], extents[b])
        inhabitants = found.population
        pairs.append(Pair(side(a, inhabitants), side(b, inhabitants), found, held))
    return sorted(pairs, key=lambda pair: (-pair.population, pair.a.name, pair.b.name))


def overlaps_of(project: Project, day: date, reader: User | None = None) -> list[Pair]:
    """The pairs of one project."""
    return overlaps(day, touching=Project.objects.filter(pk=project.pk), reader=reader)


class HeldZone(NamedTuple):
    """A zone, and the perimeters that hold it, each with whether it is held in part."""

    name: str
    vintage: int
    population: int
    holders: list[tuple[int, bool]]


def _zones_held_twice(day: date, touching: ProjectQuerySet | None) -> dict[str, HeldZone]:
    """The zones that several perimeters hold, by code.

    Counted on the index alone, whatever the day, which is asked only of the few zones that are left: that is much less
    than joining memberships in pairs.
    """
    held = PerimeterZone.objects.on(day).order_by()
    known = PerimeterZone.objects.order_by()
    if touching is not None:
        theirs = held.filter(perimeter__in=touching.order_by().values("perimeter"))
        known = known.filter(zone__in=theirs.values("zone"))
    several = known.values("zone").annotate(holders=Count("*")).filter(holders__gt=1).values("zone")
    rows = held.filter(zone__in=several).values_list(
        "zone__code", "zone__name", "zone__vintage", "zone__population", "perimeter", "is_partial"
    )
    zones: dict[str, HeldZone] = {}
    for code, name, vintage, population, perimeter, is_partial in rows:
        if code not in zones:
            zones[code] = HeldZone(name, vintage, population, [])
        zones[code].holders.append((perimeter, is_partial))
    return zones


class Living(NamedTuple):
    """A living project: primary key, name, state, department; and how far it has come."""

    identity: tuple[int, str, State, str, str]
    progress: Progress


def _living(day: date, perimeters: set[int]) -> dict[int, Living]:
    """The projects of `perimeters` that are living, by perimeter.

    A stage that an import only observed has no date of its own: it says where a project stands, not since when.
    """
    is_observed = Q(comment__startswith=OBSERVED)
    stages = Stage.objects.filter(since__lte=day, project__perimeter__in=perimeters).order_by()
    rows = stages.values_list(
        "project__perimeter", "project", "project__name", "project__lead_department", "project__lead_department__name"
    ).annotate(
        now=Max("state", filter=true_on(day)),
        first=Min("since"),
        first_observed=Min("since", filter=is_observed),
        engineering=Min("since", filter=Q(state=State.ENGINEERING) & ~is_observed),
        filed=Max("since", filter=true_on(day) & Q(state=State.FILED) & ~is_observed),
        validated=Min("since", filter=Q(state=State.VALIDATED) & ~is_observed),
    )
    return {
        perimeter: Living(
            (pk, name, State(state), department, department_name),
            Progress(state, None if first == observed else first, *milestones),
        )
        for perimeter, pk, name, department, department_name, state, first, observed, *milestones in rows
        if state in LIVING
    }


def _extents(day: date, perimeters: set[int]) -> dict[int, Extent]:
    held = PerimeterZone.objects.on(day).filter(perimeter__in=perimeters).order_by()
    rows = held.values_list("perimeter").annotate(population=Sum("zone__population"), zone_count=Count("*"))
    return {perimeter: Extent(population, count) for perimeter, population, count in rows}


def _perimeters_of(projects: QuerySet[Project] | None, perimeters: set[int]) -> set[int]:
    if projects is None:
        return perimeters
    return set(projects.filter(perimeter__in=perimeters).values_list("perimeter", flat=True))
