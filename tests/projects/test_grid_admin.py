"""Grids in the admin: a version that has served is not rewritten, a new one is made."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from projects.models import Grid, GridAnswer, GridItem
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def of_the_country(db) -> User:
    return UserFactory(role=User.Role.ADMINISTRATOR)


@pytest.fixture
def grid(db) -> Grid:
    grid = Grid.objects.create(kind=Grid.Kind.LETTER, version="2020", since=date(2020, 1, 1), source="Guide")
    for position, text in enumerate(["Le porteur est identifié", "Un calendrier est proposé"], 1):
        GridItem.objects.create(grid=grid, position=position, section="Porteur", text=text, help="Selon le guide.")
    return grid


def tick(grid: Grid) -> None:
    GridAnswer.objects.create(project=ProjectFactory(), item=grid.items.first(), side="ars", tick="yes")


def url(page: str, grid: Grid) -> str:
    return reverse(f"admin:projects_grid_{page}", args=[grid.pk])


def change(client: Client, grid: Grid, **changed: str) -> HttpResponse:
    sent = {"kind": grid.kind, "version": grid.version, "source": grid.source, "since": str(grid.since), "until": ""}
    items = grid.items.all()
    sent |= {"items-TOTAL_FORMS": str(len(items)), "items-INITIAL_FORMS": str(len(items))}
    for number, item in enumerate(items):
        said = {"id": item.pk, "grid": grid.pk, "position": item.position, "section": item.section}
        said |= {"text": item.text, "help": item.help}
        sent |= {f"items-{number}-{name}": value for name, value in said.items()}
    return client.post(url("change", grid), sent | changed)


def test_a_version_that_has_not_served_is_rewritten(grid, client_of: ClientOf, of_the_country):
    response = change(client_of(of_the_country), grid, **{"items-0-text": "Le porteur est légitime"})
    assert response.status_code == 302
    assert grid.items.first().text == "Le porteur est légitime"


def test_a_ticked_version_is_ended_and_never_rewritten(grid, client_of: ClientOf, of_the_country):
    tick(grid)
    client = client_of(of_the_country)
    page = client.get(url("change", grid))
    assert "faites une nouvelle version" in page.text
    assert "items-0-text" not in page.text
    sent = {"items-0-text": "Tout autre chose", "items-1-DELETE": "on", "version": "2019", "since": "2019-01-01"}
    assert change(client, grid, **sent, until="2026-01-01").status_code == 302
    grid = Grid.objects.get()
    assert (grid.version, grid.since, grid.until) == ("2020", date(2020, 1, 1), date(2026, 1, 1))
    assert [item.text for item in grid.items.all()] == ["Le porteur est identifié", "Un calendrier est proposé"]


def test_only_a_version_that_has_not_served_is_deleted(grid, client_of: ClientOf, of_the_country):
    other = Grid.objects.create(kind=Grid.Kind.DIAGNOSIS, version="2020", since=date(2020, 1, 1))
    tick(grid)
    client = client_of(of_the_country)
    assert client.post(url("delete", grid), {"post": "yes"}).status_code == 403
    both = {"action": "delete_selected", "_selected_action": [grid.pk, other.pk], "post": "yes"}
    client.post(reverse("admin:projects_grid_changelist"), both)
    assert Grid.objects.count() == 2
    assert client.post(url("delete", other), {"post": "yes"}).status_code == 302
    assert list(Grid.objects.all()) == [grid]


def test_a_new_version_starts_as_a_copy_and_ends_the_former_today(grid, client_of: ClientOf, of_the_country):
    tick(grid)
    today = timezone.localdate()
    client = client_of(of_the_country)
    assert url("new_version", grid) in client.get(url("change", grid)).text
    response = client.post(url("new_version", grid))
    grid.refresh_from_db()
    copy = Grid.objects.get(until=None)
    assert response.url == url("change", copy)
    assert (grid.until, copy.since, copy.source) == (today, today, "Guide")
    points = [(item.position, item.section, item.text, item.help) for item in copy.items.all()]
    assert points == [(item.position, item.section, item.text, item.help) for item in grid.items.all()]
    assert change(client, copy, **{"items-0-text": "Le porteur est légitime"}).status_code == 302


def test_a_version_copied_twice_takes_another_name_and_only_one_is_in_use(grid, client_of: ClientOf, of_the_country):
    client, today = client_of(of_the_country), timezone.localdate()
    for _ in range(2):
        client.post(url("new_version", grid))
    assert {version.version for version in Grid.objects.all()} == {"2020", str(today.year), f"{today.year}-2"}
    assert Grid.objects.on(today).count() == 1


def test_a_new_version_stops_where_one_to_come_begins(grid, client_of: ClientOf, of_the_country):
    coming_on = timezone.localdate() + timedelta(days=30)
    Grid.objects.filter(pk=grid.pk).update(until=coming_on)
    Grid.objects.create(kind=grid.kind, version="à venir", since=coming_on)
    client_of(of_the_country).post(url("new_version", grid))
    assert Grid.objects.get(since=timezone.localdate()).until == coming_on


def test_two_versions_in_use_on_a_day_are_refused_in_french(grid, client_of: ClientOf, of_the_country):
    other = Grid.objects.create(kind=grid.kind, version="2018", since=date(2018, 1, 1), until=date(2019, 1, 1))
    page = change(client_of(of_the_country), other, until="")
    assert page.status_code == 200
    assert "«\u00a02020\u00a0» est en vigueur à ces dates" in page.text
    other.refresh_from_db()
    assert other.until == date(2019, 1, 1)


def test_an_administrator_of_a_department_reads_the_grids(grid, client_of: ClientOf, department):
    client = client_of(UserFactory(role=User.Role.ADMINISTRATOR, departments=[department]))
    page = client.get(url("change", grid))
    assert page.status_code == 200
    assert url("new_version", grid) not in page.text
    assert change(client, grid, version="2021").status_code == 403
    assert client.post(url("new_version", grid)).status_code == 403
    assert Grid.objects.get().version == "2020"


def test_a_new_version_is_made_by_a_form_not_by_a_link(grid, client_of: ClientOf, of_the_country):
    assert client_of(of_the_country).get(url("new_version", grid)).status_code == 405
    missing = reverse("admin:projects_grid_new_version", args=[999_999])
    assert client_of(of_the_country).post(missing).status_code == 404
    assert Grid.objects.count() == 1
