"""The indicators of a contract over its years: what is asked, what it may pay, what was reached."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from aci.catalogue import standing
from aci.contracts import agreed_of, valid_value
from aci.indicators import Agreed, Calculation, is_reached
from aci.models import Contract, Indicator, IndicatorSet, NegotiatedIndicator


@dataclass(frozen=True, slots=True)
class Point:
    """An indicator in one year; `value` is None without a final result validated by both institutions."""

    agreed: Agreed
    version: IndicatorSet
    value: Decimal | None

    @property
    def has_steps(self) -> bool:
        return self.version.calculation == Calculation.STEPS

    @property
    def is_reached(self) -> bool | None:
        return None if self.value is None else is_reached(self.agreed, self.value)


@dataclass(frozen=True, slots=True)
class Trajectory:
    indicator: Indicator
    points: list[Point | None]  # one a contract year


def trajectories_of(contract: Contract, day: date) -> list[Trajectory]:
    """By the version that counts in each year: the one retained, else the last. Needs `with_facts`."""
    values = {each.pk: valid_value(each, day) for each in _retained(contract)}
    rows = (
        NegotiatedIndicator.objects.filter(indicator_set__contract=contract, indicator_set__in=standing())
        .select_related("indicator", "indicator_set")
        .prefetch_related("steps")
        .order_by("indicator__mission", "indicator__priority", "indicator__label")
    )
    found: dict[int, Trajectory] = {}
    for row in rows:
        nothing: list[Point | None] = [None] * contract.years
        trajectory = found.setdefault(row.indicator_id, Trajectory(row.indicator, nothing))
        if row.indicator_set.year <= contract.years:
            trajectory.points[row.indicator_set.year - 1] = Point(agreed_of(row), row.indicator_set, values.get(row.pk))
    return list(found.values())


def _retained(contract: Contract) -> list[NegotiatedIndicator]:
    return [each for version in contract.retained_sets for each in version.negotiated.all()]
