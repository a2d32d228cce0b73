"""The library: what the region's administrators put at the disposal of everybody, phase by phase."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from projects.kit.library import shipped
from projects.models import DocumentType, Grid, LibraryEntry
from projects.phases import Phase
from tests.factories import ProjectFactory, UserFactory
from tests.projects.files import HTML, docx, pdf, sent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def administrator() -> User:
    return UserFactory(role=User.Role.ADMINISTRATOR)


def load() -> str:
    told = StringIO()
    call_command("load_kit", stdout=told)
    return told.getvalue()


def entry(**said) -> LibraryEntry:
    facts = {"phase": Phase.LETTER, "title": "Modèle de lettre", "since": timezone.localdate()}
    return LibraryEntry.objects.create(**facts | said)


def save(client: Client, kept: LibraryEntry | None, **said):
    url = reverse("admin:projects_libraryentry_change", args=[kept.pk]) if kept else None
    facts = {"phase": Phase.LETTER, "position": 1, "title": "Modèle de lettre", "since": "2024-01-01"}
    return client.post(url or reverse("admin:projects_libraryentry_add"), facts | said)


def test_the_kit_brings_the_types_and_the_library_once_and_overwrites_nothing():
    assert "outils ajoutés" in load()
    letter = DocumentType.objects.get(name="Lettre d'intention")
    assert (letter.phase, letter.is_required, letter.is_in_use) == (Phase.LETTER, True, True)
    produced = DocumentType.objects.get(name="Courrier produit")
    assert (produced.phase, produced.is_in_use) == ("", False)
    assert {entry.phase for entry in LibraryEntry.objects.all()} == set(Phase)
    letter.help, letter.is_required = "Corrigé", False
    letter.save()
    LibraryEntry.objects.filter(title="REZONE").update(description="Corrigé")
    count = LibraryEntry.objects.count()
    assert "déjà présents" in load()
    letter.refresh_from_db()
    assert (letter.help, letter.is_required) == ("Corrigé", False)
    assert LibraryEntry.objects.get(title="REZONE").description == "Corrigé"
    assert LibraryEntry.objects.count() == count


def test_what_an_administrator_has_renamed_or_moved_does_not_come_back():
    load()
    DocumentType.objects.filter(name="Devis").update(name="Devis et factures")
    DocumentType.objects.filter(name="Projet de santé").update(position=99)
    LibraryEntry.objects.filter(title="REZONE").update(title="Rezone CPTS")
    LibraryEntry.objects.filter(title="AGIT").update(position=99)
    LibraryEntry.objects.filter(title="Modèle de statuts").delete()
    counts = DocumentType.objects.count(), LibraryEntry.objects.count()
    assert "ajoutés : 0 ; outils ajoutés à la bibliothèque : 1 ;" in load()
    assert (DocumentType.objects.count(), LibraryEntry.objects.count()) == (counts[0], counts[1] + 1)
    assert not LibraryEntry.objects.filter(title="REZONE").exists()


def test_every_shipped_row_has_a_place_of_its_own():
    for name in ("document_types.csv", "library.csv"):
        places = [(row["phase"], row["position"]) for row in shipped(name)]
        assert len(places) == len(set(places)), name


def test_the_library_shows_what_is_in_use_today_by_phase(client_of, reader):
    today = timezone.localdate()
    entry(title="Ancien modèle", since=today - timedelta(days=9), until=today)
    entry(title="Futur modèle", since=today + timedelta(days=1))
    entry(title="Modèle sans fichier", description="Aider le porteur")
    entry(title="Guide en ligne", link="https://example.org/guide")
    with_file = entry(title="Guide <en> fichier", file=sent(pdf()), filename="guide.pdf", size=3000, sha256="a" * 64)
    page = client_of(reader).get(reverse("library"))
    assert [(phase, [str(tool) for tool in tools]) for phase, _, tools in page.context["shelves"]] == [
        (Phase.LETTER, ["Guide <en> fichier", "Guide en ligne", "Modèle sans fichier"])
    ]
    assert "à fournir par votre région" in page.text
    assert "Guide &lt;en&gt; fichier" in page.text
    assert "PDF, 3\u00a0Ko" in page.text
    assert 'href="https://example.org/guide"' in page.text
    assert reverse("library_download", args=[with_file.pk]) in page.text


def test_an_empty_library_says_who_fills_it(client_of, reader):
    assert "Les administrateurs y rangent" in client_of(reader).get(reverse("library")).text


def test_a_file_of_the_library_is_an_attachment(client_of, reader):
    today = timezone.localdate()
    said = {"filename": "modèle.docx", "content_type": "application/x-test", "sha256": "a" * 64}
    tool = entry(file=sent(pdf()), **said)
    answer = client_of(reader).get(reverse("library_download", args=[tool.pk]))
    assert (answer.getvalue(), answer["Content-Type"]) == (pdf(), "application/x-test")
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''mod%C3%A8le.docx"
    for other in (entry(title="Sans fichier"), entry(title="Fini", file=sent(pdf()), until=today, **said)):
        assert client_of(reader).get(reverse("library_download", args=[other.pk])).status_code == 404


def test_a_grid_is_printed_without_answers(client_of, reader):
    grid = Grid.objects.create(kind=Grid.Kind.LETTER, version="2020", since=timezone.localdate())
    grid.items.create(position=1, section="Le porteur", text="Le porteur est identifié")
    page = client_of(reader).get(reverse("library"))
    address = reverse("library_grid", args=[Grid.Kind.LETTER])
    assert address in page.text
    assert "Le porteur est identifié" in client_of(reader).get(address).text
    for unknown in ("relevance", "inconnue"):
        assert client_of(reader).get(reverse("library_grid", args=[unknown])).status_code == 404


def test_the_tools_of_the_current_phase_stand_beside_the_documents(client_of, reader, department):
    entry(phase=Phase.EMERGENCE, title="Plaquette", link="https://example.org/")
    entry(phase=Phase.EMERGENCE, title="Support sans fichier")
    entry(phase=Phase.CONTRACT, title="Contrat-type")
    page = (
        client_of(reader).get(reverse("project_documents", args=[ProjectFactory(lead_department=department).pk])).text
    )
    assert "Plaquette" in page
    assert "1 outil à fournir par votre région" in page
    assert "Contrat-type" not in page
    assert reverse("library") in page


# In the admin


def test_an_administrator_gives_a_tool_its_file(client_of, administrator):
    tool = entry()
    answer = save(client_of(administrator), tool, file=sent(docx(), "Modèle.bin"))
    assert answer.status_code == 302
    tool.refresh_from_db()
    assert tool.filename == "Modèle.bin.docx"
    assert tool.content_type.endswith("wordprocessingml.document")
    assert (tool.size, len(tool.sha256)) == (tool.file.size, 64)
    page = client_of(administrator).get(reverse("admin:projects_libraryentry_change", args=[tool.pk])).text
    assert reverse("library_download", args=[tool.pk]) in page
    save(client_of(administrator), tool, title="Nouveau titre")
    tool.refresh_from_db()
    assert (tool.title, tool.filename) == ("Nouveau titre", "Modèle.bin.docx")


def test_a_disguised_file_is_refused_in_the_admin_too(client_of, administrator, media):
    page = save(client_of(administrator), None, file=sent(HTML, "guide.pdf"))
    assert page.status_code == 200
    assert "une page web" in page.text
    assert not LibraryEntry.objects.exists()
    assert not list(media.rglob("*.*"))


def test_an_address_is_one_of_the_web(client_of, administrator):
    assert save(client_of(administrator), None, link="javascript:alert(1)").status_code == 200
    assert not LibraryEntry.objects.exists()


def test_administrators_of_a_region_read_the_library_and_the_types(client_of, administrator, department):
    regional = client_of(UserFactory(role=User.Role.ADMINISTRATOR, departments=[department]))
    tool = entry(file=sent(pdf()), filename="guide.pdf", sha256="a" * 64)
    page = regional.get(reverse("admin:projects_libraryentry_change", args=[tool.pk]))
    assert page.status_code == 200
    assert tool.file.name not in page.text
    assert save(regional, tool, title="Changé").status_code == 403
    kind = DocumentType.objects.create(name="Lettre")
    delete = reverse("admin:projects_documenttype_delete", args=[kind.pk])
    assert client_of(administrator).post(delete, {"post": "yes"}).status_code == 403
