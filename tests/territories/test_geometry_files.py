"""Territories drawn elsewhere: read, mended or refused, and told in communes."""

import json
import random
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest
import shapely
from django.core.exceptions import ValidationError

from territories.contours import contours, dissolve, exact_outline
from territories.geometry_files import IN_FROM, MAX_BYTES, OUT_UP_TO, Covered, Drawn, assign, read_drawing

PIERREFITTE_AND_AROUND = ["93030", "93066", "93072", "93079", "95585"]
KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder>{places}</Folder></Document></kml>"""
PLACE = "<Placemark><name>CPTS</name><MultiGeometry>{polygons}</MultiGeometry></Placemark>"
POLYGON = (
    "<Polygon><outerBoundaryIs><LinearRing><coordinates>{}</coordinates></LinearRing></outerBoundaryIs>{}</Polygon>"
)
HOLE = "<innerBoundaryIs><LinearRing><coordinates>{}</coordinates></LinearRing></innerBoundaryIs>"
MENDED = "Un contour se recoupait ou ne fermait pas une surface : il a été réparé. Vérifiez les communes."


def geojson(*shapes: shapely.Geometry, **members: Any) -> dict[str, Any]:
    features = [{"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(shape)} for shape in shapes]
    return {"type": "FeatureCollection", "name": "cpts", **members, "features": features}


def crs(name: str) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": name}}


def drawn(content: bytes | str | dict[str, Any]) -> Drawn:
    match content:
        case dict():
            return read_drawing(BytesIO(json.dumps(content).encode()))
        case str():
            return read_drawing(BytesIO(content.encode()))
        case _:
            return read_drawing(BytesIO(content))


def refusal(content: bytes | str | dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as refused:
        drawn(content)
    [message] = refused.value.messages
    return message


def codes(covered: Iterable[Covered]) -> list[str]:
    return [zone.code for zone in covered]


class TestGeojson:
    def test_a_territory_comes_back_as_it_went_out(self):
        read = drawn(geojson(dissolve(PIERREFITTE_AND_AROUND)))
        assert read.warnings == []
        covered = assign(read.geometry)
        assert codes(covered) == PIERREFITTE_AND_AROUND
        assert not any(zone.is_doubtful for zone in covered)

    def test_as_qgis_exports_it(self):
        layer = geojson(dissolve(["93066"]), crs=crs("urn:ogc:def:crs:OGC:1.3:CRS84"))
        content = "\ufeff" + json.dumps(layer, indent=2)
        assert codes(assign(drawn(content).geometry)) == ["93066"]

    def test_several_objects_make_one_territory_and_that_is_told(self):
        read = drawn(geojson(*contours(PIERREFITTE_AND_AROUND).values()))
        assert read.warnings == ["Ce fichier contient 5 objets : ils sont réunis en un seul territoire."]
        assert codes(assign(read.geometry)) == PIERREFITTE_AND_AROUND

    def test_a_bare_geometry_heights_points_and_empty_objects(self):
        outline = [[*point, 35.0] for point in dissolve(["93066"]).geoms[0].exterior.coords]
        collection = {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [outline]}]}
        assert codes(assign(drawn(collection).geometry)) == ["93066"]
        objects = geojson(shapely.Point(2.3, 48.9))
        objects["features"] += [{"type": "Feature", "geometry": None}, {"type": "Feature", "geometry": collection}]
        read = drawn(objects)
        assert read.warnings == []
        assert codes(assign(read.geometry)) == ["93066"]


class TestBrokenContours:
    def test_a_bow_tie_is_mended_and_told(self):
        read = drawn(geojson(shapely.Polygon([(2, 48), (2.2, 48.2), (2.2, 48), (2, 48.2)])))
        assert read.warnings == [MENDED]
        assert read.geometry.is_valid
        assert read.geometry.area == pytest.approx(0.02)

    def test_an_open_ring_is_closed(self):
        outline = list(dissolve(["93066"]).geoms[0].exterior.coords)[:-1]
        assert codes(assign(drawn({"type": "Polygon", "coordinates": [outline]}).geometry)) == ["93066"]

    def test_a_ring_of_two_points_is_left_out_and_told(self):
        good = shapely.geometry.mapping(dissolve(["93066"]))["coordinates"]
        read = drawn({"type": "MultiPolygon", "coordinates": [*good, [[[2, 48], [3, 48], [2, 48]]]]})
        assert read.warnings == [MENDED]
        assert codes(assign(read.geometry)) == ["93066"]

    def test_a_scribble_is_refused_at_once(self):
        """Ten thousand lines thrown at random cross tens of millions of times."""
        drawing = random.Random(1)
        points = [[drawing.uniform(1, 3), drawing.uniform(47, 49)] for _ in range(10_000)]
        assert "se recoupent sans cesse" in refusal({"type": "Polygon", "coordinates": [points]})

    @pytest.mark.parametrize("points", [[[2, 48], [2, 48], [2, 48]], [[2, 48], [3, 49], [4, 50]], []])
    def test_what_encloses_nothing_is_refused(self, points):
        assert (
            refusal({"type": "Polygon", "coordinates": [points]})
            == "Les contours de ce fichier ne ferment aucune surface."
        )


class TestCoordinates:
    def test_lambert_93_declared(self):
        layer = geojson(shapely.box(652_000, 6_862_000, 660_000, 6_870_000), crs=crs("urn:ogc:def:crs:EPSG::2154"))
        assert refusal(layer) == (
            "Ce fichier est en Lambert-93 (EPSG:2154), pas en WGS 84. Dans QGIS : clic droit sur la couche, Exporter, "
            "et choisissez le SCR « EPSG:4326 - WGS 84 »."
        )

    def test_lambert_93_not_declared(self):
        told = refusal(geojson(shapely.box(652_000, 6_862_000, 660_000, 6_870_000)))
        assert told.startswith("Ces coordonnées sont en mètres, sans doute en Lambert-93 (EPSG:2154).")
        assert "EPSG:4326" in told

    @pytest.mark.parametrize(
        ("shape", "told"),
        [
            (shapely.box(-400_000, 5_300_000, 900_000, 6_000_000), "ne sont pas des degrés"),
            (shapely.box(48, 2, 49, 3), "La latitude est écrite avant la longitude"),
        ],
    )
    def test_other_coordinates(self, shape, told):
        assert told in refusal(geojson(shape))

    def test_another_system(self):
        assert "« urn:ogc:def:crs:EPSG::3857 »" in refusal(
            geojson(shapely.box(2, 48, 3, 49), crs=crs("urn:ogc:def:crs:EPSG::3857"))
        )

    def test_a_system_whose_name_no_page_could_quote(self):
        told = refusal(geojson(shapely.box(2, 48, 3, 49), crs=crs("EPSG:\ud800\x003857")))
        assert told.startswith("Ce fichier est dans le système « EPSG:3857 », pas en WGS 84.")

    @pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::4326", "EPSG:4326", "urn:ogc:def:crs:EPSG::4171"])
    def test_the_systems_that_are_the_same_within_a_metre(self, name):
        assert codes(assign(drawn(geojson(dissolve(["93066"]), crs=crs(name))).geometry)) == ["93066"]


class TestKml:
    def test_places_of_several_polygons_and_holes(self):
        inner = POLYGON.format(
            "2.2,48.8,0 2.5,48.8,0 2.5,49.0,0 2.2,49.0,0 2.2,48.8,0", HOLE.format("2.3,48.85 2.35,48.85 2.35,48.9")
        )
        apart = POLYGON.format("3,48\n3.1,48\n3.1,48.1", "")
        read = drawn(KML.format(places=PLACE.format(polygons=inner + apart)))
        assert read.warnings == []
        assert read.geometry.area == pytest.approx(0.3 * 0.2 - 0.05 * 0.05 / 2 + 0.1 * 0.1 / 2)

    def test_several_places(self):
        square = POLYGON.format("2.2,48.8 2.5,48.8 2.5,49.0 2.2,49.0", "")
        read = drawn(KML.format(places=PLACE.format(polygons=square) * 2))
        assert read.warnings == ["Ce fichier contient 2 objets : ils sont réunis en un seul territoire."]

    def test_a_place_in_a_place_is_refused(self):
        """Each would read the polygon again: hundreds of them would keep the server for a minute."""
        square = POLYGON.format("2.2,48.8 2.5,48.8 2.5,49.0 2.2,49.0", "")
        nested = f"<Placemark>{PLACE.format(polygons=square)}</Placemark>"
        assert "Ce KML ne se lit pas" in refusal(KML.format(places=nested))

    @pytest.mark.parametrize(
        "declared",
        [
            '<!DOCTYPE kml [<!ENTITY a "2.2,48.8 "><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
            '<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE kml SYSTEM "http://localhost/x.dtd">',
        ],
    )
    def test_entities_are_refused(self, declared):
        places = PLACE.format(polygons=POLYGON.format("2.2,48.8 2.5,48.8 2.5,49.0", ""))
        bomb = KML.format(places=places).replace("<kml ", declared + "<kml ").replace("<name>CPTS", "<name>&a;")
        assert refusal(bomb) == "Ce KML ne se lit pas : exportez la couche à nouveau, en KML ou en GeoJSON."

    @pytest.mark.parametrize("coordinates", ["2.2", "a,b", "2.2,48.8 2,nan", "2,48 3,inf 4,5"])
    def test_unreadable_coordinates(self, coordinates):
        places = PLACE.format(polygons=POLYGON.format(coordinates, ""))
        assert "ne se lit pas" in refusal(KML.format(places=places))


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"", "Ce fichier est vide."),
            (b" \n", "Ce fichier est vide."),
            (b"PK\x03\x04", "ni un GeoJSON ni un KML"),
            (b"code,nom\n93066,Saint-Denis\n", "ni un GeoJSON ni un KML"),
            (b"{", "Ce GeoJSON ne se lit pas"),
            (b"{}", "Ce GeoJSON ne se lit pas"),
            (b'{"type": "Polygon"}', "Ce GeoJSON ne se lit pas"),
            (b'{"type": "Polygon", "coordinates": [[[1e999, 48], [2, 48], [2, 49]]]}', "Ce GeoJSON ne se lit pas"),
            (b'{"type": "Polygon", "coordinates": [[[1], [2, 48], [2, 49]]]}', "Ce GeoJSON ne se lit pas"),
            (b'{"type": "Polygon", "coordinates": 5, "crs": 5}', "Ce GeoJSON ne se lit pas"),
            (b'{"nom": "\xe9"}', "Ce GeoJSON ne se lit pas"),
            (b'{"type": "GeometryCollection", "geometries": [' * 5_000, "Ce GeoJSON ne se lit pas"),
            (b'{"type": "Topology", "arcs": []}', "ne contient aucune surface"),
            (b'{"type": "FeatureCollection", "features": []}', "ne contient aucune surface"),
            (b'{"type": "LineString", "coordinates": [[2, 48], [3, 49]]}', "ne contient aucune surface"),
            (b"<kml/>", "ne contient aucune surface"),
            (b"<html>", "Ce KML ne se lit pas"),
            (b'<?xml version="1.0" encoding="none"?><kml/>', "Ce KML ne se lit pas"),
            (b" " * (MAX_BYTES + 1), "dépasse 10 Mo"),
        ],
    )
    def test_with_what_to_do(self, content, told):
        assert told in refusal(content)

    def test_too_many_points(self):
        points = "1,2 " * 2_000_100
        many = KML.format(places=PLACE.format(polygons=POLYGON.format(points + "2,3 3,4", "")))
        assert refusal(many) == "Ce fichier compte plus de 2 millions de points : simplifiez-le."

    def test_too_many_points_in_several_objects(self):
        """Those that enclose nothing count too: they were read."""
        line = POLYGON.format("1,2 " * 1_000_100, "")
        many = KML.format(places=PLACE.format(polygons=line) * 2)
        assert refusal(many) == "Ce fichier compte plus de 2 millions de points : simplifiez-le."

    def test_nothing_in_france(self):
        with pytest.raises(ValidationError, match="ne couvrent aucune commune"):
            assign(shapely.box(0, 0, 1, 1))


class TestShares:
    def test_a_commune_covered_by_half_is_doubtful(self):
        commune = contours(["93066"])["93066"]
        west, south, east, north = commune.bounds
        half = shapely.intersection(commune, shapely.box(west, south, (west + east) / 2, north))
        [covered] = assign(half)
        assert covered == ("93066", pytest.approx(half.area / commune.area))
        assert covered.is_doubtful

    def test_a_drawing_a_little_off_is_no_doubt(self):
        """Contours of another source: a neighbour that they scratch is out, a zone that they nearly cover is in."""
        territory = dissolve(PIERREFITTE_AND_AROUND)
        covered = assign(territory.buffer(0.0002))
        assert codes(covered) == PIERREFITTE_AND_AROUND
        assert not any(zone.is_doubtful for zone in covered)
        assert codes(assign(territory.buffer(-0.0002))) == PIERREFITTE_AND_AROUND

    def test_the_bounds_of_doubt(self):
        assert not Covered("93066", IN_FROM).is_doubtful
        assert Covered("93066", IN_FROM - 0.001).is_doubtful
        commune = contours(["93066"])["93066"]
        west, south, east, north = commune.bounds
        sliver = shapely.intersection(commune, shapely.box(west, south, west + (east - west) / 30, north))
        assert 0 < sliver.area / commune.area < OUT_UP_TO
        with pytest.raises(ValidationError):
            assign(sliver)

    def test_a_whole_department_and_nothing_more(self):
        covered = assign(exact_outline("94"))
        assert len(covered) == 47
        assert min(zone.share for zone in covered) > 0.9999
