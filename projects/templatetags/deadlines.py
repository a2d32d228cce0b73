"""How pressing a date is, on pages."""

from datetime import date

from django import template
from django.utils import timezone

from projects.due import SOON

register = template.Library()


@register.filter
def urgency(day: date) -> str:
    """The class of a date: red once passed, orange when it comes soon."""
    days_left = (day - timezone.localdate()).days
    if days_left < 0:
        return "cpts-late"
    return "cpts-soon" if days_left <= SOON else ""
