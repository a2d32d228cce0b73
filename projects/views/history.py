from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from projects.changes import changes_of
from projects.views.tabs import tab_of


def project_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Who changed which field of a project when."""
    context = tab_of(request, pk, "project_history")
    return render(request, "projects/history.html", context | {"changes": changes_of(context["project"])})
