"""Handing over a portfolio: one act ends and begins the period of the referent of every project chosen, or of none."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Self

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from projects.models import Assignment, Note, Project
from projects.people.colleagues import is_in_charge, members_of, sides_of, writers_in
from projects.workflow import lock_all

NOT_YOURS = "Le portefeuille d'un collègue est passé par lui-même, son responsable ou un administrateur."


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What somebody follows for one side of the binôme: an account, or the name of a referent without account."""

    side: Side
    user: User | None
    name: str

    @classmethod
    def named(cls, key: str, accounts: QuerySet[User]) -> Self:
        """The one its `key` tells, of one of `accounts` or of none; raises ValueError, or User.DoesNotExist."""
        side, pk, name = key.split(":", 2)
        if bool(pk) == bool(name):
            raise ValueError(key)
        return cls(Side(side), accounts.get(pk=int(pk)) if pk else None, name)

    @property
    def key(self) -> str:
        return f"{self.side.value}:{self.user.pk if self.user else ''}:{self.name}"

    def __str__(self) -> str:
        return str(self.user) if self.user else f"{self.name} (sans compte)"

    def held(self) -> QuerySet[Assignment]:
        """Its assignments that have not ended."""
        opened = Assignment.objects.filter(side=self.side, user=self.user, name=self.name, until=None)
        return opened.select_related("user").prefetch_related(_projects())


def portfolios(by: User) -> list[Portfolio]:
    """Those `by` may hand over where it writes: its own, those of names without account; in charge, its team's too."""
    opened = _in_reach(Assignment.objects.filter(until=None, side__in=sides_of(by)), by)
    if not is_in_charge(by):
        opened = opened.filter(Q(user=by) | Q(user=None))
    rows = opened.order_by("side", F("user__last_name").asc(nulls_last=True), "user__first_name", "name")
    found = dict.fromkeys(rows.values_list("side", "user", "name"))
    users = User.objects.in_bulk({pk for _, pk, _ in found if pk})
    return [Portfolio(Side(side), users.get(pk), name) for side, pk, name in found]


def may_hand_over(by: User, portfolio: Portfolio) -> bool:
    if not by.is_writer or portfolio.side not in sides_of(by):
        return False
    return portfolio.user in (None, by) or is_in_charge(by)


def in_portfolio(by: User, portfolio: Portfolio) -> QuerySet[Assignment]:
    """What `by` can hand over of it, in the order of the projects' names."""
    return _in_reach(portfolio.held(), by).order_by("project__search_name", "project")


def _in_reach(assignments: QuerySet[Assignment], by: User) -> QuerySet[Assignment]:
    projects = Project.objects.for_user(by).in_departments(by.own_departments)
    return assignments.filter(project__in=projects)


def takers(portfolio: Portfolio, projects: Iterable[Project], by: User) -> QuerySet[User]:
    """Who may be given some of `projects`: colleagues of the same side who write in one of their departments."""
    departments = {code for project in projects for code in project.department_codes()}
    colleagues = members_of({portfolio.side}).filter(pk__in=User.objects.for_user(by).values("pk"))
    return writers_in(colleagues, departments).exclude(pk=portfolio.user and portfolio.user.pk)


@dataclass(frozen=True, slots=True)
class HandOver:
    portfolio: Portfolio
    projects: Collection[int]
    taker: User
    day: date
    note: str = ""


def hand_over(by: User, act: HandOver) -> list[Assignment]:
    """Make `act.taker` the referent of every project told, from `act.day` on; returns its assignments.

    Asked for twice, it changes nothing the second time. Raises PermissionDenied, or ValidationError with one reason
    for each project that cannot be handed over: none then is.
    """
    with transaction.atomic():
        if not may_hand_over(by, act.portfolio):
            raise PermissionDenied(NOT_YOURS)
        lock_all(act.projects)
        if done := already_done(by, act):
            return done
        held = {each.project_id: each for each in in_portfolio(by, act.portfolio).filter(project__in=act.projects)}
        reasons = [*why_not_held(by, act, set(act.projects) - set(held))]
        reasons += filter(None, (why_not(each, act) for each in held.values()))
        if reasons:
            raise ValidationError(reasons)
        return [_succeed(each, act, by) for each in held.values()]


def already_done(by: User, act: HandOver) -> list[Assignment]:
    """What this very act has given, when a form sent twice has done all of it before; else nothing."""
    given = Assignment.objects.filter(side=act.portfolio.side, user=act.taker, since=act.day, until=None)
    found = list(given.filter(project__in=Project.objects.for_user(by).filter(pk__in=act.projects)))
    return found if len(found) == len(set(act.projects)) else []


def why_not_held(by: User, act: HandOver, projects: Collection[int]) -> Iterator[str]:
    """Why projects that were ticked are not, or no longer, in the portfolio."""
    readable = {project.pk: project for project in Project.objects.for_user(by).filter(pk__in=projects)}
    current = Assignment.objects.filter(side=act.portfolio.side, until=None, project__in=readable)
    now = {each.project_id: f"{each}, depuis le {in_words(each.since)}" for each in current.select_related("user")}
    for pk, project in readable.items():
        yield f"{project} : le référent est maintenant {now.get(pk, 'personne')}, et non {act.portfolio}."
    if len(readable) < len(projects):
        yield "L'un des projets cochés n'existe pas, ou n'est pas de votre région."


def why_not(current: Assignment, act: HandOver) -> str:
    """Why this project cannot be handed over; empty when it can."""
    project, codes = current.project, current.project.department_codes()
    if not act.taker.can_write_in(codes):
        return f"{project} : {act.taker} n'écrit pas dans ses départements ({', '.join(sorted(codes))})."
    if act.day < current.since:
        return f"{project} : {current} n'en est référent que depuis le {in_words(current.since)}."
    return ""


def _succeed(current: Assignment, act: HandOver, by: User) -> Assignment:
    current.until = act.day
    current.save(update_fields=["until"])
    if act.note:
        side = act.portfolio.side if by.side == act.portfolio.side else ""  # nobody writes what it could not read
        text = f"Passation de {current} à {act.taker} le {in_words(act.day)} : {act.note}"
        Note.objects.create(project=current.project, text=text, side=side, recorded_by=by)
    return Assignment.objects.create(project=current.project, side=current.side, user=act.taker, since=act.day)


def received(taker: User, day: date, by: User) -> list[tuple[Assignment, Assignment]]:
    """What `taker` was given on `day`, with who followed it until then, as `by` may read it."""
    given = Assignment.objects.filter(user=taker, since=day, project__in=Project.objects.for_user(by))
    given = given.order_by("project__search_name", "project").prefetch_related(_projects())
    formers = Assignment.objects.filter(until=day, project__in=given.values("project")).exclude(user=taker)
    by_place = {(each.project_id, each.side): each for each in formers.select_related("user").order_by("since", "pk")}
    return [(each, former) for each in given if (former := by_place.get((each.project_id, each.side)))]


def _projects() -> Prefetch:
    """The projects of assignments, as the pages and the checks read them."""
    projects = Project.objects.with_state_on(timezone.localdate()).select_related("lead_department")
    return Prefetch("project", projects.prefetch_related("other_departments"))
