"""The editor of a perimeter: every act, what is found, what is said while one composes."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.models import PerimeterDraft, Project
from projects.states import State
from territories.models import Epci, FormerZone, Zone
from tests.factories import ProjectFactory, ZoneFactory
from tests.projects.editor import act, composed, held, url

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def zones(department) -> list[Zone]:
    epci = Epci.objects.create(code="200000001", name="CC de l'Aube")
    return [
        ZoneFactory(code="99901", name="Aubeville", epci=epci, population=10_000),
        ZoneFactory(code="99902", name="Saint-Cyr-sur-Aube", epci=epci, population=5_000),
        ZoneFactory(code="99903", name="Grand-Pré", population=2_000),
    ]


@pytest.fixture
def project(zones) -> Project:
    return ProjectFactory(name="CPTS Nord", zones=[zones[0]])


@pytest.fixture
def client(client_of, ars) -> Client:
    return client_of(ars)


# Adding and removing


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("communes:99903", {"99901": False, "99903": False}),
        ("communes:99902,99903", {"99901": False, "99902": False, "99903": False}),
        ("epci:200000001", {"99901": False, "99902": False}),
        ("departement:99", {"99901": False, "99902": False, "99903": False}),
    ],
)
def test_one_adds_communes_an_epci_or_a_department(choice, expected, project, client):
    page = act(client, project, add=choice)
    assert page.redirect_chain[-1][0] == url(project)
    assert composed(project) == expected
    assert held(project) == [("99901", False)], "nothing is recorded while one composes"


def test_an_act_is_told_with_its_inhabitants(project, client):
    assert "2 communes ajoutées, 7\u202f000 habitants." in act(client, project, add="departement:99").text
    assert "1 commune retirée : Grand-Pré, 2\u202f000 habitants." in act(client, project, remove="communes:99903").text
    assert "Rien à changer" in act(client, project, remove="communes:99903").text


def test_a_split_commune_is_added_with_its_parts(project, client):
    city = ZoneFactory(code="99950", name="Grandeville")
    parts = [ZoneFactory(code=f"99950000{n}", parent=city, kind=Zone.Kind.PART) for n in (1, 2)]
    act(client, project, add="communes:99950")
    assert composed(project) == {"99901": False} | {part.code: False for part in parts}
    act(client, project, toggle="communes:99950")
    assert composed(project) == {"99901": False}


def test_the_map_draws_a_split_commune_whole_when_all_its_parts_are_held(project, client):
    city = ZoneFactory(code="99950", name="Grandeville")
    one, two = [ZoneFactory(code=f"99950000{n}", parent=city, kind=Zone.Kind.PART) for n in (1, 2)]

    def drawn(page) -> dict[str, bool]:
        return page.context["map_state"]["held"]

    assert drawn(act(client, project, add=f"communes:{city.code}")) == {"99901": False, "99950": False}
    assert drawn(act(client, project, partial=f"communes:{one.code}")) == {"99901": False, "99950": True}
    act(client, project, whole=f"communes:{one.code}")
    assert drawn(act(client, project, remove=f"communes:{two.code}")) == {"99901": False, "99950": True}
    assert drawn(act(client, project, remove=f"communes:{one.code}")) == {"99901": False}


def test_adding_an_epci_leaves_what_is_held_in_part_as_it_is(project, client):
    act(client, project, partial="communes:99901")
    act(client, project, add="epci:200000001")
    assert composed(project) == {"99901": True, "99902": False}


def test_the_selection_is_removed(project, client):
    act(client, project, add="departement:99")
    act(client, project, remove_selected="yes", zone=["99901", "99903", "unknown"])
    assert composed(project) == {"99902": False}


def test_a_selection_without_a_commune_is_told(project, client):
    assert "Cochez d&#x27;abord les communes" in act(client, project, remove_selected="yes").text


def test_a_commune_of_the_map_comes_then_leaves(project, client):
    act(client, project, toggle="communes:99902")
    assert composed(project) == {"99901": False, "99902": False}
    act(client, project, toggle="communes:99902")
    assert composed(project) == {"99901": False}


def test_a_commune_is_told_in_part_then_whole(project, client):
    act(client, project, partial="communes:99901")
    assert composed(project) == {"99901": True}
    act(client, project, whole="communes:99901")
    assert composed(project) == {"99901": False}


def test_steps_are_undone_and_the_recorded_perimeter_comes_back_as_a_step(project, client):
    act(client, project, add="communes:99902")
    act(client, project, add="communes:99903")
    assert "Annulé : 1 commune ajoutée : Grand-Pré" in act(client, project, undo="yes").text
    assert composed(project) == {"99901": False, "99902": False}
    act(client, project, restart="yes")
    assert composed(project) == {"99901": False}
    act(client, project, undo="yes")
    assert composed(project) == {"99901": False, "99902": False}
    act(client, project, undo="yes")
    assert not PerimeterDraft.objects.exists()
    assert "plus rien à annuler" in act(client, project, undo="yes").text


@pytest.mark.parametrize(
    "choice", ["", "commune", "communes", "epci:000", "departement:zz", "communes:1,2", "communes:\x00"]
)
def test_what_means_no_zone_changes_nothing(choice, project, client):
    assert client.post(url(project, "/composer"), {"add": choice}).status_code in (302, 400)
    assert not PerimeterDraft.objects.exists()


@pytest.mark.parametrize("act_asked", ["add", "remove", "toggle", "partial", "whole"])
def test_more_codes_than_the_country_has_are_refused(act_asked, project, client):
    codes = ",".join(f"{n:06d}" for n in range(200_000))
    assert client.post(url(project, "/composer"), {act_asked: f"communes:{codes}"}).status_code == 400
    assert composed(project) == {}


def test_an_act_without_a_name_is_refused(project, client):
    page = client.post(url(project, "/composer"), {"sent": "yes"})
    assert page.status_code == 422
    assert "Choisissez ce que la composition doit changer" in page.text


def test_with_htmx_only_the_parts_that_changed_come_back(project, client):
    page = client.post(url(project, "/composer"), {"add": "communes:99902"}, **HTMX)
    assert page.status_code == 200
    assert "<html" not in page.text
    for part in ("moved", "strip", "strip-acts", "zones", "map-state-place", "record-empty"):
        assert f'id="{part}"' in page.text
    assert 'hx-swap-oob="innerHTML:#status">1 commune ajoutée' in page.text
    assert 'id="paste"' not in page.text, "what somebody is typing elsewhere is left alone"


# Searching


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("aubev", "Aubeville"),
        ("AUBEVILLE", "Aubeville"),
        ("st cyr", "Saint-Cyr-sur-Aube"),
        ("grand pre", "Grand-Pré"),
        ("99902", "Saint-Cyr-sur-Aube"),
        ("vieux bourg", "Grand-Pré"),
        ("99999", "Grand-Pré"),
        ("cc de l'aube", "CC de l'Aube"),
        ("departement 99", "Département 99"),
    ],
)
def test_communes_epci_and_departments_are_found_however_written(typed, first, project, zones, client):
    FormerZone.objects.create(code="99999", name="Vieux-Bourg", search_name="vieux bourg", successor=zones[2])
    for headers in ({}, HTMX):
        page = client.get(url(project, "/chercher"), {"q": typed}, **headers)
        assert page.context["answers"][0].name == first


def test_a_former_name_is_told_with_what_became_of_it(project, zones, client):
    FormerZone.objects.create(code="99999", name="Vieux-Bourg", search_name="vieux bourg", successor=zones[2])
    assert "Vieux-Bourg → Grand-Pré" in client.get(url(project, "/chercher"), {"q": "vieux"}, **HTMX).text


def test_the_nearest_comes_first(project, client, neighbour, far):
    for department in (far, neighbour):
        ZoneFactory(code=f"{department.pk}100"[:5], name="Aubeville", department=department, population=90_000)
    answers = client.get(url(project, "/chercher"), {"q": "aubeville"}, **HTMX).context["answers"]
    assert [answer.where.partition(",")[0] for answer in answers] == ["99901", "98100", "97X10"]


def test_an_answer_tells_who_holds_it_and_offers_to_remove_what_is_held(project, zones, client, far):
    ProjectFactory(name="CPTS du Sud", lead_department=far, zones=[zones[1]])
    page = client.get(url(project, "/chercher"), {"q": "aube"}, **HTMX)
    by_name = {answer.name: answer for answer in page.context["answers"]}
    assert by_name["Saint-Cyr-sur-Aube"].others == ["CPTS du Sud"]
    assert by_name["Aubeville"].is_held
    assert 'name="remove"\n                value="communes:99901"' in page.text
    assert (by_name["CC de l'Aube"].held, by_name["CC de l'Aube"].population) == (1, 15_000)


@pytest.mark.parametrize("typed", ["", "a", "%", "_", "x" * 500, "' OR 1=1", "\x00", "&é\"'(", "zzzz"])
def test_what_is_not_found_is_told(typed, project, client):
    page = client.get(url(project, "/chercher"), {"q": typed}, **HTMX)
    assert page.status_code == 200
    assert page.context["answers"] == []


# What is said while one composes


def test_the_strip_says_population_collisions_and_difference(project, zones, client, neighbour):
    ProjectFactory(name="CPTS du Sud", zones=[zones[1]], zones__partial=[zones[2]])
    abandoned = [(State.INITIATIVE, date(2019, 1, 1)), (State.ABANDONED, date(2020, 1, 1))]
    ProjectFactory(name="CPTS morte", zones=[zones[1]], stages=abandoned)
    outside = ZoneFactory(code="98100", department=neighbour)
    act(client, project, add="communes:99902,99903,98100")
    page = act(client, project, remove="communes:99901")
    facts = page.context["facts"]
    assert facts.population == 8_000
    [collision] = facts.collisions
    assert (collision.holder.name, collision.group.population) == ("CPTS du Sud", 7_000)
    assert not collision.is_to_check
    assert facts.outside.names == [outside.name]
    assert (facts.gained.population, facts.lost.names) == (8_000, ["Aubeville"])


def test_zones_held_in_part_on_one_side_are_to_be_checked(project, zones, client):
    ProjectFactory(name="CPTS du Sud", zones__partial=[zones[1]], zones=[ZoneFactory(code="99960")])
    act(client, project, add="communes:99902")
    [collision] = client.get(url(project)).context["facts"].collisions
    assert collision.is_to_check


def test_a_project_out_of_scope_is_told_without_a_link(project, zones, client, far):
    other = ProjectFactory(name="CPTS lointaine", lead_department=far, zones=[zones[0]])
    page = client.get(url(project))
    assert "CPTS lointaine (Département 97X)" in page.text
    assert other.get_absolute_url() not in page.text


def test_pieces_and_enclaves_are_told(department, client):
    around = {"93010", "93008", "93029"}
    for code in ("93010", "93008", "93029", "93066"):
        ZoneFactory(code=code, name=f"Ville {code}")
    project = ProjectFactory(zones=list(Zone.objects.filter(code__in=around)))
    assert "D'un seul tenant" in client.get(url(project)).text
    act(client, project, add="communes:93066")
    page = client.get(url(project))
    assert "2 morceaux" in page.text
    assert page.context["facts"].piece_count == 2


def test_the_number_of_queries_does_not_depend_on_that_of_zones(project, client, zones, far):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.post(url(project, "/composer"), {"toggle": "communes:99903"}, **HTMX).status_code == 200
        return len(asked)

    ProjectFactory(zones=[zones[0]], lead_department=far)
    act(client, project, add="communes:99902")
    few = queries()
    many = [ZoneFactory(code=f"998{n:02d}", department=far) for n in range(40)]
    for n in range(5):
        ProjectFactory(zones=many[n * 5 : n * 5 + 10])
    act(client, project, add="departement:97X")
    act(client, project, toggle="communes:99903")
    assert queries() == few


def test_a_long_list_is_folded_by_department(project, client, neighbour):
    Zone.objects.bulk_create(
        Zone(
            code=f"98{n:03d}",
            name=f"Lieu {n}",
            search_name=f"lieu {n}",
            department=neighbour,
            population=10,
            vintage=2023,
        )
        for n in range(500)
    )
    page = act(client, project, add="departement:98")
    assert "Lieu 490" not in page.text
    assert [len(fold.lines) for fold in page.context["folded"]] == [0, 0]
    opened = client.get(url(project), {"ouvert": "99"})
    assert [[line.zone.name for line in fold.lines] for fold in opened.context["folded"]] == [[], ["Aubeville"]]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("nom", ["Aubeville", "Grand-Pré", "Saint-Cyr-sur-Aube"]),
        ("population", ["Aubeville", "Saint-Cyr-sur-Aube", "Grand-Pré"]),
    ],
)
def test_the_list_is_sorted(sort, names, project, client):
    act(client, project, add="departement:99")
    assert [line.zone.name for line in client.get(url(project), {"tri": sort}).context["lines"]] == names
    assert client.get(url(project), {"tri": "couleur"}).status_code == 400


def test_the_map_is_told_names_and_populations(project, client):
    assert client.get(url(project, "/communes/99")).json()["99901"] == ["Aubeville", 10_000]
    assert client.get(url(project, "/communes/xx")).json() == {}
