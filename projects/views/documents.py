from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from projects.views.tabs import tab_of


def project_documents(request: HttpRequest, pk: int) -> HttpResponse:
    """The documents of a project by phase, and the letters that can be written."""
    return render(request, "projects/documents.html", tab_of(request, pk, "project_documents"))
