"""Structures of coordinated practice as marks on the map, each where its territory is named."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, QuerySet

from territories.contours import dissolve
from territories.drawing import Frame, label_point
from territories.models import Department, Structure, Zone

Kind = Structure.Kind
SYMBOLS = dict(zip(Kind, "●■▲▼◆○□△▽◇★✚", strict=True))
SYMBOL_WIDTH = 9  # pixels: structures of one commune stand side by side


@dataclass(frozen=True, slots=True)
class Mark:
    """A structure and where it is drawn; nowhere when its communes have no contour."""

    structure: Structure
    communes: list[Zone]
    place: tuple[float, float] | None

    @property
    def symbol(self) -> str:
        return SYMBOLS[Kind(self.structure.kind)]

    @property
    def others(self) -> int:
        """The communes that are not named: all but the most populated."""
        return len(self.communes) - 1

    @property
    def x(self) -> float | None:
        return self.place and self.place[0]

    @property
    def y(self) -> float | None:
        return self.place and self.place[1]


def marks(kinds: list[str], departments: QuerySet[Department], day: date, frame: Frame | None) -> list[Mark]:
    """The structures of these kinds that cover a commune of `departments` on `day`; none when no kind is asked."""
    if not kinds:
        return []
    communes = Prefetch("zones", Zone.objects.order_by("-population"), to_attr="communes")
    found = Structure.objects.on(day).filter(kind__in=kinds, zones__department__in=departments).distinct()
    return list(_placed(list(found.prefetch_related(communes)), frame))


def _placed(structures: list[Structure], frame: Frame | None) -> Iterator[Mark]:
    taken: Counter[tuple[float, float]] = Counter()
    for structure in structures:
        shape = dissolve(zone.code for zone in structure.communes)
        place = None
        if frame and not shape.is_empty:
            x, y = frame.place(*label_point(shape))
            place = x + SYMBOL_WIDTH * taken[x, y], y
            taken[x, y] += 1
        yield Mark(structure, structure.communes, place)
