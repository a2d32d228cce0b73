"""The map: who is drawn in which class on any day, what its legend counts, and the files made of it."""

import csv
import re
from datetime import date
from io import StringIO
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from ground.templatetags.french import number
from pilotage.map_class import IN_CONCILIATION, MapClass
from pilotage.mapping import Label, Room, background_of
from projects.models import Conciliation, Project
from projects.states import LIVING, State
from territories.models import Department, Structure, Zone
from tests.factories import ProjectFactory, UserFactory

SVG = "{http://www.w3.org/2000/svg}"
SLIDE_DAYS = [date(2019, 9, 14), date(2020, 2, 20)]


def zones(*codes: str) -> list[Zone]:
    return list(Zone.objects.filter(code__in=codes))


@pytest.fixture
def seine(geography: None) -> Department:
    return Department.objects.get(pk="93")


@pytest.fixture
def officer(seine: Department) -> User:
    return UserFactory(departments=[seine])


@pytest.fixture
def project(seine: Department) -> Project:
    """Saint-Denis and Aubervilliers: an initiative, then engineering, then signed."""
    stages = [
        (State.INITIATIVE, date(2019, 1, 1)),
        (State.ENGINEERING, date(2019, 9, 14)),
        (State.ACI_SIGNED, date(2020, 2, 20)),
    ]
    return ProjectFactory(name="CPTS de la Plaine", lead_department=seine, zones=zones("93066", "93001"), stages=stages)


def opened(client: Client, **asked: str | list[str]) -> str:
    response = client.get(reverse("territory_map"), asked)
    assert response.status_code == 200
    return response.content.decode()


def drawing(text: str) -> ElementTree.Element:
    """The drawing of a page, read as the XML that it also is."""
    found = re.search(r'<svg class="cpts-drawn"\s+xmlns.*?</svg>', text, re.DOTALL)
    assert found
    return ElementTree.fromstring(found[0])  # noqa: S314 – of ours


def territories(text: str) -> dict[str, ElementTree.Element]:
    """Each territory of the drawing by its title's first words, the name."""
    found = [one for one in drawing(text).iter() if one.get("class", "").startswith("territory ")]
    return {one.find(f"{SVG}title").text.split(" – ")[0]: one for one in found}


def test_every_living_state_has_its_class() -> None:
    states = [state for map_class in MapClass for state in map_class.states]
    assert len(states) == len(set(states))
    assert set(states) == LIVING


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        ("2018-12-31", None),
        ("2019-09-13", "interest"),
        ("2019-09-14", "phase_1"),
        ("2020-02-19", "phase_1"),
        ("2020-02-20", "phase_2"),
    ],
)
def test_a_project_is_drawn_in_the_class_of_the_day(client_of, officer, project, day: str, shown: str | None) -> None:
    drawn = territories(opened(client_of(officer), departement="93", date=day))
    assert (drawn[project.name].get("class") if drawn else None) == (shown and f"territory {shown}")


def test_a_territory_says_what_it_is_and_opens_its_project(client_of, officer, project) -> None:
    drawn = territories(opened(client_of(officer), departement="93"))[project.name]
    population = sum(zone.population for zone in zones("93066", "93001"))
    assert drawn.tag == f"{SVG}a"
    assert drawn.get("href") == project.get_absolute_url()
    title = drawn.find(f"{SVG}title").text
    told = ["CPTS de la Plaine", "Phase 2", State.ACI_SIGNED.label, f"{number(population)} habitants (pop. 2023)"]
    assert title == " – ".join(told)


@pytest.mark.django_db
@pytest.mark.parametrize("day", SLIDE_DAYS)
def test_the_legend_counts_what_its_lists_hold(client_of, officer, project, seine, day: date) -> None:
    ProjectFactory(lead_department=seine, zones=zones("93048"), stages=[(State.LETTER_FILED, date(2019, 9, 1))])
    ProjectFactory(lead_department=seine, zones=zones("93048"), stages=[(State.ABANDONED, date(2019, 9, 1))])
    ProjectFactory(lead_department=Department.objects.get(pk="75"), zones=zones("75119", "93055"))
    client = client_of(officer)
    page = client.get(reverse("territory_map"), {"departement": "93", "date": day.isoformat()})
    counted = {key.shown: key.count for key in page.context["legend"]}
    is_signed = day == SLIDE_DAYS[1]
    assert counted == {
        MapClass.RUNNING: is_signed,
        MapClass.FORMING: not is_signed,
        MapClass.FORMALISING: 1,
        MapClass.INTEREST: 0,
    }
    assert page.context["from_elsewhere"] == 1
    for key in page.context["legend"]:
        listed = client.get(key.url)
        assert listed.context["paginator"].count == key.count, key.shown
    assert client.get(page.context["total_url"]).context["paginator"].count == page.context["total"] == 2


def test_conciliations_are_hatched_where_they_are_disputed(client_of, officer, project, seine) -> None:
    other = ProjectFactory(name="CPTS du Fort", lead_department=seine, zones=zones("93001", "93027"))
    text = opened(client_of(officer), departement="93")
    assert 'class="hatched"' not in text
    assert 'class="shared"' in text, "Aubervilliers is held by both"
    conciliation = Conciliation.objects.create(since=date(2020, 1, 1), until=date(2021, 1, 1))
    conciliation.projects.set([project, other])
    conciliation.zones.set(zones("93001"))
    for day, is_hatched in (("2019-12-31", False), ("2020-01-01", True), ("2020-12-31", True), ("2021-01-01", False)):
        page = client_of(officer).get(reverse("territory_map"), {"departement": "93", "date": day})
        assert bool(page.context["picture"].hatched) == is_hatched, day
        assert page.context["in_conciliation"] == (2 if is_hatched else 0), day
        assert ("en conciliation" in page.context["picture"].shapes[0].title) == is_hatched
        assert client_of(officer).get(page.context["conciliation_url"]).context["paginator"].count == 2 * is_hatched
    assert IN_CONCILIATION.replace("'", "&#x27;") in text


def test_a_zone_held_in_part_is_dotted(client_of, officer, seine) -> None:
    ProjectFactory(name="CPTS Nord", lead_department=seine, zones=zones("93066"), zones__partial=zones("93001"))
    drawn = territories(opened(client_of(officer), departement="93"))["CPTS Nord"]
    assert [path.get("class") for path in drawn.iter(f"{SVG}path")] == [None, "part"]


def test_a_commune_held_by_some_of_its_parts_is_dotted_too(client_of, officer, seine) -> None:
    """Parts of communes have no contour: drawing the whole commune for one of them would say too much."""
    commune = zones("93066")[0]
    parts = [
        Zone.objects.create(code=f"93066010{n}", name=f"Quartier {n}", kind="part", parent=commune, department=seine,
                            population=10, vintage=2023, search_name="")
        for n in (1, 2)
    ]  # fmt: skip
    one = ProjectFactory(name="CPTS Un", lead_department=seine, zones=[parts[0]])
    both = ProjectFactory(name="CPTS Deux", lead_department=seine, zones=parts)
    drawn = territories(opened(client_of(officer), departement="93"))
    assert [path.get("class") for path in drawn[one.name].iter(f"{SVG}path")] == ["part"]
    assert [path.get("class") for path in drawn[both.name].iter(f"{SVG}path")] == [None]


def test_of_another_region_only_name_and_state_are_told(client_of, officer, seine) -> None:
    far = ProjectFactory(
        name="CPTS de Chantilly",
        lead_department=Department.objects.get(pk="60"),
        zones=zones("60141", "95018", "93031"),
        stages=[(State.VALIDATED, date(2020, 1, 1))],
    )
    text = opened(client_of(officer), region="11")
    drawn = territories(text)[far.name]
    assert drawn.tag == f"{SVG}g", "no link: its page would not open"
    assert drawn.find(f"{SVG}title").text == f"{far.name} – Phase 2 – {State.VALIDATED.label}"
    assert far.get_absolute_url() not in text
    file = opened(client_of(officer), region="11", format="csv").removeprefix("\ufeff")
    rows = csv.DictReader(StringIO(file), delimiter=";")
    assert [(row["Projet"], row["Population"]) for row in rows] == [(far.name, "")]


def test_the_table_and_its_file_say_what_the_drawing_says(client_of, officer, project) -> None:
    asked = {"departement": "93", "date": "2020-02-20", "format": "csv"}
    answer = client_of(officer).get(reverse("territory_map"), asked)
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    population = sum(zone.population for zone in zones("93066", "93001"))
    assert rows == [
        {
            "Projet": project.name,
            "Classe": "Phase 2 : CPTS en fonctionnement",
            "État": State.ACI_SIGNED.label,
            "Département": "93",
            "Population": str(population),
            "Millésime": "2023",
            "En conciliation": "non",
        }
    ]
    assert client_of(officer).get(reverse("territory_map"), {"format": "xlsx"}).status_code == 200


def test_the_file_for_slides_stands_alone(client_of, officer, project) -> None:
    asked = {"departement": "93", "date": "2020-02-20", "format": "svg"}
    answer = client_of(officer).get(reverse("territory_map"), asked)
    assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="carte-93-seine-saint-denis-2020-02-20.svg"'
    root = ElementTree.fromstring(answer.content)  # noqa: S314 – of ours
    texts = " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))
    assert "93 – Seine-Saint-Denis" in texts
    assert "Situation au 20 février 2020" in texts
    assert all(f"{map_class.label} : " in texts for map_class in MapClass)
    assert "IGN – ADMIN EXPRESS, COG 2026" in texts
    assert ".phase_2" in root.find(f"{SVG}style").text
    assert "var(" not in root.find(f"{SVG}style").text, "most programs that draw SVG know no variables"
    assert not list(root.iter(f"{SVG}a"))
    assert "http" not in answer.content.decode().replace("http://www.w3.org/", ""), "nothing is fetched"


def test_a_name_is_escaped_in_the_drawing_and_in_its_file(client_of, officer, seine) -> None:
    ProjectFactory(name="CPTS <b>A&B</b> \"C'", lead_department=seine, zones=zones("93066"))
    for asked in ({}, {"format": "svg"}):
        text = client_of(officer).get(reverse("territory_map"), {"departement": "93", **asked}).content.decode()
        assert "<b>" not in text
        assert "&lt;b&gt;A&amp;B" in text


@pytest.mark.parametrize(
    "asked",
    [
        {"date": "2020-02-30"},
        {"region": "XX"},
        {"departement": "13"},
        {"region": "11", "departement": "13"},
        {"structures": "hospital"},
        {"format": "pdf"},
    ],
)
def test_a_bad_question_is_refused(client_of, officer, asked: dict[str, str]) -> None:
    assert client_of(officer).get(reverse("territory_map"), asked).status_code == 400


def test_a_department_of_another_region_than_asked_is_refused_in_words(client_of, geography) -> None:
    answer = client_of(UserFactory()).get(reverse("territory_map"), {"region": "11", "departement": "13"})
    assert answer.status_code == 400
    assert "Ce département n&#x27;est pas de la région choisie." in answer.content.decode()


def test_a_territory_without_contours_still_has_its_table(client_of, plaine, delegation) -> None:
    project = ProjectFactory(lead_department=plaine)
    text = opened(client_of(delegation))
    assert "Aucun contour" in text
    assert project.name in text
    assert client_of(delegation).get(reverse("territory_map"), {"format": "svg"}).status_code == 200


def test_structures_are_marks_with_their_table(client_of, officer, seine) -> None:
    for name, kind, codes in (("MSP du Canal", "msp", ["93066"]), ("CLS Plaine", "cls", ["93066", "93001"])):
        structure = Structure.objects.create(kind=kind, name=name, department=seine, since=date(2020, 1, 1))
        structure.zones.set(zones(*codes))
    text = opened(client_of(officer), departement="93", structures=["msp"])
    assert text.count('class="mark"') == 1
    assert "MSP du Canal" in text
    assert "CLS Plaine" not in text
    both = opened(client_of(officer), departement="93", structures=["msp", "cls"])
    assert both.count('class="mark"') == 2
    assert "MSP du Canal" not in opened(client_of(officer), departement="93", structures=["msp"], date="2019-12-31")
    assert "MSP du Canal" not in opened(client_of(officer), departement="75", structures=["msp"])


def test_queries_do_not_depend_on_what_is_drawn(client_of, officer, project, seine) -> None:
    client = client_of(officer)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            opened(client, region="11")
        return len(captured)

    count()
    few = count()
    for code in ("93048", "93051", "93063", "93064", "93031"):
        ProjectFactory(lead_department=seine, zones=zones(code))
    assert count() == few <= 20


def test_names_find_room_as_the_map_grows() -> None:
    room = Room([Label(("Paris",), 100, 100)])
    beside = Label(("Montreuil",), 130, 100)
    assert not room.is_free(beside, 1)
    assert room.is_free(beside, 2)
    assert room.is_free(Label(("Montreuil",), 100, 130), 1)


def test_the_frame_is_that_of_the_degrees_it_says() -> None:
    background = background_of({"93": "Seine-Saint-Denis"})
    (south, west), (north, east) = background.corners
    frame = background.frame
    assert frame.place(west, north) == (0, 0)
    assert frame.place(east, south) == (frame.width, frame.height)
    assert background_of({"ZZ": "Nulle part"}) is None


def test_the_country_leaves_overseas_out_of_its_frame_and_they_have_their_own() -> None:
    (south, west), _ = background_of({"29": "Finistère", "974": "La Réunion"}).corners
    assert south > 40
    (_, west), _ = background_of({"974": "La Réunion"}).corners
    assert 54 < west < 56
