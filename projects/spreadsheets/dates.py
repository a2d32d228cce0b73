"""Which day does a cell mean? Days are typed, dated by the spreadsheet, numbered since 1900 or known by their month."""

import re
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final

from ground.days import FIRST_DAY
from ground.text import search_form
from projects.spreadsheets.cells import CellError, quoted, read_text, says_nothing
from projects.spreadsheets.opening import CellValue

LAST_DAY = date(2099, 12, 31)
DAY_ZERO = date(1899, 12, 30)  # serial number 0 of the spreadsheets


class NotYet(Enum):
    """The cell says that the thing is not done (« en cours », « à venir », « non »), where a blank one says nothing."""

    NOT_YET = "pas encore fait"


NOT_YET: Final = NotYet.NOT_YET


class MonthDate(date):
    """The first day of a month of which the day is not known."""


class YearDate(date):
    """The first of January of a year of which the day is not known."""


# First words of a cell that announces something: « en cours », « prévu en mars », « attente CPAM ».
NOT_YET_WORDS = re.compile(
    r"(en cours|encours|a venir|a faire|a programmer|a planifier|a fixer|a definir|a signer|a deposer|prevue?s?|"
    r"pas encore|pas de|pas|non|en attente|attente|attendue?|prochainement|bientot|imminente?)\b"
)
MONTHS = {
    name: number
    for number, names in enumerate(
        ("janvier janv jan", "fevrier fevr fev", "mars mar", "avril avr", "mai", "juin", "juillet juil jul", "aout",
         "septembre sept sep", "octobre oct", "novembre nov", "decembre dec"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
MONTH = "|".join(MONTHS)
OPENING_WORDS = re.compile(r"^(?:(?:le|du|en|depuis|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) )+")
FORMS = [
    re.compile(form, re.ASCII)
    for form in (
        r"(?P<d>\d{1,2})(?: |er )(?P<m>\d{1,2}) (?P<y>\d{4}|\d{2})",
        r"(?P<y>\d{4}) (?P<m>\d{1,2}) (?P<d>\d{1,2})",
        r"(?P<d>\d{1,2})(?:er)? ?(?P<m>" + MONTH + r") ?(?P<y>\d{4}|\d{2})",
        r"(?P<m>" + MONTH + r") ?(?P<y>\d{4}|\d{2})",
        r"(?P<m>\d{1,2}) (?P<y>\d{4})",
        r"(?P<y>20\d{2}|1\d{3})",
    )
]
HOUR = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")


def read_date(value: CellValue) -> date | NotYet | None:
    """The day of a cell; a MonthDate or a YearDate when only the month or the year is told.

    Raises CellError for a text that is no date, and for a day before the CPTS existed or after this century.
    """
    day = read_any_day(value)
    if isinstance(day, date):
        if day < (FIRST_DAY if type(day) is date else FIRST_DAY.replace(day=1)):
            raise CellError(f"{quoted(value)} : les CPTS n'existent que depuis le 26 janvier 2016 ; vérifiez l'année.")
        if day > LAST_DAY:
            raise CellError(f"{quoted(value)} : cette date est trop lointaine ; vérifiez l'année.")
    return day


def read_any_day(value: CellValue) -> date | NotYet | None:
    """The same for what may be older than the CPTS: any day of the calendar."""
    if isinstance(value, datetime):
        value = value.date()
    if says_nothing(value) or (value == 0 and not isinstance(value, bool)):
        return None
    return value if isinstance(value, date) else _day_of_number(value) or _day_of_text(value)


def _day_of_number(value: CellValue) -> date | None:
    """The day of a serial number, as a number or as text: 45159 is 21 August 2023."""
    text = read_text(value)
    if isinstance(value, bool) or not re.fullmatch(r"\d{5}(\.\d+)?", text, re.ASCII):
        return None
    return DAY_ZERO + timedelta(days=int(float(text)))


def _day_of_text(value: CellValue) -> date | NotYet:
    text = search_form(HOUR.sub("", read_text(value)))
    if NOT_YET_WORDS.match(text):
        return NOT_YET
    text = OPENING_WORDS.sub("", text)
    for found in filter(None, (form.fullmatch(text) for form in FORMS)):
        told = found.groupdict()
        year = int(told["y"]) + (2000 if len(told["y"]) == 2 else 0)
        month = MONTHS.get(told.get("m", "1")) or int(told.get("m", "1"))
        kind = date if "d" in told else MonthDate if "m" in told else YearDate
        try:
            return kind(year, month, int(told.get("d", "1")))
        except ValueError as error:
            raise CellError(f"{quoted(value)} : cette date n'existe pas.") from error
    raise CellError(f"{quoted(value)} n'est pas une date : écrivez jj/mm/aaaa.")
