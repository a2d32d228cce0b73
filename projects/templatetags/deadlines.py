"""How pressing a date is, on pages."""

from datetime import date

from django import template
from django.utils import timezone

from accounts.models import User
from projects.due import SOON
from projects.examination.pieces import may_ask_pieces as may_ask
from projects.models import Project

register = template.Library()


@register.filter
def urgency(day: date) -> str:
    """The class of a date: red once passed, orange when it comes soon."""
    days_left = (day - timezone.localdate()).days
    if days_left < 0:
        return "cpts-late"
    return "cpts-soon" if days_left <= SOON else ""


@register.filter
def may_ask_pieces(user: User, project: Project) -> bool:
    return may_ask(user, project)
