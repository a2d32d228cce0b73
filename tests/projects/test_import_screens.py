"""Sending, reviewing and confirming a spreadsheet in the browser; what is bad gets a 4xx page and writes nothing."""

import zipfile
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from projects.models import ImportBatch, Project
from projects.spreadsheets import opening
from tests.factories import UserFactory
from tests.projects.sheets import STYLE_A_75, xlsx

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("geography", "private_media")]

GOOD = ["CPTS Montreuil", 93, "Montreuil", "LI reçue"]
BAD = ["CPTS Est", 93, "Gagny", "LI reçue", "12/03/1900"]


@pytest.fixture
def private_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def administrator():
    return UserFactory(role="administrator")


@pytest.fixture
def client(administrator):
    client = Client()
    client.force_login(administrator)
    return client


def send(client, content: bytes, name="tableau.xlsx", **more):
    return client.post(reverse("imports"), {"file": SimpleUploadedFile(name, content), **more})


def confirm(client, batch, **more):
    shown = client.get(batch.get_absolute_url()).context["plan"].digest
    return client.post(batch.get_absolute_url(), {"shown": shown, **more})


def bomb() -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (opening.MAX_INFLATED_BYTES + 1))
    return content.getvalue()


def test_a_workbook_is_reviewed_then_written_once(client):
    answer = send(client, STYLE_A_75.read_bytes(), STYLE_A_75.name)
    batch = ImportBatch.objects.get()
    assert answer.url == batch.get_absolute_url()
    page = client.get(batch.get_absolute_url())
    assert "22 lignes lues : 16 à créer, 6 ignorées" in page.text
    assert "Identique à la ligne 19" in page.text
    assert not Project.objects.exists()
    assert confirm(client, batch).url == batch.get_absolute_url()
    assert Project.objects.count() == 16
    assert "16 créées" in client.get(batch.get_absolute_url()).text
    again = client.post(batch.get_absolute_url(), {"shown": "x"})
    assert again.status_code == 409
    assert "déjà été écrit" in again.text
    assert Project.objects.count() == 16


@pytest.mark.parametrize(("content", "name", "status", "told"), [
    (b"\x89PNG\r\n\x1a\n" + bytes(2000), "photo.xlsx", 415, "pas un tableau lisible"),
    (b"", "vide.xlsx", 422, "vide"),
    (bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"), "secret.xlsx", 422, "mot de passe"),
    (bomb(), "bombe.xlsx", 413, "trop volumineux"),
    (bytes(opening.MAX_BYTES + 1), "lourd.xlsx", 413, "trop volumineux"),
    (xlsx(["a", "b"], headers=["x", "y"]), "autre.xlsx", 422, "en-têtes"),
    (xlsx(), "en-tetes.xlsx", 422, "Aucune ligne de projet"),
], ids=["image", "empty", "encrypted", "bomb", "large", "headless", "rowless"])  # fmt: skip
def test_what_cannot_be_read_is_told_on_a_4xx_page(client, content, name, status, told):
    answer = send(client, content, name)
    assert answer.status_code == status
    assert told in answer.text
    assert not ImportBatch.objects.exists()
    assert not Project.objects.exists()


@pytest.mark.parametrize(("row", "told"), [
    (BAD, "12/03/1900"),
    (["CPTS Est", "998", "Gagny", "LI reçue"], "pas un département connu"),
    (["CPTS Est", 93, "Gagny", "ACI signé", "", "en cours"], "pas encore une date"),
])  # fmt: skip
def test_a_refused_row_is_shown_on_a_4xx_page(client, row, told):
    answer = send(client, xlsx(row))
    assert answer.status_code == 422
    assert told in answer.text
    assert not Project.objects.exists()


def test_no_file_at_all_is_told(client):
    answer = client.post(reverse("imports"), {})
    assert answer.status_code == 400
    assert "obligatoire" in answer.text


def test_refused_rows_are_left_aside_only_when_asked(client):
    send(client, xlsx(GOOD, BAD))
    batch = ImportBatch.objects.get()
    refused = confirm(client, batch, accept=["kept"])
    assert refused.status_code == 422
    assert refused.context["accepted"] == ["kept"]
    assert "Une ligne est refusée : rien n&#x27;a été écrit" in refused.text
    assert not Project.objects.exists()
    assert confirm(client, batch, skip_refused="on").status_code == 302
    assert Project.objects.get().name == "CPTS Montreuil"


def test_only_ticked_proposals_are_written(client):
    send(client, xlsx(["CPTS Est", 93, "Montfermeill", "LI reçue"], ["CPTS Ouest", 93, "Aubervillierss", "LI reçue"]))
    batch = ImportBatch.objects.get()
    (row, _) = client.get(batch.get_absolute_url()).context["plan"].of("proposed")
    confirm(client, batch, accept=[row.key])
    assert [project.name for project in Project.objects.all()] == ["CPTS Est"]
    assert "1 créée, 1 non acceptée" in client.get(batch.get_absolute_url()).text


def test_nothing_accepted_is_nothing_imported(client):
    send(client, xlsx(["CPTS Est", 93, "Montfermeill", "LI reçue"]))
    batch = ImportBatch.objects.get()
    answer = confirm(client, batch)
    assert answer.status_code == 422
    assert "Rien n&#x27;a été écrit" in answer.text
    row = answer.context["plan"].of("proposed")[0]
    shown = {"shown": answer.context["plan"].digest, "accept": [row.key]}
    assert client.post(batch.get_absolute_url(), shown).status_code == 302
    assert Project.objects.count() == 1


def test_an_import_whose_file_is_lost_says_so_and_can_be_sent_again(client):
    content = xlsx(GOOD)  # once: a workbook bears the second it was made
    send(client, content)
    batch = ImportBatch.objects.get()
    batch.file.storage.delete(batch.file.name)
    for answer in (
        client.get(batch.get_absolute_url()),
        client.post(batch.get_absolute_url(), {"shown": "x"}),
        client.get(reverse("import_annotated", args=[batch.pk])),
    ):
        assert answer.status_code == 410
        assert "n&#x27;est plus conservé" in answer.text
    send(client, content)
    assert client.get(ImportBatch.objects.get().get_absolute_url()).status_code == 200


@pytest.mark.parametrize("shown", [{"shown": "what was true an hour ago"}, {}])
def test_a_plan_that_is_no_longer_true_is_shown_again(client, shown):
    send(client, xlsx(GOOD))
    batch = ImportBatch.objects.get()
    answer = client.post(batch.get_absolute_url(), shown)
    assert answer.status_code == 422
    assert "ont changé" in answer.text
    assert not Project.objects.exists()


def test_the_same_file_sent_twice_is_one_import(client):
    content = xlsx(GOOD)
    send(client, content)
    send(client, content, department="93", as_of="2026-06-01")
    batch = ImportBatch.objects.get()
    assert (batch.department_id, str(batch.as_of)) == ("93", "2026-06-01")
    assert "Situation au 1er juin 2026" in client.get(batch.get_absolute_url()).text


def test_the_annotated_copy_tells_each_row(client):
    send(client, xlsx(GOOD, BAD, ["=1+1", 93, "Gagny", "LI reçue"]))
    answer = client.get(reverse("import_annotated", args=[ImportBatch.objects.get().pk]))
    sheet = load_workbook(BytesIO(answer.content)).active
    assert sheet["A3"].value.startswith("À créer")
    assert "12/03/1900" in sheet["A4"].value
    assert sheet["B3"].value == "CPTS Montreuil"


def test_others_than_administrators_are_refused(client):
    send(client, xlsx(GOOD))
    batch = ImportBatch.objects.get()
    officer = Client()
    officer.force_login(UserFactory(role="manager", institution__kind="ars_headquarters"))
    for url in (reverse("imports"), batch.get_absolute_url(), reverse("import_annotated", args=[batch.pk])):
        assert officer.get(url).status_code == 403
        assert officer.post(url).status_code == 403


def test_an_import_is_seen_by_who_sent_it_only(client):
    send(client, xlsx(GOOD))
    batch = ImportBatch.objects.get()
    other = Client()
    other.force_login(UserFactory(role="administrator"))
    assert other.get(batch.get_absolute_url()).status_code == 404
    assert other.post(batch.get_absolute_url(), {"shown": "x"}).status_code == 404
    assert "tableau.xlsx" not in other.get(reverse("imports")).text
    assert not Project.objects.exists()


def test_a_file_is_limited_to_the_departments_of_its_administrator(client):
    local = Client()
    local.force_login(UserFactory(role="administrator", departments=["94"], institution__kind="ars_delegation"))
    answer = send(local, xlsx(GOOD))
    assert answer.status_code == 422
    assert "pas l&#x27;un des vôtres" in answer.text
