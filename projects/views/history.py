from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from projects.changes import changes_of
from projects.views.access import readable_project


def project_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Who changed which field of a project when."""
    project = readable_project(request, pk)
    return render(request, "projects/history.html", {"project": project, "changes": changes_of(project)})
