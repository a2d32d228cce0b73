"""Pieces, enclaves and islands of real territories."""

import csv

import pytest
from django.conf import settings

from territories.adjacency import FILE, components, detached, enclaves, is_island, neighbours
from territories.contours import contours, department_of

BELLE_ILE = {"56009", "56114", "56152", "56241"}  # Bangor, Locmaria, Le Palais, Sauzon
ENCLAVE_OF_THE_POPES = {"84053", "84097", "84138", "84150"}  # Grillon, Richerenches, Valréas, Visan: in the Drôme
YEU = "85113"
AURAY, PLUNERET = "56007", "56176"


def zones_of(department: str) -> set[str]:
    return {code for code in all_zones() if department_of(code) == department}


def all_zones() -> list[str]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return [row["code"] for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def populations() -> dict[str, int]:
    with (settings.BASE_DIR / "fixtures/geography/zones.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: int(row["population"]) for row in csv.DictReader(file)}


class TestFile:
    def test_every_leaf_zone_once_and_each_pair_once(self):
        with FILE.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        codes = [row["code"] for row in rows]
        assert codes == sorted(set(codes))
        assert len(codes) == 34_917
        after = [(row["code"], near) for row in rows for near in row["neighbours_after"].split()]
        assert after == sorted(set(after))
        assert all(code < near for code, near in after)
        assert {near for _, near in after} <= set(codes)
        assert len(after) == 102_368

    def test_it_says_what_the_contours_show(self):
        drawn = contours(zones_of("94"))
        for code, contour in drawn.items():
            touching = {other for other, shape in drawn.items() if contour.intersection(shape).length > 0} - {code}
            assert neighbours(code) & drawn.keys() == touching


class TestNeighbours:
    def test_both_ways_and_across_departments(self):
        assert "93066" in neighbours("75118")
        assert "75118" in neighbours("93066")
        assert not any(code in neighbours(code) for code in zones_of("75"))

    def test_a_part_has_its_communes(self):
        assert neighbours("930010101") == neighbours("93001")

    @pytest.mark.parametrize("code", [YEU, "99999", "", "93059", "75056"])
    def test_none(self, code):
        assert neighbours(code) == frozenset()

    def test_communes_that_the_contours_do_not_know_touch_the_one_they_left_and_what_it_touched(self):
        assert {"15141", "15035", "15171"} < neighbours("15031")
        assert "15031" in neighbours("15141")


class TestPieces:
    def test_one_piece(self):
        assert components(zones_of("75")) == [zones_of("75")]
        assert detached(zones_of("75")) == []

    def test_the_biggest_first(self, populations):
        pieces = components(zones_of("65"))
        assert [len(piece) for piece in pieces] == [464, 3, 2]
        assert detached(zones_of("65")) == pieces[1:]
        paris_apart = {"75101", *ENCLAVE_OF_THE_POPES}
        assert components(paris_apart) == [ENCLAVE_OF_THE_POPES, {"75101"}]
        assert components({"69381", *ENCLAVE_OF_THE_POPES}, populations)[0] == {"69381"}

    def test_the_parts_of_a_commune_touch_each_other_and_its_neighbours(self):
        parts = {"930010101", "930010102"}
        near = min(neighbours("93001"))
        assert components({*parts, near}) == [{*parts, near}]

    def test_what_is_not_known_is_in_no_piece(self):
        assert components(["99999", "", "93059", "75101"]) == [{"75101"}]
        assert components([]) == detached([]) == enclaves([]) == []

    def test_the_country_is_the_continent_and_its_islands(self):
        pieces = components(all_zones())
        assert len(pieces) == 29
        assert BELLE_ILE in pieces
        assert {YEU} in pieces
        assert detached(all_zones()) == []


class TestIslands:
    @pytest.mark.parametrize("code", [YEU, "2A004", "97411", *sorted(BELLE_ILE), "561520101"])
    def test_no_land_leads_there(self, code):
        assert is_island(code)

    @pytest.mark.parametrize("code", ["75101", AURAY, "17300", "99999", ""])
    def test_the_continent_and_the_unknown(self, code):
        assert not is_island(code)

    def test_an_island_with_its_continent_is_no_fault(self):
        assert detached(BELLE_ILE | {YEU, AURAY, PLUNERET}) == []

    def test_two_ends_of_an_island_are_one(self):
        assert detached({"2A041", "2B033"}) == [{"2B033"}]  # Bonifacio, Bastia


class TestEnclaves:
    def test_the_drome_surrounds_the_enclave_of_the_popes(self):
        assert enclaves(zones_of("26")) == [ENCLAVE_OF_THE_POPES]

    def test_what_reaches_the_sea_or_a_country_is_not_surrounded(self):
        assert enclaves(zones_of("75")) == []
        assert enclaves(set(all_zones()) - {YEU, "66181"}) == []  # an island; Sainte-Léocadie, beside Llívia
        assert enclaves(set(all_zones()) - {"75101", "75102", "69381"}) == [{"75101", "75102"}, {"69381"}]

    def test_the_most_populated_first(self, populations):
        missing = {"75101", "75102", "69123", "69385"}
        assert enclaves(set(all_zones()) - missing, (), populations)[0] == {"69385"}

    def test_a_commune_held_in_part_is_no_wall(self):
        around = set(neighbours("75101"))
        parts = {"751010101", "751010102"}
        assert enclaves(around) == [{"75101"}]
        assert enclaves(around, parts) == [parts]
        assert enclaves({*around, "751010101"}, parts) == [{"751010102"}]
        assert enclaves({*around, *parts}, parts) == []
        assert enclaves({*around, "75101"}, parts) == []
        wall = min(around)
        way_out = {f"{wall}0101", f"{wall}0102"}
        assert enclaves(around - {wall} | {f"{wall}0101"}, way_out) == []
