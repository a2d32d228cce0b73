"""The documents of a project: added, listed by phase with what is missing, given back to whom may read, withdrawn."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from projects.models import Document, DocumentType, Merger, Project, Stage
from projects.phases import Phase
from projects.states import State
from projects.workflow import Step, take_step
from tests.acts import take
from tests.factories import ProjectFactory, UserFactory
from tests.projects.files import HTML, docx, pdf, sent
from tests.together import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def letter() -> DocumentType:
    return DocumentType.objects.create(name="Lettre d'intention", phase=Phase.LETTER, is_required=True)


@pytest.fixture
def minutes() -> DocumentType:
    """Of any phase: its documents stand in the phase of their step."""
    return DocumentType.objects.create(name="Compte rendu de réunion")


@pytest.fixture
def project(department) -> Project:
    """Its letter of intent was received."""
    stages = [(State.INITIATIVE, date(2024, 1, 1)), (State.LETTER_FILED, date(2024, 3, 1))]
    return ProjectFactory(name="CPTS Est", lead_department=department, stages=stages)


def tab(client: Client, project: Project):
    return client.get(reverse("project_documents", args=[project.pk]))


def add(client: Client, project: Project, type_: DocumentType, content: bytes | None = None, **said):
    file = sent(pdf() if content is None else content, said.pop("name", "lettre.pdf"))
    url = reverse("document_add", args=[project.pk])
    return client.post(url, {"type": type_.pk, "file": file, **said})


def kept(project: Project, type_: DocumentType, content: bytes = b"%PDF", **said) -> Document:
    """A document that is there, without going through the page."""
    count = project.documents.count()
    facts = {"title": f"Document {count}", "filename": "a.pdf", "content_type": "application/pdf", "size": len(content)}
    facts |= {"sha256": f"{count:064}", "file": sent(content)}
    return Document.objects.create(project=project, type=type_, **facts | said)


def url_of(name: str, document: Document) -> str:
    return reverse(name, args=[document.project_id, document.pk])


def with_role(user: User, role: User.Role) -> User:
    user.role = role
    user.save()
    return user


# Adding


def test_an_officer_adds_a_document_to_a_step(client_of, ars, project, letter, media):
    stage = project.stages.last()
    said = {"title": "Lettre des porteurs", "dated_on": "28/02/2024", "stage": stage.pk}
    answer = add(client_of(ars), project, letter, **said)
    document = project.documents.get()
    assert answer.url == f"{reverse('project_documents', args=[project.pk])}#document-{document.pk}"
    assert (document.title, document.filename, document.stage) == ("Lettre des porteurs", "lettre.pdf", stage)
    assert (document.dated_on, document.recorded_by) == (date(2024, 2, 28), ars)
    assert (document.content_type, document.size) == ("application/pdf", len(pdf()))
    stored = media / document.file.name
    assert stored.read_bytes() == pdf()
    assert "lettre" not in document.file.name
    assert stored.stat().st_mode & 0o077 == 0
    page = client_of(ars).get(answer.url).text
    assert "Lettre des porteurs" in page
    assert "PDF, 1\u00a0Ko" in page


def test_the_form_proposes_the_current_step_and_the_types_of_its_phase_first(client_of, ars, project, letter, minutes):
    retired = DocumentType.objects.create(name="Vieux type", phase=Phase.LETTER, is_in_use=False)
    early = DocumentType.objects.create(name="Questionnaire", phase=Phase.EMERGENCE)
    page = client_of(ars).get(reverse("document_add", args=[project.pk]), {"type": letter.pk})
    form = page.context["form"]
    groups = [group for group, _ in form.fields["type"].choices]
    assert groups == ["", "Lettre d'intention", "À toute phase", "Émergence"]
    assert str(retired) not in page.text
    assert "20\u00a0Mo au plus" in page.text
    assert "Lettre reçue, depuis le 1er mars 2024" in page.text
    assert form["stage"].value() == project.stages.last().pk
    assert f'<option value="{letter.pk}" selected>' in page.text
    assert f'<option value="{early.pk}">' in page.text


@pytest.mark.parametrize("asked", ["abc", "-1"])
def test_a_type_that_is_no_number_in_the_address_is_a_bad_request(client_of, ars, project, asked):
    assert client_of(ars).get(reverse("document_add", args=[project.pk]), {"type": asked}).status_code == 400


def test_a_planned_stage_is_not_a_step_one_can_file_under(client_of, ars, department):
    day = timezone.localdate()
    project = ProjectFactory(lead_department=department, stages=[(State.ENGINEERING, day - timedelta(days=90))])
    take(ars, project, "file_health_project", day)
    form = client_of(ars).get(reverse("document_add", args=[project.pk])).context["form"]
    assert project.stages.filter(origin=Stage.Origin.SILENCE).exists()
    assert {stage.state for stage in form.fields["stage"].queryset} == {State.ENGINEERING, State.FILED}


@pytest.mark.parametrize(("content", "name", "status", "told"), [
    (HTML, "lettre.pdf", 415, "une page web"),
    (b"", "vide.pdf", 422, "vide"),
    (pdf()[:-10], "coupé.pdf", 422, "abîmé"),
])  # fmt: skip
def test_a_refused_file_gives_the_form_back_as_typed(
    client_of, ars, project, letter, media, content, name, status, told
):
    page = add(client_of(ars), project, letter, content, name=name, title="Lettre <signée>", dated_on="28/02/2024")
    assert page.status_code == status
    assert told in page.text
    assert 'value="Lettre &lt;signée&gt;"' in page.text
    assert 'value="2024-02-28"' in page.text
    assert f'<option value="{letter.pk}" selected>' in page.text
    assert not project.documents.exists()
    assert not list(media.rglob("*.*")), "something was stored"


def test_a_file_past_the_limit_is_told_with_its_weight_and_the_rest_of_the_form_is_kept(
    client_of, ars, project, letter, settings
):
    settings.UPLOAD_MAX_BYTES, settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 200_000, 10_000
    page = add(client_of(ars), project, letter, bytes(3_000_000), title="Très lourd")
    assert page.status_code == 413
    assert "Ce fichier est trop lourd : 2,9\u00a0Mo" in page.text
    assert 'value="Très lourd"' in page.text


def test_the_rest_of_a_file_past_the_limit_is_not_stored(settings):
    settings.UPLOAD_MAX_BYTES, settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 200_000, 10_000
    files = RequestFactory().post("/", {"file": sent(bytes(3_000_000)), "other": sent(pdf())}).FILES
    assert files["file"].size == 3_000_000
    assert Path(files["file"].temporary_file_path()).stat().st_size < 300_000
    assert files["other"].read() == pdf()
    for file in files.values():
        file.close()


def test_when_another_field_is_wrong_the_file_is_to_be_chosen_again(client_of, ars, project, letter):
    tomorrow = timezone.localdate() + timedelta(days=1)
    page = add(client_of(ars), project, letter, dated_on=tomorrow.isoformat())
    assert page.status_code == 422
    assert "Cette date est dans le futur" in page.text
    assert "Choisissez de nouveau le fichier" in page.text
    assert not project.documents.exists()


def test_the_step_must_be_one_of_the_project(client_of, ars, project, letter):
    other = ProjectFactory(lead_department=project.lead_department)
    assert add(client_of(ars), project, letter, stage=other.stages.last().pk).status_code == 422
    assert not Document.objects.exists()


def test_the_same_file_again_is_refused_naming_the_first(client_of, ars, cpam, project, letter, minutes):
    add(client_of(ars), project, letter, title="Lettre des porteurs")
    page = add(client_of(cpam), project, minutes, name="autre nom.pdf")
    assert page.status_code == 422
    assert "Ce fichier est déjà là : «\u00a0Lettre des porteurs\u00a0» (Lettre d&#x27;intention)" in page.text
    assert project.documents.count() == 1
    other = ProjectFactory(lead_department=project.lead_department)
    assert add(client_of(ars), other, letter).status_code == 302


def test_a_withdrawn_file_can_be_added_again(client_of, ars, project, letter, minutes):
    add(client_of(ars), project, minutes)
    first = project.documents.get()
    client_of(ars).post(url_of("document_withdraw", first), {"reason": "Mauvais type"})
    assert add(client_of(ars), project, letter).status_code == 302
    second = project.documents.get(withdrawn_at=None)
    assert second.file.name != first.file.name


# Giving back


def test_a_document_is_given_back_as_an_attachment_that_no_browser_runs(client_of, ars, reader, project, letter):
    content = docx()
    add(client_of(ars), project, letter, content, name='Lettre « d\'été »; filename="x.exe".docx')
    answer = client_of(reader).get(url_of("document_download", project.documents.get()))
    assert answer.getvalue() == content
    assert answer["Content-Type"] == "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''Lettre%20%C2%AB%20d%27%C3%A9t%C3%A9")
    assert ";" not in answer["Content-Disposition"].removeprefix("attachment; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"] == "private, no-store"


def test_a_name_cannot_add_a_header(client_of, ars, project, letter):
    add(client_of(ars), project, letter, name="a\r\nX-Owned: 1.pdf")
    answer = client_of(ars).get(url_of("document_download", project.documents.get()))
    assert "X-Owned" not in answer
    assert b"".join(answer.streaming_content) == pdf()


def test_a_document_is_of_its_project_and_its_region(client_of, ars, project, letter, neighbour, far):
    document = kept(project, letter)
    other = ProjectFactory(lead_department=project.lead_department)
    assert client_of(ars).get(reverse("document_download", args=[other.pk, document.pk])).status_code == 404
    for department, status in ((neighbour, 200), (far, 404)):
        answer = client_of(UserFactory(departments=[department])).get(url_of("document_download", document))
        assert (answer.status_code, bool(answer.getvalue())) == (status, True)
    assert Client().get(url_of("document_download", document)).status_code == 302
    assert client_of(ars).post(url_of("document_download", document)).status_code == 405


def test_a_file_that_the_storage_has_lost_is_told(client_of, ars, project, letter):
    document = kept(project, letter)
    document.file.storage.delete(document.file.name)
    page = client_of(ars).get(url_of("document_download", document))
    assert page.status_code == 410
    assert "son fichier manque sur le serveur" in page.text.replace("&#x27;", "'")


# Withdrawing


def test_a_withdrawn_document_is_kept_and_shown_with_its_reason(client_of, ars, reader, project, letter):
    document = kept(project, letter, recorded_by=ars)
    answer = client_of(ars).post(url_of("document_withdraw", document), {"reason": "Version sans signature"})
    assert answer.url == reverse("project_documents", args=[project.pk])
    page = tab(client_of(ars), project)
    assert page.context["withdrawn"] == [document]
    assert "Version sans signature" in page.text
    assert page.context["missing_count"] == 1
    assert url_of("document_download", document) in page.text
    assert url_of("document_download", document) not in tab(client_of(reader), project).text
    assert client_of(ars).get(url_of("document_download", document)).getvalue() == b"%PDF"
    refused = client_of(reader).get(url_of("document_download", document))
    assert refused.status_code == 403
    assert "a été retiré" in refused.text


def test_withdrawing_needs_a_reason_and_happens_once(client_of, ars, project, letter):
    document = kept(project, letter, recorded_by=ars)
    assert client_of(ars).post(url_of("document_withdraw", document), {"reason": "  "}).status_code == 422
    assert not project.documents.exclude(withdrawn_at=None).exists()
    client_of(ars).post(url_of("document_withdraw", document), {"reason": "En double"})
    again = client_of(ars).post(url_of("document_withdraw", document), {"reason": "Autre raison"})
    assert again.status_code == 422
    assert "déjà été retiré" in again.text
    document.refresh_from_db()
    assert document.withdrawal == "En double"


def test_its_author_a_manager_of_the_same_side_or_an_administrator_withdraw(
    client_of, ars, cpam, department, project, letter
):
    document = kept(project, letter, recorded_by=ars)
    colleague = UserFactory(role=User.Role.OFFICER, institution=ars.institution, departments=[department])
    statuses = [client_of(who).get(url_of("document_withdraw", document)).status_code for who in (ars, cpam, colleague)]
    assert statuses == [200, 403, 403]
    for who, expected in ((with_role(colleague, User.Role.MANAGER), 200), (with_role(cpam, User.Role.MANAGER), 403)):
        assert client_of(who).get(url_of("document_withdraw", document)).status_code == expected
    administrator = with_role(cpam, User.Role.ADMINISTRATOR)
    assert client_of(administrator).get(url_of("document_withdraw", document)).status_code == 200


# The tab


def test_documents_stand_in_the_phase_of_their_type_or_else_of_their_step(client_of, ars, project, letter, minutes):
    initiative = project.stages.first()
    sent_letter = kept(project, letter, stage=initiative)
    meeting = kept(project, minutes, stage=initiative)
    loose = kept(project, minutes)
    folders = {folder.phase: folder.documents for folder in tab(client_of(ars), project).context["folders"]}
    assert folders == {Phase.EMERGENCE: [meeting], Phase.LETTER: [sent_letter], None: [loose]}


def test_what_is_missing_is_counted_up_to_the_current_phase(client_of, ars, project, letter):
    DocumentType.objects.create(name="Contrat ACI signé", phase=Phase.CONTRACT, is_required=True)
    DocumentType.objects.create(name="Vieux type", phase=Phase.LETTER, is_required=True, is_in_use=False)
    page = tab(client_of(ars), project)
    assert page.context["missing_count"] == 1
    assert "1 manquant" in page.text
    assert "Cela ne bloque aucun acte" in page.text
    assert f"{reverse('document_add', args=[project.pk])}?type={letter.pk}" in page.text
    assert "contrat aci signé" in page.text
    kept(project, letter)
    page = tab(client_of(ars), project)
    assert page.context["missing_count"] == 0
    assert "présent" in page.text


def test_nothing_is_expected_of_a_project_that_has_ended(client_of, ars, project, letter):
    take(ars, project, "abandon", timezone.localdate())
    page = tab(client_of(ars), project)
    assert (page.context["missing_count"], page.context["folders"]) == (0, [])
    assert "Aucun document" in page.text


def test_a_reader_is_shown_no_button(client_of, reader, project, letter):
    kept(project, letter)
    page = tab(client_of(reader), project).text
    assert "Ajouter" not in page
    assert "Retirer" not in page


def test_the_documents_of_a_merged_project_are_read_from_the_one_that_absorbed_it(client_of, ars, project, letter, far):
    absorbed = ProjectFactory(name="CPTS Ouest", lead_department=far)
    document = kept(absorbed, letter, title="Lettre de l'Ouest")
    kept(absorbed, letter, title="Brouillon", withdrawn_at=timezone.now(), withdrawal="Doublon")
    everywhere = UserFactory(role=User.Role.OFFICER, institution=ars.institution)
    merge_into(everywhere, absorbed, project)
    page = tab(client_of(ars), project)
    assert page.context["absorbed"] == [(absorbed, [document])]
    assert "Documents du projet absorbé «\u00a0CPTS Ouest\u00a0»" in page.text
    assert client_of(ars).get(url_of("document_download", document)).getvalue() == b"%PDF"


def merge_into(user: User, project: Project, successor: Project) -> None:
    step = Step("merge", timezone.localdate(), comment="Fusion décidée", details=Merger(successor=successor))
    take_step(user, project.pk, step)


def test_the_page_asks_the_database_as_much_for_eight_documents_as_for_two(client_of, ars, project, letter, minutes):
    client = client_of(ars)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            tab(client, project)
        return len(captured)

    for _ in range(2):
        kept(project, letter, recorded_by=ars, stage=project.stages.last())
    queries()
    few = queries()
    for _ in range(3):
        kept(project, letter, recorded_by=UserFactory(role=User.Role.OFFICER), stage=project.stages.last())
        kept(project, minutes, withdrawn_at=timezone.now(), withdrawal="Doublon")
    assert queries() == few


def test_the_admin_reads_documents_of_its_own_region_and_changes_none(client_of, project, letter, far):
    own, hidden = kept(project, letter), kept(ProjectFactory(lead_department=far), letter)
    client = client_of(UserFactory(role=User.Role.ADMINISTRATOR, departments=[project.lead_department]))
    page = client.get(reverse("admin:projects_document_change", args=[own.pk]))
    assert page.status_code == 200
    assert url_of("document_download", own) in page.text
    assert 'name="title"' not in page.text
    assert client.get(reverse("admin:projects_document_changelist")).status_code == 200
    assert client.get(reverse("admin:projects_document_history", args=[own.pk])).status_code == 200
    assert client.get(reverse("admin:projects_document_change", args=[hidden.pk])).status_code != 200


# At the same moment


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_send_the_same_file_the_second_is_told(
    client_of: Callable[[User], Client], ars, cpam, project, letter
):
    clients = [client_of(ars), client_of(cpam)]

    def send(client: Client) -> Callable[[], int]:
        return lambda: add(client, project, letter).status_code

    assert sorted(at_once(*map(send, clients))) == [302, 422]
    assert project.documents.count() == 1
