"""The figures of a project's territory, on a day, beside its department and its region."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from projects.context.diagnosing import Line, diagnosis_of
from territories.models import Figure, Zone
from tests.factories import ProjectFactory, ZoneFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 6, 1)


def figure(name: str, mode: str, values: dict[Zone, int], as_of: date = date(2024, 12, 31)) -> Figure:
    created = Figure.objects.create(name=name, mode=mode, as_of=as_of, source="Assurance Maladie", unit="patients")
    for zone, value in values.items():
        created.values.create(zone=zone, value=value)
    return created


def lines(project, day: date = DAY) -> dict[str, Line]:
    return {line.figure.name: line for line in diagnosis_of(project, day).lines}


def test_a_territory_beside_its_department_and_its_region(department, neighbour):
    here, there = ZoneFactory(department=department), ZoneFactory(department=department, population=3_000)
    outside = ZoneFactory(department=neighbour, population=6_000)
    project = ProjectFactory(lead_department=department, zones=[here])
    figure("ALD", Figure.Mode.SUM, {here: 10, there: 30, outside: 60})
    figure("Part", Figure.Mode.BY_POPULATION, {here: 10, there: 30, outside: 0})
    found = lines(project)
    assert [found["ALD"].value, found["ALD"].department, found["ALD"].region] == [10, 40, 100]
    assert found["ALD"].of_department == 0.25
    assert [found["Part"].value, found["Part"].department, found["Part"].region] == [10, 25, 10]


def test_it_follows_the_perimeter_and_the_figures_of_the_day(department):
    first, second = ZoneFactory(department=department), ZoneFactory(department=department)
    project = ProjectFactory(lead_department=department, zones=[first])
    project.perimeter.set_zones([first, second], date(2026, 1, 1))
    for year, value in ((2022, 1), (2025, 5)):
        figure("ALD", Figure.Mode.SUM, {first: value, second: value}, as_of=date(year, 12, 31))
    assert lines(project)["ALD"].value == 10
    assert lines(project, date(2025, 6, 1))["ALD"].value == 1
    assert lines(project, date(2021, 6, 1)) == {}


def test_a_split_commune_is_named_when_its_sum_is_not_shared_out(department):
    city = ZoneFactory(name="Bellevue", department=department)
    district = ZoneFactory(parent=city)
    part, other = (ZoneFactory(parent=district, kind=Zone.Kind.PART, population=500) for _ in range(2))
    figure("ALD", Figure.Mode.SUM, {city: 40})
    figure("Part", Figure.Mode.BY_POPULATION, {city: 12})
    some = lines(ProjectFactory(lead_department=department, zones=[part]))
    assert (some["ALD"].value, some["ALD"].undivided) == (None, ("Bellevue",))
    assert some["Part"].value == 12
    every = lines(ProjectFactory(lead_department=department, zones=[part, other]))
    assert (every["ALD"].value, every["ALD"].undivided) == (40, ())


def test_the_page_tells_what_it_does_not_know(department, reader, client_of):
    told, silent = ZoneFactory(department=department), ZoneFactory(department=department, name="Silence")
    project = ProjectFactory(lead_department=department, zones=[told, silent], zones__partial=[silent])
    figure("Patients en ALD", Figure.Mode.SUM, {told: 1_234})
    url = reverse("project_context", args=[project.pk])
    page = client_of(reader).get(url, {"date": DAY.isoformat()})
    for said in ("Patients en ALD", "1\u202f234", "50\u00a0%", "1 commune sans valeur", "Silence", "Assurance Maladie",
                 "31 décembre 2024", "1 commune du périmètre est tenue en"):  # fmt: skip
        assert said in page.text
    export = client_of(reader).get(url, {"date": DAY.isoformat(), "format": "csv"}).content.decode()
    assert "Patients en ALD;patients;Somme des communes;1234;1234;1234;Silence" in export
    assert client_of(reader).get(url, {"date": "hier"}).status_code == 400
    assert client_of(reader).get(url, {"format": "pdf"}).status_code == 400


def test_an_empty_perimeter_and_no_figure_are_told(department, reader, client_of):
    empty = ProjectFactory(lead_department=department)
    assert "Aucune commune à cette date" in client_of(reader).get(reverse("project_context", args=[empty.pk])).text
    held = ProjectFactory(lead_department=department, zones=[ZoneFactory(department=department)])
    page = client_of(reader).get(reverse("project_context", args=[held.pk]))
    assert "chargé à cette date" in page.text


def test_as_many_figures_and_zones_as_one_likes_ask_the_same_queries(department):
    project = ProjectFactory(lead_department=department, zones=ZoneFactory.create_batch(2, department=department))
    counts = []
    for day in (date(2025, 1, 1), date(2025, 2, 1)):
        zones = ZoneFactory.create_batch(4, department=department)
        project.perimeter.set_zones(zones, day)
        for number in range(3):
            figure(f"{day} {number}", Figure.Mode.SUM, dict.fromkeys(zones, 1))
        with CaptureQueriesContext(connection) as asked:
            assert len(diagnosis_of(project, day).lines) == len(counts) * 3 + 3
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_values_are_told_to_the_hundredth(department):
    zones = [ZoneFactory(department=department, population=population) for population in (1_000, 2_000)]
    project = ProjectFactory(lead_department=department, zones=zones)
    figure("Part", Figure.Mode.BY_POPULATION, {zones[0]: 1, zones[1]: 2})
    assert lines(project)["Part"].value == Decimal("1.67")
