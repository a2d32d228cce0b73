"""Projects whose perimeters share zones on a day, what the doctrine says of them, what a reader may know of each."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import NamedTuple

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from accounts.models import User
from ground.periods import true_on
from projects.conciliation_rules import CAUTIONS, Assessment, Caution, Outcome, Progress, Situation, assess
from projects.models import Project, Stage
from projects.models.project import ProjectQuerySet
from projects.same_project import SAME_ZONES, is_same_name
from projects.states import LIVING, State
from projects.timeline import OBSERVED
from territories.models import PerimeterZone
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
    kind: Kind
    assessment: Assessment
    zone_names: dict[str, str]
    vintage: int

    @property
    def population(self) -> int:
        return self.overlap.population

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.a, self.b

    @property
    def situation(self) -> Situation:
        return self.assessment.situation

    @property
    def prior(self) -> Side | None:
        return None if self.assessment.prior is None else self.sides[self.assessment.prior]

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
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
            f"{self.zone_names[zone.code]} (en partie)" if zone.is_partial else self.zone_names[zone.code]
            for zone in self.overlap.zones
        ]

    def other_than(self, project: Project) -> Side:
        return self.b if self.a.pk == project.pk else self.a


def overlaps(day: date, *, touching: ProjectQuerySet | None = None, reader: User | None = None) -> list[Pair]:
    """Pairs of living projects that share zones on `day`, the most people first.

    `touching` keeps the pairs with one of these projects on a side. With a `reader`, at least one side is in its scope
    and the figures and dates of the other are left out when it is not. The number of queries does not depend on that
    of projects.
    """
    holders, names, vintages = _zones_held_twice(day, touching)
    perimeters = {holder.perimeter for together in holders.values() for holder in together}
    living = _living(day, perimeters)
    wanted = _perimeters_of(touching, perimeters)
    readable = perimeters if reader is None else _perimeters_of(Project.objects.for_user(reader), perimeters)
    shared: dict[tuple[int, int], list[SharedZone]] = defaultdict(list)
    for code, together in holders.items():
        for a, b in combinations(sorted(holder for holder in together if holder.perimeter in living), 2):
            pair = a.perimeter, b.perimeter
            if not (wanted.isdisjoint(pair) or readable.isdisjoint(pair)):
                shared[pair].append(SharedZone(code, a.population, a.is_partial, b.is_partial))
    extents = _extents(day, {perimeter for pair in shared for perimeter in pair})

    def side(perimeter: int, share: float) -> Side:
        figures = (extents[perimeter].population, share, True) if perimeter in readable else (None, None, False)
        return Side(*living[perimeter].identity, *figures)

    def progress(perimeter: int) -> Progress:
        known = living[perimeter].progress
        return known if perimeter in readable else Progress(known.state)

    pairs = []
    for (a, b), zones in shared.items():
        found = among(zones, extents[a], extents[b])
        one, other = side(a, found.share_a), side(b, found.share_b)
        pairs.append(
            Pair(
                one,
                other,
                found,
                _kind(found, one.name, other.name),
                assess(progress(a), progress(b)),
                {zone.code: names[zone.code] for zone in zones},
                max(vintages[zone.code] for zone in zones),
            )
        )
    return sorted(pairs, key=lambda pair: (-pair.population, pair.a.name, pair.b.name))


def overlaps_of(project: Project, day: date, reader: User | None = None) -> list[Pair]:
    """The pairs of one project."""
    return overlaps(day, touching=Project.objects.filter(pk=project.pk), reader=reader)


def _kind(found: Overlap, name: str, other_name: str) -> Kind:
    return Kind.SAME if found.sameness > SAME_ZONES and is_same_name(name, other_name) else found.kind


class Holder(NamedTuple):
    """A perimeter that holds a zone, with the zone's inhabitants."""

    perimeter: int
    population: int
    is_partial: bool


def _zones_held_twice(
    day: date, touching: ProjectQuerySet | None
) -> tuple[dict[str, list[Holder]], dict[str, str], dict[str, int]]:
    """The holders of each zone that has several, and the name and population vintage of these zones.

    Counted on the index alone, then told for the few zones that matter: much less than joining memberships in pairs.
    """
    held = PerimeterZone.objects.on(day).order_by()
    asked = held
    if touching is not None:
        theirs = held.filter(perimeter__in=touching.order_by().values("perimeter"))
        asked = held.filter(zone__in=theirs.values("zone"))
    several = asked.values("zone").annotate(holders=Count("*")).filter(holders__gt=1).values("zone")
    rows = held.filter(zone__in=several).values_list(
        "zone__code", "zone__name", "zone__vintage", "perimeter", "zone__population", "is_partial"
    )
    holders: dict[str, list[Holder]] = defaultdict(list)
    names, vintages = {}, {}
    for code, name, vintage, *holder in rows:
        holders[code].append(Holder(*holder))
        names[code], vintages[code] = name, vintage
    return holders, names, vintages


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
    rows = held.values_list("perimeter").annotate(Sum("zone__population"), Count("*"))
    return {perimeter: Extent(population, count) for perimeter, population, count in rows}


def _perimeters_of(projects: QuerySet[Project] | None, perimeters: set[int]) -> set[int]:
    if projects is None:
        return perimeters
    return set(projects.filter(perimeter__in=perimeters).values_list("perimeter", flat=True))
