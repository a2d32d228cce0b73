"""What a composition is, said while it is composed: who lives there, whom it collides with, in how many pieces."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

from accounts.models import User
from projects.composing import Zones
from projects.models import Project
from projects.overlapping_zones import ASKED_BY_CODE, Holder, overlaps_of_zones
from territories.adjacency import detached, enclaves, is_island
from territories.models import Zone


class ZoneRow(NamedTuple):
    """A zone as the page tells it."""

    code: str
    name: str
    search_name: str
    population: int
    vintage: int
    department: str
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """A zone of the composition."""

    zone: ZoneRow
    is_partial: bool
    change: str  # since the recorded perimeter: « ajoutée », « modifiée » when it is held otherwise, or nothing
    others: tuple[str, ...]  # names of the living projects that hold it too


@dataclass(frozen=True, slots=True)
class Group:
    """Some zones of the composition, or around it, told together."""

    zones: tuple[ZoneRow, ...]

    @property
    def population(self) -> int:
        return sum(zone.population for zone in self.zones)

    @property
    def names(self) -> list[str]:
        return [zone.name for zone in self.zones]

    @property
    def first_names(self) -> list[str]:
        return self.names[:100]

    @property
    def codes(self) -> str:
        return ",".join(zone.code for zone in self.zones)


@dataclass(frozen=True, slots=True)
class Collision:
    """Another project and what it shares with the composition."""

    holder: Holder
    group: Group
    is_to_check: bool  # one side holds only a part of every shared zone, not known which


@dataclass(frozen=True)
class Facts:
    """Everything that the strip and the list of the editor show. Populations count a zone held in part wholly."""

    lines: list[Line]
    collisions: list[Collision]
    detached: list[Group]  # pieces that could be reached over land and are not
    enclaves: list[Group]
    gained: Group
    lost: Group
    changed: Group  # held in both, but in part in one of them only
    lead: str
    parts: list[str]  # codes of the parts of communes that exist in these departments
    island_count: int

    @cached_property
    def population(self) -> int:
        return sum(line.zone.population for line in self.lines)

    @cached_property
    def vintages(self) -> list[int]:
        return sorted({line.zone.vintage for line in self.lines})

    @cached_property
    def partial(self) -> Group:
        return Group(tuple(line.zone for line in self.lines if line.is_partial))

    @cached_property
    def outside(self) -> Group:
        return Group(tuple(line.zone for line in self.lines if line.zone.department != self.lead))

    @cached_property
    def shared(self) -> Group:
        return Group(tuple(line.zone for line in self.lines if line.others))

    @property
    def piece_count(self) -> int:
        return len(self.detached) + 1

    @property
    def is_changed(self) -> bool:
        return bool(self.gained.zones or self.lost.zones or self.changed.zones)


def facts_of(project: Project, zones: Zones, recorded: Zones, day: date, reader: User) -> Facts:
    """The number of queries does not depend on that of zones."""
    holders = overlaps_of_zones(zones.keys(), day, reader, but=project)
    rows = zone_rows(zones.keys() | recorded.keys())
    apart = detached(zones, {code: rows[code].population for code in zones if code in rows})
    parts = _parts(rows.values(), day)
    holes = enclaves(zones, parts) if zones else []
    around = zone_rows({code for hole in holes for code in hole} - rows.keys())
    known = rows | around

    def group(codes: Iterable[str]) -> Group:
        return Group(tuple(sorted((known[code] for code in codes if code in known), key=by_name)))

    others: dict[str, list[str]] = {}
    for holder in holders:
        for code in holder.zones:
            others.setdefault(code, []).append(holder.name)
    return Facts(
        lines=[
            Line(rows[code], is_partial, _change(recorded.get(code), is_partial), tuple(others.get(code, ())))
            for code, is_partial in zones.items()
            if code in rows
        ],
        collisions=sorted(
            (Collision(holder, group(holder.zones), _is_to_check(holder.zones, zones)) for holder in holders),
            key=lambda collision: -collision.group.population,
        ),
        detached=[group(piece) for piece in apart],
        enclaves=[group(hole) for hole in holes],
        gained=group(zones.keys() - recorded.keys()),
        lost=group(recorded.keys() - zones.keys()),
        changed=group(code for code in zones.keys() & recorded.keys() if zones[code] != recorded[code]),
        lead=project.lead_department_id,
        parts=parts,
        island_count=sum(map(is_island, zones)) if any(not is_island(code) for code in zones) else 0,
    )


def _change(before: bool | None, now: bool) -> str:
    if before is None:
        return "ajoutée"
    return "" if before == now else "modifiée"


def by_name(zone: ZoneRow) -> tuple[str, str]:
    return zone.search_name, zone.code


def zone_rows(codes: Collection[str]) -> dict[str, ZoneRow]:
    """By code; a code that is in the base no more is left out."""
    if not codes:
        return {}
    rows = Zone.objects.order_by()
    if len(codes) <= ASKED_BY_CODE:
        rows = rows.filter(code__in=codes)
    found = rows.values_list(*ZoneRow._fields)
    return {row[0]: ZoneRow(*row) for row in found if row[0] in codes}


def _parts(rows: Iterable[ZoneRow], day: date) -> list[str]:
    """The parts of the split communes of these departments: holding some of them is not holding the commune."""
    departments = {row.department for row in rows}
    parts = Zone.objects.on(day).filter(kind=Zone.Kind.PART, department__in=departments)
    return list(parts.values_list("code", flat=True))


def _is_to_check(theirs: Zones, ours: Zones) -> bool:
    return all(is_partial or ours[code] for code, is_partial in theirs.items())
