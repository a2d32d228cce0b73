"""The list of projects: what it shows on a day, its filters, its order, its exports, its cost."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models.institution import Side
from projects.models import Verdict
from projects.states import State
from tests.factories import ProjectFactory, ZoneFactory

pytestmark = pytest.mark.django_db
LIST = "/projets/"


def names(response) -> list[str]:
    return [row.name for row, _ in response.context["rows"]]


def test_it_shows_the_living_projects_of_the_region(client_of, ars, department, neighbour, far):
    ProjectFactory(name="CPTS Nord", lead_department=department)
    ProjectFactory(name="CPTS Est", lead_department=neighbour)
    ProjectFactory(name="CPTS Loin", lead_department=far)
    ProjectFactory(
        name="CPTS Finie",
        stages=[(State.INITIATIVE, date(2020, 1, 1)), (State.ABANDONED, date(2021, 1, 1))],
    )
    assert names(client_of(ars).get(LIST)) == ["CPTS Est", "CPTS Nord"]


def test_a_project_of_another_region_that_reaches_here_is_shown(client_of, ars, department, far):
    ProjectFactory(name="CPTS À cheval", lead_department=far).other_departments.add(department)
    assert names(client_of(ars).get(LIST)) == ["CPTS À cheval"]


def test_it_shows_the_states_of_the_day_asked_for(client_of, ars):
    ProjectFactory(name="CPTS Ancienne", stages=[(State.INITIATIVE, date(2018, 1, 1)), (State.FILED, date(2020, 2, 1))])
    ProjectFactory(name="CPTS Récente", stages=[(State.INITIATIVE, date(2021, 1, 1))])
    response = client_of(ars).get(LIST, {"date": "2020-02-20"})
    assert [(row.name, row.state_on) for row, _ in response.context["rows"]] == [("CPTS Ancienne", State.FILED)]
    assert "Vous regardez la situation au" in response.text
    assert "?date=2020-02-20" in response.text  # the links keep the day
    today = client_of(ars).get(LIST)
    assert [row.state_on for row, _ in today.context["rows"]] == [State.VALIDATED, State.INITIATIVE]
    assert "Vous regardez la situation" not in today.text


@pytest.fixture
def four(department, neighbour):
    opened = date(2020, 1, 1)
    ProjectFactory(name="CPTS Étoile", lead_department=department)
    ProjectFactory(name="CPTS Saint-Jean", lead_department=neighbour, stages=[(State.ENGINEERING, opened)])
    ProjectFactory(name="CPTS Bord de Mer", stages=[(State.ACI_SIGNED, opened)])
    ProjectFactory(
        name="CPTS Ancienne", stages=[(State.INITIATIVE, opened), (State.ABANDONED, opened + timedelta(days=9))]
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "etoile"}, ["CPTS Étoile"]),
        ({"q": "ST JEAN"}, ["CPTS Saint-Jean"]),
        ({"departement": "98"}, ["CPTS Saint-Jean"]),
        ({"departement": ["98", "99"]}, ["CPTS Bord de Mer", "CPTS Étoile", "CPTS Saint-Jean"]),
        ({"region": "99"}, ["CPTS Bord de Mer", "CPTS Étoile", "CPTS Saint-Jean"]),
        ({"etat": "engineering"}, ["CPTS Saint-Jean"]),
        ({"etat": ["engineering", "abandoned"]}, ["CPTS Ancienne", "CPTS Saint-Jean"]),
        ({"colonne": "aci_signed"}, ["CPTS Bord de Mer"]),
        ({"tour": "ars"}, []),
        ({"tour": "promoter"}, ["CPTS Étoile", "CPTS Saint-Jean"]),
        ({"tour": ["promoter", "ars"], "departement": "98"}, ["CPTS Saint-Jean"]),
        ({"termines": "on"}, ["CPTS Ancienne", "CPTS Bord de Mer", "CPTS Étoile", "CPTS Saint-Jean"]),
        ({"colonne": "aci_signed", "etat": "engineering"}, []),
        ({"departement": "98", "etat": "initiative"}, []),
    ],
)
def test_its_filters(query, expected, client_of, ars, four):
    assert names(client_of(ars).get(LIST, query)) == expected


def test_each_active_filter_can_be_taken_away(client_of, ars, four):
    response = client_of(ars).get(LIST, {"q": "mer", "departement": ["98", "99"], "page": "1"})
    left = {active.text: active.query_without for active in response.context["active"]}
    assert left == {
        "« mer »": "departement=98&departement=99",
        "98 – Département 98": "q=mer&departement=99",
        "99 – Département 99": "q=mer&departement=98",
    }
    assert "Tout effacer" in response.text


@pytest.mark.parametrize(
    "query", [{"date": "hier"}, {"departement": "97X"}, {"etat": "parfait"}, {"tour": "moi"}, {"colonne": "x"}]
)
def test_a_filter_that_means_nothing_is_told_and_nothing_shown(query, client_of, ars, four, far):
    response = client_of(ars).get(LIST, query)
    assert response.status_code == 400
    assert "Ces filtres ne se lisent pas" in response.text
    assert names(response) == []


def test_a_page_that_does_not_exist_is_not_found(client_of, ars, four):
    assert client_of(ars).get(LIST, {"page": "7"}).status_code == 404


def test_it_sorts_by_a_heading_with_the_unknown_last(client_of, ars):
    small, large = ZoneFactory(population=500), ZoneFactory(population=9_000)
    ProjectFactory(name="CPTS Petite", zones=[small])
    ProjectFactory(name="CPTS Grande", zones=[large, small])
    ProjectFactory(name="CPTS Sans territoire")
    client = client_of(ars)
    by_population = client.get(LIST, {"tri": "-population"})
    assert names(by_population) == ["CPTS Grande", "CPTS Petite", "CPTS Sans territoire"]
    assert 'aria-sort="descending"' in by_population.text
    assert names(client.get(LIST, {"tri": "population"})) == ["CPTS Petite", "CPTS Grande", "CPTS Sans territoire"]
    assert names(client.get(LIST, {"tri": "perlimpinpin"})) == ["CPTS Grande", "CPTS Petite", "CPTS Sans territoire"]


def test_states_sort_by_maturity(client_of, ars, four):
    assert names(client_of(ars).get(LIST, {"tri": "etat"})) == ["CPTS Étoile", "CPTS Saint-Jean", "CPTS Bord de Mer"]


def test_it_counts_the_people_of_the_day(client_of, ars):
    project = ProjectFactory(zones=[ZoneFactory(population=700)])
    project.perimeter.set_zones([ZoneFactory(population=300)], date(2024, 1, 1))
    client = client_of(ars)
    assert [row.population for row, _ in client.get(LIST).context["rows"]] == [300]
    assert [row.population for row, _ in client.get(LIST, {"date": "2023-12-31"}).context["rows"]] == [700]
    assert "pop. 2023" in client.get(LIST).text


def test_columns_are_chosen_in_the_address_and_feed_the_export(client_of, ars):
    project = ProjectFactory(name="=CPTS Nord", zones=[ZoneFactory(population=700)])
    project.assignments.create(side=Side.ARS, user=ars, since=date(2020, 1, 1))
    query = {"colonnes": ["population", "referent_ars"]}
    page = client_of(ars).get(LIST, query)
    assert [column.key for column in page.context["columns"]] == ["nom", "population", "referent_ars"]
    csv = client_of(ars).get(LIST, {**query, "format": "csv"})
    assert csv["Content-Disposition"] == 'attachment; filename="projets-de-cpts.csv"'
    assert csv.content.decode("utf-8-sig") == f"Nom;Population;Référent ARS\r\n'=CPTS Nord;700;{ars}\r\n"
    sheet = load_workbook(BytesIO(client_of(ars).get(LIST, {**query, "format": "xlsx"}).content)).active
    assert list(sheet.values) == [("Nom", "Population", "Référent ARS"), ("=CPTS Nord", 700, str(ars))]
    assert sheet["A2"].data_type == "s"


def test_an_export_holds_every_page_of_what_is_filtered(client_of, ars, neighbour):
    ProjectFactory.create_batch(55)
    ProjectFactory(lead_department=neighbour)
    page = client_of(ars).get(LIST, {"departement": "99"})
    assert len(names(page)) == 50
    assert "55 projets" in page.text
    csv = client_of(ars).get(LIST, {"departement": "99", "format": "csv"}).content.decode()
    assert len(csv.splitlines()) == 56


def test_an_empty_list_says_what_to_do(client_of, ars):
    assert "Créez le premier projet" in client_of(ars).get(LIST).text
    assert "Aucun projet ne répond à ces filtres" in client_of(ars).get(LIST, {"q": "zzz"}).text


def test_only_who_may_create_is_offered_to(client_of, ars, reader):
    assert reverse("project_new") in client_of(ars).get(LIST).text
    assert reverse("project_new") not in client_of(reader).get(LIST).text


def test_it_tells_whose_turn_it_is_on_the_day_shown(client_of, ars):
    project = ProjectFactory(name="CPTS Nord", stages=[(State.LETTER_FILED, date(2026, 3, 2))])
    stage = project.stages.first()
    stage.opinions.create(side=Side.ARS, verdict=Verdict.FAVOURABLE, given_on=date(2026, 3, 20))
    client = client_of(ars)
    assert names(client.get(LIST, {"tour": "ars"})) == []
    assert names(client.get(LIST, {"tour": "ars", "date": "2026-03-19"})) == ["CPTS Nord"]
    page = client.get(LIST, {"tour": "insurance"})
    assert names(page) == ["CPTS Nord"]
    assert [active.text for active in page.context["active"]] == ["en attente de : CPAM"]
    csv = client.get(LIST, {"colonnes": "tour", "format": "csv", "date": "2026-03-19"}).content.decode("utf-8-sig")
    letter = "rendre l'avis sur la lettre d'intention"
    assert csv == f"Nom;À qui, depuis\r\nCPTS Nord;ARS et CPAM : {letter} (depuis le 2 mars 2026)\r\n"
    csv = client.get(LIST, {"colonnes": "tour", "format": "csv"}).content.decode("utf-8-sig")
    assert csv == f"Nom;À qui, depuis\r\nCPTS Nord;CPAM : {letter} (depuis le 2 mars 2026)\r\n"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?format=csv",
        "?tri=-population&etat=initiative&date=2024-01-01",
        "?tour=ars&tour=insurance",
        "?tour=ars&format=xlsx",
    ],
)
def test_its_cost_does_not_grow_with_the_projects(query, client_of, ars, neighbour):
    def add(count: int) -> None:
        stages = [(State.INITIATIVE, date(2019, 1, 1)), (State.FILED, timezone.localdate())]
        for project in ProjectFactory.create_batch(count, zones=[ZoneFactory()], stages=stages):
            project.assignments.create(side=Side.ARS, user=ars, since=date(2020, 1, 1))
            project.other_departments.add(neighbour)

    client = client_of(ars)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST + query).status_code == 200
        return len(captured)

    add(3)
    with_three = queries()
    add(5)
    assert queries() == with_three
    assert with_three <= 14


def test_a_project_filed_today_is_shown_filed_and_one_day_validated(client_of, ars):
    today = timezone.localdate()
    ProjectFactory(stages=[(State.ENGINEERING, date(2020, 1, 1)), (State.FILED, today)])
    client = client_of(ars)
    assert names(client.get(LIST, {"etat": "filed"})) == names(client.get(LIST))
    later = (today + timedelta(days=70)).isoformat()
    assert len(names(client.get(LIST, {"etat": "validated", "date": later}))) == 1
