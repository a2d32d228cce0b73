"""What an INSEE code or a name of yesterday stands for today."""

import pytest

from territories.naming import zones_by_code, zones_by_name


def codes(zones) -> list[str]:
    return [zone.code for zone in zones]


@pytest.mark.parametrize(
    ("code", "expected"),
    [("93066", ["93066"]), ("93059", ["93066"]), ("01015", ["01015"]), ("69159", ["69114"]), ("00000", [])],
)
def test_codes_that_leave_no_doubt(geography, code, expected):
    zones, warning = zones_by_code(code)
    assert (codes(zones), warning) == (expected, "")


def test_a_code_of_the_former_seine_may_be_a_postal_code(geography):
    zones, warning = zones_by_code("75072")
    assert codes(zones) == ["93072"]
    assert warning == (
        "Le code 75072 est un ancien code de Stains (93072), aujourd'hui dans un autre département : "
        "vérifiez qu'il ne s'agit pas d'un code postal."
    )


def test_a_code_that_was_split_means_todays_zone_and_warns(geography):
    zones, warning = zones_by_code("15141")
    assert codes(zones) == ["15141"]
    assert warning == (
        "Le code 15141 a désigné un territoire aujourd'hui partagé entre Celles (15031), Chalinargues (15035), "
        "Chavagnac (15047), Neussargues-Moissac (15141), Sainte-Anastasie (15171) : "
        "vérifiez lesquelles de ces zones sont concernées."
    )


@pytest.mark.parametrize(
    ("name", "department", "expected"),
    [
        ("ILE ST DENIS (L')", "93", []),  # guessing is the import's job: here a name is the same or it is not
        ("L'ILE ST DENIS", "93", ["93039"]),
        ("Pierrefitte sur Seine", "93", ["93066"]),
        ("Pierrefitte-sur-Seine", "92", []),
        ("Éragny", "95", ["95218"]),
        ("", "93", []),
        ("…", "93", []),
    ],
)
def test_names(geography, name, department, expected):
    zones, warning = zones_by_name(name, department)
    assert (codes(zones), warning) == (expected, "")


def test_a_vanished_name_that_was_split_gives_all_its_heirs_and_warns(geography):
    zones, warning = zones_by_name("Saline", "14")
    assert codes(zones) == ["14666", "14712"]
    assert "partagé entre Sannerville (14666), Troarn (14712)" in warning
