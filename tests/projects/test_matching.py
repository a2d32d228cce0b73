"""Which commune does a text mean? On the real communes of France, and on tables whose truth is known."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.spreadsheets.matching import (
    KnownFormerZone,
    KnownZone,
    Quality,
    ZoneIndex,
    find_project,
    project_key,
)
from projects.spreadsheets.opening import open_workbook
from projects.spreadsheets.reading import Field, read_department_code, read_workbook

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "spreadsheets"
TABLES = ["Suivi CPTS 75.xlsx", "listing_CPTS_93_112026.xlsx"]
LISTINGS = ["listing_CPTS_01_112026.xlsx", "CPTS_dpt08_VF.xlsx", "CPTS_dpt13_VF.xlsx", "Suivi CPTS 2A.xlsx"]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


ZONES = [
    KnownZone(row["code"], row["name"], row["department"]) for row in rows_of(ROOT / "fixtures/geography/zones.csv")
]
DEPARTMENTS = {row["code"]: row["name"] for row in rows_of(ROOT / "fixtures/geography/departments.csv")}


def former_zones() -> list[KnownFormerZone]:
    successors: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows_of(ROOT / "fixtures/geography/former_zones.csv"):
        successors[row["code"], row["name"]].append(row["successor"])
    return [KnownFormerZone(code, name, tuple(today)) for (code, name), today in successors.items()]


FORMER = former_zones()
INDEX = ZoneIndex(ZONES, FORMER, departments=DEPARTMENTS)


def matched_against_truth(name: str) -> tuple[list[int], list[int], int]:
    """Of one workbook: the rows with a commune not found, those with a wrong one, and the number of communes meant."""
    today = {zone.code: zone.code for zone in ZONES}
    today = {old.code: old.successors[0] for old in FORMER} | today
    truth: dict[int, set[str]] = defaultdict(set)
    for row in rows_of(DATA / "truth.csv"):
        if row["file"] == name and row["insee_code"]:
            truth[int(row["row"])].add(today[row["insee_code"]])
    missing, wrong = [], []
    reading = read_workbook(open_workbook((DATA / name).read_bytes(), name))
    for row in reading.rows:
        if row.number not in truth or row.ignored:
            continue
        department = read_department_code(row.cells[Field.DEPARTMENT], DEPARTMENTS)
        found = {code for match in INDEX.find_all(row.cells[Field.ZONES], department) for code in match.codes}
        missing += [row.number] * len(truth[row.number] - found)
        wrong += [row.number] * len(found - truth[row.number])
    return missing, wrong, sum(map(len, truth.values()))


@pytest.mark.parametrize("name", TABLES)
def test_every_commune_of_the_department_tables_is_found(name):
    missing, wrong, meant = matched_against_truth(name)
    assert meant > 15
    assert (missing, wrong) == ([], [])


@pytest.mark.parametrize("name", LISTINGS)
def test_listings_by_name_are_never_misread(name):
    missing, wrong, meant = matched_against_truth(name)
    assert wrong == []
    assert len(missing) <= meant * 0.01


@pytest.mark.parametrize(
    ("text", "department", "code", "quality"),
    [
        ("93001", "93", "93001", Quality.EXACT),
        (93001, None, "93001", Quality.EXACT),
        (1001, "01", "01001", Quality.EXACT),
        (1001.0, "01", "01001", Quality.EXACT),
        ("2a004", "2A", "2A004", Quality.EXACT),
        ("Aubervilliers", "93", "93001", Quality.EXACT),
        ("AUBERVILLIERS ", "93", "93001", Quality.NORMALISED),
        ("Aulnay sous\xa0Bois", "93", "93005", Quality.NORMALISED),
        ("aulnaysousbois", "93", "93005", Quality.NORMALISED),
        ("Le Pré-St Gervais", "93", "93061", Quality.NORMALISED),
        ("L’Ile St-Denis", "93", "93039", Quality.NORMALISED),
        ("Ste Foy lès Lyon", "69", "69202", Quality.NORMALISED),
        ("Bourget", "93", "93013", Quality.NORMALISED),
        ("Garde (La)", "83", "83062", Quality.NORMALISED),
        ("La Garde", "83", "83062", Quality.EXACT),
        ("Aouste (08)", "08", "08016", Quality.NORMALISED),
        ("Épinay sur Seine - 93", "93", "93031", Quality.NORMALISED),
        ("93300 Aubervilliers", "93", "93001", Quality.NORMALISED),
        ("Commune de Pantin", "93", "93055", Quality.NORMALISED),
        ("Ã‰pinay-sur-Seine", "93", "93031", Quality.NORMALISED),
        ("Saint-Denis (93)", None, "93066", Quality.NORMALISED),
        ("Paris", "75", "75056", Quality.EXACT),
        ("Paris (75)", "75", "75056", Quality.NORMALISED),
        ("Paris 12e Arrondissement", "75", "75112", Quality.EXACT),
        ("Paris (5e)", "75", "75105", Quality.NORMALISED),
        ("Paris 18", "75", "75118", Quality.NORMALISED),
        ("Paris 04", "75", "75104", Quality.NORMALISED),
        ("Paris 1er", "75", "75101", Quality.NORMALISED),
        ("Paris XIIe", "75", "75112", Quality.NORMALISED),
        ("12ème arr.", "75", "75112", Quality.NORMALISED),
        ("13e arrondissement de Marseille", "13", "13213", Quality.NORMALISED),
        ("Marseille 16", "13", "13216", Quality.NORMALISED),
        ("Aulnay s/ Bois", "93", "93005", Quality.NORMALISED),
        ("Aulnay s/s Bois", "93", "93005", Quality.NORMALISED),
        ("Épinay S/Seine", "93", "93031", Quality.NORMALISED),
        ("Bobigny (Seine-Saint-Denis)", "93", "93008", Quality.EXACT),
        ("Bobigny (93000)", "93", "93008", Quality.NORMALISED),
        ("Lyon 3ème", "69", "69383", Quality.NORMALISED),
    ],
)
def test_certain_answers(text, department, code, quality):
    match = INDEX.find(text, department)
    assert (match.codes, match.quality, match.message_fr) == ((code,), quality, "")


@pytest.mark.parametrize(
    ("text", "department", "code", "quality", "told"),
    [
        ("Pierrefitte sur Seine", "93", "93066", Quality.FORMER, "est aujourd'hui Saint-Denis (93066)"),
        ("93059", "93", "93066", Quality.FORMER, "est aujourd'hui Saint-Denis (93066)"),
        ("75072", "93", "93072", Quality.FORMER, "est aujourd'hui Stains (93072)"),
        ("75013", "93", "93013", Quality.FORMER, "est aujourd'hui Le Bourget (93013)"),
        ("75013", "75", "75113", Quality.NORMALISED, "code postal"),
        ("Carbucia", "2A", "2A062", Quality.FUZZY, "compris comme Carbuccia (2A062) : à vérifier"),
        ("\ufffdpinay-sur-Seine", "93", "93031", Quality.FUZZY, "à vérifier"),
        ("Besanèon", "25", "25056", Quality.FUZZY, "compris comme Besançon (25056)"),
        ("15141", "15", "15141", Quality.EXACT, "s'est séparée de Celles (15031)"),
        ("77083", "93", "77083", Quality.EXACT, "hors du département 93"),
        ("Champs-sur-Marne", "93", "77083", Quality.NORMALISED, "hors du département 93 : à vérifier"),
        ("Villepinte (11)", "93", "11434", Quality.NORMALISED, "hors du département 93 : à vérifier"),
        ("Villepinte - 11", "93", "11434", Quality.NORMALISED, "hors du département 93 : à vérifier"),
        ("Villepinte (11150)", "93", "11434", Quality.NORMALISED, "hors du département 93 : à vérifier"),
        ("Villepinte (Aude)", "93", "11434", Quality.EXACT, "hors du département 93 : à vérifier"),
        ("Saint-Denis (974)", "93", "97411", Quality.NORMALISED, "hors du département 93 : à vérifier"),
        ("Saint-Denis (Réunion)", "93", "97411", Quality.EXACT, "hors du département 93 : à vérifier"),
        ("Paris (75012)", "75", "75112", Quality.NORMALISED, "lu comme un code postal"),
        ("Paris 12", "93", "75112", Quality.NORMALISED, "hors du département 93 : à vérifier"),
    ],
)
def test_answers_that_a_person_must_see(text, department, code, quality, told):
    match = INDEX.find(text, department)
    assert (match.codes, match.quality) == ((code,), quality)
    assert told in match.message_fr


@pytest.mark.parametrize(
    ("text", "department", "quality", "told"),
    [
        ("Saint-Denis", None, Quality.AMBIGUOUS, "Saint-Denis (93066)"),
        ("Bors", "16", Quality.AMBIGUOUS, "(16052) ou Bors"),
        ("Neussargues-en-Pinatelle", "15", Quality.AMBIGUOUS, "partagée"),
        ("75013", "77", Quality.AMBIGUOUS, "ancien code de Le Bourget (93013)"),
        ("Saint-Martin", "93", Quality.AMBIGUOUS, "existe ailleurs"),
        ("Noisy", "93", Quality.NONE, "le nom le plus proche"),
        ("Paris 21", "75", Quality.NONE, "cet arrondissement n'existe pas"),
        ("99999", "93", Quality.NONE, "n'est pas un code Insee connu"),
        ("Zzyzx", "93", Quality.NONE, "introuvable dans le département 93"),
        ("Zzyzx", None, Quality.NONE, "introuvable"),
        ("Bondy (11)", "93", Quality.NONE, "introuvable dans le département 11"),
        ("Bondy (99)", "93", Quality.NONE, "introuvable dans le département 99"),
        ("-" * 200_000, "93", Quality.NONE, "trop long"),
    ],
)
def test_no_answer_rather_than_a_wrong_one(text, department, quality, told):
    match = INDEX.find(text, department)
    assert (match.codes, match.quality) == ((), quality)
    assert told in match.message_fr


def test_a_misspelling_that_is_a_true_name_next_door_is_for_a_person_to_settle():
    index = ZoneIndex([KnownZone("93050", "Neuilly-sur-Marne", "93"), KnownZone("92051", "Neuilly-sur-Marnes", "92")])
    match = index.find("neuilly sur marnes", "93")
    assert (match.codes, match.quality) == ((), Quality.AMBIGUOUS)
    assert "(93050) ou Neuilly-sur-Marnes (92051)" in match.message_fr


def test_two_names_as_near_are_not_chosen_between():
    index = ZoneIndex([KnownZone("01001", "Marsonnas", "01"), KnownZone("01002", "Marsonnaz", "01")])
    assert index.find("Marsonna", "01").quality is Quality.AMBIGUOUS


def test_names_of_far_departments_are_told_but_not_taken():
    index = ZoneIndex(ZONES, FORMER, neighbours={"93": ["77", "75"]})
    assert index.find("Champs-sur-Marne", "93").codes == ("77083",)
    far = index.find("Saint-Tropez", "93")
    assert (far.codes, far.quality) == ((), Quality.NONE)
    assert "existe ailleurs : Saint-Tropez (83119)" in far.message_fr


@pytest.mark.parametrize(
    ("text", "department", "codes"),
    [
        ("Thue et Mue", "14", ["14098"]),
        ("Sarroux - Saint Julien, Ussel", "19", ["19252", "19275"]),
        ("Aulnay sous Bois - Villepinte", "93", ["93005", "93078"]),
        ("Pantin et Bobigny", "93", ["93055", "93008"]),
        ("Paris 1er, 2e et 3e", "75", ["75101", "75102", "75103"]),
        (93001, "93", ["93001"]),
        ("", "93", []),
    ],
)
def test_whole_cells(text, department, codes):
    assert [code for match in INDEX.find_all(text, department) for code in match.codes] == codes


@given(st.sampled_from(ZONES), st.sampled_from([str.upper, str.lower, lambda name: f"  {name.replace('-', ' ')}\xa0"]))
def test_a_name_is_found_in_its_department_however_it_is_written(zone, rewritten):
    match = INDEX.find(rewritten(zone.name), zone.department)
    assert zone.code in match.codes or match.quality is Quality.AMBIGUOUS


@given(st.text(max_size=30), st.sampled_from(["75", "93", "2A", "99", None]))
def test_any_text_has_an_answer(text, department):
    match = INDEX.find(text, department)
    assert bool(match.codes) == (match.quality not in (Quality.NONE, Quality.AMBIGUOUS))
    assert match.codes or match.message_fr.endswith(".")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("C.P.T.S. du Pays de Meaux", "cpts  MEAUX"),
        ("CPTS Paris 13", "Communauté professionnelle territoriale de santé Paris 13"),
        ("CPTS Santé-Bondy", "CPTS santé Bondy "),
    ],
)
def test_the_same_project(first, second):
    assert project_key(first) == project_key(second)
    assert find_project(first, ["CPTS X", second]) == (second, True, 1.0)


def test_near_projects_are_shown_with_their_likeness():
    near = find_project("CPTS Gapençais", ["CPTS du Briançonnais", "CPTS du Gapençais"])
    assert near is not None
    assert (near.name, near.is_exact) == ("CPTS du Gapençais", False)
    assert near.score == 1.0


@pytest.mark.parametrize(
    ("name", "other"),
    [("CPTS Paris 12", "CPTS Paris 13"), ("CPTS Nord", "CPTS Sud"), ("CPTS de Pantin", "CPTS de Bobigny")],
)
def test_other_projects_are_not_near(name, other):
    assert find_project(name, [other]) is None
