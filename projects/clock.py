"""The two-month clock of a filing (code de la santé publique, L.1434-12; docs/rules/clock.md).

Periods run from the receipt by the ARS, same day number to same day number, and never move for a Saturday, a Sunday or
a public holiday: the silence of the administration takes effect on such a day too.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

RULE = "L1434-12/2019"


def last_day(start: date) -> date:
    """Last day on which an opposition can be notified: same day number two months later, clamped to the month's end."""
    return start + relativedelta(months=2)


def acquired_on(start: date) -> date:
    """First day on which silence is a validation."""
    return last_day(start) + timedelta(days=1)


def last_safe_day(received_on: date) -> date:
    """Last day to notify an opposition that every convention met in practice accepts.

    Practice counts the start of silence in three ways; the day before the earliest of them is safe in all.
    """
    counted_from_the_day_after = received_on + timedelta(days=1) + relativedelta(months=2)
    effect_of_silence = acquired_on(received_on)
    one_day_short = effect_of_silence - timedelta(days=1)
    return min(counted_from_the_day_after, effect_of_silence, one_day_short) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Deadline:
    """What a filing received on `received_on` leads to, unless something is decided or withdrawn before."""

    received_on: date

    @property
    def last_safe_day(self) -> date:
        return last_safe_day(self.received_on)

    @property
    def last_day(self) -> date:
        return last_day(self.received_on)

    @property
    def acquired_on(self) -> date:
        return acquired_on(self.received_on)
