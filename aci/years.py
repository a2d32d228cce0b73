"""Contract years, from one anniversary to the next: an ACI is never reckoned in civil years (contrat type, 6.1)."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from dateutil.relativedelta import relativedelta


@dataclass(frozen=True, slots=True)
class ContractYear:
    """From `since` to the day before `until`, the next anniversary."""

    number: int
    since: date
    until: date

    @property
    def last_day(self) -> date:
        return self.until - timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.until - self.since).days

    def __contains__(self, day: date) -> bool:
        return self.since <= day < self.until


@lru_cache(maxsize=8192)  # asked for each line of each contract of a region
def contract_year(starts_on: date, number: int) -> ContractYear:
    """The year `number` of a contract that starts on `starts_on`; a 29 February has its anniversary on the 28th."""
    return ContractYear(number, starts_on + relativedelta(years=number - 1), starts_on + relativedelta(years=number))


def contract_years(starts_on: date, count: int) -> list[ContractYear]:
    return [contract_year(starts_on, number) for number in range(1, count + 1)]


def year_of(starts_on: date, day: date) -> int:
    """The number of the contract year that holds `day`; 0 or less before the contract starts."""
    number = day.year - starts_on.year + 1
    return number if contract_year(starts_on, number).since <= day else number - 1


def year_or_first(starts_on: date, day: date) -> int:
    """As `year_of`, but the first one as soon as the contract is signed: what is done before its start is of it."""
    return max(1, year_of(starts_on, day))


def year_within(starts_on: date, day: date, years: int) -> int:
    """As `year_or_first`, but the last one once the contract is over."""
    return min(year_or_first(starts_on, day), years)
