"""A file of structures: read whatever its shape, judged line by line, written whole or not at all."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from projects.context.structure_file import kind_of
from projects.models import ImportBatch
from territories.models import Structure
from tests.factories import InstitutionFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("geography", "private_media")]

HEADERS = "Nature;Nom;Communes;Contact;Depuis le;Jusqu'au;Source"
GOOD = "MSP;MSP du Canal;Pantin, 93010;01 99 00 00 00;01/09/2009;31/12/2030;FINESS"


@pytest.fixture
def private_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def officer() -> User:
    institution = InstitutionFactory(kind="ars_delegation")
    return UserFactory(role="officer", institution=institution, departments=["93"])


@pytest.fixture
def client(officer) -> Client:
    client = Client()
    client.force_login(officer)
    return client


def send(client, *lines: str, headers: str = HEADERS, department: str = "93"):
    content = "\n".join([headers, *lines]).encode()
    said = {"file": SimpleUploadedFile("structures.csv", content), "department": department}
    return client.post(reverse("structure_import"), said)


def confirm(client):
    page = ImportBatch.objects.latest("pk").get_absolute_url()
    return client.post(page, {"shown": client.get(page).context["plan"].digest})


def outcomes(client) -> dict[str, int]:
    plan = client.get(ImportBatch.objects.latest("pk").get_absolute_url()).context["plan"]
    return {outcome: count for outcome, count in plan.counts.items() if count}


def test_a_file_is_reviewed_then_written_once(client):
    batch = send(client, GOOD)
    assert batch.status_code == 302
    assert outcomes(client) == {"created": 1}
    assert not Structure.objects.exists()
    assert confirm(client).status_code == 302
    written = Structure.objects.get()
    assert (written.kind, written.name, written.department_id) == ("msp", "MSP du Canal", "93")
    assert sorted(zone.code for zone in written.zones.all()) == ["93010", "93055"]
    assert (written.since, written.last_day) == (date(2009, 9, 1), date(2030, 12, 31))
    again = client.post(batch.url, {"shown": "x"})
    assert again.status_code == 409
    assert "déjà été écrit" in again.text
    assert "1 structure créée" in client.get(batch.url).text


def test_the_same_file_sent_again_changes_nothing(client):
    send(client, GOOD)
    confirm(client)
    send(client, GOOD)
    assert outcomes(client) == {"unchanged": 1}
    assert "n'apporte rien de nouveau" in client.get(ImportBatch.objects.latest("pk").get_absolute_url()).text


def test_what_is_downloaded_can_be_sent_back(client):
    send(client, GOOD, "CLS;CLS Est;Montreuil et Bagnolet;;;;")
    confirm(client)
    exported = client.get(reverse("structures"), {"format": "csv"}).content
    said = {"file": SimpleUploadedFile("export.csv", exported)}
    assert client.post(reverse("structure_import"), said).status_code == 302
    assert outcomes(client) == {"unchanged": 2}


def test_a_change_is_shown_and_an_empty_cell_erases_nothing(client):
    send(client, GOOD)
    confirm(client)
    send(client, "MSP;MSP du canal;Bobigny (93008);;;;")
    page = client.get(ImportBatch.objects.latest("pk").get_absolute_url())
    (row,) = page.context["plan"].of("changed")
    assert [(change.field, change.old, change.new) for change in row.changes] == [
        ("Communes", "Bondy, Pantin", "Bobigny"),
        ("Nom", "MSP du Canal", "MSP du canal"),
    ]
    confirm(client)
    written = Structure.objects.get()
    assert [zone.name for zone in written.zones.all()] == ["Bobigny"]
    assert written.contact == "01 99 00 00 00"


def test_lines_of_one_structure_add_up_their_communes(client):
    send(client, "SAS;SAS 93;Pantin;;;;", "SAS;SAS 93;93010;;;;Arrêté", "SAS;SAS 93;Épinay sur Seine;;;;")
    page = client.get(ImportBatch.objects.latest("pk").get_absolute_url())
    (row,) = page.context["plan"].rows
    assert row.lines == "2 à 4"
    confirm(client)
    written = Structure.objects.get()
    assert (written.zones.count(), written.source) == (3, "Arrêté")


@pytest.mark.parametrize(("line", "told"), [
    ("Hôpital;CHU;Pantin;;;;", "n&#x27;est pas une nature connue : écrivez «\u00a0MSP\u00a0», «\u00a0CDS\u00a0»"),
    (";MSP;Pantin;;;;", "La nature manque"),
    ("MSP;;Pantin;;;;", "Le nom manque"),
    ("MSP;A;;;;;", "Aucune commune"),
    ("MSP;A;Pantinople;;;;", "introuvable"),
    ("MSP;A;Villeneuve;;;;", "introuvable"),
    ("MSP;A;77053;;;;", "Aucune de ses communes"),
    ("MSP;A;Pantin;;31/02/2020;;", "cette date n&#x27;existe pas"),
    ("MSP;A;Pantin;;01/01/1789;;", "date impossible"),
    ("MSP;A;Pantin;;01/01/2024;31/12/2023;", "précède le début"),
    (f"MSP;A;Pantin;{'x' * 301};;;", "dépasse 300 caractères"),
    ("MSP;A;#REF!;;;;", "erreur de tableur"),
    ("MSP;A;75056;;;;", "Aucune de ses communes"),
])  # fmt: skip
def test_a_refused_line_says_why_and_stops_everything(client, line, told):
    answer = send(client, GOOD, line)
    assert answer.status_code == 422
    assert told in answer.text
    assert confirm(client).status_code == 422
    assert not Structure.objects.exists()


def test_lines_that_contradict_each_other_are_refused(client):
    answer = send(client, "SAS;SAS 93;Pantin;;;;A", "SAS;SAS 93;Bondy;;;;B")
    assert answer.status_code == 422
    assert "La ligne 3 la répète et dit autre chose : source" in answer.text


def test_an_older_commune_is_understood_and_told(client):
    assert send(client, "CLS;CLS Nord;Pierrefitte-sur-Seine;;;;").status_code == 302
    page = client.get(ImportBatch.objects.latest("pk").get_absolute_url())
    assert "est aujourd&#x27;hui Saint-Denis (93066)" in page.text


@pytest.mark.parametrize(("content", "status", "told"), [
    (b"", 422, "vide"),
    (b"%PDF-1.4 ...", 415, "pas un tableau lisible"),
    (b"a;b\n1;2\n", 422, "il faut les colonnes"),
    (f"{HEADERS}\n".encode(), 422, "Aucune structure sous les en-t"),
    (f"{HEADERS};Type\n{GOOD};x\n".encode(), 422, "Deux colonnes disent la m"),
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_not_kept(client, content, status, told):
    said = {"file": SimpleUploadedFile("f.csv", content)}
    answer = client.post(reverse("structure_import"), said)
    assert answer.status_code == status
    assert told in answer.text
    assert not ImportBatch.objects.exists()


def test_a_line_of_another_department_is_refused(client):
    headers = f"{HEADERS};Département"
    answer = send(client, "MSP;A;Créteil;;;;;94", headers=headers)
    assert answer.status_code == 422
    assert "Le département 94 n&#x27;est pas l&#x27;un des vôtres" in answer.text


def test_a_line_without_department_is_refused(client):
    answer = send(client, "MSP;A;Pantin;;;;", department="")
    assert "Le département manque" in answer.text


def test_what_changed_meanwhile_is_read_again(client):
    send(client, GOOD)
    page = ImportBatch.objects.get().get_absolute_url()
    shown = client.get(page).context["plan"].digest
    Structure.objects.create(kind="msp", name="MSP du Canal", department_id="93")
    answer = client.post(page, {"shown": shown})
    assert answer.status_code == 422
    assert "ont changé" in answer.text
    assert Structure.objects.get().contact == ""


def test_a_lost_file_leads_back_to_the_first_step(client):
    send(client, GOOD)
    batch = ImportBatch.objects.get()
    batch.file.storage.delete(batch.file.name)
    answer = client.get(batch.get_absolute_url())
    assert answer.status_code == 410
    assert "plus conservé" in answer.text


def test_only_who_sent_a_file_reads_it_and_readers_send_none(client):
    send(client, GOOD)
    page = ImportBatch.objects.get().get_absolute_url()
    for user, status in ((UserFactory(role="administrator"), 404), (UserFactory(), 403)):
        other = Client()
        other.force_login(user)
        assert other.get(page).status_code == status
        assert other.post(page, {"shown": "x"}).status_code == status
    assert other.post(reverse("structure_import"), {}).status_code == 403


def test_a_file_of_structures_is_no_file_of_projects(client, officer):
    send(client, GOOD)
    officer.role = "administrator"
    officer.save()
    assert client.get(reverse("import", args=[ImportBatch.objects.get().pk])).status_code == 404
    assert "structures.csv" not in client.get(reverse("imports")).text


def test_the_model_file_is_read(client):
    content = client.get(reverse("structure_model")).getvalue()
    said = {"file": SimpleUploadedFile("modele.xlsx", content)}
    assert client.post(reverse("structure_import"), said).status_code == 302
    assert outcomes(client) == {"created": 2}


@pytest.mark.parametrize(("text", "kind"), [
    ("MSP", "msp"),
    ("Maisons de santé pluriprofessionnelles", "msp"),
    ("Centre de santé (CDS)", "cds"),
    ("contrat local de sante", "cls"),
    ("Secteurs de garde", "garde"),
    ("garde", "garde"),
    ("CPTS", ""),
    ("", ""),
])  # fmt: skip
def test_the_names_of_the_kinds(text, kind):
    assert kind_of(text) == kind
