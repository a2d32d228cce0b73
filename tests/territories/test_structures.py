"""Structures: which ones a territory meets, and how much of them."""

from datetime import date

import pytest
from django.db import IntegrityError

from territories.models import Structure, Zone
from tests.factories import DepartmentFactory, StructureFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db


def covering(*zones: Zone) -> dict[str, tuple[int, int]]:
    """The structures that cover one of `zones`: how many of their communes are met, out of how many."""
    held = Zone.objects.filter(pk__in=[zone.pk for zone in zones])
    found = Structure.objects.covering(held).with_share(held)
    return {each.name: (each.met_count, each.zone_count) for each in found}


def test_a_structure_is_met_by_any_of_its_communes():
    here, there, elsewhere = ZoneFactory.create_batch(3)
    StructureFactory(name="Les deux", zones=[here, there])
    StructureFactory(name="Ailleurs", zones=[elsewhere])
    assert covering(here) == {"Les deux": (1, 2)}
    assert covering(here, there) == {"Les deux": (2, 2)}


def test_a_structure_told_for_a_split_commune_covers_its_parts_at_both_levels():
    city = ZoneFactory()
    district = ZoneFactory(parent=city)
    part = ZoneFactory(parent=district, kind=Zone.Kind.PART)
    StructureFactory(name="Ville", zones=[city])
    assert covering(district) == {"Ville": (1, 1)}
    assert covering(part) == {"Ville": (1, 1)}


@pytest.mark.parametrize(("since", "until", "exists"), [
    (None, None, True),
    (date(2026, 6, 1), None, True),
    (date(2026, 6, 2), None, False),
    (None, date(2026, 6, 1), False),
    (None, date(2026, 6, 2), True),
])  # fmt: skip
def test_a_structure_exists_from_its_first_day_to_the_day_before_its_end(since, until, exists):
    StructureFactory(since=since, until=until)
    assert Structure.objects.on(date(2026, 6, 1)).exists() is exists


def test_a_structure_is_told_once_a_department():
    StructureFactory(name="MSP du Canal")
    StructureFactory(name="MSP du Canal", department=DepartmentFactory(code="98"))
    with pytest.raises(IntegrityError):
        StructureFactory(name="msp du CANAL")


def test_structures_are_read_in_the_region_of_the_communes_they_cover():
    near, far = ZoneFactory(), ZoneFactory(department=DepartmentFactory(code="97X", region__code="97"))
    StructureFactory(name="Ici", zones=[near])
    StructureFactory(name="Loin", department=far.department, zones=[far])
    reader = UserFactory(departments=[near.department])
    assert [each.name for each in Structure.objects.for_user(reader)] == ["Ici"]


def test_the_last_day_is_the_one_before_the_end():
    assert Structure(until=date(2026, 3, 1)).last_day == date(2026, 2, 28)
    assert Structure().last_day is None
    assert Structure(kind="msp").kind_label == "MSP"
    assert Structure(kind="garde").kind_label == "Secteur de garde"
