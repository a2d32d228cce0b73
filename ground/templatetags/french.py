"""Dates, numbers and euros as they are written in French, on every page."""

from datetime import date
from decimal import Decimal

from django import template
from django.utils import timezone

from ground.days import day_of_month, in_words

register = template.Library()

NARROW_SPACE = "\u202f"
SHORT_MONTHS = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]


@register.filter
def number(value: int | Decimal | None) -> str:
    """1234567 → 1 234 567, with narrow no-break spaces, and the minus of typography; nothing for nothing."""
    return "" if value is None else f"{value:,}".replace(",", NARROW_SPACE).replace(".", ",").replace("-", "−")


@register.filter
def euros(value: int | Decimal | None) -> str:
    """Euros without cents unless there are some: 75 000 €, 16 828,77 €."""
    if value is None:
        return ""
    cents = Decimal(value).quantize(Decimal("0.01"))
    shown = int(cents) if cents == cents.to_integral_value() else cents
    return f"{number(shown)}\u00a0€"


@register.filter
def signed(value: int | Decimal | None) -> str:
    """A gain or a loss: +1 234, −1 234, and « = » when nothing changes."""
    if value is None:
        return ""
    return f"{'+' if value > 0 else '−'}{number(abs(value))}" if value else "="


@register.filter
def signed_euros(value: int | Decimal | None) -> str:
    if value is None:
        return ""
    return f"{'+' if value > 0 else '−'}{euros(abs(value))}" if value else "="


@register.filter
def share(value: float | Decimal | None) -> str:
    """A ratio as a percentage: 0.256 → 25,6 %."""
    return "" if value is None else f"{value * 100:.1f}".replace(".", ",").removesuffix(",0") + "\u00a0%"


@register.filter
def weight(size: int | None) -> str:
    """A number of bytes: 61 Ko, 1,2 Mo."""
    if size is None:
        return ""
    if size < 1024 * 1024:
        return f"{-(-size // 1024)}\u00a0Ko"
    return f"{size / 1024 / 1024:.1f}".replace(".", ",").removesuffix(",0") + "\u00a0Mo"


@register.filter(expects_localtime=True)
def day(value: date | None) -> str:
    """A date in a sentence: 20 février 2020."""
    return "" if value is None else in_words(value)


@register.filter(expects_localtime=True)
def short_day(value: date | None) -> str:
    """A date in a table: 20 févr. 2020."""
    return "" if value is None else f"{day_of_month(value)} {SHORT_MONTHS[value.month - 1]} {value.year}"


@register.filter
def quoted(text: object) -> str:
    """Between French quotation marks, which never stand alone at the end of a line."""
    return f"«\u00a0{text}\u00a0»"


@register.filter
def from_today(value: date | None) -> str:
    """How far a date is: « aujourd'hui », « dans 12 jours », « il y a 3 jours »."""
    if value is None:
        return ""
    days = (value - timezone.localdate()).days
    if days == 0:
        return "aujourd'hui"
    plural = "s" if abs(days) > 1 else ""
    return f"dans {days} jour{plural}" if days > 0 else f"il y a {-days} jour{plural}"


@register.filter
def days_until(start: date, end: date) -> int:
    return (end - start).days


@register.filter
def lasting(value: date | None) -> str:
    """How long something has lasted: « depuis aujourd'hui », « depuis 6 jours »."""
    if value is None:
        return ""
    days = (timezone.localdate() - value).days
    return f"depuis {days} jour{'s' if days > 1 else ''}" if days > 0 else "depuis aujourd'hui"
