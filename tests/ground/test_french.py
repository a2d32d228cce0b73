"""Dates, numbers and quotations as they are written in French."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from ground.templatetags.french import day, euros, lasting, number, quoted, share, short_day


@pytest.mark.parametrize(
    ("value", "in_a_sentence", "in_a_table"),
    [
        (date(2020, 2, 20), "20 février 2020", "20 févr. 2020"),
        (date(2019, 5, 1), "1er mai 2019", "1er mai 2019"),
        (date(2021, 1, 11), "11 janvier 2021", "11 janv. 2021"),
        (date(2026, 7, 21), "21 juillet 2026", "21 juil. 2026"),
        (date(2026, 12, 31), "31 décembre 2026", "31 déc. 2026"),
        (None, "", ""),
    ],
)
def test_dates(value: date | None, in_a_sentence: str, in_a_table: str) -> None:
    assert (day(value), short_day(value)) == (in_a_sentence, in_a_table)


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, "depuis aujourd'hui"), (1, "depuis 1 jour"), (6, "depuis 6 jours"), (-2, "depuis aujourd'hui")],
)
def test_how_long_something_has_lasted(days: int, expected: str) -> None:
    assert lasting(timezone.localdate() - timedelta(days=days)) == expected


def test_numbers_and_quotations_never_break() -> None:
    assert number(1_234_567) == "1\u202f234\u202f567"
    assert euros(Decimal("16828.77")) == "16\u202f828,77\u00a0€"
    assert euros(75_000) == "75\u202f000\u00a0€"
    assert euros(Decimal("-3750.5")) == "−3\u202f750,50\u00a0€"
    assert share(0.256) == "25,6\u00a0%"
    assert quoted("Nom") == "«\u00a0Nom\u00a0»"
