"""Perimeters for mapping tools: who reads them with what, and that the files are right."""

import csv
import json
import logging
from datetime import date
from io import StringIO

import pytest
import shapely
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessToken, User
from aci.models import Tariff
from projects.models import Conciliation, Project
from projects.states import State
from territories.contours import dissolve
from territories.models import Department, Zone
from tests.factories import ProjectFactory, UserFactory

ADDRESSES = ["perimeters_geojson", "perimeters_csv"]


def zones(*codes: str) -> list[Zone]:
    return list(Zone.objects.filter(code__in=codes))


@pytest.fixture
def seine(geography: None) -> Department:
    return Department.objects.get(pk="93")


@pytest.fixture
def owner(seine: Department) -> User:
    return UserFactory(departments=[seine])


@pytest.fixture
def secret(owner: User) -> str:
    return AccessToken.issue(owner, "QGIS du bureau")[1]


@pytest.fixture
def project(seine: Department) -> Project:
    """Saint-Denis, and Aubervilliers in part; signed since 2020."""
    return ProjectFactory(
        name="CPTS de la Plaine",
        lead_department=seine,
        finess="930000019",
        zones=zones("93066"),
        zones__partial=zones("93001"),
        stages=[(State.INITIATIVE, date(2019, 1, 1)), (State.ACI_SIGNED, date(2020, 2, 20))],
    )


def layer(client: Client, **asked: str) -> dict:
    answer = client.get(reverse("perimeters_geojson"), asked)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/geo+json"
    return json.loads(answer.content)


def test_a_feature_tells_the_project(client: Client, secret: str, project: Project) -> None:
    day = date(2024, 1, 1)
    conciliation = Conciliation.objects.create(since=date(2023, 1, 1))
    conciliation.projects.set([project])
    (feature,) = layer(client, jeton=secret, date=day.isoformat())["features"]
    tariff = Tariff.objects.in_force(day)
    assert feature["properties"] == {
        "id": project.pk,
        "name": "CPTS de la Plaine",
        "state": "aci_signed",
        "state_label": "ACI signé, CPTS en fonctionnement",
        "since": "2020-02-20",
        "class": "phase_2",
        "class_label": "Phase 2 : CPTS en fonctionnement",
        "in_conciliation": True,
        "department": "93",
        "finess": "930000019",
        "population": sum(zone.population for zone in zones("93066", "93001")),
        "vintage": 2023,
        "tier": 4 if tariff else None,
        "zone_count": 2,
        "partial_zone_count": 1,
    }


def test_the_shape_is_exactly_the_zones_held_and_follows_rfc_7946(
    client: Client, secret: str, project: Project
) -> None:
    collection = layer(client, jeton=secret)
    assert "crs" not in collection
    shape = shapely.geometry.shape(collection["features"][0]["geometry"])
    assert shape.symmetric_difference(dissolve(["93066", "93001"])).area < 1e-9
    assert all(polygon.exterior.is_ccw for polygon in shapely.get_parts(shape))
    assert not any(ring.is_ccw for polygon in shapely.get_parts(shape) for ring in polygon.interiors)
    west, south, east, north = shape.bounds
    assert 2 < west < east < 3
    assert 48 < south < north < 50


def test_a_project_without_zone_has_no_shape(client: Client, secret: str, seine: Department) -> None:
    ProjectFactory(lead_department=seine)
    (feature,) = layer(client, jeton=secret)["features"]
    assert feature["geometry"] is None
    assert feature["properties"]["population"] is None


def test_the_table_has_a_row_for_each_zone_held(client: Client, secret: str, project: Project) -> None:
    answer = client.get(reverse("perimeters_csv"), headers={"Authorization": f"Bearer {secret}"})
    rows = list(csv.DictReader(StringIO(answer.content.decode())))
    assert [(row["project_id"], row["zone_code"], row["is_partial"]) for row in rows] == [
        (str(project.pk), "93001", "1"),
        (str(project.pk), "93066", "0"),
    ]
    assert rows[0]["zone"] == "Aubervilliers"
    assert rows[0]["state"] == "aci_signed"


def test_the_day_and_the_territory_are_those_asked_for(client: Client, secret: str, project: Project) -> None:
    ProjectFactory(lead_department=Department.objects.get(pk="75"), zones=zones("75119"))

    def told(key: str, **asked: str) -> set[str]:
        return {feature["properties"][key] for feature in layer(client, jeton=secret, **asked)["features"]}

    assert len(told("name")) == 2
    assert told("name", departement="93") == {project.name}
    assert len(told("name", region="11")) == 2
    assert told("name", departement="93", date="2018-12-31") == set()
    assert told("state", departement="93", date="2019-06-01") == {"initiative"}


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_token_opens_what_its_owner_reads_and_nothing_else(
    client: Client, secret: str, project: Project, name: str
) -> None:
    far = ProjectFactory(
        name="CPTS du Vieux-Port", lead_department=Department.objects.get(pk="13"), zones=zones("13201")
    )
    text = client.get(reverse(name), {"jeton": secret}).content.decode()
    assert project.name in text
    assert far.name not in text
    assert client.get(reverse(name), {"jeton": secret, "departement": "13"}).status_code == 400
    for page in ("home", "projects", "territory_map"):
        assert client.get(reverse(page), {"jeton": secret}).status_code == 302, "a token opens no page"


@pytest.mark.parametrize("name", ADDRESSES)
def test_nobody_and_dead_tokens_are_refused_in_plain_words(client: Client, owner: User, secret: str, name: str) -> None:
    for asked in ({}, {"jeton": ""}, {"jeton": "x" * 43}, {"jeton": AccessToken.objects.get().digest}):
        answer = client.get(reverse(name), asked)
        assert answer.status_code == 401, asked
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer["WWW-Authenticate"] == "Bearer"
    assert client.get(reverse(name), headers={"Authorization": "Bearer nothing"}).status_code == 401
    owner.is_active = False
    owner.save()
    assert client.get(reverse(name), {"jeton": secret}).status_code == 401
    owner.is_active = True
    owner.save()
    assert client.get(reverse(name), {"jeton": secret}).status_code == 200
    AccessToken.objects.get().revoke()
    answer = client.get(reverse(name), {"jeton": secret})
    assert answer.status_code == 401
    assert "révoqué" in answer.content.decode()


def test_a_dead_token_is_refused_even_to_who_is_logged_in(client: Client, owner: User, secret: str) -> None:
    client.force_login(owner)
    assert client.get(reverse("perimeters_geojson")).status_code == 200
    assert client.get(reverse("perimeters_geojson"), {"jeton": "nothing"}).status_code == 401


def test_reading_is_dated_once_a_day_and_is_not_shared_between_people(
    client: Client, secret: str, project: Project
) -> None:
    answer = client.get(reverse("perimeters_geojson"), {"jeton": secret})
    assert AccessToken.objects.get().last_used_on == timezone.localdate()
    assert "private" in answer["Cache-Control"]
    assert {"Authorization", "Cookie"} <= {name.strip() for name in answer["Vary"].split(",")}
    again = client.get(reverse("perimeters_geojson"), {"jeton": secret}, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_an_address_that_reads_is_not_written_to(client: Client, secret: str) -> None:
    assert client.post(f"{reverse('perimeters_geojson')}?jeton={secret}").status_code == 405


def test_no_log_ever_holds_a_token(
    client: Client, secret: str, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.get(reverse("perimeters_geojson"), {"jeton": secret})
    client.get(reverse("perimeters_geojson"), {"jeton": secret, "date": "jamais"})
    told = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
    assert any("/territoires/perimetres.geojson 200" in line for line in told)
    assert secret not in "\n".join(told)


@pytest.mark.parametrize("asked", [{"date": "2020-02-30"}, {"region": "XX"}, {"region": "11", "departement": "13"}])
def test_a_bad_question_is_refused_in_plain_words(client: Client, geography: None, asked: dict[str, str]) -> None:
    client.force_login(UserFactory())
    answer = client.get(reverse("perimeters_geojson"), asked)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert " : " in answer.content.decode()


def test_queries_do_not_depend_on_the_number_of_projects(
    client: Client, owner: User, project: Project, seine: Department
) -> None:
    client.force_login(owner)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            layer(client)
        return len(captured)

    few = count()
    for code in ("93048", "93051", "93063"):
        ProjectFactory(lead_department=seine, zones=zones(code))
    assert count() == few <= 15
