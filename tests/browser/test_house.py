"""From a department's workbook to the region's table, in a browser: every page on the way is accessible and silent."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from playwright.sync_api import Page, expect

from accounts.models import Institution, User
from tests.browser.conftest import axe_violations
from tests.factories import ProjectFactory, UserFactory, ZoneFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenAs = Callable[[User, str], Page]
WORKBOOK = Path("fixtures/demo/CPTS_93.xlsx")


def test_a_workbook_becomes_the_photograph(
    open_as: OpenAs, geography: None, settings: LazySettings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    page = open_as(UserFactory(role=User.Role.ADMINISTRATOR), "/projets/imports/")
    page.get_by_label("Tableau de suivi").set_input_files(WORKBOOK)
    page.get_by_role("button", name="Lire le fichier").click()
    expect(page.get_by_text("10 à créer")).to_be_visible()
    assert axe_violations(page) == []
    page.get_by_role("button", name="Confirmer et écrire").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("CPTS_93.xlsx")
    assert axe_violations(page) == []

    page.goto(page.url.split("/projets/")[0] + "/pilotage/photographie/?region=11&date=2020-02-20")
    row = page.get_by_role("row", name="93 – Seine-Saint-Denis")
    expect(row.get_by_role("cell")).to_have_text([re.compile(rf"^\s*{n}\b") for n in (0, 0, 2, 2, 4, 8)])
    assert axe_violations(page) == []
    row.get_by_role("link").nth(2).click()
    expect(page.locator("main table tbody tr")).to_have_count(2)
    expect(page.get_by_text("Vous regardez la situation au 20 février 2020")).to_be_visible()


@pytest.fixture
def officer() -> User:
    """Follows a department where two projects share a commune."""
    shared = ZoneFactory()
    for name in ("CPTS Nord", "CPTS Sud"):
        project = ProjectFactory(name=name, zones=[shared, ZoneFactory()])
    kind = Institution.Kind.ARS_DELEGATION
    return UserFactory(role=User.Role.OFFICER, institution__kind=kind, departments=[project.lead_department])


@pytest.mark.parametrize("width", [1366, 400])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/projets/",
        "/pilotage/photographie/?date=2020-02-20&comparer=2019-01-01",
        "/pilotage/superpositions/?date=2020-02-20",
        "/aci/remuneration/?population=40000&date=2020-02-20",
        "/mot-de-passe",
    ],
)
def test_a_page_is_accessible_and_fits_its_screen(path: str, width: int, open_as: OpenAs, officer: User) -> None:
    call_command("load_tariffs", verbosity=0)
    page = open_as(officer, "/")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(page.url.rstrip("/") + path)
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1366, 400])
@pytest.mark.parametrize("path", ["/", "/projets/", "/pilotage/superpositions/", "{project}", "{project}contacts"])
def test_the_longest_word_widens_no_page(path: str, width: int, open_as: OpenAs, officer: User) -> None:
    shared = ZoneFactory()
    for letter in "uv":
        project = ProjectFactory(name=f"CPTS {letter * 145}", zones=[shared])
    page = open_as(officer, "/")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(page.url.rstrip("/") + path.format(project=project.get_absolute_url()))
    expect(page.locator("main")).to_contain_text("v" * 145)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_word_of_the_photograph_is_cut_on_a_phone(open_as: OpenAs, officer: User) -> None:
    page = open_as(officer, "/")
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(page.url + "pilotage/photographie/")
    too_narrow = """headings => headings.filter(heading => {
        const room = heading.clientWidth
        heading.style.overflowWrap = heading.style.wordBreak = "normal"
        return heading.scrollWidth > room
    }).map(heading => heading.innerText)"""
    assert page.locator("main table thead th").evaluate_all(too_narrow) == []
    page.get_by_role("button", name="Rechercher").click()
    expect(page.get_by_role("dialog", name="Rechercher")).to_be_visible()


def test_amounts_fit_a_phone(open_as: OpenAs, officer: User) -> None:
    call_command("load_tariffs", verbosity=0)
    page = open_as(officer, "/")
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(page.url + "aci/remuneration/?population=64000&date=2026-11-22")
    assert page.locator(".cpts-table-scroll").evaluate("box => box.scrollWidth - box.clientWidth") == 0


def test_many_shared_zones_are_folded_but_printed(open_as: OpenAs, officer: User) -> None:
    zones = ZoneFactory.create_batch(9)
    for name in ("CPTS Est", "CPTS Ouest"):
        project = ProjectFactory(name=name, zones=zones)
    page = open_as(officer, project.get_absolute_url())
    shared = page.locator("#territoire details", has_text="9 zones")
    expect(shared.get_by_text("9 zones", exact=True)).to_be_visible()
    assert zones[-1].name not in shared.inner_text()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(shared).to_contain_text(zones[-1].name)
    assert f"{zones[-2].name}, {zones[-1].name}" in shared.inner_text()
    expect(page.locator("main p", has_text="Situation au")).to_be_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert zones[-1].name not in shared.inner_text()


def test_what_does_not_exist_is_said_in_the_house_s_look(open_as: OpenAs, officer: User, complaints: list[str]) -> None:
    page = open_as(officer, "/projets/999999/")
    expect(page.get_by_role("heading", name="Cette page n'existe pas")).to_be_visible()
    assert axe_violations(page) == []
    complaints.clear()  # the console tells the 404


def test_the_search_is_one_key_away(open_as: OpenAs, officer: User) -> None:
    page = open_as(officer, "/")
    page.keyboard.press("/")
    page.keyboard.type("sud")
    page.keyboard.press("Enter")
    expect(page.locator("main table tbody tr")).to_have_count(1)
    assert "q=sud" in page.url


def test_the_keyboard_goes_straight_to_the_content(open_as: OpenAs, officer: User) -> None:
    page = open_as(officer, "/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Contenu")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_picture_of_a_day_is_read_in_the_address(open_as: OpenAs, officer: User) -> None:
    page = open_as(officer, f"/projets/?date={date(2018, 1, 1)}")
    expect(page.locator("main table tbody tr")).to_have_count(0)
