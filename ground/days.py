"""The first day on which anything can be known of a CPTS, and how a day is said in French."""

from datetime import date
from typing import Final

MONTHS: Final = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
FIRST_DAY: Final = date(2016, 1, 26)  # law 2016-41 of 26 January 2016, which created the CPTS


def in_words(day: date) -> str:
    """A day in a sentence: 20 février 2020, 1er mars 2020."""
    return f"{day_of_month(day)} {MONTHS[day.month - 1]} {day.year}"


def day_of_month(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)
