"""Which project a page may show or change: out of scope is a 404, what one reads but does not write a 403."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Prefetch
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.models.institution import Side
from projects.models import Project, Stage
from projects.workflow import READS_ONLY

Saved = TypeVar("Saved")


def readable_project(request: HttpRequest, pk: int) -> Project:
    """The project with its stages and departments, fetched once for the whole page."""
    projects = Project.objects.for_user(request.user)
    related = projects.select_related("lead_department__region", "promoter", "perimeter")
    told = Stage.objects.select_related("recorded_by", "filing", "decision", "merger__successor")
    stages = Prefetch("stages", told.prefetch_related("filing__piece_requests"))
    return get_object_or_404(related.prefetch_related(stages, "other_departments"), pk=pk)


def writable_project(request: HttpRequest, pk: int) -> Project:
    """The project that a form changes; once the form is sent, held until the end of the transaction."""
    if request.method == "POST":
        project = get_object_or_404(Project.objects.for_user(request.user).select_for_update(of=("self",)), pk=pk)
    else:
        project = readable_project(request, pk)
    if not may_write(request, project):
        raise PermissionDenied(READS_ONLY)
    return project


def atomic_when_sent(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """One transaction around a form that is sent; a page that is only read takes no lock and waits for nobody."""
    in_transaction = transaction.atomic(view)

    @wraps(view)
    def either(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return (in_transaction if request.method == "POST" else view)(request, *args, **kwargs)

    return either


def saved(form: BaseForm, save: Callable[[], Saved]) -> Saved | None:
    """What `save` gives once the form is valid; None when it is not, or when `save` refuses: the form then says why.

    A refusal undoes what `save` had written before it.
    """
    if not form.is_valid():
        return None
    try:
        with transaction.atomic():
            return save()
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return None


def project_of_side(request: HttpRequest, pk: int, side: Side, why: str) -> Project:
    """The writable project, for the institution that this act belongs to; the other one is told `why` (403)."""
    project = writable_project(request, pk)
    if not request.user.acts_for(side):
        raise PermissionDenied(why)
    return project


def may_write(request: HttpRequest, project: Project) -> bool:
    return request.user.can_write_in(project.department_codes())
