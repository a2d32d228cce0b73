"""The log of a conciliation, and taking back what was entered in it by mistake."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction

from accounts.models import User
from ground.templatetags.french import day as in_words
from projects.conciliations.rights import hold, may_write
from projects.models import Conciliation, ConciliationEntry, Scenario
from projects.stages import remove
from projects.withdrawing import NOT_YOURS, check_reason, may_remove

WITHDRAWABLE: dict[str, type[models.Model]] = {"echange": ConciliationEntry, "scenario": Scenario}
"""What can be withdrawn from a conciliation, by the word of its address."""


def add_entry(user: User, pk: int, entry: ConciliationEntry) -> ConciliationEntry:
    """Record what was said; both institutions do.

    Raises Conciliation.DoesNotExist out of scope, PermissionDenied, ValidationError.
    """
    with transaction.atomic():
        conciliation = hold(user, pk)
        if conciliation.until and entry.happened_on > conciliation.until:
            raise ValidationError(
                f"Cette conciliation est close depuis le {in_words(conciliation.until)} : seul ce qui s'est dit avant "
                "s'y ajoute."
            )
        said = {"kind": entry.kind, "happened_on": entry.happened_on, "text": entry.text}
        if conciliation.entries.filter(**said).exists():
            raise ValidationError("Cet échange est déjà noté.")
        entry.conciliation, entry.recorded_by = conciliation, user
        entry.full_clean()
        entry.save()
    return entry


def may_withdraw(user: User, conciliation: Conciliation, row: models.Model) -> bool:
    return may_write(user, conciliation) and may_remove(user, row.recorded_by)


def withdraw(user: User, pk: int, kind: str, row_pk: int, reason: str) -> models.Model:
    """Remove an exchange or a scenario entered by mistake; the field history keeps it with its reason.

    Raises Conciliation.DoesNotExist, the row's DoesNotExist, PermissionDenied, ValidationError.
    """
    with transaction.atomic():
        conciliation = hold(user, pk)
        row = WITHDRAWABLE[kind].objects.get(conciliation=conciliation, pk=row_pk)
        if not may_withdraw(user, conciliation, row):
            raise PermissionDenied(NOT_YOURS)
        check_reason(reason)
        if isinstance(row, Scenario) and row.outcomes.exists():
            raise ValidationError("Ce scénario a été appliqué : annulez d'abord l'issue de la conciliation.")
        remove(row, reason)
    return row
