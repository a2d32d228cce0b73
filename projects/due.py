"""What falls due, and what waits for whom, among projects."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet, Window

from accounts.models import User
from accounts.models.institution import Side
from projects.clock import Deadline
from projects.models import Filing, Project, Stage
from projects.states import State

SOON = 15  # days: time enough to write, sign and notify a decision


@dataclass(frozen=True, slots=True)
class Due:
    """A filing whose clock runs: unless somebody acts before, silence validates it."""

    project: Project
    deadline: Deadline
    days_left: int  # before the end of the last safe day; negative once it is passed

    @property
    def is_late(self) -> bool:
        return self.days_left < 0

    @property
    def is_soon(self) -> bool:
        return 0 <= self.days_left <= SOON


def due_items(user: User, day: date) -> list[Due]:
    """Tacit validations to come in the user's own departments, the most pressing first."""
    own = Project.objects.in_departments(user.own_departments)
    filings = (
        Filing.objects.filter(stage__in=Stage.objects.on(day).filter(state=State.FILED, project__in=own))
        .select_related("stage__project")
        .prefetch_related("piece_requests")
    )
    running = [(filing.stage.project, filing.deadline) for filing in filings]
    items = [Due(project, deadline, (deadline.last_safe_day - day).days) for project, deadline in running]
    return sorted(items, key=lambda due: (due.deadline.last_safe_day, due.project.search_name))


AWAITED: dict[State, dict[Side, str]] = {
    State.LETTER_FILED: {
        Side.ARS: "Examiner la lettre d'intention",
        Side.INSURANCE: "Examiner la lettre d'intention",
    },
    State.LETTER_VALIDATED: {Side.ARS: "Engager l'ingénierie"},
    State.FILED: {Side.ARS: "Instruire le projet de santé"},
    State.VALIDATED: {
        Side.ARS: "Préparer et signer l'ACI",
        Side.INSURANCE: "Préparer et signer l'ACI",
    },
}
"""What each side of the binôme does next, by state; elsewhere the promoters have the pen."""


def awaited_from(side: Side | None) -> dict[State, str]:
    """States that wait for this side, with what it has to do."""
    return {state: by_side[side] for state, by_side in AWAITED.items() if side in by_side}


def waiting_for(user: User, day: date) -> QuerySet[Stage]:
    """Stages that wait for the user's institution in the departments it leads, the oldest first, with their `total`."""
    return (
        Stage.objects.on(day)
        .filter(state__in=awaited_from(user.side), project__lead_department__in=user.own_departments)
        .annotate(total=Window(Count("pk")))
        .select_related("project")
        .order_by("since", "project__search_name")
    )
