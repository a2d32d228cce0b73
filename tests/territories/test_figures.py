"""Figures: which one is the latest on a day, and who reads them."""

from datetime import date

import pytest

from territories.models import Figure
from tests.factories import DepartmentFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db


def figure(name: str, as_of: date) -> Figure:
    return Figure.objects.create(name=name, as_of=as_of, mode=Figure.Mode.SUM, source="Essai")


def test_the_latest_of_each_name_is_the_last_one_true_on_the_day():
    for year in (2022, 2024):
        figure("ALD", date(year, 12, 31))
    figure("Âge", date(2023, 12, 31))
    assert [str(each.as_of.year) + each.name for each in Figure.objects.latest_on(date(2026, 1, 1))] == [
        "2024ALD",
        "2023Âge",
    ]
    assert [each.as_of.year for each in Figure.objects.latest_on(date(2023, 6, 1))] == [2022]
    assert not Figure.objects.latest_on(date(2020, 1, 1)).exists()


def test_a_figure_is_read_where_it_tells_something():
    near, far = ZoneFactory(), ZoneFactory(department=DepartmentFactory(code="97X", region__code="97"))
    reader = UserFactory(departments=[near.department])
    told = figure("ALD", date(2024, 12, 31))
    assert not Figure.objects.for_user(reader).exists()
    told.values.create(zone=far, value=3)
    assert not Figure.objects.for_user(reader).exists()
    told.values.create(zone=near, value=3)
    assert Figure.objects.for_user(reader).get() == told
