"""The committed files say what INSEE says, and loading them is safe to repeat."""

import shutil
from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import Sum

from ground.text import search_form
from territories.geography_files import read_geography
from territories.models import Department, Epci, FormerZone, Region, Zone
from tests.factories import PerimeterFactory, ZoneFactory

FOLDER = settings.BASE_DIR / "fixtures" / "geography"
SPLITS = {"14712": 2, "15141": 5, "60054": 2, "76676": 2, "85084": 3}


@pytest.fixture(scope="module")
def files() -> dict[str, list[dict[str, str]]]:
    return read_geography(FOLDER)


def leaves(zones: list[dict[str, str]]) -> list[dict[str, str]]:
    parents = {zone["parent"] for zone in zones}
    return [zone for zone in zones if zone["code"] not in parents]


class TestFiles:
    def test_france_without_double_count(self, files):
        assert {name: len(rows) for name, rows in files.items() if name != "former_zones"} == {
            "regions": 18,
            "departments": 101,
            "epci": 1_255,
            "zones": 34_920,
        }
        assert len(leaves(files["zones"])) == 34_917
        assert sum(int(zone["population"]) for zone in leaves(files["zones"])) == 68_350_798

    def test_ile_de_france(self, files):
        departments = {row["code"] for row in files["departments"] if row["region"] == "11"}
        zones = [zone for zone in files["zones"] if zone["department"] in departments]
        assert departments == {"75", "77", "78", "91", "92", "93", "94", "95"}
        assert sum(zone["kind"] == "commune" for zone in zones) == 1_266
        assert len(leaves(zones)) == 1_285
        assert sum(int(zone["population"]) for zone in leaves(zones)) == 12_463_067

    def test_three_communes_have_arrondissements(self, files):
        assert Counter(zone["parent"] for zone in files["zones"] if zone["parent"]) == {
            "75056": 20,
            "13055": 16,
            "69123": 9,
        }

    def test_four_communes_are_in_no_epci(self, files):
        assert [zone["code"] for zone in files["zones"] if not zone["epci"]] == ["22016", "29083", "29155", "85113"]

    def test_only_mayotte_has_an_older_vintage(self, files):
        assert {(zone["department"] == "976", zone["vintage"]) for zone in files["zones"]} == {
            (True, "2017"),
            (False, "2023"),
        }

    def test_a_searched_name_is_unique_in_its_department(self, files):
        names = Counter((zone["department"], search_form(zone["name"])) for zone in files["zones"])
        assert [name for name, times in names.items() if times > 1] == []

    def test_an_old_code_or_name_stands_for_one_zone_unless_it_was_split(self, files):
        department_of = {zone["code"]: zone["department"] for zone in files["zones"]}
        by_code, by_name = {}, {}
        for row in files["former_zones"]:
            if row["code"] not in SPLITS:
                by_code.setdefault(row["code"], set()).add(row["successor"])
                by_name.setdefault((department_of[row["successor"]], search_form(row["name"])), set()).add(
                    row["successor"]
                )
        assert [code for code, heirs in by_code.items() if len(heirs) > 1] == []
        assert [name for name, heirs in by_name.items() if name[1] and len(heirs) > 1] == []
        # a code still in use may only have changed its name
        assert [code for code, heirs in by_code.items() if code in department_of and heirs != {code}] == []

    def test_an_old_name_is_never_todays_name_of_another_zone(self, files):
        department_of = {zone["code"]: zone["department"] for zone in files["zones"]}
        today = {(zone["department"], search_form(zone["name"])): zone["code"] for zone in files["zones"]}
        taken = [
            row
            for row in files["former_zones"]
            if row["is_split"] == "0"
            and today.get((department_of[row["successor"]], search_form(row["name"])), row["successor"])
            != row["successor"]
        ]
        assert taken == []

    def test_splits_are_marked(self, files):
        assert Counter(row["code"] for row in files["former_zones"] if row["is_split"] == "1") == SPLITS

    @pytest.mark.parametrize(
        ("code", "name", "successor"),
        [
            ("93059", "Pierrefitte-sur-Seine", "93066"),  # merged in 2025
            ("75072", "", "93072"),  # the former Seine
            ("78419", "", "93047"),  # the former Seine-et-Oise
            ("60455", "La Neuville-Garnier", "60694"),
            ("55273", "Lamarche-en-Woëvre", "55386"),
            ("49069", "Champtoceaux", "49126"),  # the commune changed its code
            ("49069", "Orée d'Anjou", "49126"),
            ("14011", "Aurseulles", "14581"),
            ("69159", "Pouilly-le-Monial", "69114"),
            ("12076", "Conques", "12218"),
            ("49144", "", "44180"),  # and its department
            ("14513", "", "50592"),
            ("01015", "Arbignieu", "01015"),  # gave its code to the commune nouvelle
            ("95218", "Éragny", "95218"),  # renamed
        ],
    )
    def test_old_codes_and_names(self, files, code, name, successor):
        assert (code, name, successor) in {
            (row["code"], row["name"], row["successor"]) for row in files["former_zones"]
        }


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Path]:
    """A copy of the files where a line of one is replaced (by nothing: removed)."""
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)

    def edit(name: str, line: str, replacement: str = "") -> Path:
        path = tmp_path / name
        before = path.read_text("utf-8")
        assert f"\n{line}\n" in before
        path.write_text(before.replace(f"\n{line}\n", f"\n{replacement}\n" if replacement else "\n"), "utf-8")
        return tmp_path

    return edit


def load(folder: Path = FOLDER) -> str:
    out = StringIO()
    call_command("load_geography", folder, stdout=out)
    return out.getvalue().replace("\u202f", " ")


SAINT_DENIS = "93066,Saint-Denis,commune,93,200054781,,{population},2023"
VILLAGE = "55050,Bezonvaux,commune,55,200049187,,0,2023"
PARIS_1 = "75101,Paris 1er Arrondissement,arrondissement,75,200054781,75056,15114,2023"
PIERREFITTE = "93059,Pierrefitte-sur-Seine,93066,0"


class TestLoading:
    def test_france_is_in_the_database(self, geography):
        zones = Zone.objects.leaves()
        assert (Region.objects.exclude(code="99").count(), Epci.objects.count()) == (18, 1_255)
        assert Department.objects.exclude(code="99").count() == 101
        assert zones.count() == 34_917
        assert zones.aggregate(total=Sum("population"))["total"] == 68_350_798
        ile_de_france = zones.filter(department__region="11")
        assert (ile_de_france.count(), ile_de_france.aggregate(n=Sum("population"))["n"]) == (1_285, 12_463_067)

    def test_names_can_be_searched(self, geography):
        assert Zone.objects.get(department="93", search_name="l ile saint denis").code == "93039"
        assert FormerZone.objects.get(search_name="pierrefitte sur seine").successor.code == "93066"
        assert not Zone.objects.filter(search_name="").exists()

    def test_arrondissements_have_the_epci_of_their_commune(self, geography):
        paris = Zone.objects.get(code="75056")
        assert set(paris.parts.values_list("epci", flat=True)) == {paris.epci_id}

    def test_a_second_load_changes_nothing(self, geography):
        def state() -> list:
            return [list(model.objects.order_by("pk").values_list()) for model in (Region, Epci, Zone, FormerZone)]

        before = state()
        assert load().splitlines()[-1] == (
            "18 régions, 101 départements, 1 255 EPCI, 34 917 zones élémentaires, 68 350 798 habitants"
        )
        assert state() == before

    def test_a_new_population_is_taken_and_the_key_stays(self, geography, edited):
        before = Zone.objects.get(code="93066")
        load(edited("zones.csv", SAINT_DENIS.format(population=before.population), SAINT_DENIS.format(population=7)))
        after = Zone.objects.get(code="93066")
        assert (after.pk, after.population) == (before.pk, 7)

    def test_a_zone_that_vanishes_is_deleted_when_nothing_holds_it(self, geography, edited):
        assert "N'est plus listé, supprimé : Bezonvaux (55050)" in load(edited("zones.csv", VILLAGE))
        assert not Zone.objects.filter(code="55050").exists()

    def test_a_zone_that_vanishes_is_kept_while_a_perimeter_holds_it(self, geography, edited):
        perimeter = PerimeterFactory(zones=[Zone.objects.get(code="55050")])
        assert "N'est plus listé, mais conservé car utilisé : Bezonvaux (55050)" in load(edited("zones.csv", VILLAGE))
        assert perimeter.zones.get().code == "55050"

    def test_a_former_zone_that_vanishes_is_removed(self, geography, edited):
        load(edited("former_zones.csv", PIERREFITTE))
        assert not FormerZone.objects.filter(code="93059").exists()
        assert FormerZone.objects.filter(code="75072").exists()

    def test_parts_made_by_hand_are_kept_and_compared_with_their_commune(self, geography):
        commune = Zone.objects.get(code="93066")
        ZoneFactory(code="930660101", parent=commune, kind=Zone.Kind.PART, population=2_500)
        assert f"Saint-Denis (93066) a {commune.population:,} habitants".replace(",", " ") in load()
        assert commune.parts.get().population == 2_500

    @pytest.mark.parametrize(
        ("name", "line", "old", "new", "message"),
        [
            ("departments.csv", "93,Seine-Saint-Denis,11", "11", "10", "93 Seine-Saint-Denis : région inconnue « 10 »"),
            ("zones.csv", VILLAGE, ",55,", ",5,", "55050 Bezonvaux : département inconnu « 5 »"),
            ("zones.csv", VILLAGE, ",0,", ",-3,", "55050 Bezonvaux : population ou millésime illisible"),
            ("zones.csv", VILLAGE, ",,0", ",75056,0", "la nature et la commune découpée se contredisent"),
            ("zones.csv", VILLAGE, VILLAGE, f"{VILLAGE}\n{VILLAGE}", "le code 55050 figure plusieurs fois"),
            ("zones.csv", PARIS_1, ",15", ",16", "75056 Paris : 2103778 habitants, mais"),
            ("former_zones.csv", PIERREFITTE, "93066", "93999", "zone actuelle inconnue « 93999 »"),
        ],
    )
    def test_broken_files_are_refused_at_once(
        self, edited, django_assert_num_queries, db, name, line, old, new, message
    ):
        with django_assert_num_queries(0), pytest.raises(CommandError, match="Rien n'a été chargé") as refused:
            load(edited(name, line, line.replace(old, new)))
        assert message in str(refused.value)

    def test_missing_files_are_refused(self, tmp_path):
        with pytest.raises(CommandError, match="Fichier absent"):
            load(tmp_path)
