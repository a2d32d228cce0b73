"""The first day on which anything can be known of a CPTS."""

from datetime import date
from typing import Final

FIRST_DAY: Final = date(2016, 1, 26)  # law 2016-41 of 26 January 2016, which created the CPTS
