"""Contours of zones, departments and regions, read from static/contours. They draw maps; they decide nothing.

Coordinates are WGS 84 degrees, longitude first, on one grid for the whole country: neighbours share the very same
vertices, so that a territory dissolves exactly, without a sliver or a hole.

A part of a commune is not drawn: it stands in its commune's contour. Paris, Lyon and Marseille are the union of their
arrondissements. A code that is not drawn (unknown, former, one of the four communes that the source lacks) is left out;
`undrawn` tells it.
"""

import json
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from territories.communes import commune_of
from territories.topology import Topology, shapes

FOLDER = Path(__file__).resolve().parent.parent / "static" / "contours"
CREDIT = "IGN – ADMIN EXPRESS, COG 2026"
SIMPLIFIED_BY = 0.02  # degrees: no outline of a department strays further from its communes
ARRONDISSEMENTS_BEGIN = {"75056": "751", "69123": "6938", "13055": "132"}

Bounds = tuple[float, float, float, float]  # west, south, east, north


def contours(codes: Iterable[str]) -> dict[str, BaseGeometry]:
    """The contour of each zone that is drawn."""
    drawn = {code: drawn_zones(code) for code in codes}
    return {code: _joined(zones) for code, zones in drawn.items() if zones}


def dissolve(codes: Iterable[str]) -> BaseGeometry:
    """One shape for a whole territory, without its inner borders; empty when nothing of it is drawn."""
    return _joined({zone for code in codes for zone in drawn_zones(code)})


def undrawn(codes: Iterable[str]) -> set[str]:
    """The codes that `contours` and `dissolve` leave out."""
    return {code for code in codes if not drawn_zones(code)}


def drawn_zones(code: str) -> tuple[str, ...]:
    """The zones of the files that draw this one: itself, its commune, its arrondissements, or none."""
    zones, commune = _zones_of(department_of(code)), commune_of(code)
    if beginning := ARRONDISSEMENTS_BEGIN.get(commune):
        return tuple(zone for zone in zones if zone.startswith(beginning))
    return (commune,) if commune in zones else ()


def contours_near(bounds: Bounds) -> dict[str, BaseGeometry]:
    """The contours of all zones of the departments that these bounds may touch."""
    area = shapely.box(*bounds).buffer(SIMPLIFIED_BY)
    near = (code for code, outline in department_contours().items() if shapely.box(*outline.bounds).intersects(area))
    return {code: contour for department in near for code, contour in _zones_of(department).items()}


def department_of(code: str) -> str:
    """The department that an INSEE code begins with: 2 characters, 3 overseas."""
    return code[: 3 if code.startswith("97") else 2]


def bounds(codes: Iterable[str]) -> Bounds | None:
    """West, south, east, north of a territory, in degrees; None when nothing of it is drawn."""
    found = list(contours(codes).values())
    return tuple(shapely.total_bounds(found).tolist()) if found else None


@cache
def department_contours() -> dict[str, BaseGeometry]:
    """The outline of each department, simplified for maps of the country: some 300 m beside its zones' borders."""
    return shapes(_topology("departments"))


@cache
def exact_outline(department: str) -> BaseGeometry:
    """A department as its zones draw it together: no gap with a territory that ends at its border.

    Empty for an unknown one.
    """
    return _joined(_zones_of(department))


@cache
def department_labels() -> dict[str, tuple[float, float]]:
    """Where to write each department's name, longitude and latitude."""
    departments = _topology("departments")["objects"]["departments"]["geometries"]
    return {department["id"]: tuple(department["properties"]["label"]) for department in departments}


def _joined(zones: Collection[str]) -> BaseGeometry:
    found = [_zones_of(department_of(zone))[zone] for zone in zones]
    return found[0] if len(found) == 1 else shapely.coverage_union_all(found)


@cache
def _zones_of(department: str) -> dict[str, BaseGeometry]:
    return shapes(_topology(department)) if department in department_contours() else {}


def _topology(name: str) -> Topology:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
