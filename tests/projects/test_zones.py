"""What a code or a name of yesterday stands for today, with the real geography."""

import pytest

from projects.spreadsheets.matching import Match, Quality
from projects.spreadsheets.zones import ZoneFinder


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
