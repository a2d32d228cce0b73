"""Every error says why and what to do, in the look of the house."""

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.test import Client, RequestFactory
from django.urls import reverse

from cpts_tracker import errors
from projects.models import Project
from tests.factories import DepartmentFactory, ProjectFactory, UserFactory


def assert_keeps_the_look(text: str) -> None:
    assert '<html lang="fr"' in text
    assert "cpts/cpts.css" in text
    assert "Retour à l'accueil" in text.replace("&#x27;", "'")
    assert "<style" not in text
    assert "style=" not in text


@pytest.mark.django_db
def test_unknown_page_for_who_is_not_logged_in(client: Client) -> None:
    page = client.get("/nulle-part")
    assert page.status_code == 404
    assert_keeps_the_look(page.content.decode())
    assert "Se déconnecter" not in page.content.decode()


@pytest.mark.django_db
def test_unknown_page_keeps_the_menu_of_who_is(client: Client) -> None:
    client.force_login(UserFactory())
    page = client.get("/nulle-part")
    assert page.status_code == 404
    assert 'id="navigation"' in page.content.decode()


@pytest.mark.django_db
def test_out_of_scope_project_is_as_unknown_as_none(client: Client) -> None:
    project = ProjectFactory(name="CPTS secrète", lead_department=DepartmentFactory(code="B1", region__code="B"))
    client.force_login(UserFactory(departments=[DepartmentFactory(code="A1", region__code="A")]))
    hidden = client.get(project.get_absolute_url())
    unknown = client.get(reverse("project", args=[Project.objects.latest("pk").pk + 1]))
    assert hidden.status_code == unknown.status_code == 404
    assert "secrète" not in hidden.content.decode()


def test_forbidden_gives_its_reason(rf: RequestFactory) -> None:
    page = errors.permission_denied(rf.get("/"), PermissionDenied("Seule l'ARS valide un projet de santé."))
    assert page.status_code == 403
    assert_keeps_the_look(page.content.decode())
    assert "Seule l&#x27;ARS valide un projet de santé." in page.content.decode()


def test_bad_request(rf: RequestFactory) -> None:
    page = errors.bad_request(rf.get("/"), BadRequest("date"))
    assert page.status_code == 400
    assert_keeps_the_look(page.content.decode())


def test_form_without_its_token_says_that_nothing_was_saved(db: None) -> None:
    page = Client(enforce_csrf_checks=True).post(reverse("login"), {"username": "dupont"})
    assert page.status_code == 403
    assert_keeps_the_look(page.content.decode())
    assert "Rien n'a été enregistré" in page.content.decode()


@pytest.mark.django_db
def test_too_much_sent_is_a_413(client: Client, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    page = client.post(reverse("login"), {"username": "x" * 200})
    assert page.status_code == 413
    assert_keeps_the_look(page.content.decode())
    assert errors.bad_request(RequestFactory().get("/"), RequestDataTooBig()).status_code == 413


def test_breakdown_page_needs_nothing_that_may_be_broken(rf: RequestFactory) -> None:
    """No database mark: a query here would fail the test."""
    request = rf.get("/")
    request.request_id = "abc123"
    page = errors.server_error(request)
    assert page.status_code == 500
    assert_keeps_the_look(page.content.decode())
    assert "abc123" in page.content.decode()


@pytest.mark.django_db
def test_an_address_that_only_receives_says_so(client: Client) -> None:
    client.force_login(UserFactory())
    page = client.get(reverse("logout"))
    assert (page.status_code, page["Allow"]) == (405, "POST, OPTIONS")
    assert_keeps_the_look(page.content.decode())
    assert "Cette adresse ne s'ouvre pas ainsi" in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["projects", "photograph", "overlaps"])
def test_a_format_that_does_not_exist_is_refused_with_its_reason(client: Client, name: str) -> None:
    client.force_login(UserFactory())
    page = client.get(reverse(name), {"format": "xml"})
    assert page.status_code == 400
    assert "demandez csv ou xlsx" in page.content.decode()
    assert client.get(reverse(name), {"format": ""}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nulle-part", "/projets/?format=xml", "/projets/imports/", "/deconnexion"])
def test_what_is_refused_is_one_line_of_the_log_without_traceback(client: Client, path: str, caplog) -> None:
    client.force_login(UserFactory())
    assert client.get(path).status_code >= 400
    assert [(record.name, record.exc_info) for record in caplog.records] == [("cpts.request", None)]
