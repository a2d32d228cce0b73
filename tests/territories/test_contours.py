"""The committed contours cover the country exactly, stay small, and dissolve without a sliver."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from django.conf import settings
from django.contrib.staticfiles.finders import get_finder
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import Client

from projects.models import Project
from projects.views.perimeter import map_sources
from territories.contours import (
    FOLDER,
    bounds,
    contours,
    contours_near,
    department_contours,
    department_labels,
    department_of,
    dissolve,
    exact_outline,
    undrawn,
)
from territories.topology import shapes

GEOGRAPHY = settings.BASE_DIR / "fixtures" / "geography"
UNDRAWN = {"15031", "15035", "15047", "15171"}  # left 15141 in 2025; the contours are older
DEPARTMENT_LIMIT = 60_000  # bytes, compressed
COUNTRY_LIMIT = 3_500_000
STEP = 1e-4


def rows(name: str) -> list[dict[str, str]]:
    with (GEOGRAPHY / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def region_outlines() -> dict[str, shapely.Geometry]:
    return shapes(json.loads((FOLDER / "regions.json").read_text()))


@pytest.fixture(scope="module")
def leaves() -> list[str]:
    zones = rows("zones")
    parents = {zone["parent"] for zone in zones}
    return [zone["code"] for zone in zones if zone["code"] not in parents]


@pytest.fixture(scope="module")
def country(leaves) -> dict[str, shapely.Geometry]:
    return contours(leaves)


class TestFiles:
    def test_one_by_department_and_two_for_the_country(self):
        departments = {row["code"] for row in rows("departments")}
        assert {path.stem for path in FOLDER.glob("*")} == departments | {"departments", "regions"}
        assert department_contours().keys() == department_labels().keys() == departments
        assert region_outlines().keys() == {row["code"] for row in rows("regions")}

    def test_they_are_small(self):
        sizes = {path.stem: len(gzip.compress(path.read_bytes())) for path in FOLDER.glob("*.json")}
        assert max(sizes.values()) <= DEPARTMENT_LIMIT
        assert sum(sizes.values()) <= COUNTRY_LIMIT

    def test_a_zone_is_named_by_its_code_only(self):
        file = json.loads((FOLDER / "75.json").read_text())
        zones = file["objects"]["zones"]["geometries"]
        assert [zone["id"] for zone in zones] == [f"751{rank:02}" for rank in range(1, 21)]
        assert all(zone.keys() == {"type", "id", "arcs"} for zone in zones)

    def test_each_department_lists_its_own_zones(self, leaves):
        for department in ("2A", "75", "974"):
            listed = shapes(json.loads((FOLDER / f"{department}.json").read_text()))
            assert set(listed) == {code for code in leaves if department_of(code) == department}


class TestCountry:
    def test_every_zone_is_drawn_but_four(self, leaves, country):
        assert set(leaves) - country.keys() == undrawn(leaves) == UNDRAWN

    def test_zones_neither_overlap_nor_leave_a_gap(self, country):
        zones = np.array(list(country.values()))
        assert shapely.is_valid(zones).all()
        assert shapely.coverage_is_valid(zones)
        whole = shapely.coverage_union_all(zones)
        [hole] = [ring for piece in whole.geoms for ring in piece.interiors]
        assert shapely.Polygon(hole).contains(shapely.Point(1.98, 42.46))  # Llívia, which is in Spain
        assert whole.area == pytest.approx(shapely.area(zones).sum(), rel=1e-12)

    def test_every_vertex_is_on_the_grid(self, country):
        places = shapely.get_coordinates(list(country.values())) / STEP
        assert np.abs(places - np.rint(places)).max() < 1e-6

    def test_every_department_dissolves_into_its_outline(self, leaves):
        for department, outline in department_contours().items():
            exact = dissolve(code for code in leaves if department_of(code) == department)
            assert exact.equals(exact_outline(department))
            assert shapely.intersection(outline, exact).area / exact.area > 0.95, department
            assert shapely.union(outline, exact).area / exact.area < 1.05, department
        assert exact_outline("99").is_empty

    @pytest.mark.parametrize(("a", "b"), [("75", "92"), ("92", "93"), ("26", "84"), ("64", "65"), ("22", "29")])
    def test_two_neighbours_meet_exactly(self, a, b):
        each = exact_outline(a), exact_outline(b)
        both = shapely.coverage_union(*each)
        assert both.area == pytest.approx(sum(shape.area for shape in each), rel=1e-12)
        assert shapely.intersection(*each).area == 0
        assert shapely.length(shapely.intersection(*each)) > 0.05
        assert both.buffer(STEP).buffer(-STEP).area == pytest.approx(both.area, rel=1e-4)  # no crack to close

    def test_a_region_is_its_departments_together(self):
        regions = {row["code"]: row["region"] for row in rows("departments")}
        for region, outline in region_outlines().items():
            departments = [shape for code, shape in department_contours().items() if regions[code] == region]
            assert shapely.coverage_union_all(departments).area == pytest.approx(outline.area, rel=1e-12)

    def test_the_label_of_a_department_is_in_it(self):
        outlines = department_contours()
        for code, place in department_labels().items():
            assert outlines[code].contains(shapely.Point(place)), code


class TestZones:
    def test_paris_is_its_arrondissements(self):
        paris = [f"751{rank:02}" for rank in range(1, 21)]
        assert contours(["75056"])["75056"].equals(dissolve(paris))
        assert len(shapely.get_parts(dissolve(["75056"]))) == 1

    def test_a_part_stands_in_its_commune(self):
        assert contours(["930010101"])["930010101"].equals(contours(["93001"])["93001"])
        assert dissolve(["930010101", "930010102", "93001"]).equals(contours(["93001"])["93001"])

    @pytest.mark.parametrize("code", ["15031", "93059", "99999", "", "97", "../..", "/.", "75", "é"])
    def test_what_is_not_drawn_is_told_and_left_out(self, code):
        assert undrawn([code, "93001"]) == {code}
        assert contours([code, "93001"]).keys() == {"93001"}
        assert dissolve([code]).is_empty
        assert bounds([code]) is None

    def test_bounds_hold_the_whole(self):
        west, south, east, north = bounds(["85113"])  # L'Île-d'Yeu
        assert (west, south, east, north) == contours(["85113"])["85113"].bounds
        assert -2.42 < west < east < -2.28
        assert 46.67 < south < north < 46.74

    def test_the_zones_near_a_place_are_those_of_the_departments_around(self):
        around = {department_of(code) for code in contours_near((2.35, 48.85, 2.36, 48.86))}
        assert "75" in around
        assert "33" not in around


class TestServing:
    @pytest.fixture
    def collected(self, settings, tmp_path) -> Path:
        """Static files as in production: hashed, compressed, kept for good."""
        settings.STATICFILES_DIRS = [("contours", FOLDER)]
        settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
        settings.STATIC_ROOT = tmp_path
        compressed = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
        settings.STORAGES = settings.STORAGES | {"staticfiles": compressed}
        settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = False
        get_finder.cache_clear()
        call_command("collectstatic", "--no-input", "--verbosity", "0")
        yield tmp_path
        get_finder.cache_clear()

    def test_a_browser_keeps_each_file_for_good(self, collected):
        url = staticfiles_storage.url("contours/93.json")
        assert url != "/static/contours/93.json"
        answer = Client().get(url, headers={"accept-encoding": "gzip"})
        assert answer.status_code == 200
        caching = dict(part.strip().partition("=")[::2] for part in answer["Cache-Control"].split(","))
        assert int(caching["max-age"]) >= 365 * 24 * 3600
        assert "immutable" in caching
        assert answer["Content-Encoding"] == "gzip"
        content = gzip.decompress(b"".join(answer.streaming_content))
        assert content == (FOLDER / "93.json").read_bytes()

    def test_a_page_is_told_where_they_are(self, collected):
        urls = map_sources(Project(lead_department_id="2A"))["contours"]
        assert len(urls) == 103
        assert urls["2A"] == staticfiles_storage.url("contours/2A.json")
        assert urls["departments"].startswith("/static/contours/departments.")
