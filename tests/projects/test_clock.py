"""The two months of a filing, case by case (docs/rules/clock.md)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.clock import Deadline, acquired_on, last_day, last_safe_day


@pytest.mark.parametrize(
    ("received", "last", "acquired", "safe"),
    [
        ("2023-05-15", "2023-07-15", "2023-07-16", "2023-07-14"),  # 15 July is a Saturday: no shift
        ("2025-07-10", "2025-09-10", "2025-09-11", "2025-09-09"),
        ("2024-02-01", "2024-04-01", "2024-04-02", "2024-03-31"),  # Easter Monday: no shift
        ("2022-02-28", "2022-04-28", "2022-04-29", "2022-04-27"),
        ("2022-06-30", "2022-08-30", "2022-08-31", "2022-08-29"),
        ("2022-07-30", "2022-09-30", "2022-10-01", "2022-09-29"),  # one of the conventions ends a day earlier
        ("2022-12-30", "2023-02-28", "2023-03-01", "2023-02-27"),  # clamped
        ("2023-12-31", "2024-02-29", "2024-03-01", "2024-02-28"),  # clamped, leap year
    ],
)
def test_the_dates_of_a_filing(received, last, acquired, safe):
    received_on = date.fromisoformat(received)
    assert last_day(received_on) == date.fromisoformat(last)
    assert acquired_on(received_on) == date.fromisoformat(acquired)
    assert last_safe_day(received_on) == date.fromisoformat(safe)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_the_safe_day_comes_before_the_last_which_comes_before_the_silence(received_on):
    deadline = Deadline(received_on)
    assert received_on < deadline.last_safe_day < deadline.last_day < deadline.acquired_on


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_filing_received_later_is_never_acquired_earlier(received_on):
    assert acquired_on(received_on + timedelta(days=1)) >= acquired_on(received_on)
