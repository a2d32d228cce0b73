"""Which projects and which pairs are in conciliation on a day, for the pages that show them."""

from collections.abc import Iterable
from datetime import date

from django.db.models import OuterRef, QuerySet, Subquery

from projects.models import Conciliation, Project
from projects.overlaps import Pair


def open_conciliations(project: Project, day: date) -> QuerySet[Conciliation]:
    """Those of one project that are open on `day`, the oldest first."""
    return Conciliation.objects.on(day).filter(projects=project).order_by("since", "pk")


def conciliations_of(project: Project, day: date) -> QuerySet[Conciliation]:
    """Those of one project known on `day`, open and closed, the newest first."""
    known = Conciliation.objects.filter(projects=project, since__lte=day)
    return known.select_related("outcome").prefetch_related("projects", "zones").order_by("-since", "-pk")


def since_when(day: date) -> Subquery:
    """For a query of projects: the day its conciliation of `day` was opened, None when there is none."""
    opened = Conciliation.objects.on(day).filter(projects=OuterRef("pk")).order_by("since")
    return Subquery(opened.values("since")[:1])


def conciliation_of_each(pairs: Iterable[Pair], day: date) -> list[tuple[Pair, Conciliation | None]]:
    """Each pair with the conciliation open between its two projects on `day`, in two queries."""
    pairs = list(pairs)
    keys = {side.pk for pair in pairs for side in pair.sides}
    open_ones = Conciliation.objects.on(day).filter(projects__in=keys).distinct().prefetch_related("projects")
    known = [({project.pk for project in each.projects.all()}, each) for each in open_ones] if keys else []
    return [
        (pair, next((each for parties, each in known if {pair.a.pk, pair.b.pk} <= parties), None)) for pair in pairs
    ]
