"""The editor of a perimeter as a person uses it: by keyboard alone, or on the map."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Institution, User
from projects.models import Project
from territories.models import Zone
from tests.browser.conftest import axe_violations
from tests.factories import DepartmentFactory, ProjectFactory, RegionFactory, UserFactory, ZoneFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenAs = Callable[[User, str], Page]
NAMES = {"93010": "Bondy", "93008": "Bobigny", "93029": "Drancy", "93057": "Les Pavillons-sous-Bois", "93053": "Noisy"}


@pytest.fixture
def project(transactional_db: None) -> Project:
    department = DepartmentFactory(code="93", name="Seine-Saint-Denis", region=RegionFactory(code="11"))
    zones = {code: ZoneFactory(code=code, name=name, department=department) for code, name in NAMES.items()}
    ProjectFactory(name="CPTS Voisine", lead_department=department, zones=[zones["93029"]])
    return ProjectFactory(name="CPTS Bondy", lead_department=department, zones=[zones["93010"]])


@pytest.fixture
def officer(project: Project) -> User:
    kind = Institution.Kind.ARS_DELEGATION
    return UserFactory(role=User.Role.OFFICER, institution__kind=kind, departments=[project.lead_department])


def address(project: Project) -> str:
    return f"{project.get_absolute_url()}perimetre"


def held(project: Project) -> set[str]:
    return set(project.perimeter.memberships.filter(until=None).values_list("zone__code", flat=True))


def status(page: Page):
    return page.locator("#status")


def test_a_perimeter_is_composed_and_recorded_by_keyboard_alone(
    open_as: OpenAs, officer: User, project: Project
) -> None:
    page = open_as(officer, address(project))
    page.locator("#zone-search").focus()
    page.keyboard.type("drancy")
    expect(page.locator("#found-1")).to_be_visible()
    page.keyboard.press("Tab")  # the button « Chercher »
    page.keyboard.press("Tab")
    expect(page.locator("#found-1")).to_be_focused()
    page.keyboard.press("Enter")
    expect(status(page)).to_have_text("1 commune ajoutée : Drancy, 1\u202f000 habitants.")
    expect(page.locator("#found-1")).to_be_focused()
    expect(page.locator("#found-1")).to_contain_text("Retirer")
    expect(page.locator("#strip")).to_contain_text("2\u202f000 hab.")
    expect(page.locator("#strip-overlaps summary")).to_have_text("1 projet")

    page.locator("#strip-overlaps summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="CPTS Voisine")).to_be_visible()
    page.keyboard.press("Escape")

    page.locator("#drop-93029").focus()
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("1 commune retirée : Drancy")
    expect(page.locator("#drop-93010")).to_be_focused()
    page.locator("#undo").focus()
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("Annulé : 1 commune retirée : Drancy")
    assert held(project) == {"93010"}

    page.get_by_label("Motif").focus()
    page.keyboard.type("Accord des porteurs")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Le périmètre est enregistré.")).to_be_visible()
    assert held(project) == {"93010", "93029"}


def test_a_click_on_the_map_adds_and_removes(open_as: OpenAs, officer: User, project: Project) -> None:
    page = open_as(officer, address(project))
    expect(page.locator("#perimeter-map[data-is-ready]")).to_be_visible()
    box = page.locator("#perimeter-map").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2  # the map opens on Bondy
    page.mouse.move(x, y)
    expect(page.locator(".leaflet-tooltip")).to_have_text(re.compile("Bondy, 1.000 hab. – dans le périmètre"))
    page.mouse.click(x, y)
    expect(status(page)).to_contain_text("1 commune retirée : Bondy")
    expect(page.locator("#zones-title")).to_have_text(re.compile("0 commune"))
    page.mouse.click(x, y)
    expect(status(page)).to_contain_text("1 commune ajoutée : Bondy")
    page.locator("#undo").click()
    expect(page.locator("#zones-title")).to_have_text(re.compile("0 commune"))
    assert held(project) == {"93010"}


def test_the_map_shows_what_comes_from_outside_its_view(open_as: OpenAs, officer: User, project: Project) -> None:
    seine_et_marne = DepartmentFactory(code="77", name="Seine-et-Marne", region=project.lead_department.region)
    ZoneFactory(code="77305", name="Montereau-Fault-Yonne", department=seine_et_marne)
    page = open_as(officer, address(project))
    expect(page.locator("#perimeter-map[data-is-ready]")).to_be_visible()
    place = page.locator("#perimeter-map .leaflet-proxy")
    before = place.get_attribute("style")
    page.locator("#zone-search").fill("montereau")
    page.locator("#found-1").click()
    expect(status(page)).to_contain_text("1 commune ajoutée")
    expect(place).not_to_have_attribute("style", before)


def test_nothing_overflows_a_phone(open_as: OpenAs, officer: User, project: Project, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    open_as(officer, address(project))
    page.get_by_text("Coller une liste").click()
    page.locator("#id_text").fill("Drancy")
    page.locator("#paste-add").click()
    expect(status(page)).to_contain_text("Drancy")
    page.locator("#strip-overlaps summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_list_is_pasted_beside_the_map(open_as: OpenAs, officer: User, project: Project, page: Page) -> None:
    page.set_viewport_size({"width": 1366, "height": 800})
    open_as(officer, address(project))
    page.get_by_text("Coller une liste").click()
    typed, drawn = (page.locator(each).bounding_box() for each in ("#id_text", "#perimeter-map"))
    assert typed["x"] + typed["width"] < drawn["x"]


def test_a_name_is_no_html_on_the_map(open_as: OpenAs, officer: User, project: Project) -> None:
    Zone.objects.filter(code="93010").update(name="<b>Bondy</b>")
    page = open_as(officer, address(project))
    expect(page.locator("#perimeter-map[data-is-ready]")).to_be_visible()
    box = page.locator("#perimeter-map").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".leaflet-tooltip")).to_have_text(re.compile("^<b>Bondy</b>, 1.000 hab."))


def test_quick_clicks_are_all_heard(open_as: OpenAs, officer: User, project: Project) -> None:
    page = open_as(officer, address(project))
    page.locator("#zone-search").fill("seine saint denis")
    page.locator("#found-1").click()
    expect(page.locator("#zones-title")).to_have_text(re.compile("5 communes"))
    page.evaluate("document.querySelectorAll('[id^=drop-]').forEach((button) => button.click())")
    expect(page.locator("#zones-title")).to_have_text(re.compile("0 commune"))


def test_what_was_not_understood_of_a_list_stays_in_its_box(
    open_as: OpenAs, officer: User, project: Project, complaints: list[str]
) -> None:
    page = open_as(officer, address(project))
    page.get_by_text("Coller une liste").click()
    page.locator("#id_text").fill("Bobigny (en partie)\nPerlimpinpin")
    page.locator("#paste-add").click()
    expect(status(page)).to_have_text("1 commune ajoutée : Bobigny, 1\u202f000 habitants. 1 ligne à préciser.")
    expect(page.locator("#id_text")).to_have_value("Perlimpinpin")
    expect(page.locator("#paste")).to_contain_text("commune introuvable dans le département 93")
    assert [complaint for complaint in complaints if "422" not in complaint] == []
    complaints.clear()  # the browser tells a refusal (422) on its console
    page.locator("#zone-search").fill("drancy")
    page.locator("#found-1").click()
    expect(status(page)).to_contain_text("Drancy")
    expect(page.locator("#id_text")).to_have_value("Perlimpinpin")


def test_everything_works_without_scripts(open_as: OpenAs, officer: User, project: Project, page: Page) -> None:
    page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    open_as(officer, address(project))
    page.locator("#zone-search").fill("drancy")
    page.get_by_role("button", name="Chercher", exact=True).click()
    page.locator("#found-1").click()
    expect(page.get_by_text("1 commune ajoutée : Drancy, 1\u202f000 habitants.")).to_be_visible()
    page.get_by_label("Motif").fill("Accord")
    page.get_by_role("button", name="Enregistrer le périmètre").click()
    expect(page.get_by_text("Le périmètre est enregistré.")).to_be_visible()
    assert held(project) == {"93010", "93029"}


def test_the_page_is_accessible(open_as: OpenAs, officer: User, project: Project) -> None:
    page = open_as(officer, address(project))
    expect(page.locator("#perimeter-map[data-is-ready]")).to_be_visible()
    page.locator("#zone-search").fill("drancy")
    page.locator("#found-1").click()
    expect(status(page)).to_contain_text("Drancy")
    page.locator("#strip-difference summary").click()
    page.get_by_text("Coller une liste").click()
    page.get_by_text("Importer un fichier").click()
    assert axe_violations(page) == []
