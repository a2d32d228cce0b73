"""Zones give way to others on a day: communes merge or come apart, a commune is told in parts.

A perimeter holds a successor when it held one of its predecessors: wholly when it held them all wholly, otherwise « en
partie », to be checked, for nobody knows which part. What a perimeter held before that day does not move.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from territories.models import PerimeterChange, PerimeterZone, Zone, ZoneSplit
from territories.models.perimeter import told


class Held(NamedTuple):
    """A time during which a perimeter holds a zone."""

    zone: int
    is_partial: bool
    since: date
    until: date | None = None

    def is_true_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


def succeed(held: Sequence[Held], predecessors: Mapping[int, Collection[int]], day: date) -> list[Held]:
    """What a perimeter that held these zones holds of their successors from `day` on, by successor and in time order.

    `predecessors` names those of each successor. What comes or leaves later, or is planned, comes and leaves likewise.
    """
    found: list[Held] = []
    for successor, before in predecessors.items():
        rows = [row for row in held if row.zone in before]
        breaks = sorted({day, *(when for row in rows for when in (row.since, row.until) if when and when > day)})
        for since, until in pairwise([*breaks, None]):
            now = {row.zone: row.is_partial for row in rows if row.is_true_on(since)}
            if not now:
                continue
            is_partial = len(now) < len(before) or any(now.values())
            if found and found[-1] == (successor, is_partial, found[-1].since, since):
                found[-1] = found[-1]._replace(until=until)
            else:
                found.append(Held(successor, is_partial, since, until))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """Zones that give way together: the predecessors of each successor, and what happened, in a sentence."""

    predecessors: Mapping[Zone, Collection[Zone]]
    told: str

    @property
    def zones(self) -> set[Zone]:
        return {*self.predecessors, *(zone for before in self.predecessors.values() for zone in before)}


@transaction.atomic
def replace_zones(events: Iterable[Event], since: date, *, origin: str, by=None) -> list[PerimeterChange]:
    """From `since` on, no perimeter holds the zones that gave way; returns the change of each one that did.

    Needs the locks of the projects. A second run finds nothing to replace. Changes recorded for later days are told
    again in the new zones, so that the last one can still be taken back. A commune told in parts since before a
    perimeter held it changes nothing there: the change that brought the commune brings its parts.
    """
    is_split = origin == PerimeterChange.Origin.SPLIT
    events = list(events)
    event_of = {zone.pk: event for event in events for zone in event.zones}
    zones = {zone.pk: zone for event in events for zone in event.zones}
    predecessors = {
        successor.pk: {zone.pk for zone in before}
        for event in events
        for successor, before in event.predecessors.items()
    }
    replaced = set().union(*predecessors.values())
    rows: dict[int, list[PerimeterZone]] = defaultdict(list)
    for row in PerimeterZone.objects.lasting(since).filter(zone__in=replaced).order_by("perimeter", "zone", "since"):
        rows[row.perimeter_id].append(row)
    planned: dict[int, list[PerimeterChange]] = defaultdict(list)
    later = PerimeterChange.objects.filter(perimeter__in=rows, since__gte=since, taken_back_at=None)
    for change in later.order_by("since", "pk"):
        planned[change.perimeter_id].append(change)

    changes, coming = [], []
    for perimeter, theirs in rows.items():
        held = [Held(row.zone_id, row.is_partial, row.since, row.until) for row in theirs]
        holds = succeed(held, predecessors, since)
        authors = {row.since: row.recorded_by_id for row in theirs} if is_split else {}
        coming += [
            PerimeterZone(perimeter_id=perimeter, recorded_by_id=authors.get(row.since, by and by.pk), **_columns(row))
            for row in holds
        ]
        if is_split and _is_told(held, planned[perimeter], zones):
            _tell_in_parts(planned[perimeter], events)
            continue
        first = min(row.since for row in holds)
        concerned = dict.fromkeys(event_of[row.zone] for row in held)
        changes.append(
            PerimeterChange(
                perimeter_id=perimeter,
                since=first,
                origin=origin,
                reason=" ".join(event.told for event in concerned),
                entered=told({zones[row.zone]: row.is_partial for row in holds if row.is_true_on(first)}),
                left=told({zones[row.zone]: row.is_partial for row in held if row.is_true_on(first)}),
                recorded_by=by,
            )
        )
        codes = {zone.code for event in concerned for zone in event.zones}
        _tell_again([change for change in planned[perimeter] if change.since > first], holds, zones, codes)
    gone = PerimeterZone.objects.filter(pk__in=[row.pk for theirs in rows.values() for row in theirs])
    gone.filter(since__gte=since).delete()
    gone.update(until=since)
    PerimeterZone.objects.bulk_create(coming)
    return PerimeterChange.objects.bulk_create(changes)


def _is_told(held: Sequence[Held], changes: Sequence[PerimeterChange], zones: Mapping[int, Zone]) -> bool:
    """Whether one of these changes tells how the first of these zones has come."""
    first = min(held, key=lambda row: row.since)
    code = zones[first.zone].code
    came = (change.entered for change in changes if change.since == first.since)
    return any(zone["code"] == code for entered in came for zone in entered)


def _tell_in_parts(changes: Iterable[PerimeterChange], events: Iterable[Event]) -> None:
    """The same changes, with the parts of a commune in its place."""
    parts: dict[str, list[Zone]] = defaultdict(list)
    for event in events:
        for part, (commune,) in event.predecessors.items():
            parts[commune.code].append(part)

    def in_parts(zones: Iterable[dict]) -> list[dict]:
        kept = [zone for zone in zones if zone["code"] not in parts]
        split = [zone for zone in zones if zone["code"] in parts]
        kept += [part for zone in split for part in told(dict.fromkeys(parts[zone["code"]], zone["is_partial"]))]
        return sorted(kept, key=lambda zone: zone["code"])

    for change in changes:
        change.entered, change.left = in_parts(change.entered), in_parts(change.left)
    PerimeterChange.objects.bulk_update(changes, ["entered", "left"])


def _columns(row: Held) -> dict:
    return {"zone_id": row.zone, "is_partial": row.is_partial, "since": row.since, "until": row.until}


def _tell_again(
    changes: list[PerimeterChange], holds: Sequence[Held], zones: Mapping[int, Zone], codes: Collection[str]
) -> None:
    """Later changes of a perimeter, in the zones that it holds by then; the last one of a day tells what moved."""
    last_of_day = {change.since: change for change in changes}
    for change in changes:
        entered = [zone for zone in change.entered if zone["code"] not in codes]
        left = [zone for zone in change.left if zone["code"] not in codes]
        if change is last_of_day[change.since]:
            entered += told({zones[row.zone]: row.is_partial for row in holds if row.since == change.since})
            left += told({zones[row.zone]: row.is_partial for row in holds if row.until == change.since})
        if (entered, left) != (change.entered, change.left):
            change.entered, change.left = (sorted(some, key=lambda zone: zone["code"]) for some in (entered, left))
            change.save(update_fields=["entered", "left"])


def set_aside(zone: Zone, day: date) -> Zone:
    """The zone as it was before `day`, in a row of its own; `zone` keeps its code and goes on from `day` on.

    What described its former territory goes with it: who held it, its parts, its populations, its figures.
    """
    former = Zone.objects.get(pk=zone.pk)
    former.pk, former._state.adding = None, True
    former.code, former.until = free_code(zone.code, day), day
    former.save()
    for rows in (zone.memberships, zone.former_populations, zone.figure_values.filter(figure__as_of__lt=day)):
        rows.update(zone=former)
    zone.parts.update(parent=former)
    ZoneSplit.objects.filter(commune=zone).update(commune=former)
    zone.since = day
    zone.save(update_fields=["since"])
    return former


def name_successors(rows: QuerySet, replaced: Mapping[Zone, Collection[Zone]]) -> None:
    """What names zones without being a perimeter (`zones` of a structure, of a contact…) names their successors."""
    for row in rows.filter(zones__in=replaced).distinct():
        for zone in row.zones.filter(pk__in=[zone.pk for zone in replaced]):
            if zone not in replaced[zone]:
                row.zones.remove(zone)
            row.zones.add(*replaced[zone])


def free_code(code: str, day: date) -> str:
    """A code for what bore `code` until `day`: 93066 → 93066-2024, its last year."""
    year = date.fromordinal(day.toordinal() - 1).year
    taken = set(Zone.objects.filter(code__startswith=f"{code}-").values_list("code", flat=True))
    names = (f"{code}-{year}{suffix}" for suffix in ("", *"bcdefghijklmnopqrstuvwxyz"))
    return next(name for name in names if name not in taken)
