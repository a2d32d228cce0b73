"""Asking for missing pieces and receiving them: each act writes again what silence will make of the filing."""

from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from projects.clock import ImpossibleDates
from projects.models import Filing, PieceRequest, Project
from projects.stages import last_recorded
from projects.workflow import lock, plan_silence, settle

NOT_YOURS = "Les pièces sont demandées et reçues par l'ARS, dans ses départements."
NO_FILING = "Aucun dépôt n'est à l'examen : sa décision est déjà enregistrée, ou il a été retiré."
IN_THE_FUTURE = "La date est dans le futur : ce qui n'a pas encore eu lieu ne s'enregistre pas."


def may_ask_pieces(user: User, project: Project) -> bool:
    return user.can_write_in(project.department_codes()) and user.acts_for(Side.ARS)


def ask_pieces(user: User, pk: int, request: PieceRequest) -> PieceRequest:
    """Record a request made to the promoters of the filing under examination, and count its clock again.

    Raises Project.DoesNotExist out of scope, PermissionDenied for who is not of the ARS, ValidationError otherwise.
    """
    with transaction.atomic():
        project = _locked(user, pk)
        request.filing = _filing_under_examination(project)
        request.recorded_by = user
        _save(project, request, user)
    return request


def receive_pieces(user: User, pk: int, request_pk: int, received_on: date) -> PieceRequest:
    """Record that the pieces asked have all arrived. Raises as `ask_pieces` does."""
    with transaction.atomic():
        project = _locked(user, pk)
        request = PieceRequest.objects.get(pk=request_pk, filing=_filing_under_examination(project))
        if request.received_on:
            raise ValidationError(f"Ces pièces ont déjà été reçues le {in_words(request.received_on)}.")
        request.received_on = received_on
        _save(project, request, user)
    return request


def _locked(user: User, pk: int) -> Project:
    project = lock(Project.objects.for_user(user), pk)
    if not may_ask_pieces(user, project):
        raise PermissionDenied(NOT_YOURS)
    return project


def open_filing(project: Project) -> Filing | None:
    """The filing that nobody has decided on, even if silence has: what was asked in time may be typed late."""
    filing = project.last_filing()
    return filing if filing and last_recorded(project).pk == filing.stage_id else None


def _filing_under_examination(project: Project) -> Filing:
    filing = open_filing(project)
    if filing is None:
        raise ValidationError(NO_FILING)
    return filing


def _save(project: Project, request: PieceRequest, user: User) -> None:
    if max(request.asked_on, request.received_on or date.min) > timezone.localdate():
        raise ValidationError(IN_THE_FUTURE)
    request.full_clean()
    request.save()
    count_again(project, by=user)


def count_again(project: Project, *, by: User) -> None:
    """Write what silence makes of the last filing, now that its requests have changed. Needs the lock."""
    try:
        plan_silence(project, by=by)
    except ImpossibleDates as error:
        raise ValidationError(error.message_fr) from error
    settle(project)
