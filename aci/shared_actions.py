"""What several CPTS share: who writes it, its follow-up, and taking back what was entered by mistake."""

from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Prefetch, QuerySet

from accounts.models import User
from aci.models import SharedAction, SharedActionEntry
from projects.models import Project
from projects.stages import remove
from projects.withdrawing import NOT_YOURS as NOT_YOUR_ROW
from projects.withdrawing import check_reason, may_remove
from projects.workflow import lock_all

NOT_YOURS = "Vous lisez cette action ; les chargés de suivi des départements de ses CPTS y écrivent."
FOLLOWED = "Un suivi est noté sur cette action : retirez-le d'abord, ou donnez à l'action un dernier jour."


def may_write(user: User, action: SharedAction) -> bool:
    return user.can_write_in(departments_of(action.projects.all()))


def departments_of(projects: QuerySet[Project]) -> set[str]:
    return set().union(*(project.department_codes() for project in projects))


def hold(user: User, pk: int) -> SharedAction:
    """The action and its projects, held until the end of the transaction, always in this order.

    Raises SharedAction.DoesNotExist out of scope, PermissionDenied for who does not write in it.
    """
    action = SharedAction.objects.for_user(user).select_for_update(of=("self",), no_key=True).get(pk=pk)
    lock_all(action.projects.values_list("pk", flat=True))
    if not may_write(user, action):
        raise PermissionDenied(NOT_YOURS)
    return action


def add_entry(user: User, pk: int, entry: SharedActionEntry) -> SharedActionEntry:
    """Note a step of the follow-up.

    Raises SharedAction.DoesNotExist out of scope, PermissionDenied, ValidationError.
    """
    with transaction.atomic():
        action = hold(user, pk)
        if action.entries.filter(happened_on=entry.happened_on, text=entry.text).exists():
            raise ValidationError("Ce suivi est déjà noté.")
        entry.shared_action, entry.recorded_by = action, user
        entry.full_clean()
        entry.save()
    return entry


def may_withdraw(user: User, action: SharedAction, row: SharedAction | SharedActionEntry) -> bool:
    return may_write(user, action) and may_remove(user, row.recorded_by)


def withdraw(user: User, pk: int, reason: str, entry_pk: int | None = None) -> models.Model:
    """Remove the action, or one step of its follow-up; the field history keeps it with its reason.

    Raises DoesNotExist of what is not there, PermissionDenied, ValidationError.
    """
    with transaction.atomic():
        action = hold(user, pk)
        row = action.entries.get(pk=entry_pk) if entry_pk is not None else action
        if not may_withdraw(user, action, row):
            raise PermissionDenied(NOT_YOUR_ROW)
        check_reason(reason)
        if row == action and action.entries.exists():
            raise ValidationError(FOLLOWED)
        remove(row, reason)
    return row


def shared_actions_of(project: Project, day: date) -> list[SharedAction]:
    """What was shared with a project by `day`: what goes on first, then the latest; with the CPTS of each."""
    with_projects = Prefetch("projects", Project.objects.select_related("lead_department"))
    known = project.shared_actions.filter(since__lte=day).prefetch_related(with_projects)
    return sorted(known, key=lambda action: not action.is_true_on(day))
