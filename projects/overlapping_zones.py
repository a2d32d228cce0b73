"""Which living projects already hold zones that nobody has recorded yet: what a composition collides with."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from accounts.models import User
from projects.models import Project, Stage
from projects.states import LIVING, State
from territories.models import PerimeterZone

ASKED_BY_CODE = 5_000
"""Zones above which a database is faster, and surer, when it is asked for the whole country than for a long list."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A living project and those of the zones that it holds, with whether it holds only a part of them.

    Out of its reader's scope it is told by its name, its state and its department (whom to call), without a link.
    """

    pk: int
    name: str
    state: State
    department_name: str
    is_readable: bool
    zones: dict[str, bool]


def overlaps_of_zones(codes: Collection[str], day: date, reader: User, *, but: Project) -> list[Holder]:
    """The living projects of any department, `but` one, that hold some of these zones on `day`. Three queries."""
    held = PerimeterZone.objects.on(day).exclude(perimeter=but.perimeter_id).order_by()
    if len(codes) <= ASKED_BY_CODE:
        held = held.filter(zone__code__in=codes)
    zones: dict[int, dict[str, bool]] = defaultdict(dict)
    wanted = set(codes)
    for perimeter, code, is_partial in held.values_list("perimeter", "zone__code", "is_partial"):
        if code in wanted:
            zones[perimeter][code] = is_partial
    stages = Stage.objects.on(day).filter(project__perimeter__in=zones, state__in=LIVING).order_by("project__name")
    rows = stages.values_list(
        "project__perimeter", "project", "project__name", "state", "project__lead_department__name"
    )
    readable = set(Project.objects.for_user(reader).filter(perimeter__in=zones).values_list("pk", flat=True))
    return [
        Holder(pk, name, State(state), department_name, pk in readable, zones[perimeter])
        for perimeter, pk, name, state, department_name in rows
    ]
