"""What the migrations make of the perimeters that they find."""

from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from django.apps import apps

from territories.models import Perimeter, PerimeterChange, PerimeterZone
from tests.factories import PerimeterFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db
tell_changes = import_module("territories.migrations.0003_changes_of_former_perimeters").tell_changes
JANUARY, JUNE = date(2024, 1, 1), date(2024, 6, 1)


def told_again(perimeter: Perimeter) -> list[PerimeterChange]:
    """The changes that the migration finds in the memberships alone, the earliest first."""
    PerimeterChange.objects.all().delete()
    tell_changes(apps, None)
    return list(perimeter.changes.order_by("since"))


def codes(zones: list[dict]) -> list[tuple[str, bool]]:
    return [(zone["code"], zone["is_partial"]) for zone in zones]


def test_a_former_perimeter_gets_a_change_for_each_day_on_which_it_moved():
    stays, leaves, comes = ZoneFactory.create_batch(3)
    author = UserFactory()
    perimeter = PerimeterFactory(zones=[stays, leaves], zones__since=JANUARY, zones__by=author)
    perimeter.set_zones([stays, comes], JUNE, by=author)
    typed = datetime(2024, 6, 3, 9, tzinfo=UTC)
    PerimeterZone.objects.filter(since=JUNE).update(recorded_at=typed)
    first, second = told_again(perimeter)
    assert (first.since, codes(first.entered), first.left) == (
        JANUARY,
        sorted([(stays.code, False), (leaves.code, False)]),
        [],
    )
    assert (codes(second.entered), codes(second.left)) == ([(comes.code, False)], [(leaves.code, False)])
    assert (second.recorded_by, second.recorded_at, second.origin) == (author, typed, PerimeterChange.Origin.COMPOSED)
    assert second.entered[0]["population"] == comes.population


def test_a_zone_held_otherwise_is_told_on_both_sides():
    zone = ZoneFactory()
    perimeter = PerimeterFactory(zones__since=JANUARY)
    perimeter.set_zones([], JANUARY, partial=[zone])
    perimeter.set_zones([zone], JUNE)
    *_, change = told_again(perimeter)
    assert (codes(change.entered), codes(change.left)) == ([(zone.code, False)], [(zone.code, True)])


def test_what_the_migration_tells_can_be_undone_as_what_is_recorded():
    stays, leaves, comes = ZoneFactory.create_batch(3)
    perimeter = PerimeterFactory(zones=[stays, leaves], zones__since=JANUARY)
    perimeter.set_zones([stays, comes], JUNE)
    *_, last = told_again(perimeter)
    perimeter.undo(last)
    assert set(perimeter.zones_on(JUNE)) == {stays, leaves}


def test_perimeters_are_not_mixed_up_and_an_empty_one_has_nothing_to_tell():
    one, other = (PerimeterFactory(zones=[ZoneFactory()], zones__since=day) for day in (JANUARY, JUNE))
    empty = PerimeterFactory()
    told_again(one)
    assert [perimeter.changes.count() for perimeter in (one, other, empty)] == [1, 1, 0]
