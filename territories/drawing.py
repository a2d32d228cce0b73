"""Maps drawn without a map library: contours projected, thinned to what the eye can see, written as SVG paths.

Degrees are WGS 84, longitude first. Pixels are those of the drawing, from its top left corner.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Bounds = tuple[float, float, float, float]  # west, south, east, north
Points = NDArray[np.float64]

MARGIN = 8  # pixels left around what is drawn
SMALLEST_SIDE = 1e-4  # of the world's width in radians, some 600 m: a point has a frame too


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a drawing lies on the world's map (Web Mercator, in radians), and how finely it is drawn."""

    left: float
    top: float
    scale: float  # pixels in a radian
    width: int
    height: int
    tolerance: float = 0.5  # pixels: details below are not drawn
    decimals: int = 1  # of the pixels in a path

    @classmethod
    def around(cls, bounds: Bounds, width: int, height: int | None = None) -> "Frame":
        """The drawing of this width that shows these degrees whole; as high as they ask, or of the height given."""
        (left, bottom), (right, top) = mercator(np.array(bounds).reshape(2, 2)).tolist()
        across, up = max(right - left, SMALLEST_SIDE), max(top - bottom, SMALLEST_SIDE)
        scale = (width - 2 * MARGIN) / across
        if height is None:
            height = math.ceil(up * scale) + 2 * MARGIN
        else:
            scale = min(scale, (height - 2 * MARGIN) / up)
        middle, centre = (left + right) / 2, (bottom + top) / 2
        return cls(middle - width / scale / 2, centre + height / scale / 2, scale, width, height)

    @property
    def view_box(self) -> str:
        return f"0 0 {self.width} {self.height}"

    def pixels(self, degrees: Points) -> Points:
        return (mercator(degrees) - (self.left, self.top)) * (self.scale, -self.scale)

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Where a point is drawn, in pixels, rounded as a path is."""
        x, y = self.pixels(np.array([[longitude, latitude]])).round(self.decimals).tolist()[0]
        return x, y


def mercator(degrees: Points) -> Points:
    """Web Mercator, in radians of longitude from Greenwich and of the same length northwards from the equator."""
    longitude, latitude = np.radians(degrees).T
    return np.column_stack([longitude, np.arctanh(np.sin(latitude))])


def svg_paths(contours: Mapping[str, BaseGeometry], frame: Frame) -> dict[str, str]:
    """The path (attribute `d`) of each shape. They are thinned together: borders that were common stay common.

    The path of an empty shape is empty.
    """
    drawn = [shapely.transform(contour, frame.pixels) for contour in contours.values()]
    thin = shapely.coverage_simplify(drawn, frame.tolerance)
    return {code: _path(shape, frame.decimals) for code, shape in zip(contours, thin, strict=True)}


def label_point(contour: BaseGeometry) -> tuple[float, float]:
    """Where a name is best written, in degrees: the middle of the widest circle that fits in the shape.

    A territory in several pieces is named on its biggest one. Raises ValueError for an empty shape.
    """
    if contour.is_empty:
        raise ValueError("An empty shape has no label.")
    biggest = max(shapely.get_parts(contour), key=lambda part: part.area)
    west, south, east, north = biggest.bounds
    squeeze = math.cos(math.radians((south + north) / 2))  # a degree of longitude is shorter than one of latitude
    flat = shapely.transform(biggest, lambda degrees: degrees * (squeeze, 1))
    radius = shapely.maximum_inscribed_circle(flat, tolerance=max(east - west, north - south) / 100)
    x, y = radius.coords[0]
    return x / squeeze, y


def _path(shape: BaseGeometry, decimals: int) -> str:
    """Each ring from its first point, by steps; a shape too small for one is still a dot."""
    rings = [ring for polygon in shapely.get_parts(shape) for ring in (polygon.exterior, *polygon.interiors)]
    places = (np.rint(shapely.get_coordinates(ring) * 10**decimals).astype(int) for ring in rings)
    path = "".join(_ring(points, 10**decimals) for points in places)
    if path or shape.is_empty:
        return path
    x, y = shapely.get_coordinates(shape)[0].round(decimals).tolist()
    return f"M{x:g} {y:g}h1v1h-1z"


def _ring(points: NDArray[np.int64], unit: int) -> str:
    steps = np.diff(points, axis=0)
    steps = steps[steps.any(axis=1)][:-1]  # z draws the last one
    if len(steps) < 2:
        return ""
    return f"M{_numbers(points[:1], unit)}l{_numbers(steps, unit)}z"


def _numbers(points: NDArray[np.int64], unit: int) -> str:
    return " ".join(f"{value / unit:g}" for value in points.ravel().tolist())
