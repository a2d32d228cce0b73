"""Taking back what was entered by mistake: its author says why, and the field history keeps it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.dispatch import Signal
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from projects.examination.opinions import review_disagreement
from projects.examination.pieces import count_again, open_filing
from projects.models import (
    ClsSignature,
    Consultation,
    Document,
    EngineeringGrant,
    Escalation,
    ExchangedVersion,
    GrantPayment,
    JournalEntry,
    Opinion,
    OtherFunding,
    PieceRequest,
    Project,
    RolloutEvent,
    Signature,
    VigilancePoint,
)
from projects.stages import remove
from projects.workflow import lock

document_leaves = Signal()
"""Sent in the transaction, before `document` is withdrawn: what an app above rests on it raises ValidationError."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of row: how its project is reached, and the page (with its anchor) that shows it."""

    model: type[models.Model]
    path_to_project: str
    page: str
    anchor: str = ""
    why_not: Callable[[models.Model], str] | None = None  # why this row cannot go before something else does
    address: Callable[[models.Model], str] | None = None  # of the page that shows it, when a project's pk is not enough

    def url_of(self, row: models.Model, project_pk: int) -> str:
        return self.address(row) if self.address else reverse(self.page, args=[project_pk]) + self.anchor


WITHDRAWABLE = {
    "avis": Kind(Opinion, "stage__project", "project_examination"),
    "avis-demande": Kind(Consultation, "stage__project", "project_examination"),
    "desaccord": Kind(Escalation, "stage__project", "project_examination"),
    "pieces": Kind(PieceRequest, "filing__stage__project", "project_examination"),
    "signature": Kind(Signature, "stage__project", "project_examination"),
    "vigilance": Kind(VigilancePoint, "project", "project_examination", "#points"),
    "journal": Kind(JournalEntry, "project", "project", "#journal"),
    "convention": Kind(EngineeringGrant, "project", "project_funding"),
    "versement": Kind(GrantPayment, "grant__project", "project_funding"),
    "financement": Kind(OtherFunding, "project", "project_funding"),
    "deploiement": Kind(RolloutEvent, "project", "project_rollout"),
    "version": Kind(ExchangedVersion, "project", "project_rollout"),
    "cls": Kind(ClsSignature, "project", "project_context", "#cls"),
}
"""What can be withdrawn, by the word of its address; an app above adds what it records about a project."""

NOT_YOURS = "Seuls son auteur, un responsable de son institution ou un administrateur retirent une saisie."


def withdrawable(project: Project, kind: str, row_pk: int) -> models.Model:
    """The row of `kind` on this project; raises its model's DoesNotExist, KeyError for an unknown kind."""
    asked = WITHDRAWABLE[kind]
    return asked.model.objects.get(**{asked.path_to_project: project}, pk=row_pk)


def author_of(row: models.Model) -> User | None:
    """Who entered what would be withdrawn: of a disagreement, the decision that ended it."""
    return (isinstance(row, Escalation) and row.closed_by) or row.recorded_by


def may_remove(user: User, author: User | None) -> bool:
    """Who takes back what somebody has entered: its author, a manager of the author's side, an administrator."""
    if user.is_administrator or user == author:
        return True
    return user.role == User.Role.MANAGER and author is not None and author.side == user.side


def check_reason(reason: str) -> None:
    """Raises ValidationError for a blank one: the field history must say why."""
    if not reason.strip():
        raise ValidationError("Dites pourquoi : la raison reste dans l'historique.")


def may_withdraw(user: User, project: Project, row: models.Model) -> bool:
    return user.can_write_in(project.department_codes()) and may_remove(user, author_of(row))


def withdraw(user: User, pk: int, kind: str, row_pk: int, reason: str) -> models.Model:
    """Remove a row entered by mistake, and what only rested on it: the count of a clock, a FINESS number.

    Raises Project.DoesNotExist out of scope, the row's DoesNotExist, PermissionDenied, ValidationError.
    """
    with transaction.atomic():
        project = lock(Project.objects.for_user(user), pk)
        row = withdrawable(project, kind, row_pk)
        if not may_withdraw(user, project, row):
            raise PermissionDenied(NOT_YOURS)
        check_reason(reason)
        if obstacle := why_not_withdraw(project, row) or why_not_here(kind, row):
            raise ValidationError(obstacle)
        remove(row, reason)
        if isinstance(row, Opinion | Escalation):
            review_disagreement(row.stage, reason, by=user)
        if isinstance(row, PieceRequest):
            count_again(project, by=user)
        if isinstance(row, RolloutEvent) and row.kind == RolloutEvent.Kind.FINESS:
            project.finess = ""
            project.save(update_fields=["finess"])
    return row


def withdraw_document(document: Document, reason: str) -> Document:
    """Set a document aside: it is kept, with the reason. Call it under the lock of its project.

    Raises ValidationError when something rests on it.
    """
    document_leaves.send(Document, document=document)
    document.withdrawn_at, document.withdrawal = timezone.now(), reason
    document.save(update_fields=["withdrawn_at", "withdrawal"])
    return document


def why_not_here(kind: str, row: models.Model) -> str:
    why_not = WITHDRAWABLE[kind].why_not
    return why_not(row) if why_not else ""


def why_not_withdraw(project: Project, row: models.Model) -> str:
    """Why this row cannot go before something else does; empty when it can."""
    if isinstance(row, Signature) and project.stage_on(timezone.localdate()) != row.stage:
        return "L'acte est signé de tous et l'étape enregistrée : annulez d'abord cette étape sur la fiche du projet."
    if isinstance(row, PieceRequest) and open_filing(project) != row.filing:
        return "Ce dépôt est décidé, compte tenu de ces pièces : annulez d'abord sa décision sur la fiche du projet."
    if isinstance(row, EngineeringGrant) and row.payments.exists():
        return "Des versements sont enregistrés sur cette convention : retirez-les d'abord."
    return ""
