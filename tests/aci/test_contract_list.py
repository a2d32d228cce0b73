"""The list of contracts, and that of the ACI signed without one."""

import csv
from collections.abc import Callable
from datetime import date
from io import StringIO

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from aci.models import Contract, Tariff
from projects.states import State
from territories.models import Department
from tests.aci.acts import engage
from tests.factories import ContractFactory, MeetingFactory, ProjectFactory, TariffFactory

DAY = {"date": "2021-03-02"}


@pytest.fixture
def client(client_of: Callable[[User], Client], cpam: User) -> Client:
    return client_of(cpam)


def contract(department: Department, name: str, signed_on: date = date(2020, 3, 1), **said) -> Contract:
    stages = said.pop("stages", [(State.VALIDATED, date(2019, 6, 1)), (State.ACI_SIGNED, signed_on)])
    project = ProjectFactory(name=name, lead_department=department, stages=stages)
    return ContractFactory(project=project, signed_on=signed_on, **said)


@pytest.fixture
def contracts(department: Department, neighbour: Department, far: Department) -> dict[str, Contract]:
    ended = [(State.ACI_SIGNED, date(2019, 9, 1)), (State.TERMINATED, date(2020, 9, 1))]
    return {
        "young": contract(neighbour, "CPTS A", date(2021, 2, 1), terms__tier=1, terms__population=50_000),
        "old": contract(department, "CPTS B"),
        "ended": contract(department, "CPTS C", date(2019, 9, 1), stages=ended),
        "of the far region": contract(far, "CPTS D"),
    }


def listed(client: Client, **asked: object) -> list[str]:
    page = client.get(reverse("contracts"), DAY | asked)
    assert page.status_code == 200
    return [row.contract.project.name for row, _ in page.context["rows"]]


def rows(answer: HttpResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


def test_those_that_one_reads_and_that_are_not_over(client, contracts) -> None:
    assert listed(client) == ["CPTS A", "CPTS B"]
    assert listed(client, etat="ended") == ["CPTS C"]
    assert listed(client, etat="tous") == ["CPTS A", "CPTS B", "CPTS C"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"departement": "99"}, ["CPTS B"]),
        ({"departement": ["98", "99"]}, ["CPTS A", "CPTS B"]),
        ({"q": "cpts a"}, ["CPTS A"]),
        ({"taille": "1"}, ["CPTS A"]),
        ({"annee": "2"}, ["CPTS B"]),
        ({"signature": "2020"}, ["CPTS B"]),
        ({"retard": "on"}, ["CPTS B"]),
        ({"alerte": "mission_start"}, ["CPTS A", "CPTS B"]),
        ({"alerte": "mission_start", "retard": "on"}, ["CPTS B"]),
        ({"alerte": "renewal"}, []),
        ({"date": "2020-12-31"}, ["CPTS B"]),
        ({"date": "2024-10-01", "etat": "to_renew"}, ["CPTS B"]),
        ({"date": "2025-03-01", "etat": "expired"}, ["CPTS B"]),
    ],
)
def test_filters(client, contracts, asked, expected) -> None:
    assert listed(client, **asked) == expected


@pytest.mark.parametrize(
    "asked",
    [
        {"taille": "sept"},
        {"etat": "rien"},
        {"alerte": "rien"},
        {"departement": "97X"},
        {"date": "hier"},
        {"format": "pdf"},
    ],
)
def test_an_address_that_does_not_read_is_refused(client, contracts, asked) -> None:
    assert client.get(reverse("contracts"), asked).status_code == 400


@pytest.mark.parametrize(
    ("tri", "expected"),
    [("taille", ["CPTS A", "CPTS B"]), ("-taille", ["CPTS B", "CPTS A"]), ("signature", ["CPTS B", "CPTS A"])],
)
def test_order(client, contracts, tri, expected) -> None:
    assert listed(client, tri=tri) == expected


def test_figures_and_export(client, contracts) -> None:
    old = contracts["old"]
    engage(old, "acces_soins", date(2020, 6, 1))
    MeetingFactory(contract=old, held_on=date(2020, 11, 1))
    (row,) = rows(client.get(reverse("contracts"), DAY | {"departement": "99", "format": "csv"}))
    assert row == {
        "CPTS": "CPTS B",
        "Dép.": "99",
        "État": "En vigueur",
        "Signé le": "2020-03-01",
        "Année": "2",
        "Dernier jour": "2025-02-28",
        "Taille": "2",
        "Population du contrat": "98204",
        "Missions engagées": "1",
        "Retards": "4",  # the crisis plan and its mission, the care paths, the dialogue of the first year
    }
    page = client.get(reverse("contracts"), DAY | {"departement": "99"})
    assert "1 sur 4" in page.text
    assert f"{old.get_absolute_url()}#alertes" in page.text
    assert client.get(reverse("contracts"), DAY | {"format": "xlsx"}).status_code == 200


def test_as_many_queries_for_four_contracts_as_for_one(client, department, django_assert_max_num_queries) -> None:
    def count() -> int:
        with django_assert_max_num_queries(60) as captured:
            assert client.get(reverse("contracts"), DAY).status_code == 200
        return len(captured)

    engage(contract(department, "CPTS 0"), "acces_soins", date(2020, 6, 1))
    once = count()
    for number in range(1, 4):
        engage(contract(department, f"CPTS {number}"), "acces_soins", date(2020, 6, 1))
    assert count() == once


# Signed, and no contract


def test_signed_without_contract_are_counted_and_listed(client, contracts, department, neighbour, far) -> None:
    for name, where in (("CPTS X", department), ("CPTS Y", neighbour), ("CPTS Z", far)):
        ProjectFactory(name=name, lead_department=where, stages=[(State.ACI_SIGNED, date(2020, 10, 1))])
    ProjectFactory(name="CPTS W", lead_department=department, stages=[(State.VALIDATED, date(2020, 10, 1))])
    page = client.get(reverse("contracts"), DAY)
    assert page.context["missing"] == 2
    url = reverse("contracts_missing")
    assert f"{url}?date=2021-03-02" in page.text

    def missing(**asked: str) -> list[str]:
        return [project.name for project, _ in client.get(url, DAY | asked).context["rows"]]

    assert missing() == ["CPTS X", "CPTS Y"]
    assert missing(departement="98") == ["CPTS Y"]
    assert missing(date="2020-09-30") == []
    assert client.get(reverse("contracts"), DAY | {"departement": "98"}).context["missing"] == 1
    assert [row["CPTS"] for row in rows(client.get(url, DAY | {"format": "csv"}))] == ["CPTS X", "CPTS Y"]
    assert client.get(url, {"date": "hier"}).status_code == 400


def test_the_tiers_to_choose_are_those_of_the_approved_tariffs(client, contracts) -> None:
    Tariff.objects.get().tiers.create(number=5, lower_bound=500_000, source="…")
    TariffFactory(since=date(2027, 1, 1), approved_at=None).tiers.create(number=6, lower_bound=900_000, source="…")
    shown = client.get(reverse("contracts"), DAY).context["filter"].form.fields["taille"].choices
    assert [value for value, _ in shown] == ["", "1", "2", "5"]


def test_when_nothing_is_there_the_page_says_how_to_get_it(client) -> None:
    assert "La CPAM établit un contrat" in client.get(reverse("contracts")).text
    assert "Tous les ACI signés ont leur contrat" in client.get(reverse("contracts_missing")).text
