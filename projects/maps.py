"""The small map of one project's territory, or of what changed in it between two days, drawn on the server."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import shapely

from territories.adjacency import neighbours
from territories.communes import by_commune, commune_of
from territories.contours import CREDIT, contours
from territories.drawing import Bounds, Frame, label_point, svg_paths
from territories.models import PerimeterZone, Zone

MOST_ZONES = 1_000  # beyond, a map of this size would show nothing
AROUND = 0.08  # of the territory's size, left on each side to see what surrounds it
FOR_A_NAME = 60  # pixels of width for each name that is written
LETTER, LINE = 6, 13  # pixels, the room that a letter of a name takes


class Part(StrEnum):
    """What a zone is in the drawing; each has a colour and a pattern of its own."""

    AROUND = "around"
    KEPT = "kept"
    GAINED = "gained"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Shape:
    part: Part
    path: str
    name: str
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class TerritoryMap:
    """`shapes` in the order they are drawn; `undrawn`: names of the zones of which no contour is known."""

    title: str
    description: str
    frame: Frame
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    undrawn: tuple[str, ...]
    credit: str = CREDIT

    @property
    def parts(self) -> set[Part]:
        """For its legend."""
        return {shape.part for shape in self.shapes}

    @property
    def has_partial(self) -> bool:
        return any(shape.is_partial for shape in self.shapes)


def territory_map(
    kept: Collection[PerimeterZone],
    gained: Collection[PerimeterZone] = (),
    lost: Collection[PerimeterZone] = (),
    *,
    title: str,
    width: int = 480,
    height: int = 340,
) -> TerritoryMap | None:
    """None when no zone is drawn, or too many. The memberships come with their zones; no query but for split communes.

    What is drawn in one contour before and after (a commune that is split, or merges into its own code) was kept.
    """
    told = {Part.KEPT: kept, Part.GAINED: gained, Part.LOST: lost}
    if sum(map(len, told.values())) > MOST_ZONES:
        return None
    drawn: dict[str, tuple[Part, list[PerimeterZone]]] = {}
    for part, rows in told.items():
        for row in rows:
            commune = commune_of(row.zone.code)
            known, together = drawn.get(commune, (part, []))
            drawn[commune] = (part if known == part else Part.KEPT, [*together, row])
    found = contours(drawn)
    if not found:
        return None
    around = contours({near for code in drawn for near in neighbours(code)} - drawn.keys())
    frame = Frame.around(_bounds(found.values()), width, height)
    paths = svg_paths(around | found, frame)
    is_in_part = _in_part([row for rows in told.values() for row in rows])
    shapes = [Shape(Part.AROUND, paths[code], "") for code in around]
    for code in found:
        part, rows = drawn[code]
        shapes.append(Shape(part, paths[code], ", ".join(row.zone.name for row in rows), is_in_part[code]))
    return TerritoryMap(
        title=title,
        description=_description(told),
        frame=frame,
        shapes=tuple(shapes),
        labels=tuple(_labels(found, drawn, frame)),
        undrawn=tuple(row.zone.name for code, (_, rows) in drawn.items() if code not in found for row in rows),
    )


def _in_part(rows: Collection[PerimeterZone]) -> dict[str, bool]:
    """Of each commune that is drawn, whether it is held in part."""
    cut = {row.zone.parent_id for row in rows if row.zone.kind == Zone.Kind.PART}
    parts = list(Zone.objects.filter(parent__in=cut, until=None).values_list("code", flat=True)) if cut else []
    partial = {row.zone.code for row in rows if row.is_partial}
    return by_commune({row.zone.code for row in rows} - partial, partial, parts)


def _bounds(found: Iterable[shapely.Geometry]) -> Bounds:
    west, south, east, north = shapely.total_bounds(list(found)).tolist()
    across, up = (east - west) * AROUND, (north - south) * AROUND
    return west - across, south - up, east + across, north + up


def _labels(
    found: Mapping[str, shapely.Geometry], drawn: Mapping[str, tuple[Part, list[PerimeterZone]]], frame: Frame
) -> Iterator[Label]:
    """The names of the biggest communes, those that would cover another one's left out."""
    taken: list[shapely.Geometry] = []
    zones = sorted((drawn[code][1][0].zone for code in found), key=lambda zone: -zone.population)
    for zone in zones:
        x, y = frame.place(*label_point(found[commune_of(zone.code)]))
        half = len(zone.name) * LETTER / 2
        box = shapely.box(x - half, y - LINE / 2, x + half, y + LINE / 2)
        is_inside = half < x < frame.width - half
        if is_inside and len(taken) < frame.width // FOR_A_NAME and not any(box.intersects(other) for other in taken):
            taken.append(box)
            yield Label(zone.name, x, y)


def _description(told: Mapping[Part, Collection[PerimeterZone]]) -> str:
    counts = [
        f"{len(told[part])} {word}{'s' if len(told[part]) > 1 else ''}"
        for part, word in ((Part.KEPT, "commune"), (Part.GAINED, "ajoutée"), (Part.LOST, "retirée"))
        if told[part]
    ]
    return f"{', '.join(counts)}. Les mêmes communes sont dans le tableau de la page."
