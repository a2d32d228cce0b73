"""The territories of living projects on a day, zone by zone: what the map draws and what is published."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Q, QuerySet

from accounts.models import User
from pilotage.map_class import CLASS_OF, MapClass
from projects.models import Project, Stage
from projects.models.conciliation import in_conciliation_on
from projects.models.project import ProjectQuerySet
from projects.states import LIVING, State
from territories.models import Department, PerimeterZone


class HeldZone(NamedTuple):
    code: str
    name: str
    population: int
    vintage: int
    department: str
    is_partial: bool


@dataclass(frozen=True, slots=True)
class Territory:
    """A living project and the zones it holds. Out of its reader's scope, a page shows its name and its state alone."""

    pk: int
    name: str
    finess: str
    department: str
    state: State
    since: date
    zones: tuple[HeldZone, ...]
    in_conciliation: bool
    is_readable: bool = True

    @property
    def map_class(self) -> MapClass:
        return CLASS_OF[self.state]

    @property
    def population(self) -> int | None:
        """Inhabitants of its zones, those held in part wholly counted; None when it holds none."""
        return sum(zone.population for zone in self.zones) if self.zones else None

    @property
    def vintage(self) -> int | None:
        return max((zone.vintage for zone in self.zones), default=None)

    @property
    def whole(self) -> list[str]:
        return [zone.code for zone in self.zones if not zone.is_partial]

    @property
    def partial(self) -> list[str]:
        return [zone.code for zone in self.zones if zone.is_partial]


def territories(day: date, projects: ProjectQuerySet, reader: User | None = None) -> list[Territory]:
    """The territories of those of `projects` that live on `day`, by department then name, in a few queries."""
    projects = projects.order_by()
    stages = Stage.objects.on(day).filter(state__in=LIVING, project__in=projects.values("pk"))
    rows = list(
        stages.order_by("project__lead_department", "project__search_name", "project").values_list(
            *("project__perimeter", "project", "project__name", "project__finess", "project__lead_department"),
            *("state", "since"),
        )
    )
    held = zones_held(day, projects)
    disputed = set(in_conciliation_on(day).values_list("project", flat=True))
    readable = readable_among(reader)
    return [
        Territory(
            *(pk, name, finess, department, State(state), since, tuple(held.get(perimeter, ()))),
            in_conciliation=pk in disputed,
            is_readable=readable is None or pk in readable,
        )
        for perimeter, pk, name, finess, department, state, since in rows
    ]


def zones_held(day: date, projects: ProjectQuerySet) -> dict[int, list[HeldZone]]:
    """The zones of each perimeter, in code order."""
    rows = PerimeterZone.objects.on(day).filter(perimeter__in=projects.values("perimeter")).order_by("zone__code")
    zones: dict[int, list[HeldZone]] = defaultdict(list)
    for perimeter, *zone in rows.values_list(
        *("perimeter", "zone__code", "zone__name", "zone__population", "zone__vintage", "zone__department"),
        "is_partial",
    ):
        zones[perimeter].append(HeldZone(*zone))
    return zones


def touching(departments: QuerySet[Department], day: date) -> ProjectQuerySet:
    """Projects led by one of `departments`, or that hold one of their zones on `day`."""
    held = PerimeterZone.objects.on(day).filter(zone__department__in=departments)
    return Project.objects.filter(Q(lead_department__in=departments) | Q(perimeter__in=held.values("perimeter")))


def readable_among(reader: User | None) -> set[int] | None:
    """The keys of the projects that `reader` may read; None for all."""
    if reader is None or reader.answers_for_the_country:
        return None
    return set(Project.objects.for_user(reader).values_list("pk", flat=True))
