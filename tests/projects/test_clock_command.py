import json

import pytest
from django.core.management import CommandError, call_command


@pytest.fixture
def answer(capsys):
    def answer(*arguments: str) -> str:
        call_command("clock", *arguments)
        return capsys.readouterr().out

    return answer


def test_json(answer):
    said = json.loads(answer("2023-05-15", "--piece", "2023-05-20:2023-05-25", "--format", "json"))
    assert said.pop("lines")[0] == {
        "day": "2023-05-15",
        "fact": "Dossier reçu par l'ARS",
        "effect": "Le délai de deux mois commence ce jour.",
        "basis": "CRPA, art. L. 114-3",
    }
    assert said == {
        "rule": "L1434-12/2019",
        "received_on": "2023-05-15",
        "last_day": "2023-07-25",
        "acquired_on": "2023-07-26",
        "last_safe_day": "2023-07-14",
        "prudent": {"start": "2023-05-15", "last_day": "2023-07-15", "acquired_on": "2023-07-16"},
        "complete": {"start": "2023-05-25", "last_day": "2023-07-25", "acquired_on": "2023-07-26"},
    }


def test_an_awaited_piece_leaves_the_dates_empty(answer):
    pieces = ["--piece", "2023-05-20:2023-05-25", "--piece=2023-05-30:"]
    said = json.loads(answer("2023-05-15", *pieces, "--format", "json"))
    assert (said["last_day"], said["acquired_on"], said["last_safe_day"]) == (None, None, "2023-07-14")
    assert said["complete"] == {"start": None, "last_day": None, "acquired_on": None}
    assert said["prudent"]["acquired_on"] == "2023-07-16"
    assert said["lines"][-1]["day"] is None


def test_a_piece_that_is_not_indispensable_moves_nothing(answer):
    said = json.loads(answer("2023-05-15", "--optional-piece", "2023-05-20:2023-05-25", "--format", "json"))
    assert said["last_day"] == "2023-07-15"
    assert said["prudent"] == said["complete"]


def test_text_reads_as_french(answer):
    said = answer("15/05/2023", "--piece", "20/05/2023:25/05/2023", "--piece", "30/05/2023:")
    assert "Dossier reçu par l'ARS le 15 mai 2023" in said
    assert "Dernier jour sûr pour s'opposer : 14 juillet 2023" in said
    assert "Lecture prudente : dernier jour le 15 juillet 2023, validation acquise le 16 juillet 2023" in said
    assert "Lecture complète : pas de terme tant qu'une pièce indispensable est attendue" in said
    assert "6. à venir – Pièce indispensable attendue (CRPA, art. L. 114-5)" in said
    assert "Règle L1434-12/2019 : code de la santé publique, article L. 1434-12" in said


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "Dossier reçu : Ce champ est obligatoire"),
        (["bientôt"], "Dossier reçu : Cette date ne se lit pas"),
        (["2023-02-30"], "Dossier reçu : Cette date ne se lit pas"),
        (["2999-01-01"], "Dossier reçu : Cette date est dans le futur"),
        (["2003-05-15"], "Dossier reçu : Les CPTS n'existent que depuis"),
        (["2023-05-15", "--piece", "2023-05-20"], "écrivez DEMANDÉE:REÇUE, et rien après"),
        (["2023-05-15", "--piece", ":2023-05-20"], "Pièce demandée : Ce champ est obligatoire"),
        (["2023-05-15", "--piece", "2023-05-20:hier"], "Pièce reçue : Cette date ne se lit pas"),
        (["2023-05-15", "--piece", "2023-05-20:2999-01-01"], "Pièce reçue : Cette date est dans le futur"),
        (["2023-05-15", "--piece", "2023-05-14:"], "Pièce demandée le 14 mai 2023, avant la réception du dossier"),
        (
            ["2023-05-15", "--optional-piece", "2023-05-20:2023-05-19"],
            "Pièce reçue le 19 mai 2023, avant d'être demandée",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused_in_french(arguments, why):
    with pytest.raises(CommandError, match=why):
        call_command("clock", *arguments)
