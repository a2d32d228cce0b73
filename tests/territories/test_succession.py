"""Zones that give way: who holds what, from which day on, and what nobody may lose or hold twice."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from territories.models import PerimeterChange, PerimeterZone, Zone
from territories.succession import Event, Held, replace_zones, set_aside, succeed
from tests.factories import PerimeterFactory, ZoneFactory

DAY = date(2025, 1, 1)
A, B, AB = 1, 2, 10
MERGER = {AB: {A, B}}
PARTS = {11: {A}, 12: {A}}


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def row(zone: int, since: int, until: int | None = None, is_partial: bool = False) -> Held:
    return Held(zone, is_partial, day(since), None if until is None else day(until))


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([row(A, -9), row(B, -9)], [row(AB, 0)]),
        ([row(A, -9)], [row(AB, 0, is_partial=True)]),
        ([row(A, -9), row(B, -9, is_partial=True)], [row(AB, 0, is_partial=True)]),
        ([row(A, -9, -1), row(B, -9, 0)], []),  # both had left
        ([row(A, -9), row(B, 5)], [row(AB, 0, 5, is_partial=True), row(AB, 5)]),
        ([row(A, -9), row(B, -9, 5)], [row(AB, 0, 5), row(AB, 5, is_partial=True)]),
        ([row(A, -9, 5), row(B, 5)], [row(AB, 0, is_partial=True)]),  # one for the other: still a part, not yet known
        ([row(A, 3, 5)], [row(AB, 3, 5, is_partial=True)]),  # comes and leaves later
        ([row(A, 3, 5), row(A, 8)], [row(AB, 3, 5, is_partial=True), row(AB, 8, is_partial=True)]),
        ([row(A, -9, 5), row(A, 5, is_partial=True), row(B, -9)], [row(AB, 0, 5), row(AB, 5, is_partial=True)]),
    ],
)
def test_a_merger(held, expected):
    assert succeed(held, MERGER, DAY) == expected


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([row(A, -9)], [row(11, 0), row(12, 0)]),
        ([row(A, -9, is_partial=True)], [row(11, 0, is_partial=True), row(12, 0, is_partial=True)]),
        ([row(A, -9, 4)], [row(11, 0, 4), row(12, 0, 4)]),
    ],
)
def test_a_commune_told_in_parts(held, expected):
    assert succeed(held, PARTS, DAY) == expected


@st.composite
def histories(draw) -> list[Held]:
    """Two zones held at times that do not run over each other, as the database keeps them."""
    rows = []
    for zone in (A, B):
        days = sorted(draw(st.sets(st.integers(-6, 6), max_size=6)))
        for index in range(0, len(days) - 1, 2):
            rows.append(row(zone, days[index], days[index + 1], draw(st.booleans())))
        if len(days) % 2:
            rows.append(row(zone, days[-1], None, draw(st.booleans())))
    return rows


@given(histories(), st.sampled_from([MERGER, PARTS, {AB: {A, B}, 11: {B}}]))
def test_every_day_says_the_same(held, predecessors):
    """On each day after: held when a predecessor was, wholly when all were; once; as long as it lasts, in one row."""
    holds = succeed(held, predecessors, DAY)
    for moment in map(day, range(-8, 9)):
        before = {each.zone: each.is_partial for each in held if each.is_true_on(moment)}
        now = [each for each in holds if each.is_true_on(moment)]
        assert len({each.zone for each in now}) == len(now), "no zone twice"
        expected = {
            successor: not all(before.get(zone) is False for zone in zones)
            for successor, zones in predecessors.items()
            if moment >= DAY and before.keys() & zones
        }
        assert {each.zone: each.is_partial for each in now} == expected
    for one, other in pairwise(holds):
        assert (one.zone, one.is_partial, one.until) != (other.zone, other.is_partial, other.since)


@pytest.mark.django_db
class TestPerimeters:
    @pytest.fixture
    def merger(self) -> Event:
        absorbed, commune = ZoneFactory(population=300), ZoneFactory(population=700)
        former = set_aside(commune, DAY)
        Zone.objects.filter(pk__in=[absorbed.pk, former.pk]).update(until=DAY)
        Zone.objects.filter(pk=commune.pk).update(population=1_000)
        return Event({commune: [absorbed, former]}, "Fusion.")

    def run(self, event: Event) -> list[PerimeterChange]:
        return replace_zones([event], DAY, origin=PerimeterChange.Origin.GEOGRAPHY)

    def population(self, perimeter, moment: date) -> int:
        return sum(zone.population for zone in perimeter.zones_on(moment))

    def test_populations_add_up_before_and_after(self, merger):
        [(commune, (absorbed, former))] = merger.predecessors.items()
        perimeter = PerimeterFactory(zones=[ZoneFactory(population=5)])
        for zone in (absorbed, former):
            PerimeterZone.objects.create(perimeter=perimeter, zone=zone, since=date(2020, 1, 1))
        self.run(merger)
        assert (self.population(perimeter, day(-1)), self.population(perimeter, DAY)) == (1_005, 1_005)
        for moment in (day(-1), DAY):
            leaves = Zone.objects.leaves(moment).filter(pk__in=[commune.pk, absorbed.pk, former.pk])
            assert sum(zone.population for zone in leaves) == 1_000

    def test_again_it_finds_nothing(self, merger):
        [(_, (absorbed, _))] = merger.predecessors.items()
        perimeter = PerimeterFactory()
        PerimeterZone.objects.create(perimeter=perimeter, zone=absorbed, since=date(2020, 1, 1))
        assert len(self.run(merger)) == 1
        rows = list(PerimeterZone.objects.values_list())
        assert self.run(merger) == []
        assert list(PerimeterZone.objects.values_list()) == rows

    def test_what_was_held_goes_with_the_former_territory(self):
        commune = ZoneFactory()
        perimeter = PerimeterFactory(zones=[commune])
        part = ZoneFactory(parent=commune, kind=Zone.Kind.PART)
        former = set_aside(commune, DAY)
        assert former.code == f"{commune.code}-2024"
        assert perimeter.zones.get() == former
        part.refresh_from_db()
        assert part.parent == former
        assert set_aside(commune, day(40)).code == f"{commune.code}-2025"
        assert set_aside(commune, day(90)).code == f"{commune.code}-2025b"
