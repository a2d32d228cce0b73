"""Opening a conciliation between projects that share zones."""

from collections.abc import Iterable
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, Prefetch
from django.utils import timezone

from accounts.models import User
from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects.conciliation_rules import SITUATIONS
from projects.conciliations.disputes import pairs_among
from projects.models import Conciliation, Project, Stage
from projects.states import LIVING
from projects.workflow import lock_all
from territories.models import PerimeterZone, Zone


def chosen_projects(user: User, keys: Iterable[int]) -> list[Project]:
    """The projects of `keys` in the user's scope, in the order of the register; raises PermissionDenied without one.

    Project.DoesNotExist is raised when one of them is out of scope.
    """
    asked = set(keys)
    told = Project.objects.for_user(user).select_related("lead_department", "perimeter")
    projects = list(
        told.filter(pk__in=asked).prefetch_related("other_departments", Prefetch("stages", Stage.objects.all()))
    )
    if len(projects) < len(asked):
        raise Project.DoesNotExist
    if not any(user.can_write_in(project.department_codes()) for project in projects):
        raise PermissionDenied("Seuls les chargés de suivi des départements de ces projets ouvrent une conciliation.")
    return projects


def shared_zones(projects: Iterable[Project], day: date) -> list[Zone]:
    """The zones that two of these projects or more hold on `day`."""
    held = PerimeterZone.objects.on(day).filter(perimeter__in=[project.perimeter_id for project in projects])
    several = held.order_by().values("zone").annotate(holders=Count("pk")).filter(holders__gt=1).values("zone")
    return list(Zone.objects.filter(pk__in=several).order_by("search_name"))


def why_not_open(projects: list[Project], day: date) -> list[str]:
    """Why these projects cannot enter a conciliation on `day`; empty when they can."""
    if len(projects) < 2:
        return ["Une conciliation s'ouvre entre deux projets au moins."]
    if day > timezone.localdate():
        return ["La date est dans le futur : une conciliation s'enregistre quand elle est ouverte."]
    reasons = [
        f"{quoted(project)} n'est pas suivi ou a pris fin au {in_words(when)}."
        for project in projects
        if (when := next((d for d in (day, timezone.localdate()) if project.state_on_day(d) not in LIVING), None))
    ]
    if open_one := already_open(projects):
        reasons.append(f"Une conciliation est déjà ouverte entre ces projets depuis le {in_words(open_one.since)}.")
    if not shared_zones(projects, day):
        reasons.append(f"Au {in_words(day)}, ces projets ne partagent aucune zone : il n'y a rien à concilier.")
    return reasons


def already_open(projects: Iterable[Project]) -> Conciliation | None:
    """The open conciliation that all these projects are in, if there is one."""
    found = Conciliation.objects.filter(until=None)
    for project in projects:
        found = found.filter(projects=project)
    return found.first()


def open_conciliation(
    user: User,
    keys: Iterable[int],
    zones: Iterable[Zone],
    since: date,
    *,
    subject: str = "",
    due_on: date | None = None,
) -> Conciliation:
    """Open it on the `zones` disputed, among those that the projects share on that day; its situation is recorded.

    Raises Project.DoesNotExist out of scope, PermissionDenied, ValidationError with every reason.
    """
    with transaction.atomic():
        lock_all(keys)
        projects = chosen_projects(user, keys)
        if reasons := why_not_open(projects, since):
            raise ValidationError(reasons)
        disputed = set(zones)
        if not disputed <= set(shared_zones(projects, since)):
            raise ValidationError("Une zone disputée doit être partagée ce jour-là : vérifiez la date et les zones.")
        if not disputed:
            raise ValidationError("Cochez au moins une zone disputée.")
        if due_on and due_on < since:
            raise ValidationError("L'échéance ne peut pas précéder l'ouverture.")
        conciliation = Conciliation.objects.create(
            since=since, subject=subject, due_on=due_on, recorded_by=user, situation=situation_of(projects, since)
        )
        conciliation.projects.set(projects)
        conciliation.zones.set(disputed)
    return conciliation


def situation_of(projects: Iterable[Project], day: date) -> str:
    """The key of the situation of these projects on `day`; of several pairs, the first in the order of the doctrine."""
    met = {pair.situation for pair in pairs_among([project.pk for project in projects], day)}
    return next((situation.key for situation in SITUATIONS if situation in met), "")
