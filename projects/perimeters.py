"""The one way to change the perimeter of a project, and what differs between two days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from ground.templatetags.french import day as in_words
from projects.models import Project, Stage
from projects.states import LIVING, State
from projects.withdrawing import check_reason, may_remove
from projects.workflow import lock
from territories.models import PerimeterChange, PerimeterZone, Zone
from territories.models.perimeter import existing_leaves

VALIDATED = frozenset({State.VALIDATED, State.ACI_SIGNED})
Origin = PerimeterChange.Origin
NOT_YOURS = "Seuls son auteur, un responsable de son institution ou un administrateur annulent un changement."
DECIDED_ON_A_DAY = (Origin.COMPOSED, Origin.AMENDMENT, Origin.CONCILIATION)  # a table only knows the zones of today
OF_THE_GEOGRAPHY = (Origin.SPLIT, Origin.GEOGRAPHY)  # the ground has moved, nobody has decided it


def change_perimeter(
    project: Project,
    zones: Iterable[Zone],
    since: date,
    *,
    partial: Iterable[Zone] = (),
    reason: str,
    by: User | None,
    origin: str = Origin.COMPOSED,
) -> PerimeterChange | None:
    """From `since` on, the project's territory is `zones`. Needs the project's lock; returns None when nothing changes.

    Once the health project is validated a composition is an amendment. Raises ValidationError with the reason why not.
    """
    whole, in_part = list(zones), list(partial)
    obstacle = why_not_change(project, since)
    if not obstacle and origin in DECIDED_ON_A_DAY:
        obstacle = why_not_yet([*whole, *in_part], since)
    if obstacle:
        raise ValidationError(obstacle)
    if origin == Origin.COMPOSED and is_amendment_on(project, since):
        origin = Origin.AMENDMENT
    return project.perimeter.set_zones(whole, since, partial=in_part, by=by, reason=reason, origin=origin)


def why_not_change(project: Project, since: date) -> str:
    """Why the perimeter cannot change on that day; empty when it can."""
    if obstacle := why_ended(project, since):
        return obstacle
    if not is_composed(project):
        return ""
    if obstacle := why_validated(project, since):
        return f"{obstacle} : ce qui change ensuite est un avenant, daté d'un jour plus récent."
    if is_amendment_on(project, since) and any(
        change.since == since and change.origin not in OF_THE_GEOGRAPHY for change in standing_changes(project)
    ):
        return (
            f"Un changement est déjà en vigueur le {in_words(since)} : un avenant ne s'écrase pas. Annulez-le avec sa "
            "raison, ou datez celui-ci d'un autre jour."
        )
    return ""


def why_not_yet(zones: Iterable[Zone], since: date) -> str:
    """Why these zones cannot be held as early as `since`: one of them did not have its present limits then."""
    leaves = existing_leaves(zones, max(since, timezone.localdate()))
    latest = max((zone for zone in leaves if zone.since), key=lambda zone: zone.since, default=None)
    if latest is None or latest.since <= since:
        return ""
    return (
        f"{latest} n'existe dans ces limites que depuis le {in_words(latest.since)} : datez ce changement de ce jour "
        "ou d'un jour plus récent."
    )


def why_ended(project: Project, day: date) -> str:
    """Why a project that has ended by `day` keeps its perimeter; empty while it lives."""
    state = project.state_on_day(day)
    if state is None or state in LIVING:
        return ""
    ended = in_words(project.stage_on(day).since)
    return f"Le projet est {state.label.lower()} depuis le {ended} : son périmètre ne change plus."


def why_validated(project: Project, since: date) -> str:
    """What a change of `since` would rewrite: the perimeter on which the health project was validated; empty if not."""
    validation = last_validation(project, max(since, timezone.localdate()))
    if validation is None or since > validation.since:
        return ""
    return f"Le projet de santé a été validé le {in_words(validation.since)} sur son périmètre de ce jour-là"


def is_composed(project: Project) -> bool:
    """Whether its perimeter has ever held a zone: what is first told of a project overwrites nothing."""
    return project.perimeter.last_change() is not None


def is_amendment_on(project: Project, day: date) -> bool:
    """Whether a change of that day amends a validated perimeter."""
    return is_composed(project) and validated_on(project, day) is not None


def validated_on(project: Project, day: date) -> date | None:
    """Since when the health project is validated on `day`, the first of its validated stages in a row."""
    validation = last_validation(project, day) if project.state_on_day(day) in VALIDATED else None
    return validation and validation.since


def last_validation(project: Project, day: date) -> Stage | None:
    """The stage that the latest validation by `day` has opened, be the project still validated or not."""
    found, was_validated = None, False
    for stage in project.stages.all():
        if stage.since > day:
            break
        is_validated = State(stage.state) in VALIDATED
        if is_validated and not was_validated:
            found = stage
        was_validated = is_validated
    return found


def standing_changes(project: Project) -> list[PerimeterChange]:
    """Those that nobody has taken back, the latest first; no query when the changes were fetched before."""
    return [change for change in project.perimeter.changes.all() if not change.taken_back_at]


def last_change(project: Project) -> PerimeterChange | None:
    return next(iter(standing_changes(project)), None)


def take_back_change(user: User, pk: int, change_pk: int, reason: str) -> PerimeterChange:
    """Undo the last change of a perimeter, entered by mistake; it stays in the history with its reason.

    Raises Project.DoesNotExist out of scope, PerimeterChange.DoesNotExist, PermissionDenied, ValidationError.
    """
    with transaction.atomic():
        project = lock(Project.objects.for_user(user), pk)
        change = project.perimeter.changes.get(pk=change_pk)
        if not may_take_back_change(user, project, change):
            raise PermissionDenied(NOT_YOURS)
        check_reason(reason)
        if obstacle := why_not_take_back_change(project, change):
            raise ValidationError(obstacle)
        change.take_back(reason, by=user)
    return change


def may_take_back_change(user: User, project: Project, change: PerimeterChange) -> bool:
    return user.can_write_in(project.department_codes()) and may_remove(user, change.recorded_by)


def why_not_take_back_change(project: Project, change: PerimeterChange) -> str:
    """Why this change cannot be undone; empty when it can."""
    if change.taken_back_at:
        return "Ce changement est déjà annulé."
    if change != last_change(project):
        return "Le périmètre a changé depuis : annulez d'abord le changement le plus récent."
    if obstacle := why_ended(project, timezone.localdate()):
        return obstacle
    if change.origin in OF_THE_GEOGRAPHY:
        return "Ce changement vient de la géographie elle-même : il ne s'annule pas projet par projet."
    if change.origin == Origin.CONCILIATION:
        return "Ce changement applique l'issue d'une conciliation à plusieurs projets : il ne s'annule pas seul."
    obstacle = why_validated(project, change.since)
    if obstacle and was_known(change, last_validation(project, timezone.localdate())):
        return f"{obstacle} : ce périmètre ne s'annule plus, un avenant le change."
    return ""


def was_known(change: PerimeterChange, validation: Stage) -> bool:
    """Whether a change had been recorded when the health project was validated; if not, undoing it brings that back."""
    is_before = timezone.localdate(change.recorded_at) <= validation.since
    return is_before or change.recorded_at < validation.recorded_at


@dataclass(frozen=True, slots=True)
class Difference:
    """What a perimeter gained and lost between two days; a zone held otherwise (in part, or whole) is in both."""

    gained: tuple[PerimeterZone, ...]
    lost: tuple[PerimeterZone, ...]
    kept: tuple[PerimeterZone, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.gained or self.lost)


def difference(held: Iterable[PerimeterZone], before: date, after: date) -> Difference:
    """Between two days, from the memberships of a perimeter with their zones."""
    rows = sorted(held, key=lambda row: row.zone.search_name)
    old = {(row.zone_id, row.is_partial): row for row in rows if row.is_true_on(before)}
    new = {(row.zone_id, row.is_partial): row for row in rows if row.is_true_on(after)}
    return Difference(
        gained=tuple(row for key, row in new.items() if key not in old),
        lost=tuple(row for key, row in old.items() if key not in new),
        kept=tuple(row for key, row in new.items() if key in old),
    )
