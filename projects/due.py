"""What falls due among projects: the clocks that run, the opinions and pieces asked for, conciliations."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from accounts.models import User
from projects.clock import Deadline
from projects.models import Conciliation, Consultation, Filing, Project, Stage
from projects.states import State

SOON = 15  # days: time enough to write, sign and notify a decision


@dataclass(frozen=True, slots=True)
class Due:
    """An act and the last day for it. `deadline` is the clock of the filing that the act belongs to, if it has one."""

    project: Project
    what: str  # in French
    day: date
    days_left: int  # before the end of `day`; negative once it is passed
    url: str
    deadline: Deadline | None = None

    @property
    def order(self) -> tuple[date, bool, str]:
        """The most pressing first; a clock before the rest of its day."""
        return self.day, self.deadline is None, self.project.search_name

    @property
    def is_late(self) -> bool:
        return self.days_left < 0

    @property
    def is_soon(self) -> bool:
        return 0 <= self.days_left <= SOON


def due_items(user: User, day: date) -> list[Due]:
    """What falls due in the user's own departments, the most pressing first."""
    own = Project.objects.in_departments(user.own_departments)
    stages = Stage.objects.on(day).filter(project__in=own)
    items = [*_of_filings(stages, day), *_of_consultations(stages, day), *_of_conciliations(own, day)]
    return sorted(items, key=lambda due: due.order)


def _of_filings(stages: QuerySet[Stage], day: date) -> Iterator[Due]:
    """Unless somebody acts before, silence validates what is filed."""
    filings = Filing.objects.filter(stage__in=stages.filter(state=State.FILED))
    for filing in filings.select_related("stage__project").prefetch_related("piece_requests"):
        project, deadline = filing.stage.project, filing.deadline
        page = project.get_absolute_url()
        yield _due(project, "Dernier jour sûr", deadline.last_safe_day, day, page, deadline)
        for request in filing.piece_requests.all():
            if request.due_on and not request.received_on:
                yield _due(project, "Pièces attendues", request.due_on, day, page)


def _of_consultations(stages: QuerySet[Stage], day: date) -> Iterator[Due]:
    awaited = Consultation.objects.filter(stage__in=stages, answered_on=None)
    for consultation in awaited.select_related("stage__project"):
        what = f"Avis attendu ({consultation.get_partner_display()})"
        project = consultation.stage.project
        yield _due(project, what, consultation.due_on, day, reverse("project_examination", args=[project.pk]))


def _of_conciliations(own: QuerySet[Project], day: date) -> Iterator[Due]:
    """An issue is awaited: told of the first of one's own projects that is in the conciliation."""
    open_ones = Conciliation.objects.on(day).filter(projects__in=own, due_on__isnull=False).distinct()
    for conciliation in open_ones.prefetch_related("projects", Prefetch("projects", own, to_attr="own_projects")):
        project = conciliation.own_projects[0]
        others = (party.name for party in conciliation.projects.all() if party != project)
        what = f"Conciliation avec {', '.join(others)}"
        yield _due(project, what, conciliation.due_on, day, conciliation.get_absolute_url())


def _due(project: Project, what: str, last_day: date, today: date, url: str, deadline: Deadline | None = None) -> Due:
    return Due(project, what, last_day, (last_day - today).days, url, deadline)
