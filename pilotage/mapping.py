"""The map of a region or a department as one drawing: territories by class, borders, names where they fit."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from textwrap import wrap
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from ground.templatetags.french import number
from pilotage.held import Territory
from territories.communes import by_commune
from territories.contours import department_contours, department_labels, dissolve, exact_outline
from territories.drawing import Frame, label_point, svg_paths

WIDTH, HEIGHT = 1000, 750  # pixels of the drawing: the shape of a slide, and about that of a page on its side
ZOOMS = (1, 2, 4, 8)  # at which more and more names find room
LETTER, LINE = 5.9, 12.5  # pixels that a letter and a line of a name take
LONGEST_LINE = 16  # letters
SHORTENED = "CPTS "  # every name on the map is that of a CPTS
CLEARANCE = 1.1  # how much wider than its territory a name may be
OVERSEAS = "97"
MOST_IN_A_REGION = 15  # departments: more are drawn coarsely
COARSE = 1.5  # pixels


@dataclass(frozen=True, slots=True)
class Border:
    """A department: its outline, and where its name is written if anywhere."""

    code: str
    path: str
    label: "Label | None"


@dataclass(frozen=True, slots=True)
class Label:
    """A name, in lines, centred on a point; `zoom` is the first at which it fits, `style` what it stands on."""

    lines: tuple[str, ...]
    x: float
    y: float
    zoom: int = 1
    style: str = "department"

    @property
    def first_dy(self) -> float:
        """How far above its point the first line begins, in lines: two are centred as one is."""
        return 0.35 - (len(self.lines) - 1) / 2 * 1.1

    @property
    def size(self) -> tuple[float, float]:
        return max(map(len, self.lines)) * LETTER + 4, len(self.lines) * LINE


@dataclass(frozen=True, slots=True)
class Shape:
    """A territory as it is drawn: what it wholly holds, and what it holds in part."""

    territory: Territory
    whole: str
    partial: str
    url: str | None

    @property
    def title(self) -> str:
        """Name, state, population: what is read of it without the table."""
        told = [self.territory.name, self.territory.map_class.short_label, self.territory.state.label]
        if self.territory.is_readable and self.territory.zones:
            told.append(f"{number(self.territory.population)} habitants (pop. {self.territory.vintage})")
        if self.territory.in_conciliation:
            told.append("en conciliation")
        return " – ".join(told)


@dataclass(frozen=True, slots=True)
class Background:
    """What a map stands on: its frame, the departments it is about, and what is seen of those around."""

    frame: Frame
    borders: list[Border]
    around: str

    @property
    def corners(self) -> list[list[float]]:
        """South-west and north-east of the frame, latitude first: where a map library lays the drawing."""
        frame = self.frame
        west, east = frame.left, frame.left + frame.width / frame.scale
        south, north = frame.top - frame.height / frame.scale, frame.top
        return [[_latitude(south), math.degrees(west)], [_latitude(north), math.degrees(east)]]


@dataclass(frozen=True)
class Picture:
    """A whole map. `hatched` is what is disputed, `shared` what several projects hold."""

    background: Background
    shapes: list[Shape]
    hatched: str
    shared: str
    labels: list[Label]

    @property
    def frame(self) -> Frame:
        return self.background.frame

    @cached_property
    def has_partial(self) -> bool:
        return any(shape.partial for shape in self.shapes)

    @property
    def fixed_labels(self) -> list[Label]:
        """The names that fit on paper."""
        return [label for label in self.labels if label.zoom == 1]


def background_of(departments: Mapping[str, str]) -> Background | None:
    """The frame around `departments` (names by code), those overseas left out when others are with them.

    None when none of them has a contour.
    """
    drawn = [code for code in departments if code in department_contours()]
    drawn = [code for code in drawn if not code.startswith(OVERSEAS)] or drawn
    if not drawn:
        return None
    is_region = len(drawn) <= MOST_IN_A_REGION
    outlines = {code: exact_outline(code) if is_region else department_contours()[code] for code in drawn}
    bounds = tuple(shapely.total_bounds(list(outlines.values())).tolist())
    frame = Frame.around(bounds, WIDTH, HEIGHT)
    if not is_region:
        frame = replace(frame, tolerance=COARSE)
    paths = svg_paths(outlines, frame)
    names = {code: departments[code] for code in outlines} if len(outlines) > 1 else {}
    labels = _department_labels(names, outlines, frame)
    borders = [Border(code, path, labels.get(code)) for code, path in paths.items()]
    return Background(frame, borders, _around(frame, outlines))


def picture(
    background: Background,
    territories: Collection[Territory],
    urls: Mapping[int, str],
    *,
    disputed: Collection[str] = (),
    parts: Collection[str] = (),
) -> Picture:
    """The territories on their background, the widest first so that none is hidden.

    `urls` are the pages of the projects that may be opened. `disputed` zones are hatched. `parts` are the codes of the
    parts of communes that exist: they have no contour, so a commune held by some of its parts is drawn as held in part.
    """
    frame = background.frame
    drawn = {territory.pk: _whole_and_partial(territory, parts) for territory in territories}
    contours = {pk: dissolve(codes) for pk, (codes, _) in drawn.items()}
    in_order = sorted(territories, key=lambda territory: -contours[territory.pk].area)
    whole = paths(contours, frame)
    partial = paths({pk: dissolve(codes) for pk, (_, codes) in drawn.items()}, frame)
    shapes = [
        Shape(territory, whole.get(territory.pk, ""), partial.get(territory.pk, ""), urls.get(territory.pk))
        for territory in in_order
        if territory.pk in whole or territory.pk in partial
    ]
    holders = Counter(code for territory in territories for code in territory.whole)
    shared = dissolve(code for code, count in holders.items() if count > 1)
    over = paths({"disputed": dissolve(disputed), "shared": shared}, frame)
    named = [border.label for border in background.borders if border.label]
    labels = _placed([(one, contours[one.pk]) for one in in_order if one.pk in whole], frame, named)
    return Picture(background, shapes, over.get("disputed", ""), over.get("shared", ""), labels)


class Room:
    """The labels that are placed, as boxes: x, y, width and height."""

    def __init__(self, taken: Iterable[Label]) -> None:
        self.boxes = np.array([(label.x, label.y, *label.size) for label in taken]).reshape(-1, 4)

    def is_free(self, label: Label, zoom: int) -> bool:
        """Whether the label would touch none, the drawing being enlarged and the letters not."""
        width, height = label.size
        x, y, widths, heights = self.boxes.T
        aside = np.abs(x - label.x) * zoom >= (widths + width) / 2
        above = np.abs(y - label.y) * zoom >= (heights + height) / 2
        return bool((aside | above).all())

    def take(self, label: Label) -> None:
        self.boxes = np.vstack([self.boxes, (label.x, label.y, *label.size)])


def _whole_and_partial(territory: Territory, parts: Collection[str]) -> tuple[set[str], set[str]]:
    """The codes to draw as wholly held, and those to draw as held in part."""
    drawn = by_commune(territory.whole, territory.partial, parts)
    partial = {code for code, is_partial in drawn.items() if is_partial}
    return drawn.keys() - partial, partial


def paths(contours: Mapping[Any, BaseGeometry], frame: Frame) -> dict[Any, str]:
    """The path of each shape that is not empty."""
    drawn = {key: shape for key, shape in contours.items() if not shape.is_empty}
    return svg_paths(drawn, frame) if drawn else {}


def _placed(contours: list[tuple[Territory, BaseGeometry]], frame: Frame, taken: Iterable[Label]) -> list[Label]:
    """Each name at the first zoom at which it fits in its territory and touches no other; the widest choose first."""
    room, placed = Room(taken), []
    waiting = [
        (Label(_lines(one.name), *frame.place(*label_point(shape)), style=f"name on-{one.map_class.value}"), shape)
        for one, shape in contours
    ]
    for zoom in ZOOMS:
        left = []
        for label, shape in waiting:
            if _fits(label, shape, frame, zoom) and room.is_free(label, zoom):
                room.take(label)
                placed.append(replace(label, zoom=zoom))
            else:
                left.append((label, shape))
        waiting = left
    return placed


def _fits(label: Label, shape: BaseGeometry, frame: Frame, zoom: int) -> bool:
    width, height = label.size
    inside = width / 2 < label.x * zoom and label.x * zoom < frame.width * zoom - width / 2
    (left, bottom), (right, top) = frame.pixels(np.array(shape.bounds).reshape(2, 2))
    room = zoom * CLEARANCE
    return inside and width < (right - left) * room and height < (bottom - top) * room


def _lines(name: str) -> tuple[str, ...]:
    return tuple(wrap(name.removeprefix(SHORTENED), LONGEST_LINE)) or (name,)


def _department_labels(
    names: Mapping[str, str], outlines: Mapping[str, BaseGeometry], frame: Frame
) -> dict[str, Label]:
    """The name of each department where it fits, its code alone where it does not."""
    labels: dict[str, Label] = {}
    room = Room(())
    for code, name in names.items():
        x, y = frame.place(*department_labels()[code])
        whole = Label((f"{code} {name}",), x, y)
        is_clear = _fits(whole, outlines[code], frame, 1) and room.is_free(whole, 1)
        label = whole if is_clear else Label((code,), x, y)
        zoom = next((zoom for zoom in ZOOMS if room.is_free(label, zoom)), ZOOMS[-1])
        labels[code] = replace(label, zoom=zoom)
        room.take(label)
    return labels


def _around(frame: Frame, own: Mapping[str, BaseGeometry]) -> str:
    """What is seen of the other departments, as one path."""
    left, bottom = frame.left, frame.top - frame.height / frame.scale
    west, east = math.degrees(left), math.degrees(left + frame.width / frame.scale)
    window = west, _latitude(bottom), east, _latitude(frame.top)
    others = {code: shape for code, shape in department_contours().items() if code not in own}
    if len(own) == 1:  # so near, a simplified border would leave gaps
        others = {code: exact_outline(code) for code, shape in others.items() if shape.intersects(shapely.box(*window))}
    seen = (shapely.clip_by_rect(shape, *window) for shape in others.values())
    polygons = [part for shape in seen for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return "".join(svg_paths(dict(enumerate(polygons)), frame).values()) if polygons else ""


def _latitude(northwards: float) -> float:
    """The parallel at this distance from the equator on the map, in degrees."""
    return math.degrees(math.asin(math.tanh(northwards)))
