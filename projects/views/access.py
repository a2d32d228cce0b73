"""Which project a page may show or change: out of scope is a 404, what one reads but does not write a 403."""

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from projects.models import Project, Stage


def readable_project(request: HttpRequest, pk: int) -> Project:
    """The project with its stages and departments, fetched once for the whole page."""
    projects = Project.objects.for_user(request.user)
    related = projects.select_related("lead_department__region", "promoter", "perimeter")
    stages = Prefetch("stages", Stage.objects.select_related("recorded_by"))
    return get_object_or_404(related.prefetch_related(stages, "other_departments"), pk=pk)


def writable_project(request: HttpRequest, pk: int) -> Project:
    project = readable_project(request, pk)
    if not may_write(request, project):
        raise PermissionDenied("Vous lisez ce projet, mais seuls les chargés de suivi de ses départements y écrivent.")
    return project


def locked_project(request: HttpRequest, pk: int) -> Project:
    """The project to write on, held until the end of the transaction; raises as `writable_project` does."""
    writable_project(request, pk)
    return Project.objects.select_for_update(of=("self",)).get(pk=pk)


def may_write(request: HttpRequest, project: Project) -> bool:
    return request.user.can_write_in(project.department_codes())
