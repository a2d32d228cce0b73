"""The cap of the engineering grants, and what might be paid twice: the pure rules."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.funding.rules import Excess, Funding, Promise, left_to_pay, over_cap, paid_twice

THIRTY = Decimal(30_000)


def promise(amount: str, signed_on: str) -> Promise:
    return Promise(Decimal(amount), date.fromisoformat(signed_on))


def thirty_then_forty(day: date) -> Decimal | None:
    """No cap is known before 2019; 30 000 €, then 40 000 € from 2023."""
    if day < date(2019, 1, 1):
        return None
    return THIRTY if day < date(2023, 1, 1) else Decimal(40_000)


@pytest.mark.parametrize(
    ("promises", "excess"),
    [
        ([], None),
        ([("30000", "2020-03-01")], None),
        ([("30000.01", "2020-03-01")], ("2020-03-01", "30000.01", THIRTY)),
        ([("20000", "2020-03-01"), ("10000", "2021-03-01")], None),
        ([("20000", "2020-03-01"), ("10000.01", "2021-03-01")], ("2021-03-01", "30000.01", THIRTY)),
        ([("15000", "2020-03-01"), ("15000.01", "2020-03-01")], ("2020-03-01", "30000.01", THIRTY)),
        ([("30000", "2020-03-01"), ("10000", "2023-01-01")], None),  # the cap has risen between the two
        ([("10000", "2023-01-01"), ("30000", "2020-03-01")], None),  # whatever the order they are told in
        ([("30000", "2020-03-01"), ("10000", "2022-12-31")], ("2022-12-31", "40000", THIRTY)),
        ([("1", "2018-12-31")], ("2018-12-31", "1", None)),  # no cap is known that day
    ],
)
def test_a_project_stays_under_the_cap_in_force_the_day_each_grant_is_signed(promises, excess):
    expected = excess and Excess(date.fromisoformat(excess[0]), Decimal(excess[1]), excess[2])
    assert over_cap([promise(*each) for each in promises], thirty_then_forty, since=date(2016, 1, 26)) == expected


def test_what_was_signed_before_is_not_judged_again():
    promises = [promise("35000", "2020-03-01"), promise("1000", "2023-06-01")]
    assert over_cap(promises, thirty_then_forty, since=date(2023, 6, 1)) is None
    assert over_cap(promises, thirty_then_forty, since=date(2020, 3, 1)) is not None


def test_a_grant_added_in_the_past_can_break_a_later_one():
    promises = [promise("15000", "2019-06-01"), promise("20000", "2020-03-01")]
    found = over_cap(promises, thirty_then_forty, since=date(2019, 6, 1))
    assert found == Excess(date(2020, 3, 1), Decimal(35_000), THIRTY)


cents = st.integers(1, 3_000_000).map(lambda value: Decimal(value) / 100)
days = st.dates(date(2019, 1, 1), date(2022, 12, 31))


@given(st.lists(st.tuples(cents, days)))
def test_under_one_cap_only_the_sum_counts(rows):
    promises = [Promise(*row) for row in rows]
    found = over_cap(promises, thirty_then_forty, since=date(2019, 1, 1))
    assert (found is None) == (sum(amount for amount, _ in rows) <= THIRTY)


@given(cents, st.lists(cents))
def test_what_is_paid_and_left_make_the_grant(granted, payments):
    assert left_to_pay(granted, payments) + sum(payments) == granted


def funding(funder: str, purpose: str, starts_on: str, ends_on: str | None) -> Funding:
    return Funding(
        funder, purpose, None, date.fromisoformat(starts_on), date.fromisoformat(ends_on) if ends_on else None
    )


@pytest.mark.parametrize(
    ("purpose", "starts_on", "ends_on", "shared"),
    [
        ("Prestataire", "2020-06-01", "2020-12-31", ("2020-06-01", "2020-12-31")),
        ("Prestataire", "2019-06-01", None, ("2020-03-01", "2021-02-28")),
        ("Prestataire", "2021-02-28", None, ("2021-02-28", "2021-02-28")),  # the last day is included
        ("Prestataire", "2021-03-01", None, None),
        ("Prestataire", "2019-01-01", "2020-02-29", None),
        ("Prestataire", "2019-01-01", "2020-03-01", ("2020-03-01", "2020-03-01")),
        ("Temps de coordination", "2020-06-01", "2020-12-31", None),
    ],
)
def test_the_same_purpose_at_the_same_time_is_told(purpose, starts_on, ends_on, shared):
    grant = funding("FIR", "Prestataire", "2020-03-01", "2021-02-28")
    other = funding("Métropole", purpose, starts_on, ends_on)
    found = [(each.grant, each.other, each.since, each.until) for each in paid_twice([grant], [other])]
    expected = [(grant, other, *map(date.fromisoformat, shared))] if shared else []
    assert found == expected


def test_two_periods_without_end_share_all_that_follows():
    grant, other = funding("FIR", "a", "2020-03-01", None), funding("Ville", "a", "2021-03-01", None)
    assert [(each.since, each.until) for each in paid_twice([grant], [other])] == [(date(2021, 3, 1), None)]
