"""The structures around a project, and the projects around a structure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db.models import Count, Q, Sum

from accounts.models import User
from projects.models import ClsSignature, Project
from projects.states import State
from territories.models import PerimeterZone, Structure


@dataclass(frozen=True, slots=True)
class Group:
    """The structures of one kind on a territory, each with `met_count` of its `zone_count` communes there."""

    kind: Structure.Kind
    structures: list[Structure]


def structures_of(project: Project, day: date, user: User) -> list[Group]:
    """What coordinated practice exists on the territory of `project` on `day`, wholly or partly. One query."""
    zones = project.perimeter.zones_on(day)
    found = Structure.objects.for_user(user).on(day).covering(zones).with_share(zones)
    return [Group(Structure.Kind(kind), list(each)) for kind, each in groupby(found, key=lambda one: one.kind)]


def cls_signed_by(project: Project) -> list[ClsSignature]:
    return list(project.cls_signatures.select_related("structure", "recorded_by__institution"))


def cls_to_sign(project: Project, day: date, user: User) -> Iterable[Structure]:
    """The contrats locaux de santé of its territory that it has not signed."""
    found = Structure.objects.for_user(user).covering(project.perimeter.zones_on(day))
    return found.filter(kind=Structure.Kind.CLS).exclude(signatures__project=project)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A living project whose territory meets a structure: what they share."""

    project: Project
    zones: int
    population: int

    @property
    def state(self) -> State:
        return State(self.project.state_on)

    @property
    def share(self) -> float:
        """Of the inhabitants of the project."""
        return self.population / self.project.population if self.project.population else 0.0


def projects_around(structure: Structure, day: date, user: User) -> list[Neighbour]:
    """Living projects that hold a commune of `structure`, or a part of one, on `day`; the largest share first."""
    pks = list(structure.zones.values_list("pk", flat=True))
    of_it = Q(zone__in=pks) | Q(zone__parent__in=pks) | Q(zone__parent__parent__in=pks)
    held = PerimeterZone.objects.on(day).filter(of_it).order_by().values("perimeter")
    shared = {row["perimeter"]: row for row in held.annotate(zones=Count("pk"), population=Sum("zone__population"))}
    projects = Project.objects.for_user(user).living_on(day).filter(perimeter__in=shared)
    told = projects.with_state_on(day).with_territory_on(day).select_related("lead_department")
    found = [
        Neighbour(each, shared[each.perimeter_id]["zones"], shared[each.perimeter_id]["population"]) for each in told
    ]
    return sorted(found, key=lambda each: (-each.population, each.project.search_name))
