"""What two perimeters share: the field's own cases, then what holds for any two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from territories.overlap import Extent, Held, Kind, SharedZone, among, overlap, ratio

MONTREUIL, BAGNOLET, PANTIN = {"93048": Held(112_000)}, {"93006": Held(39_000)}, {"93055": Held(60_000)}
PART_OF_MONTREUIL = {"93048": Held(112_000, is_partial=True)}


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        (MONTREUIL, MONTREUIL | BAGNOLET, Kind.TOTAL),  # a lies within b
        (MONTREUIL | BAGNOLET, MONTREUIL, Kind.TOTAL),  # b lies within a
        (MONTREUIL, MONTREUIL, Kind.TOTAL),
        (MONTREUIL | BAGNOLET, MONTREUIL | PANTIN, Kind.PARTIAL),
        (PART_OF_MONTREUIL, MONTREUIL, Kind.TO_CHECK),
        (PART_OF_MONTREUIL, PART_OF_MONTREUIL | PANTIN, Kind.TO_CHECK),
        (PART_OF_MONTREUIL | BAGNOLET, MONTREUIL | BAGNOLET, Kind.TOTAL),  # whichever part a means, b holds it
        (PART_OF_MONTREUIL | BAGNOLET, MONTREUIL | BAGNOLET | PANTIN, Kind.TOTAL),
        (PART_OF_MONTREUIL | BAGNOLET | PANTIN, MONTREUIL | BAGNOLET, Kind.PARTIAL),  # b's Montreuil is wider than a's
        (PART_OF_MONTREUIL | BAGNOLET, PART_OF_MONTREUIL | BAGNOLET, Kind.PARTIAL),  # perhaps not the same part
    ],
)
def test_kind(a: dict, b: dict, kind: Kind) -> None:
    assert overlap(a, b).kind == kind


def test_figures() -> None:
    found = overlap(MONTREUIL | BAGNOLET, MONTREUIL | PANTIN)
    assert [zone.code for zone in found.zones] == ["93048"]
    assert (found.population, found.a.population, found.b.population) == (112_000, 151_000, 172_000)


def test_sameness_counts_the_zones_that_both_wholly_hold() -> None:
    assert overlap(MONTREUIL | BAGNOLET, MONTREUIL | BAGNOLET).sameness == 1
    assert overlap(MONTREUIL | BAGNOLET, MONTREUIL | PANTIN).sameness == pytest.approx(1 / 3)
    assert overlap(PART_OF_MONTREUIL, PART_OF_MONTREUIL).sameness == 0


def test_nothing_in_common() -> None:
    assert overlap(MONTREUIL, PANTIN) is None


def test_a_territory_without_inhabitants_has_no_share() -> None:
    ghost_village = {"55039": Held(0)}
    found = overlap(ghost_village, ghost_village)
    assert (found.population, found.kind) == (0, Kind.TOTAL)
    assert ratio(found.population, found.a.population) == 0


def test_zones_stand_in_code_order() -> None:
    found = among([SharedZone("93055", 1), SharedZone("93006", 2)], Extent(9, 3), Extent(9, 3))
    assert [zone.code for zone in found.zones] == ["93006", "93055"]


perimeters = st.dictionaries(st.sampled_from([f"99{n:03d}" for n in range(12)]), st.booleans(), min_size=1).map(
    lambda zones: {code: Held(int(code[2:]) * 100, is_partial) for code, is_partial in zones.items()}
)


@given(perimeters, perimeters)
def test_both_sides_tell_the_same(a: dict, b: dict) -> None:
    one, other = overlap(a, b), overlap(b, a)
    if one is None:
        assert other is None
        return
    assert (one.population, one.kind) == (other.population, other.kind)
    assert (one.a, one.b) == (other.b, other.a)
    assert one.sameness == other.sameness
    assert 0 <= one.sameness <= 1
    assert [zone.code for zone in one.zones] == [zone.code for zone in other.zones]


@given(perimeters, perimeters)
def test_what_is_shared_is_in_both(a: dict, b: dict) -> None:
    found = overlap(a, b)
    assert (found is None) == a.keys().isdisjoint(b)
    if found:
        assert {zone.code for zone in found.zones} == a.keys() & b.keys()
        assert found.population <= min(found.a.population, found.b.population)
        assert (found.kind == Kind.TO_CHECK) == all(zone.is_partial for zone in found.zones)
