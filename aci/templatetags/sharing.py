"""What a CPTS shares with others, on the pages of its project and of its contract."""

from datetime import date
from typing import Any

from django import template
from django.template import Context
from django.utils import timezone

from aci.shared_actions import shared_actions_of as known_of
from projects.models import Project
from projects.views.access import may_write

register = template.Library()


@register.inclusion_tag("aci/shared_actions_of.html", takes_context=True)
def shared_actions_of(context: Context, project: Project, day: date | None = None) -> dict[str, Any]:
    """`{% shared_actions_of project day %}`: a section with what was shared by that day, by today without it."""
    request, day = context["request"], day or timezone.localdate()
    told = {"project": project, "day": day, "may_write": may_write(request, project)}
    return {**told, "lines": [(action, action.is_true_on(day)) for action in known_of(project, day)]}
