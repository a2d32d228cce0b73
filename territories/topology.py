"""TopoJSON read as shapes: arcs shared by neighbours, stored once, as steps on a grid."""

from itertools import chain
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Topology = dict[str, Any]


def shapes(topology: Topology) -> dict[str, BaseGeometry]:
    """The polygons of a topology that holds one object, by their `id`."""
    [collection] = topology["objects"].values()
    arcs: list[int] = []
    ring_of, polygon_of, shape_of = [], [], []
    for rank, shape in enumerate(collection["geometries"]):
        for rings in polygons(shape):
            for ring in rings:
                arcs += ring
                ring_of += [len(polygon_of)] * len(ring)
                polygon_of.append(len(shape_of))
            shape_of.append(rank)
    points, arc_of = _points(topology, np.array(arcs))
    rings = shapely.linearrings(points, indices=np.array(ring_of)[arc_of])
    drawn = shapely.multipolygons(shapely.polygons(rings, indices=polygon_of), indices=shape_of)
    return {shape["id"]: contour for shape, contour in zip(collection["geometries"], drawn, strict=True)}


def polygons(shape: dict[str, Any]) -> list[list[list[int]]]:
    """The arcs of each ring of each polygon of a shape, outer ring first."""
    return shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]


def _points(topology: Topology, arcs: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The points of each arc in turn, its last excepted, since the next arc begins there; and whose point each is.

    Arc -1 is arc 0 backwards, -2 is arc 1 backwards, and so on.
    """
    lengths = np.array([len(arc) for arc in topology["arcs"]])
    starts = np.cumsum(lengths) - lengths
    steps = np.array(list(chain.from_iterable(topology["arcs"])))
    walked = np.cumsum(steps, axis=0)
    places = walked - np.repeat((walked - steps)[starts], lengths, axis=0)

    backwards = arcs < 0
    arcs = np.where(backwards, ~arcs, arcs)
    kept = lengths[arcs] - 1
    arc_of = np.repeat(np.arange(len(arcs)), kept)
    rank = np.arange(len(arc_of)) - np.repeat(np.cumsum(kept) - kept, kept)
    rank = np.where(backwards[arc_of], kept[arc_of] - rank, rank)
    transform = topology["transform"]
    points = places[starts[arcs][arc_of] + rank]
    return points * transform["scale"] + transform["translate"], arc_of
