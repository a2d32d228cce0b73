"""A territory drawn elsewhere, as a file of shapes (GeoJSON, KML): read, mended, and told in communes.

Every refusal is a ValidationError that says, in French, what to do with the file.
"""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import shapely
from django.core.exceptions import ValidationError
from lxml import etree
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from territories.contours import contours_near

MAX_BYTES = 10_000_000
MAX_POINTS = 2_000_000
TANGLED = 50  # segments met by one, on average: an outline meets its two neighbours, a scribble meets all the others
SAMPLE = 500  # segments asked

IN_FROM = 0.95  # of the commune's area: contours of two sources never match exactly
OUT_UP_TO = 0.05

WGS84 = ("CRS84", "4326", "4171", "4258")  # and the French and European systems, the same within a metre
LAMBERT93 = ("2154", "RGF93 v1 / Lambert-93")
DEGREES = shapely.box(-180, -90, 180, 90)
FRANCE_UPSIDE_DOWN = shapely.box(40, -6, 52, 10)  # latitude first
FRANCE_IN_LAMBERT93 = shapely.box(0, 6_000_000, 1_300_000, 7_200_000)
EXPORT = "Dans QGIS : clic droit sur la couche, Exporter, et choisissez le SCR « EPSG:4326 - WGS 84 »."

Ring = list[tuple[float, float]]
Polygon = list[Ring]  # its edge, then its holes


class Drawn(NamedTuple):
    """All the shapes of a file as one, in WGS 84 degrees, and what had to be done to them, in French."""

    geometry: BaseGeometry
    warnings: list[str]


class Covered(NamedTuple):
    """A zone that a drawing covers, and the share of its area, from 0 to 1."""

    code: str
    share: float

    @property
    def is_doubtful(self) -> bool:
        """Whether somebody has to say if the zone is in."""
        return self.share < IN_FROM


def read_drawing(file: BinaryIO) -> Drawn:
    """The territory that a GeoJSON or KML file draws."""
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValidationError(
            f"Ce fichier dépasse {MAX_BYTES // 1_000_000} Mo : simplifiez la couche, puis exportez-la."
        )
    match content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]:
        case b"{":
            objects = list(_bounded(_geojson(content)))
        case b"<":
            objects = list(_bounded(_kml(content)))
        case b"":
            raise ValidationError("Ce fichier est vide.")
        case _:
            raise ValidationError(
                "Ce fichier n'est ni un GeoJSON ni un KML. Un KMZ, un Shapefile ou un GeoPackage s'ouvre dans QGIS et "
                "s'exporte en GeoJSON."
            )
    objects = [polygons for polygons in objects if polygons]
    if not objects:
        raise ValidationError(
            "Ce fichier ne contient aucune surface : des points ou des lignes ne font pas un territoire."
        )
    drawn = _joined(list(chain.from_iterable(objects)))
    if len(objects) > 1:
        drawn.warnings.append(f"Ce fichier contient {len(objects)} objets : ils sont réunis en un seul territoire.")
    return drawn


def assign(drawing: BaseGeometry) -> list[Covered]:
    """The zones that a drawing covers, in code order. Those covered by 5 % at most are taken for its neighbours.

    Paris, Lyon and Marseille are told by arrondissement; a commune that was split is told whole.
    """
    found = contours_near(drawing.bounds)
    codes, zones = np.array(list(found)), np.array(list(found.values()), dtype=object)
    shapely.prepare(drawing)
    met = shapely.STRtree(zones).query(drawing, predicate="intersects") if found else []
    codes, zones = codes[met], zones[met]
    shares = np.where(shapely.contains_properly(drawing, zones), 1.0, 0.0)
    crossed = shares == 0
    shares[crossed] = shapely.area(shapely.intersection(drawing, zones[crossed])) / shapely.area(zones[crossed])
    covered = [Covered(str(code), min(float(share), 1.0)) for code, share in zip(codes, shares, strict=True)]
    if kept := sorted(zone for zone in covered if zone.share > OUT_UP_TO):
        return kept
    raise ValidationError(
        "Ces surfaces ne couvrent aucune commune : vérifiez que la couche est en France et en WGS 84 (EPSG:4326)."
    )


def _bounded(objects: Iterable[list[Polygon]]) -> Iterator[list[Polygon]]:
    """The objects as they are read, no further than the points that one may draw."""
    count = 0
    for polygons in objects:
        count += sum(len(ring) for polygon in polygons for ring in polygon)
        if count > MAX_POINTS:
            raise ValidationError(
                f"Ce fichier compte plus de {MAX_POINTS // 1_000_000} millions de points : simplifiez-le."
            )
        yield polygons


def _joined(polygons: list[Polygon]) -> Drawn:
    """One valid shape of all the polygons."""
    warnings = []
    closed = [rings for polygon in polygons if (rings := _closable(polygon))]
    if not closed:
        raise ValidationError("Les contours de ce fichier ne ferment aucune surface.")
    _check_degrees(np.array([point for rings in closed for ring in rings for point in ring]))
    _check_outlines([ring for rings in closed for ring in rings])
    shapes = np.array([shapely.Polygon(rings[0], rings[1:]) for rings in closed])
    is_broken = ~shapely.is_valid(shapes)
    if is_broken.any() or len(closed) < len(polygons):
        warnings.append(
            "Un contour se recoupait ou ne fermait pas une surface : il a été réparé. Vérifiez les communes."
        )
        shapes[is_broken] = shapely.make_valid(shapes[is_broken], method="structure", keep_collapsed=False)
    whole = shapely.union_all(shapes)
    if whole.area == 0:
        raise ValidationError("Les contours de ce fichier ne ferment aucune surface.")
    return Drawn(whole, warnings)


def _closable(polygon: Polygon) -> Polygon:
    """The rings of a polygon that have three different points at least; none without an outer ring."""
    is_ring = [len(set(ring)) >= 3 for ring in polygon]
    return [ring for ring, kept in zip(polygon, is_ring, strict=True) if kept] if is_ring and is_ring[0] else []


def _check_degrees(points: NDArray[np.float64]) -> None:
    extent = shapely.box(*points.min(axis=0), *points.max(axis=0))
    if FRANCE_IN_LAMBERT93.covers(extent):
        raise ValidationError(f"Ces coordonnées sont en mètres, sans doute en Lambert-93 (EPSG:2154). {EXPORT}")
    if not DEGREES.covers(extent):
        raise ValidationError(f"Ces coordonnées ne sont pas des degrés de longitude et de latitude. {EXPORT}")
    if FRANCE_UPSIDE_DOWN.covers(extent):
        raise ValidationError(f"La latitude est écrite avant la longitude. {EXPORT}")


def _check_outlines(rings: list[Ring]) -> None:
    """Refuses scribbles, whose crossings no machine could work out: their number grows as the square of the points."""
    coordinates = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])
    tree = shapely.STRtree(shapely.linestrings(coordinates))
    sample = tree.geometries[:: max(1, len(coordinates) // SAMPLE)]
    if tree.query(sample).shape[1] > TANGLED * len(sample):
        raise ValidationError("Les contours de ce fichier se recoupent sans cesse : ce n'est pas un territoire.")


def _geojson(content: bytes) -> Iterator[list[Polygon]]:
    """The polygons of each object."""
    try:
        document = json.loads(content.decode("utf-8-sig"))
        _check_crs(document)
        for member in document["features"] if document["type"] == "FeatureCollection" else [document]:
            yield list(_polygons(member))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise ValidationError("Ce GeoJSON ne se lit pas : exportez la couche à nouveau.") from error


def _check_crs(document: dict[str, Any]) -> None:
    """The system that QGIS writes; the standard has dropped it, and means WGS 84 when none is written."""
    declared = document.get("crs")
    written = str(declared["properties"].get("name", "")) if declared else ""
    name = "".join(filter(str.isprintable, written))  # a page could not quote half a character
    if not name or name.endswith(WGS84):
        return
    told = "en Lambert-93 (EPSG:2154)" if name.endswith(LAMBERT93) else f"dans le système « {name[:60]} »"
    raise ValidationError(f"Ce fichier est {told}, pas en WGS 84. {EXPORT}")


def _polygons(member: dict[str, Any]) -> Iterator[Polygon]:
    match member.get("type"):
        case "Feature":
            yield from _polygons(member["geometry"] or {})
        case "GeometryCollection":
            for geometry in member["geometries"]:
                yield from _polygons(geometry)
        case "MultiPolygon":
            yield from ([_ring(ring) for ring in polygon] for polygon in member["coordinates"])
        case "Polygon":
            yield [_ring(ring) for ring in member["coordinates"]]


def _ring(points: Iterable[Sequence[float | str]]) -> Ring:
    """Raises ValueError for what is no number; heights are dropped."""
    ring = [(float(point[0]), float(point[1])) for point in points]
    if not all(map(math.isfinite, chain.from_iterable(ring))):
        raise ValueError("A coordinate is no number.")
    return ring


def _kml(content: bytes) -> Iterator[list[Polygon]]:
    """The polygons of each place."""
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
        if root.getroottree().docinfo.doctype:
            raise ValueError("A KML has no document type; what declares entities is read no further.")
        for place in root.iter("{*}Placemark"):
            if next(place.iterancestors("{*}Placemark"), None) is not None:
                raise ValueError("A place in a place is no KML; its polygons would be read once for each.")
            yield [_kml_polygon(polygon) for polygon in place.iter("{*}Polygon")]
    except (etree.LxmlError, ValueError, IndexError) as error:
        raise ValidationError("Ce KML ne se lit pas : exportez la couche à nouveau, en KML ou en GeoJSON.") from error


def _kml_polygon(polygon: etree._Element) -> Polygon:
    edges = polygon.iterfind("{*}outerBoundaryIs/{*}LinearRing/{*}coordinates")
    holes = polygon.iterfind("{*}innerBoundaryIs/{*}LinearRing/{*}coordinates")
    return [_ring(point.split(",") for point in (ring.text or "").split()) for ring in (*edges, *holes)]
