"""`manage.py import_projects`: one answer per file, nothing written unless it is confirmed."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from projects.models import Project
from tests.projects.sheets import STYLE_A_75, STYLE_A_93, xlsx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("geography")]


def run(*arguments) -> tuple[list[dict], str]:
    """The answers, one per file, and what was told on the side when the command failed."""
    output, side = StringIO(), StringIO()
    try:
        call_command("import_projects", *map(str, arguments), "--format=json", stdout=output, stderr=side)
    except CommandError as error:
        side.write(f"FAILED {error}")
    return [json.loads(line) for line in output.getvalue().splitlines()], side.getvalue()


def test_one_object_per_file_with_one_entry_per_row():
    answers, side = run(STYLE_A_75, STYLE_A_93)
    assert [answer["file"] for answer in answers] == [STYLE_A_75.name, STYLE_A_93.name]
    assert set(answers[0]) == {"file", "rows", "counts", "messages"}
    assert answers[0]["counts"] == {
        "created": 16, "updated": 0, "unchanged": 0, "proposed": 0, "ignored": 6, "refused": 0,
    }  # fmt: skip
    row = next(row for row in answers[0]["rows"] if row["row"] == 12)
    assert set(row) == {"sheet", "row", "project", "insee_codes", "action", "messages"}
    assert (row["sheet"], row["insee_codes"], row["action"]) == ("Suivi 75", ["75101", "75104"], "created")
    assert side == ""
    assert not Project.objects.exists()


def test_what_is_told_of_the_whole_file_is_in_the_answer(tmp_path):
    path = tmp_path / "est.xlsx"
    path.write_bytes(xlsx(["CPTS Est", 93, "x"], headers=["Nom du projet", "Département", "Couleur préférée"]))
    (answer,), _ = run(path)
    assert answer["messages"] == ["Colonnes non reconnues, laissées de côté : Couleur préférée."]


def test_confirm_writes_and_a_second_time_changes_nothing():
    run(STYLE_A_75, "--confirm")
    assert Project.objects.count() == 16
    (answer,), _ = run(STYLE_A_75, "--confirm")
    assert answer["counts"]["unchanged"] == 16
    assert Project.objects.count() == 16


@pytest.mark.parametrize(("name", "content", "told"), [
    ("photo.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(2000), "pas un tableau lisible"),
    ("vide.csv", b"", "vide"),
    ("sans-entete.csv", b"a;b\n1;2\n", "en-têtes"),
    ("sans-projet.csv", "Nom du projet;Département\n".encode(), "Aucune ligne de projet"),
])  # fmt: skip
def test_an_unreadable_file_is_told_and_does_not_stop_the_others(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    answers, side = run(tmp_path / name, STYLE_A_75, "--confirm")
    assert told in answers[0]["error"]
    assert answers[0]["rows"] == []
    assert told in side
    assert f"FAILED Rien n'a été écrit pour : {name}." in side
    assert answers[1]["counts"]["created"] == 16
    assert Project.objects.count() == 16


def test_a_refused_row_stops_its_file(tmp_path):
    path = tmp_path / "est.xlsx"
    path.write_bytes(xlsx(["CPTS Est", 93, "Gagny", "LI reçue", "12/03/1900"], ["CPTS Ouest", 93, "Bondy", "LI reçue"]))
    (answer,), side = run(path, "--confirm")
    assert answer["counts"]["refused"] == 1
    assert "FAILED" in side
    assert not Project.objects.exists()
    run(path, "--confirm", "--skip-refused")
    assert Project.objects.count() == 1


def test_proposed_rows_wait_for_acceptance(tmp_path):
    path = tmp_path / "est.xlsx"
    path.write_bytes(xlsx(["CPTS Est", 93, "Montfermeill", "LI reçue"]))
    (answer,), _ = run(path, "--confirm")
    assert "Laissée de côté" in answer["rows"][-1]["messages"][-1]
    assert not Project.objects.exists()
    run(path, "--confirm", "--accept-proposed")
    assert Project.objects.count() == 1


def test_an_unknown_department_or_a_missing_file_is_told(tmp_path):
    _, side = run(STYLE_A_75, "--department", "998")
    assert "Département inconnu" in side
    assert run(STYLE_A_75, "--department", "1")[1] == ""
    assert "écrivez AAAA-MM-JJ" in run(STYLE_A_75, "--as-of", "15/11/2026")[1]
    assert "C'est un dossier" in run(tmp_path)[0][0]["error"]
    (tmp_path / "enorme.csv").write_bytes(b";" * 5_000_001)
    assert "trop volumineux" in run(tmp_path / "enorme.csv")[0][0]["error"]
    (answer,), side = run(tmp_path / "absent.xlsx")
    assert "ne peut pas être ouvert" in answer["error"]
    assert "FAILED" in side


def test_the_table_is_readable():
    output = StringIO()
    call_command("import_projects", str(STYLE_A_75), stdout=output)
    assert "22 lignes : 16 à créer, 6 ignorées" in output.getvalue()
