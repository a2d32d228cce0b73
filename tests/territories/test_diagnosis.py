"""A figure over a territory: sums, weighted means, what is missing, and what cannot be shared out."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from territories.diagnosis import Leaf, mean, total

D = Decimal
A, B, C = Leaf("A", 1_000), Leaf("B", 3_000), Leaf("C", 500)
P1, P2 = Leaf("P1", 600, within=("P",)), Leaf("P2", 400, within=("P",))
PARTS = {"P": 2}


def test_a_sum_adds_up_what_is_told_and_tells_what_is_missing():
    worth = total({"A": D(10), "B": D("2.5")}, [A, B, C], {})
    assert worth.value == D("12.5")
    assert worth.missing == ("C",)
    assert (worth.covered, worth.population) == (4_000, 4_500)


def test_a_mean_is_weighted_by_population():
    worth = mean({"A": D(10), "B": D(20)}, [A, B, C])
    assert worth.value == D("17.5")
    assert worth.missing == ("C",)
    assert worth.share == 4_000 / 4_500


def test_zero_is_a_value_and_nothing_is_unknown():
    assert total({"A": D(0)}, [A], {}).value == 0
    assert total({}, [A], {}).value is None
    assert mean({}, [A]).value is None


def test_parts_have_the_mean_of_their_commune():
    worth = mean({"A": D(10), "P": D(40)}, [A, P1])
    assert worth.value == (D(10) * 1_000 + D(40) * 600) / 1_600
    assert worth.missing == ()


def test_a_part_told_for_itself_keeps_its_own_mean():
    assert mean({"P": D(40), "P1": D(10)}, [P1]).value == 10


def test_a_sum_told_for_a_commune_counts_when_all_its_parts_are_held():
    worth = total({"A": D(5), "P": D(40)}, [A, P1, P2], PARTS)
    assert worth.value == 45
    assert worth.undivided == ()
    assert worth.covered == 2_000


def test_a_sum_told_for_a_commune_is_never_shared_out_among_its_parts():
    worth = total({"A": D(5), "P": D(40)}, [A, P1], PARTS)
    assert worth.value == 5
    assert worth.undivided == ("P",)
    assert worth.missing == ()
    assert worth.covered == 1_000
    assert total({"P": D(40)}, [P1], PARTS).value is None


def test_a_part_told_beside_its_commune_is_not_counted_twice():
    worth = total({"P": D(40), "P1": D(15)}, [P1, P2], PARTS)
    assert worth.value == 15
    assert worth.undivided == ("P",)


def test_zones_held_in_part_count_as_wholes_and_are_told():
    held = [Leaf("A", 1_000, is_partial=True), Leaf("C", 500, is_partial=True)]
    assert total({"A": D(7)}, held, {}).value == 7
    assert total({"A": D(7)}, held, {}).partly_held == 1
    assert mean({"A": D(7)}, held).partly_held == 1


def test_where_nobody_lives_nothing_weighs():
    worth = mean({"E": D(3)}, [Leaf("E", 0)])
    assert worth.value is None
    assert worth.share == 0


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(-(10**6), 10**6)), min_size=1, max_size=20))
def test_a_mean_lies_between_its_values_and_a_sum_ignores_population(told):
    leaves = [Leaf(str(place), population) for place, (population, _) in enumerate(told)]
    values = {str(place): D(value) for place, (_, value) in enumerate(told)}
    found = mean(values, leaves).value
    assert min(values.values()) - D("1e-9") <= found <= max(values.values()) + D("1e-9")
    assert total(values, leaves, {}).value == sum(values.values())
