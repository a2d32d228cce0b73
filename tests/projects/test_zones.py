"""What a code or a name of yesterday stands for today, with the real geography."""

import pytest

from projects.spreadsheets.matching import Match, Quality
from projects.spreadsheets.zones import FEW, ZoneFinder


@pytest.fixture
def find(geography):
    finder = ZoneFinder()

    def find(text: str, department: str) -> Match:
        (match,) = finder.find(text, department)
        return match

    return find


@pytest.mark.parametrize(
    ("text", "department", "expected"),
    [
        ("93066", "93", "93066"),
        ("93059", "93", "93066"),  # Pierrefitte-sur-Seine, in Saint-Denis since 2025
        ("75072", "93", "93072"),  # Stains, in the former Seine
        ("69159", "69", "69114"),  # a code that changed without merger
        ("49144", "44", "44180"),  # a commune that changed department
        ("Pierrefitte sur Seine", "93", "93066"),
        ("L'ILE ST DENIS", "93", "93039"),
        ("Éragny", "95", "95218"),
    ],
)
def test_old_codes_and_names_mean_the_zones_of_today(find, text, department, expected):
    match = find(text, department)
    assert match.codes == (expected,)
    assert match.quality in (Quality.EXACT, Quality.NORMALISED, Quality.FORMER)


def test_a_code_that_was_split_means_the_zone_that_keeps_it_and_warns(find):
    match = find("15141", "15")
    assert match.codes == ("15141",)
    assert "s'est séparée de Celles (15031), Chalinargues (15035), Chavagnac (15047)" in match.message_fr


def test_a_vanished_name_that_was_split_is_left_to_a_person(find):
    match = find("Saline", "14")
    assert (match.codes, match.quality) == ((), Quality.AMBIGUOUS)
    assert "partagée depuis entre Sannerville (14666) et Troarn (14712)" in match.message_fr


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Villepinte (11)", "11434"), ("Villepinte (Aude)", "11434"), ("Saint-Denis (974)", "97411")],
)
def test_the_department_written_beside_a_name_is_honoured_in_another_region(find, text, expected):
    match = find(text, "93")
    assert match.codes == (expected,)
    assert "hors du département 93 : à vérifier" in match.message_fr


def test_a_name_of_another_department_is_never_taken_silently(find):
    match = find("Pierrefitte-sur-Seine", "92")
    assert "hors du département 92" in match.message_fr


ELSEWHERE = [
    *["Bordeaux", "La Garde", "garde la", "ST MARTIN", "Bors", "Lyon 3e", "Lyon 12e", "Villepinte (11)", "Zzz (11)"],
    *["13055", "1001", "49144", "99999", "Saline", "Bondyx Zzz"],
]


@pytest.mark.parametrize("text", ELSEWHERE)
def test_a_text_unknown_in_the_region_is_asked_of_the_database_without_reading_the_country(
    geography, text, django_assert_num_queries
):
    finder, reader = ZoneFinder(), ZoneFinder()
    finder.find("Bondy", "93")
    with django_assert_num_queries(3) as queries:
        found = finder.find(text, "93")
    zones = [query["sql"] for query in queries if 'FROM "territories_zone"' in query["sql"]]
    assert all("search_name" in sql for sql in zones)
    reader.find_anywhere("Bondy")  # reads the country
    assert found == reader.find(text, "93")


def test_many_unknown_texts_are_all_answered(geography):
    finder = ZoneFinder()
    for rank in range(FEW + 1):
        (match,) = finder.find(f"Zzz{rank}zzz", "93")
        assert match.quality == Quality.NONE
    assert finder.find("Bordeaux", "93")[0].candidates == ("33063",)
