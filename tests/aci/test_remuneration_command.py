import json

import pytest
from django.core.management import CommandError, call_command


@pytest.fixture
def answer(tariffs, capsys):
    def answer(**options) -> str:
        call_command("remuneration", **options)
        return capsys.readouterr().out

    return answer


def test_json(answer):
    said = json.loads(answer(population=98_204, on="2020-03-01", format="json"))
    assert (said["population"], said["on"], said["tier"]) == (98_204, "2020-03-01", 3)
    assert said["tariff"] == {"code": "2019", "label": "ACI du 20 juin 2019", "since": "2019-08-25"}
    assert said["totals"] == {
        "fixed_eur": "247500.00",
        "variable_eur": "122500.00",
        "total_eur": "370000.00",
        "without_soins_non_programmes_eur": "315000.00",
        "with_soins_non_programmes_eur": "370000.00",
        "conditional_eur": "0.00",
    }
    care = next(line for line in said["lines"] if line["mission"] == "acces_soins")
    assert care["source"].startswith("ARS Île-de-France")
    assert {name: care[name] for name in ("kind", "fixed_eur", "variable_eur", "total_eur", "verified")} == {
        "kind": "socle",
        "fixed_eur": "30000.00",
        "variable_eur": "35000.00",
        "total_eur": "65000.00",
        "verified": "yes",
    }
    assert said["warnings"] == []


def test_conditional_amounts_stand_apart(answer):
    said = json.loads(answer(population=98_204, on="2023-01-01", format="json"))
    assert [line["mission"] for line in said["conditional_lines"]] == ["crise_reconnue"]
    assert said["totals"]["conditional_eur"] == "67500.00"
    assert said["totals"]["total_eur"] == "420000.00"


def test_table_is_readable_and_warns(answer):
    said = answer(population="80 000", on="01/03/2020")
    assert "80\u202f000 habitants : taille 3 · 1 de moins : taille 2 · 95\u202f001 de plus : taille 4" in said
    assert "370\u202f000\u00a0€" in said
    assert "non vérifié" in said
    assert "Attention : Population exactement égale au seuil de 80\u202f000 habitants" in said


def test_without_any_counted_mission(answer):
    assert "Total" in answer(population=98_204, on="2020-03-01", mission=["crise_plan"])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "Population : Ce champ est obligatoire"),
        ({"population": "-5"}, "Population : Une population de -5"),
        ({"population": "0"}, "au moins 1 habitant"),
        ({"population": "100000000"}, "la France entière"),
        ({"population": "beaucoup"}, "nombre entier"),
        ({"population": "1,5"}, "nombre entier"),
        ({"population": "5000", "on": "2018-01-01"}, "le premier commence le 25 août 2019"),
        ({"population": "5000", "on": "bientôt"}, "Date : Cette date ne se lit pas"),
        ({"population": "5000", "mission": ["bridge"]}, "bridge n’en fait pas partie"),
        ({"population": "5000", "year": "12"}, "12 n’en fait pas partie"),
    ],
)
def test_bad_input_is_refused_in_french(tariffs, options, why):
    with pytest.raises(CommandError, match=why):
        call_command("remuneration", **options)


def test_without_tariffs_it_says_so(db):
    with pytest.raises(CommandError, match="Aucun barème n'est enregistré"):
        call_command("remuneration", population="5000")
