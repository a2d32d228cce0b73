"""One pair of projects: what they share, what the doctrine offers them, and what its reader may not know."""

import csv
from datetime import date
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.models import User
from aci.models import Tariff
from aci.worth import worth
from ground.templatetags.french import euros
from projects.models import Project
from projects.states import State
from territories.models import Department, Zone
from tests.factories import ProjectFactory, UserFactory, ZoneFactory

DAY = {"date": "2026-01-01"}
THIN, NBSP = "\u202f", "\u00a0"


@pytest.fixture
def communes(plaine: Department) -> list[Zone]:
    return [ZoneFactory(department=plaine, code=f"A2{n:03d}", name=f"Bourg {n}", population=20_000) for n in range(4)]


@pytest.fixture
def pair(plaine: Department, communes: list[Zone]) -> tuple[Project, Project]:
    """One validated, the other still writing: Bourg 1 and Bourg 2 are in both."""
    validated = [(State.ENGINEERING, date(2019, 1, 1)), (State.VALIDATED, date(2020, 3, 2))]
    writing = [(State.ENGINEERING, date(2021, 1, 1))]
    first = ProjectFactory(name="CPTS Une", lead_department=plaine, zones=communes[:3], stages=validated)
    second = ProjectFactory(name="CPTS Deux", lead_department=plaine, zones=communes[1:], stages=writing)
    return first, second


def url(one: Project, other: Project) -> str:
    return reverse("overlap_pair", args=[one.pk, other.pk])


def test_both_projects_with_the_situation_and_what_the_doctrine_offers(client_of, delegation: User, pair) -> None:
    page = client_of(delegation).get(url(*pair), DAY)
    text = " ".join(page.text.split()).replace("&#x27;", "'")
    for told in (
        "Situation 1 : un projet déjà validé, superposition partielle",
        "CPTS Une est antérieure : projet de santé validé le 2 mars 2020.",
        "Adhésion ou partenariat",
        "La CPTS 1, investie d'une mission territoriale, a la responsabilité de cette intégration.",
        "24 février 2020",
        f"60{THIN}000 hab.",
        f"66,7{NBSP}%",
        "Bourg 1",
        "Bourg 2",
        f"40{THIN}000",
    ):
        assert " ".join(told.split()) in text
    assert "Bourg 3" not in text


def test_tier_and_euros_of_each_side(client_of, delegation: User, pair) -> None:
    call_command("load_tariffs", verbosity=0)
    granted = worth(60_000, Tariff.objects.in_force(date(2026, 1, 1)).data())
    text = client_of(delegation).get(url(*pair), DAY).text
    assert text.count(euros(granted.total)) == 2
    assert "".join(text.split()).count(f"<dd>{granted.tier}</dd>") == 2


def test_the_order_of_the_address_does_not_matter(client_of, delegation: User, pair) -> None:
    client = client_of(delegation)
    one, other = (client.get(url(*order), DAY).context["pair"] for order in (pair, pair[::-1]))
    assert one == other


def test_before_the_second_one_was_known_they_share_nothing(client_of, delegation: User, pair) -> None:
    page = client_of(delegation).get(url(*pair), {"date": "2020-06-01"})
    assert page.status_code == 200
    assert "ne se superposent pas à cette date" in page.text
    assert client_of(delegation).get(url(*pair), {"date": "demain"}).status_code == 400


def test_the_side_of_another_region_is_only_named(
    client_of, delegation: User, pair, communes, elsewhere: Department
) -> None:
    here, _ = pair
    there = ProjectFactory(
        name="CPTS de là-bas",
        lead_department=elsewhere,
        zones=[*communes[:1], ZoneFactory(population=55_555)],
        stages=[(State.FILED, date(2025, 12, 5))],
    )
    page = client_of(delegation).get(url(here, there), DAY)
    text = page.text.replace("&#x27;", "'")
    assert "CPTS de là-bas" in text
    assert "appelez l'ARS ou la CPAM de Ailleurs" in text
    assert "Bourg 0" in text
    for kept in (there.get_absolute_url(), f"75{THIN}555", "5 décembre 2025", "26,5"):
        assert kept not in text


def test_a_pair_that_one_may_not_know_does_not_exist(client_of, delegation: User, pair, elsewhere: Department) -> None:
    far = ZoneFactory(department=elsewhere)
    hidden = [ProjectFactory(lead_department=elsewhere, zones=[far]) for _ in range(2)]
    client = client_of(delegation)
    assert client.get(url(*hidden), DAY).status_code == 404
    assert client.get(url(pair[0], hidden[0]), DAY).status_code == 404  # it shares nothing with one's own
    assert client.get(url(pair[0], pair[0]), DAY).status_code == 404
    for a, b in ((pair[0].pk, 10**9), (pair[0].pk, 10**20), (10**20, pair[0].pk), (10**20, 10**20)):
        assert client.get(reverse("overlap_pair", args=[a, b]), DAY).status_code == 404
    assert client_of(UserFactory()).get(url(*hidden), DAY).status_code == 200  # who reads the country does


def test_two_validated_projects_are_said_to_be_outside_the_doctrine(
    client_of, delegation: User, plaine: Department, communes
) -> None:
    both = [
        ProjectFactory(lead_department=plaine, zones=communes, stages=[(State.VALIDATED, date(2020, 1, n))])
        for n in (1, 2)
    ]
    text = client_of(delegation).get(url(*both), DAY).text
    assert "La doctrine ne prévoit pas ce cas" in text
    assert "Ce que la doctrine offre" not in text


def test_the_pair_as_a_file(client_of, delegation: User, pair) -> None:
    answer = client_of(delegation).get(url(*pair), DAY | {"format": "csv"})
    (row,) = csv.DictReader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    assert row["Situation"] == "Situation 1 : un projet déjà validé"
    assert (row["Projet antérieur"], row["Antérieur depuis le"]) == ("CPTS Une", "2020-03-02")
    assert client_of(delegation).get(url(*pair), DAY | {"format": "pdf"}).status_code == 400


def test_queries_do_not_grow_with_zones_and_projects(
    client_of, delegation: User, pair, communes, plaine: Department, django_assert_num_queries
) -> None:
    client = client_of(delegation)
    client.get(url(*pair))
    for _ in range(2):
        with django_assert_num_queries(12):
            assert client.get(url(*pair)).status_code == 200
        for _ in range(4):
            ProjectFactory(lead_department=plaine, zones=communes)
