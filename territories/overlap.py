"""Overlaps: which zones two perimeters share, how many people live there, and what that means.

A zone held « in part, not yet known which » by one side may be shared without an inhabitant in common: an overlap made
only of such zones is to be checked, it is not yet a conflict.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What an overlap is; the value is its key in files for machines."""

    TOTAL = "total"  # one side lies wholly within the other
    PARTIAL = "partial"
    TO_CHECK = "to_check"  # no zone is known to be wholly held by both sides
    SAME = "same"  # one project typed twice, which takes its name to tell: sets alone never say it

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {
    Kind.TOTAL: "Totale",
    Kind.PARTIAL: "Partielle",
    Kind.TO_CHECK: "À vérifier",
    Kind.SAME: "Même projet saisi deux fois",
}


class Held(NamedTuple):
    """How a perimeter holds a zone: the inhabitants of the zone, and whether only some part of it is meant."""

    population: int
    is_partial: bool = False


class Extent(NamedTuple):
    """A whole perimeter: its inhabitants and how many zones it holds."""

    population: int
    zone_count: int


@dataclass(frozen=True, slots=True, order=True)
class SharedZone:
    code: str
    population: int
    is_partial_in_a: bool = False
    is_partial_in_b: bool = False

    @property
    def is_partial(self) -> bool:
        return self.is_partial_in_a or self.is_partial_in_b


@dataclass(frozen=True, slots=True)
class Overlap:
    """What perimeters a and b share. Zones in code order, populations in inhabitants, shares from 0 to 1."""

    zones: tuple[SharedZone, ...]
    a: Extent
    b: Extent

    @property
    def population(self) -> int:
        return sum(zone.population for zone in self.zones)

    @property
    def sameness(self) -> float:
        """Share of the zones held by either that both wholly hold: 1 for twice the same territory."""
        whole = sum(not zone.is_partial for zone in self.zones)
        return ratio(whole, self.a.zone_count + self.b.zone_count - len(self.zones))

    @property
    def kind(self) -> Kind:
        if all(zone.is_partial for zone in self.zones):
            return Kind.TO_CHECK
        a_in_b = len(self.zones) == self.a.zone_count and not any(zone.is_partial_in_b for zone in self.zones)
        b_in_a = len(self.zones) == self.b.zone_count and not any(zone.is_partial_in_a for zone in self.zones)
        return Kind.TOTAL if a_in_b or b_in_a else Kind.PARTIAL


def ratio(part: int, whole: int) -> float:
    """0 when the whole is empty: a territory without inhabitants has no share to give."""
    return part / whole if whole else 0.0


def overlap(a: Mapping[str, Held], b: Mapping[str, Held]) -> Overlap | None:
    """What two perimeters, each a mapping from leaf zone to how it is held, share; None when nothing."""
    in_both = a.keys() & b.keys()
    shared = [SharedZone(code, a[code].population, a[code].is_partial, b[code].is_partial) for code in in_both]
    return among(shared, extent(a), extent(b)) if shared else None


def among(shared: Iterable[SharedZone], a: Extent, b: Extent) -> Overlap:
    """The same, for who knows the shared zones already."""
    return Overlap(tuple(sorted(shared)), a, b)


def extent(zones: Mapping[str, Held]) -> Extent:
    return Extent(sum(held.population for held in zones.values()), len(zones))
