"""Vigilance points: raised on a section of what is examined, told in the letters, open until lifted."""

from datetime import date

from django.db.models import Q, QuerySet

from projects.models import Grid, GridItem, Project, Stage, VigilancePoint
from projects.states import State

GRIDS = {State.LETTER_FILED: Grid.Kind.LETTER, State.FILED: Grid.Kind.HEALTH_PROJECT}
"""Which grid gives its sections to what is examined; the draft contract has none."""


def open_points(project: Project, day: date) -> QuerySet[VigilancePoint]:
    """The points raised and not lifted yet on `day`, whatever the stage they were raised on."""
    still_open = Q(lifted_on=None) | Q(lifted_on__gt=day)
    return project.vigilance_points.filter(still_open, raised_on__lte=day).select_related("stage")


def sections_of(stage: Stage, day: date) -> list[str]:
    """The sections of the grid in force on `day` for what this stage examines, in their order."""
    grid = Grid.objects.on(day).filter(kind=GRIDS.get(State(stage.state), "")).first()
    sections = GridItem.objects.filter(grid=grid).order_by("position", "pk").values_list("section", flat=True)
    return list(dict.fromkeys(sections)) if grid else []
