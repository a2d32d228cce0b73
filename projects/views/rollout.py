from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from projects.views.tabs import tab_of


def project_rollout(request: HttpRequest, pk: int) -> HttpResponse:
    """What happens between the validation of the health project and the three signatures."""
    return render(request, "projects/rollout.html", tab_of(request, pk, "project_rollout"))
