"""The one way to change the perimeter of a project, and what differs between two days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from ground.templatetags.french import day as in_words
from projects.models import Project
from projects.states import LIVING, State
from projects.withdrawing import may_remove
from projects.workflow import lock
from territories.models import PerimeterChange, PerimeterZone, Zone

VALIDATED = frozenset({State.VALIDATED, State.ACI_SIGNED})
Origin = PerimeterChange.Origin


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
    if obstacle := why_not_change(project, since):
        raise ValidationError(obstacle)
    if origin == Origin.COMPOSED and validated_on(project, since):
        origin = Origin.AMENDMENT
    return project.perimeter.set_zones(zones, since, partial=partial, by=by, reason=reason, origin=origin)


def why_not_change(project: Project, since: date) -> str:
    """Why the perimeter cannot change on that day; empty when it can."""
    state = project.state_on_day(since)
    if state and state not in LIVING:
        ended = in_words(project.stage_on(since).since)
        return f"Le projet est {state.label.lower()} depuis le {ended} : son périmètre ne change plus."
    validated = validated_on(project, max(since, timezone.localdate()))
    if validated and since <= validated:
        return (
            f"Le projet de santé a été validé le {in_words(validated)} sur son périmètre de ce jour-là : ce qui change "
            "ensuite est un avenant, daté d'un jour plus récent."
        )
    if validated and any(
        change.since == since and not change.taken_back_at for change in project.perimeter.changes.all()
    ):
        return (
            f"Un changement est déjà en vigueur le {in_words(since)} : un avenant ne s'écrase pas. Annulez-le avec sa "
            "raison, ou datez celui-ci d'un autre jour."
        )
    return ""


def validated_on(project: Project, day: date) -> date | None:
    """Since when the health project is validated on `day`, the first of its validated stages in a row."""
    since = None
    for stage in project.stages.all():
        if stage.since > day:
            break
        is_validated = State(stage.state) in VALIDATED
        since = (since or stage.since) if is_validated else None
    return since


def last_change(project: Project) -> PerimeterChange | None:
    return project.perimeter.changes.filter(taken_back_at=None).order_by("since", "pk").last()


def take_back_change(user: User, pk: int, change_pk: int, reason: str) -> PerimeterChange:
    """Undo the last change of a perimeter, entered by mistake; it stays in the history with its reason.

    Raises Project.DoesNotExist out of scope, PerimeterChange.DoesNotExist, PermissionDenied, ValidationError.
    """
    with transaction.atomic():
        project = lock(Project.objects.for_user(user), pk)
        change = project.perimeter.changes.get(pk=change_pk)
        if not (user.can_write_in(project.department_codes()) and may_remove(user, change.recorded_by)):
            raise PermissionDenied(
                "Seuls son auteur, un responsable de son institution ou un administrateur l'annulent."
            )
        if not reason.strip():
            raise ValidationError("Dites pourquoi : la raison reste dans l'historique.")
        if obstacle := why_not_take_back_change(project, change):
            raise ValidationError(obstacle)
        project.perimeter.undo(change)
        change.taken_back_at, change.taken_back_by, change.taken_back_reason = timezone.now(), user, reason
        change.save()
    return change


def why_not_take_back_change(project: Project, change: PerimeterChange) -> str:
    """Why this change cannot be undone; empty when it can."""
    if change.taken_back_at:
        return "Ce changement est déjà annulé."
    if change != last_change(project):
        return "Le périmètre a changé depuis : annulez d'abord le changement le plus récent."
    if change.origin in (Origin.SPLIT, Origin.GEOGRAPHY):
        return "Ce changement vient de la géographie elle-même : il ne s'annule pas projet par projet."
    if change.origin == Origin.CONCILIATION:
        return "Ce changement applique l'issue d'une conciliation à plusieurs projets : il ne s'annule pas seul."
    return ""


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
