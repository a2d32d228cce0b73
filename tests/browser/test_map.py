"""The map in a browser: drawn, walked through by keyboard, enlarged, saved as a picture."""

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from projects.models import Conciliation, Project
from projects.states import State
from territories.models import Department, Structure, Zone
from tests.browser.conftest import axe_violations
from tests.factories import DepartmentFactory, ProjectFactory, UserFactory, ZoneFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenAs = Callable[[User, str], Page]
DEEP, PALE = (29, 58, 128), (147, 180, 244)  # phases 2 and 1 in static/cpts/map.css
COUNT_PIXELS = """async ([png, colours]) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const counts = colours.map(() => 0);
  for (let at = 0; at < data.length; at += 4) {
    colours.forEach((colour, rank) => {
      if (colour.every((part, n) => Math.abs(part - data[at + n]) <= 32)) counts[rank] += 1;
    });
  }
  return counts;
}"""
"""How many pixels of a PNG are of each colour, or nearly: territories let what is below shine through a little."""


@pytest.fixture
def communes(transactional_db: None) -> dict[str, Zone]:
    """Four communes of Seine-Saint-Denis, under their own codes since the contours are theirs."""
    seine = DepartmentFactory(code="93", name="Seine-Saint-Denis", region__code="11", region__name="Île-de-France")
    names = {"93066": "Saint-Denis", "93001": "Aubervilliers", "93048": "Montreuil", "93051": "Noisy-le-Grand"}
    return {code: ZoneFactory(code=code, name=name, department=seine) for code, name in names.items()}


@pytest.fixture
def projects(communes: dict[str, Zone]) -> list[Project]:
    """Signed, in engineering, and in conciliation over Aubervilliers."""
    seine = Department.objects.get(pk="93")
    signed = ProjectFactory(
        name="CPTS de la Plaine",
        lead_department=seine,
        zones=[communes["93066"], communes["93001"]],
        stages=[(State.ACI_SIGNED, date(2020, 1, 1))],
    )
    other = ProjectFactory(
        name="CPTS des Bords de Marne",
        lead_department=seine,
        zones=[communes["93051"]],
        zones__partial=[communes["93001"]],
        stages=[(State.ENGINEERING, date(2020, 1, 1))],
    )
    conciliation = Conciliation.objects.create(since=date(2020, 6, 1))
    conciliation.projects.set([signed, other])
    conciliation.zones.set([communes["93001"]])
    structure = Structure.objects.create(kind="msp", name="MSP du Canal", department=seine)
    structure.zones.set([communes["93066"]])
    return [signed, other]


@pytest.fixture
def officer(projects: list[Project]) -> User:
    return UserFactory(departments=[Department.objects.get(pk="93")])


@pytest.mark.parametrize("width", [1366, 400])
def test_the_map_is_drawn_accessible_and_silent(open_as: OpenAs, officer: User, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    open_as(officer, "/territoires/?departement=93&structures=msp")
    drawn = page.locator(".cpts-map-frame .territory")
    expect(drawn).to_have_count(2)
    expect(page.locator(".cpts-map-frame .hatched")).to_have_count(1)
    expect(page.locator(".cpts-map-frame .mark")).to_have_count(1)
    fills = {drawn.nth(n).evaluate("shape => getComputedStyle(shape).fill") for n in range(2)}
    assert fills == {f"rgb{DEEP}", f"rgb{PALE}"}
    assert axe_violations(page) == []
    sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert sideways <= 0


def test_a_territory_is_reached_and_opened_by_keyboard(open_as: OpenAs, officer: User, page: Page) -> None:
    open_as(officer, "/territoires/?departement=93")
    territory = page.get_by_role("link", name=re.compile("CPTS de la Plaine – Phase 2"))
    territory.focus()
    expect(territory).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("CPTS de la Plaine")


def test_enlarging_keeps_names_as_tall_and_territories_open(open_as: OpenAs, officer: User, page: Page) -> None:
    open_as(officer, "/territoires/?departement=93")
    name = page.locator(".cpts-map-frame text.name").first
    territory = page.locator(".cpts-map-frame .territory").first
    name_before, before = name.bounding_box(), territory.bounding_box()
    page.get_by_role("button", name="Agrandir").click()
    expect(page.locator(".cpts-map-frame svg.cpts-drawn")).to_have_attribute("data-zoom", "2")
    page.wait_for_function(
        "([one, width]) => one.getBoundingClientRect().width > width * 1.9",
        arg=[territory.element_handle(), before["width"]],
    )
    assert name.bounding_box()["height"] == pytest.approx(name_before["height"], rel=0.1)
    territory.click()
    expect(page).to_have_url(re.compile(r"/projets/\d+"))


def test_without_javascript_the_drawing_stands(open_as: OpenAs, officer: User, page: Page) -> None:
    page.route("**/map.js", lambda route: route.fulfill(body=""))
    open_as(officer, "/territoires/?departement=93")
    box = page.locator(".cpts-map-frame > svg").bounding_box()
    assert box["width"] > 600
    assert box["height"] == pytest.approx(box["width"] * 0.75, rel=0.05)
    expect(page.get_by_role("button", name="Image pour diapositive (PNG)")).to_be_hidden()


def test_the_picture_for_slides_is_a_coloured_png(open_as: OpenAs, officer: User, page: Page, tmp_path: Path) -> None:
    open_as(officer, "/territoires/?departement=93&date=2021-02-20")
    with page.expect_download() as waited:
        page.get_by_role("button", name="Image pour diapositive (PNG)").click()
    assert waited.value.suggested_filename == "carte-93-seine-saint-denis-2021-02-20.png"
    waited.value.save_as(tmp_path / "map.png")
    content = (tmp_path / "map.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(content[16:20], "big") == 2_000
    deep, pale = page.evaluate(COUNT_PIXELS, [b64encode(content).decode(), [DEEP, PALE]])
    assert deep > 20_000, "Saint-Denis"
    assert pale > 20_000, "Noisy-le-Grand"


def test_the_drawing_for_slides_opens_alone(open_as: OpenAs, officer: User, page: Page, tmp_path: Path) -> None:
    open_as(officer, "/territoires/?departement=93")
    with page.expect_download() as waited:
        page.get_by_role("link", name="Dessin (SVG)").click()
    waited.value.save_as(tmp_path / "map.svg")
    assert ElementTree.parse(tmp_path / "map.svg").getroot().get("width") == "1000"  # noqa: S314 – of ours
    page.goto(f"data:image/svg+xml;base64,{b64encode((tmp_path / 'map.svg').read_bytes()).decode()}")
    territory = page.locator(".territory.phase_2")
    assert territory.evaluate("shape => getComputedStyle(shape).fill") == f"rgb{DEEP}"


def test_the_map_prints_on_one_sheet(open_as: OpenAs, officer: User, page: Page) -> None:
    open_as(officer, "/territoires/?departement=93&date=2021-02-20")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    expect(page.locator(".cpts-map-frame .cpts-drawn")).to_have_count(1)


@pytest.mark.parametrize("path", ["/territoires/zones-sans-projet/", "/compte/jetons/"])
@pytest.mark.parametrize("width", [1366, 400])
def test_other_pages_are_accessible(open_as: OpenAs, officer: User, page: Page, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    open_as(officer, path)
    assert axe_violations(page) == []
    sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert sideways <= 0


def test_a_new_token_is_accessible_and_copied_whole(open_as: OpenAs, officer: User, page: Page) -> None:
    open_as(officer, "/compte/jetons/")
    page.get_by_label("Usage").fill("QGIS du bureau")
    page.get_by_role("button", name="Créer le jeton").click()
    address = page.get_by_label("Couche des périmètres").input_value()
    assert axe_violations(page) == []
    assert page.request.get(address, headers={"Cookie": ""}).ok


def test_an_area_of_the_small_map_points_into_the_table(open_as: OpenAs, officer: User, page: Page) -> None:
    open_as(officer, "/territoires/zones-sans-projet/?departement=93")
    area = page.locator(".cpts-map-frame a").first
    area.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#zone-93048"))
    expect(page.locator("#zone-93048")).to_contain_text("Montreuil")
