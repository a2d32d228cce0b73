"""A conciliation in the browser: figures follow what one chooses, by keyboard, and what is kept is what was chosen."""

import pytest
from playwright.sync_api import expect

from accounts.models import Institution, User
from projects.models import Conciliation
from tests.browser.conftest import axe_violations
from tests.factories import DepartmentFactory, UserFactory
from tests.projects.disputes import Quarrel, opened, quarrel

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ars() -> User:
    kind = Institution.Kind.ARS_DELEGATION
    return UserFactory(role=User.Role.OFFICER, institution__kind=kind, departments=[DepartmentFactory()])


@pytest.fixture
def between(ars: User) -> Quarrel:
    return quarrel(ars.departments.get())


@pytest.fixture
def conciliation(ars: User, between: Quarrel) -> Conciliation:
    return opened(ars, between)


def test_figures_follow_the_keyboard_and_the_choice_is_kept(open_as, ars, between, conciliation):
    page = open_as(ars, conciliation.get_absolute_url())
    figures = page.locator("#variant tbody tr")
    expect(figures.first).to_contain_text("53")
    page.get_by_role("radio", name="Est : CPTS Première", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(figures.first).to_contain_text("−8")
    page.get_by_role("radio", name="Ouest : personne").check()
    expect(figures.first).to_contain_text("−13")
    assert axe_violations(page) == []
    page.get_by_label("Nom du scénario").fill("Est à Seconde")
    page.get_by_role("button", name="Garder ce scénario").click()
    expect(page.locator("#scenarios")).to_contain_text("Est à Seconde")
    shares = conciliation.scenarios.get().shares.all()
    assert {share.zone.name: share.project for share in shares} == {"Est": between.second, "Ouest": None}


def test_nothing_overflows_a_phone(open_as, ars, conciliation, page):
    page.set_viewport_size({"width": 390, "height": 800})
    open_as(ars, conciliation.get_absolute_url())
    expect(page.locator("#variant table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_what_is_not_tried_is_not_printed(open_as, ars, conciliation, page):
    open_as(ars, conciliation.get_absolute_url())
    page.emulate_media(media="print")
    expect(page.locator("#essai")).to_be_hidden()
    page.emulate_media(media="screen")
    page.get_by_role("radio", name="Ouest : personne").check()
    page.emulate_media(media="print")
    expect(page.locator("#essai")).to_be_visible()


@pytest.mark.parametrize("path", ["/projets/conciliations/", "{page}issue/partnership", "{page}sans-objet"])
def test_pages_of_a_conciliation_are_accessible(open_as, ars, conciliation, path):
    page = open_as(ars, path.format(page=conciliation.get_absolute_url()))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert axe_violations(page) == []
