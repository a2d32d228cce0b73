from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from projects.views.tabs import tab_of


def project_funding(request: HttpRequest, pk: int) -> HttpResponse:
    """Who pays for writing the health project."""
    return render(request, "projects/funding.html", tab_of(request, pk, "project_funding"))
