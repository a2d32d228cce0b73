"""The pages of projects in a browser: accessible, silent, usable with the keyboard."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Institution, User
from projects.models import Project
from projects.states import State
from projects.workflow import Step, take_step
from tests.browser.conftest import axe_violations
from tests.factories import DepartmentFactory, ProjectFactory, UserFactory, ZoneFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenAs = Callable[[User, str], Page]


@pytest.fixture
def officer() -> User:
    kind = Institution.Kind.ARS_DELEGATION
    return UserFactory(role=User.Role.OFFICER, institution__kind=kind, departments=[DepartmentFactory()])


@pytest.fixture
def filed(officer: User) -> Project:
    shared = ZoneFactory()
    ProjectFactory(name="CPTS Voisine", zones=[shared])
    project = ProjectFactory(
        name="CPTS Nord", stages=[(State.ENGINEERING, date(2024, 1, 2))], zones=[shared, *ZoneFactory.create_batch(3)]
    )
    filed_on = timezone.localdate() - timedelta(days=3)
    return take_step(officer, project.pk, Step("file_health_project", filed_on))


@pytest.mark.parametrize(
    "path",
    [
        "",
        "?departement=99&etat=filed&tri=-population&date=2025-01-01",
        "nouveau",
        "{pk}/",
        "{pk}/?date=2024-06-01",
        "{pk}/etapes/oppose/",
        "{pk}/etapes/file_health_project/",
        "{pk}/signatures",
        "{pk}/instruction",
        "{pk}/grilles",
        "{pk}/documents",
        "{pk}/documents/ajouter",
        "{pk}/financement",
        "{pk}/deploiement",
        "{pk}/pieces/demander",
        "{pk}/annuler-etape",
        "{pk}/modifier",
        "{pk}/perimetre",
        "{pk}/contacts",
        "{pk}/referents/ars",
        "{pk}/historique",
    ],
)
def test_the_page_is_accessible(path: str, open_as: OpenAs, officer: User, filed: Project) -> None:
    page = open_as(officer, "/projets/" + path.format(pk=filed.pk))
    for details in page.locator("main details").all():
        details.evaluate("element => { element.open = true }")
    assert axe_violations(page) == []


def test_a_row_opens_its_project(open_as: OpenAs, officer: User, filed: Project) -> None:
    page = open_as(officer, "/projets/")
    page.get_by_role("row", name="CPTS Nord").get_by_role("cell").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("CPTS Nord")


def test_a_list_of_boxes_opens_filters_and_closes_with_the_keyboard(
    open_as: OpenAs, officer: User, filed: Project
) -> None:
    page = open_as(officer, "/projets/")
    states = page.locator("summary", has_text="États")
    states.focus()
    page.keyboard.press("Enter")
    box = page.get_by_label("Projet de santé déposé", exact=False)
    expect(box).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(states).to_be_focused()


def test_an_opposition_is_recorded_from_the_page_of_the_project(
    open_as: OpenAs, officer: User, filed: Project, complaints: list[str]
) -> None:
    page = open_as(officer, filed.get_absolute_url())
    page.get_by_role("link", name="Enregistrer une opposition notifiée").click()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("alert")).to_contain_text("Cochez au moins l'un des deux motifs de la loi")
    assert axe_violations(page) == []
    page.get_by_label("Le territoire d'action n'est pas pertinent").check(force=True)
    page.get_by_label("Motivation").fill("Une autre CPTS couvre déjà ces communes.")
    page.get_by_label("Signataire", exact=True).fill("Anne Vidal")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Opposition")
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()
