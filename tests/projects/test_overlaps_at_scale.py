"""The whole invented country: its 139 overlaps and nothing else, in as many questions as a single pair."""

from datetime import date

import pytest

from bench.scale import load_scale, truth
from projects.models import Project
from projects.overlaps import overlaps, overlaps_of
from territories.overlap import Kind

pytestmark = pytest.mark.django_db
DAY = date(2026, 9, 1)


def test_every_overlap_is_found_with_its_kind_and_nothing_else(django_assert_num_queries) -> None:
    keys = load_scale()
    ids = {key: id_ for id_, key in keys.items()}
    expected = truth()
    with django_assert_num_queries(3):
        pairs = overlaps(DAY)
    found = {
        (ids[pair.a.pk], ids[pair.b.pk]): (
            frozenset(zone.code for zone in pair.overlap.zones),
            pair.population,
            pair.kind,
        )
        for pair in pairs
    }
    assert found == expected
    assert {kind: sum(each.kind == kind for each in expected.values()) for kind in Kind} == {
        Kind.PARTIAL: 73,
        Kind.TOTAL: 9,  # two said so, seven said « chevauchement »
        Kind.TO_CHECK: 51,
        Kind.SAME: 6,
    }
    one = Project.objects.get(pk=keys["C00984"])  # one of the six that share Toulouse
    with django_assert_num_queries(4):
        of_one = overlaps_of(one, DAY)
    assert [pair for pair in pairs if one.pk in (pair.a.pk, pair.b.pk)] == of_one
