from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aci.forms import RemunerationForm


def remuneration(request: HttpRequest) -> HttpResponse:
    """What a population is worth on a date; the question stands in the URL, so that the answer can be shared."""
    form = RemunerationForm(request.GET or None)
    is_refused = form.is_bound and not form.is_valid()
    return render(request, "aci/remuneration.html", {"form": form}, status=400 if is_refused else 200)
