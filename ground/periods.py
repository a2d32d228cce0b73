"""What changes over time is a period: true from `since` (included) until `until` (excluded)."""

from datetime import date, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q


def true_on(day: date, prefix: str = "") -> Q:
    """Condition for rows that are true on `day`, seen from a related model through `prefix` (such as "stages__")."""
    still_true = Q(**{f"{prefix}until": None}) | Q(**{f"{prefix}until__gt": day})
    return still_true & Q(**{f"{prefix}since__lte": day})


class PeriodQuerySet(models.QuerySet):
    def on(self, day: date) -> Self:
        """Rows that are true on `day`: since <= day < until (until empty: still true)."""
        return self.filter(true_on(day))


class Period(models.Model):
    """A fact that is true between two dates. A period that ends the day it starts was passed through and is never true.

    Two dates are kept apart: when the thing is true (`since`, `until`) and when it was entered (`recorded_at`).
    """

    since = models.DateField("depuis le")
    until = models.DateField("jusqu'au (exclu)", null=True, blank=True)
    recorded_at = models.DateTimeField("saisi le", auto_now_add=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
                violation_error_message="La fin ne peut pas précéder le début.",
            ),
        ]

    @property
    def last_day(self) -> date | None:
        """The last day on which it is true, as people say « jusqu'au »; None while it lasts."""
        return self.until - timedelta(days=1) if self.until else None

    def is_true_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)
