from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from projects.views.tabs import tab_of


def project_examination(request: HttpRequest, pk: int) -> HttpResponse:
    """What both institutions say of the letter, the health project and the draft contract."""
    return render(request, "projects/examination.html", tab_of(request, pk, "project_examination"))
