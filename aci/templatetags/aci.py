"""Tier and euros of a population, for the pages of the apps below."""

from datetime import date
from decimal import Decimal

from django import template
from django.template import Context

from aci.ledger import Sums
from aci.ledger_pages import Amount
from aci.models import Tariff
from aci.remuneration import Remuneration, TariffData, Verified
from aci.worth import worth

register = template.Library()


@register.simple_tag(takes_context=True)
def tier(context: Context, population: int | None, day: date) -> Remuneration | None:
    """`{% tier population day as money %}`: its tier, the distance to both thresholds, its yearly maximum."""
    return worth(population, _tariff(context, day))


@register.filter
def gained_over(after: Remuneration | None, before: Remuneration | None) -> Decimal | None:
    """`{{ money|gained_over:former }}`: what the yearly maximum gains, in euros; None when one of them is unknown."""
    return after.total - before.total if after and before else None


@register.filter
def mark(verified: Verified) -> str:
    """`{{ line.verified|mark }}`: what is said beside an amount that was not read in an official text; else nothing."""
    return {Verified.YES: "", Verified.TOTAL_ONLY: "répartition non vérifiée"}.get(verified, "non vérifié")


@register.filter
def sum_of(sums: Sums, amount: Amount) -> Decimal:
    """`{{ sums|sum_of:amount }}`: the column of that amount."""
    return getattr(sums, amount)


def _tariff(context: Context, day: date) -> TariffData | None:
    """Read once a page, however many territories are on it and in whichever of its templates."""
    page = context.get("request") or context.render_context
    known = page.__dict__.setdefault("tariffs", {})
    if day not in known:
        tariff = Tariff.objects.in_force(day)
        known[day] = tariff.data() if tariff else None
    return known[day]
