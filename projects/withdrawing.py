"""Taking back what was entered by mistake on a stage: its author says why, and the field history keeps it."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import timezone

from accounts.models import User
from projects.models import Consultation, Opinion, PieceRequest, Project, Signature, Stage
from projects.pieces import count_again
from projects.workflow import lock, remove

WITHDRAWABLE: dict[str, type[models.Model]] = {
    "avis": Opinion,
    "avis-demande": Consultation,
    "pieces": PieceRequest,
    "signature": Signature,
}
"""What can be withdrawn, by the word of its address."""

NOT_YOURS = "Seuls son auteur, un responsable de son institution ou un administrateur retirent une saisie."


def withdrawable(project: Project, kind: str, row_pk: int) -> models.Model:
    """The row of `kind` on this project; raises its model's DoesNotExist, KeyError for an unknown kind."""
    model = WITHDRAWABLE[kind]
    path = "filing__stage__project" if model is PieceRequest else "stage__project"
    return model.objects.get(**{path: project}, pk=row_pk)


def stage_of(row: models.Model) -> Stage:
    return row.filing.stage if isinstance(row, PieceRequest) else row.stage


def may_withdraw(user: User, project: Project, row: models.Model) -> bool:
    if not user.can_write_in(project.department_codes()):
        return False
    author = row.recorded_by
    if user.is_administrator or author == user:
        return True
    return user.role == User.Role.MANAGER and author is not None and author.side == user.side


def withdraw(user: User, pk: int, kind: str, row_pk: int, reason: str) -> models.Model:
    """Remove a row entered by mistake, and count the clock again if it was a piece request.

    Raises Project.DoesNotExist out of scope, the row's DoesNotExist, PermissionDenied, ValidationError.
    """
    with transaction.atomic():
        project = lock(Project.objects.for_user(user), pk)
        row = withdrawable(project, kind, row_pk)
        if not may_withdraw(user, project, row):
            raise PermissionDenied(NOT_YOURS)
        if not reason.strip():
            raise ValidationError("Dites pourquoi : la raison reste dans l'historique.")
        stage = stage_of(row)
        if isinstance(row, Signature) and project.stage_on(timezone.localdate()) != stage:
            raise ValidationError(
                "L'acte est signé de tous et l'étape enregistrée : annulez d'abord cette étape sur la fiche du projet."
            )
        remove(row, reason)
        if isinstance(row, PieceRequest):
            count_again(project, by=user)
    return row
