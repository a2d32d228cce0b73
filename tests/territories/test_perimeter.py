"""Perimeters over time, and what may happen to the zones they hold."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from territories.models import Perimeter, Zone
from tests.factories import PerimeterFactory, ZoneFactory

pytestmark = pytest.mark.django_db
JANUARY, JUNE = date(2024, 1, 1), date(2024, 6, 1)


def codes(perimeter: Perimeter, day: date) -> list[str]:
    return sorted(zone.code for zone in perimeter.zones_on(day))


def test_a_change_keeps_what_was_before():
    stays, leaves, comes = ZoneFactory.create_batch(3)
    perimeter = PerimeterFactory(zones=[stays, leaves], zones__since=JANUARY)
    perimeter.set_zones([stays, comes], JUNE)
    assert codes(perimeter, date(2024, 5, 31)) == sorted([stays.code, leaves.code])
    assert codes(perimeter, JUNE) == sorted([stays.code, comes.code])
    assert perimeter.memberships.get(zone=stays).since == JANUARY, "a zone that stays is not written again"


def test_a_second_change_of_the_same_day_replaces_the_first():
    first, second = ZoneFactory.create_batch(2)
    perimeter = PerimeterFactory(zones=[first], zones__since=JANUARY)
    perimeter.set_zones([second], JANUARY)
    assert [(held.zone, held.since, held.until) for held in perimeter.memberships.all()] == [(second, JANUARY, None)]


def test_the_past_is_not_rewritten_under_a_later_change():
    stays, leaves = ZoneFactory.create_batch(2)
    perimeter = PerimeterFactory(zones=[stays, leaves], zones__since=JANUARY)
    perimeter.set_zones([stays], JUNE)
    with pytest.raises(ValidationError, match="a déjà changé le 1er juin 2024"):
        perimeter.set_zones([stays, leaves], date(2024, 3, 1))
    assert codes(perimeter, date(2024, 4, 1)) == sorted([stays.code, leaves.code])
    assert codes(perimeter, JUNE) == [stays.code]


def test_a_split_commune_stands_for_its_parts():
    city = ZoneFactory()
    parts = ZoneFactory.create_batch(2, parent=city)
    assert codes(PerimeterFactory(zones=[city]), JANUARY) == sorted(part.code for part in parts)


def test_a_zone_held_in_part_becomes_whole():
    zone = ZoneFactory()
    perimeter = PerimeterFactory(zones__since=JANUARY)
    perimeter.set_zones([], JANUARY, partial=[zone])
    perimeter.set_zones([zone], JUNE)
    assert [(held.is_partial, held.since, held.until) for held in perimeter.memberships.order_by("since")] == [
        (True, JANUARY, JUNE),
        (False, JUNE, None),
    ]


def test_a_zone_that_a_project_holds_is_not_split_under_it():
    held = ZoneFactory()
    PerimeterFactory(zones=[held])
    part = Zone(code="99ABC0101", name="Quartier nord", kind=Zone.Kind.PART, parent=held, department=held.department)
    part.population, part.vintage = 500, 2023
    with pytest.raises(ValidationError, match="dans le périmètre d'un projet"):
        part.full_clean()
