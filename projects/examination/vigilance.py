"""Vigilance points: raised on a section of what is examined, told in the letters, open until lifted.

Each institution raises its own; any writer of the binôme lifts them, its own or the other's, and says what lifted them.
"""

from datetime import date

from django.db.models import Q, QuerySet

from projects.models import Grid, GridItem, Project, Stage, VigilancePoint
from projects.states import State

GRIDS = {State.LETTER_FILED: Grid.Kind.LETTER, State.FILED: Grid.Kind.HEALTH_PROJECT}
"""Which grid gives its sections to what is examined; the draft contract has none."""


def open_points(project: Project, day: date) -> QuerySet[VigilancePoint]:
    """The points raised and not lifted yet on `day`, whatever the stage they were raised on."""
    still_open = Q(lifted_on=None) | Q(lifted_on__gt=day)
    points = project.vigilance_points.filter(still_open, raised_on__lte=day)
    return points.select_related("stage", "recorded_by__institution")


def lifted_points(project: Project) -> QuerySet[VigilancePoint]:
    points = project.vigilance_points.exclude(lifted_on=None)
    return points.select_related("lifted_by", "recorded_by__institution")


def sections_of(stage: Stage, day: date) -> list[str]:
    """The sections of the grid in force on `day` for what this stage examines, in their order."""
    grid = Grid.objects.on(day).filter(kind=GRIDS.get(State(stage.state), "")).first()
    sections = GridItem.objects.filter(grid=grid).order_by("position", "pk").values_list("section", flat=True)
    return list(dict.fromkeys(sections)) if grid else []
