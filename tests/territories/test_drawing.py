"""Contours drawn as SVG paths."""

import re

import numpy as np
import pytest
import shapely

from territories.contours import bounds, contours, exact_outline
from territories.drawing import Frame, label_point, mercator, svg_paths

SQUARE = shapely.box(2, 48, 3, 49)
EVERYTHING = (-5.2, 41.3, 9.7, 51.2)


def svg_path(shape: shapely.Geometry, frame: Frame) -> str:
    return svg_paths({"": shape}, frame)[""]


def points(path: str) -> list[list[tuple[float, float]]]:
    """The rings of a path, in pixels."""
    rings = []
    for x, y, steps in re.findall(r"M([-\d.]+) ([-\d.]+)l([-\d. ]+)z", path):
        moves = np.array([[float(x), float(y)], *np.array(steps.split(), dtype=float).reshape(-1, 2)])
        rings.append([tuple(point) for point in np.cumsum(moves, axis=0).round(1).tolist()])
    return rings


class TestProjection:
    def test_web_mercator(self):
        assert mercator(np.array([[0.0, 0.0]])) == pytest.approx(np.zeros((1, 2)))
        x, y = mercator(np.array([[2.3522, 48.8566]]))[0] * 6_378_137
        assert (x, y) == pytest.approx((261_845.7, 6_250_564.3), abs=1)  # Paris in EPSG:3857

    def test_shapes_look_as_they_are(self):
        """A hundred kilometres are as long to the east as to the north."""
        frame = Frame.around((2, 48, 3, 49), 600)
        (west, _), (east, _) = frame.place(2, 48.5), frame.place(2 + 1 / np.cos(np.radians(48.5)), 48.5)
        (_, south), (_, north) = frame.place(2, 48), frame.place(2, 49)
        assert (east - west) == pytest.approx(south - north, rel=0.01)


class TestFrame:
    def test_it_is_as_high_as_its_content_asks(self):
        frame = Frame.around((2, 48, 3, 49), 600)
        assert frame.view_box == f"0 0 600 {frame.height}"
        assert frame.place(2, 49) == pytest.approx((8, 8), abs=1)
        assert frame.place(3, 48) == pytest.approx((592, frame.height - 8), abs=1)

    def test_a_given_height_holds_the_whole_in_its_middle(self):
        frame = Frame.around((2, 48, 3, 49), 600, 200)
        left, top = frame.place(2, 49)
        right, bottom = frame.place(3, 48)
        assert (top, bottom) == pytest.approx((8, 192), abs=1)
        assert left + right == pytest.approx(600, abs=1)

    def test_a_point_has_a_frame(self):
        frame = Frame.around((2, 48, 2, 48), 100)
        assert frame.place(2, 48) == pytest.approx((50, frame.height / 2), abs=1)


class TestPaths:
    def test_a_square(self):
        [ring] = points(svg_path(SQUARE, Frame.around((2, 48, 3, 49), 600)))
        assert len(ring) == 4
        assert {x for x, _ in ring} == {8.0, 592.0}

    def test_a_hole_is_a_ring_of_its_own(self):
        holed = shapely.difference(SQUARE, shapely.box(2.4, 48.4, 2.6, 48.6))
        assert len(points(svg_path(holed, Frame.around((2, 48, 3, 49), 600)))) == 2

    def test_nothing_is_drawn_of_nothing(self):
        assert svg_path(shapely.Polygon(), Frame.around((2, 48, 3, 49), 600)) == ""
        assert svg_paths({}, Frame.around((2, 48, 3, 49), 600)) == {}

    def test_what_is_smaller_than_a_pixel_is_a_dot(self):
        assert svg_path(shapely.box(2.5, 48.5, 2.50001, 48.50001), Frame.around(EVERYTHING, 300)).endswith("h1v1h-1z")

    def test_neighbours_keep_their_common_border(self):
        """Thinned each on its own they would leave white between them, or overlap."""
        zones = contours(["75118", "93066", "93001", "93070"])
        frame = Frame.around(bounds(zones), 300)
        drawn = {
            code: [shapely.Polygon(ring) for ring in points(path)] for code, path in svg_paths(zones, frame).items()
        }
        shapes = [polygon for polygons in drawn.values() for polygon in polygons]
        assert shapely.coverage_is_valid(shapes)
        whole = shapely.coverage_union_all(shapes)
        assert len(shapely.get_parts(whole)) == 1
        assert whole.area == pytest.approx(sum(shape.area for shape in shapes))

    def test_overlapping_territories_are_drawn_too(self):
        paths = svg_paths({"a": SQUARE, "b": shapely.box(2.5, 48.5, 3.5, 49.5)}, Frame.around((2, 48, 4, 50), 300))
        assert all(len(points(path)) == 1 for path in paths.values())

    def test_a_smaller_drawing_has_fewer_points(self):
        brittany = exact_outline("29")
        large, small = (svg_path(brittany, Frame.around(brittany.bounds, width)) for width in (1000, 100))
        assert len(small) < len(large) / 2
        assert len(large) < 20_000


class TestLabels:
    def test_in_the_widest_place_of_the_biggest_piece(self):
        arm = shapely.union(SQUARE, shapely.box(3, 48.4, 6, 48.5))
        archipelago = shapely.union(arm, shapely.box(8, 48, 8.5, 48.5))
        assert label_point(archipelago) == pytest.approx((2.5, 48.5), abs=0.2)

    def test_it_is_never_outside(self):
        crescent = shapely.difference(shapely.Point(2, 48).buffer(1), shapely.Point(2.15, 48).buffer(0.9))
        assert not crescent.contains(crescent.centroid)
        assert crescent.contains(shapely.Point(label_point(crescent)))

    def test_an_empty_shape_has_none(self):
        with pytest.raises(ValueError, match="empty"):
            label_point(shapely.Polygon())
