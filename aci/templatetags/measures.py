"""The values of indicators as people write them."""

from decimal import Decimal

from django import template

from aci.indicators import Direction, Step, plain
from aci.models import Indicator

register = template.Library()
DONE = {True: "fait", False: "non fait"}


@register.filter
def measured_by(value: Decimal | None, indicator: Indicator) -> str:
    """66.2600 → 66,26 %, with the unit of its indicator; « fait » or « non fait » for what is only done or not."""
    if value is None:
        return ""
    if indicator.direction == Direction.DONE:
        return DONE[bool(value)]
    return f"{plain(value)}\u00a0{indicator.unit}".rstrip("\u00a0")


@register.filter
def step_of(step: Step, indicator: Indicator) -> str:
    """« 51 à 100 », « ≥ 40 »; « fait » for what is only done or not."""
    is_one_value = step.low is not None and step.low == step.high
    return DONE[bool(step.low)] if indicator.direction == Direction.DONE and is_one_value else str(step)


@register.filter
def measure(value: Decimal | None) -> str:
    """66.2600 → 66,26."""
    return plain(value)
