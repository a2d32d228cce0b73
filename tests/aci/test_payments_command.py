import csv
import json
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from aci.models import PaymentRules

EXAMPLE = {"signed": "2020-03-01", "tier": "3", "mission": ["acces_soins:2020-06-01"]}


@pytest.fixture
def answer(tariffs, capsys):
    def answer(**options) -> str:
        call_command("payments", **EXAMPLE | options)
        return capsys.readouterr().out

    return answer


def amounts(text: str) -> list[tuple[str, str, str, str, str]]:
    rows = csv.DictReader(StringIO(text))
    return [(row["date"], row["kind"], row["mission"], row["contract_year"], row["amount"]) for row in rows]


def test_csv(answer):
    text = answer(until="2022-03-01", format="csv")
    assert text.splitlines()[:4] == [
        "date,kind,mission,contract_year,amount,formula,verified",
        '2020-03-01,signature,fonctionnement,1,75000.00,"100\u00a0% × 75\u202f000,00\u00a0€",yes',
        '2020-06-01,advance,acces_soins,1,16828.77,"75\u00a0% × 30\u202f000,00\u00a0€ × 273/365",yes',
        '2021-03-01,balance,acces_soins,1,5609.59,"30\u202f000,00\u00a0€ × 273/365 − 16\u202f828,77\u00a0€",yes',
    ]
    assert amounts(text)[2:] == [
        ("2021-03-01", "balance", "acces_soins", "1", "5609.59"),
        ("2021-03-01", "advance", "fonctionnement", "2", "56250.00"),
        ("2021-03-01", "advance", "acces_soins", "2", "22500.00"),
        ("2022-03-01", "balance", "fonctionnement", "2", "18750.00"),
        ("2022-03-01", "balance", "acces_soins", "2", "7500.00"),
        ("2022-03-01", "advance", "fonctionnement", "3", "56250.00"),
        ("2022-03-01", "advance", "acces_soins", "3", "22500.00"),
    ]


def test_json(answer):
    first, second, *_ = json.loads(answer(until="2020-12-31", format="json"))
    assert first == {
        "date": "2020-03-01",
        "kind": "signature",
        "mission": "fonctionnement",
        "contract_year": 1,
        "amount": "75000.00",
        "formula": "100\u00a0% × 75\u202f000,00\u00a0€",
        "verified": "yes",
    }
    assert second["amount"] == "16828.77"


def test_the_table_is_for_people(answer):
    table = answer(until="01/03/2021")
    assert "ACI du 20 juin 2019, taille 3, contrat signé le 1er mars 2020" in table
    assert "Accès aux soins" in table
    assert "16\u202f828,77\u00a0€" in table


def test_what_a_life_of_contract_adds(answer):
    text = answer(
        tariff="avenant-2",
        signed="2023-03-01",
        mission=["acces_soins:2023-03-01", "crise_plan:2023-03-01"],
        dialogue=["1:2024-04-02"],
        variable=["1:acces_soins:6000"],
        crisis=["2023-10-01"],
        ended="2024-06-01",
        format="csv",
    )
    after = [each for each in amounts(text) if each[0] > "2024-04-01"]
    assert [each[1:3] for each in after] == [
        ("variable", "acces_soins"),
        ("crisis", "crise_reconnue"),
        ("recovery", "fonctionnement"),
        ("recovery", "acces_soins"),
        ("recovery", "crise_mise_a_jour"),
    ]
    assert [each[4] for each in after[:2]] == ["6000.00", "67500.00"]


def test_the_rules_of_payment_in_force_at_the_signature(answer):
    PaymentRules.objects.create(since=date(2020, 1, 1), proration="months", source="Avenant imaginé")
    assert ("2020-06-01", "advance", "acces_soins", "1", "16875.00") in amounts(answer(format="csv"))
    assert ("2019-12-01", "advance", "acces_soins", "1", "16828.77") not in amounts(answer(format="csv"))
    before = amounts(answer(signed="2019-09-01", mission=["acces_soins:2019-12-01"], format="csv"))
    assert ("2019-12-01", "advance", "acces_soins", "1", "16905.74") in before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"signed": ""}, "--signed : Indiquez une date."),
        ({"signed": "hier"}, "--signed : Cette date ne se lit pas"),
        ({"signed": "1999-01-01"}, "vérifiez l'année"),
        ({"signed": "9999-01-01", "mission": []}, "Vérifiez l'année"),
        ({"signed": "2100-01-01", "mission": []}, "c'est trop loin"),
        ({"signed": "2019-08-24", "mission": []}, "Aucun barème n'est en vigueur le 24 août 2019"),
        ({"tier": ""}, "--tier : indiquez un nombre entier."),
        ({"tier": "9"}, "n'a aucun montant pour la taille 9"),
        ({"tariff": "2030"}, "le barème « 2030 » n'existe pas ; ceux-ci existent : 2019, avenant-2."),
        ({"start": "2020-02-01"}, "Le contrat ne peut pas commencer avant sa signature."),
        ({"mission": ["acces_soins"]}, "« acces_soins » ne se lit pas, écrivez MISSION:DATE"),
        ({"mission": ["acces_soins:2020-02-29"]}, "avant la signature du contrat, le 01/03/2020"),
        ({"mission": ["acces_soins:2025-03-01"]}, "après le dernier jour du contrat"),
        ({"mission": ["telemedecine:2020-06-01"]}, "elle n'est pas dans le barème"),
        ({"dialogue": ["6:2026-04-01"]}, "L'année 6 n'est pas du contrat, qui en a 5."),
        ({"dialogue": ["un:2021-04-01"]}, "--dialogue : indiquez un nombre entier."),
        ({"variable": ["1:acces_soins:beaucoup"]}, "« beaucoup » n'est pas un montant."),
        ({"variable": ["1:acces_soins:NaN"]}, "« NaN » n'est pas un montant."),
        ({"variable": ["1:acces_soins:1e30"]}, "« 1e30 » n'est pas un montant possible."),
        ({"variable": ["1:acces_soins:1e-30"]}, "« 1e-30 » n'est pas un montant possible."),
        ({"variable": ["1:acces_soins:-5"]}, "ne peut pas être négatif"),
        ({"variable": ["1:fonctionnement:5"]}, "n'a pas de volet variable en année 1"),
        ({"crisis": ["2019-10-01"]}, "en dehors du contrat"),
        ({"ended": "2019-01-01"}, "entre sa signature et son terme"),
        ({"until": "bientôt"}, "--until : Cette date ne se lit pas"),
    ],
)
def test_bad_input(answer, options, message):
    with pytest.raises(CommandError) as refusal:
        answer(**options)
    assert message in str(refusal.value)
