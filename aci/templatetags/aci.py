"""Tier and euros of a population, for the pages of the apps below."""

from datetime import date

from django import template
from django.template import Context

from aci.models import Tariff
from aci.remuneration import Remuneration, TariffData
from aci.worth import worth

register = template.Library()


@register.simple_tag(takes_context=True)
def tier(context: Context, population: int | None, day: date) -> Remuneration | None:
    """`{% tier population day as money %}`: its tier, the distance to both thresholds, its yearly maximum."""
    return worth(population, _tariff(context, day))


def _tariff(context: Context, day: date) -> TariffData | None:
    """Read once a page, however many territories are on it."""
    known = context.render_context.setdefault("tariffs", {})
    if day not in known:
        tariff = Tariff.objects.in_force(day)
        known[day] = tariff.data() if tariff else None
    return known[day]
