"""The values of indicators as people write them."""

from decimal import Decimal

from django import template

from aci.indicators import Step, step_words, value_words, written
from aci.models import Indicator

register = template.Library()


@register.filter
def measured_by(value: Decimal | None, indicator: Indicator) -> str:
    """66.2600 → 66,26 %, with the unit of its indicator; « fait » or « non fait » for what is only done or not."""
    return value_words(value, indicator.direction, indicator.unit)


@register.filter
def step_of(step: Step, indicator: Indicator) -> str:
    """« 51 à 100 », « ≥ 40 »; « fait » for what is only done or not."""
    return step_words(step, indicator.direction)


@register.filter
def measure(value: Decimal | None, indicator: Indicator | None = None) -> str:
    """66.2600 → 66,26, without any unit."""
    return value_words(value, indicator.direction) if indicator else written(value)
