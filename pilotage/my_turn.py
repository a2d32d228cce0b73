"""What waits for one user: the acts of its institution in its departments, those of its own projects first."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from accounts.models import User
from projects.models import Absence, Assignment, Project, Stage
from projects.states import LIVING
from projects.turn import Turn
from projects.turns import Standing, actors_of, turns_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """A project on which the user's institution is awaited, with what it has to do there, the oldest first."""

    stage: Stage
    turns: tuple[Turn, ...]
    is_mine: bool  # the user is its referent
    absent: User | None  # its referent who is away, and for whom the user stands in

    @property
    def project(self) -> Project:
        return self.stage.project

    @property
    def rank(self) -> tuple[bool, bool, date, str]:
        """One's own projects, those of an absent colleague, then the others; the oldest first."""
        return not self.is_mine, self.absent is None, self.turns[0].since, self.project.search_name


def waiting_for(user: User, day: date) -> list[Waiting]:
    """The projects led by its departments on which the user's institution is awaited; none for who only advises."""
    actors = actors_of(user)
    if not actors:
        return []
    stages = Stage.objects.on(day).filter(state__in=LIVING, project__lead_department__in=user.own_departments)
    stages = list(stages.select_related("project"))
    awaited = turns_of([Standing.of(stage) for stage in stages], day)
    referents = _referents(user, day)
    waiting = []
    for stage in stages:
        if turns := tuple(turn for turn in awaited[stage.project_id] if turn.is_of(actors)):
            followed_by = referents.get(stage.project_id, set())
            absent = next((referent for referent in followed_by if referent != user), None)
            waiting.append(Waiting(stage, turns, user in followed_by, absent))
    return sorted(waiting, key=lambda item: item.rank)


def _referents(user: User, day: date) -> dict[int, set[User]]:
    """By project, the user where it is the referent, and the absent colleagues for whom it stands in."""
    absent = Absence.objects.on(day).filter(stand_in=user).values("user")
    assignments = Assignment.objects.on(day).filter(Q(user=user) | Q(user__in=absent)).select_related("user")
    found: dict[int, set[User]] = {}
    for assignment in assignments:
        found.setdefault(assignment.project_id, set()).add(assignment.user)
    return found
