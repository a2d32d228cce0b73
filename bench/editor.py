"""The perimeter's editor on an invented country: what the server answers to one act, and to one search."""

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from bench.timing import Measure, replayed
from projects.composing import recorded_zones
from projects.composition_facts import facts_of
from projects.models import Project

MOST_MS = 150


def measures() -> list[Measure]:
    """On the perimeter of the last invented project, which is left as it is."""
    user = User.objects.get(username="bench")
    project = Project.objects.order_by("pk").last()
    client = Client(headers={"HX-Request": "true"})
    client.force_login(user)
    page = f"{project.get_absolute_url()}perimetre"
    zones = recorded_zones(project)
    commune = min(zones)

    def toggle() -> HttpResponse:
        return _answered(client.post(f"{page}/composer", {"toggle": f"communes:{commune}"}))

    def search() -> HttpResponse:
        return _answered(client.get(f"{page}/chercher", {"q": "saint"}))

    bare = replayed(lambda: facts_of(project, zones, zones, timezone.localdate(), user))
    return [
        Measure("un acte de l'éditeur / ses lectures", toggle, bare, most_ms=MOST_MS),
        Measure("chercher une commune / ses lectures", search, replayed(search), most_ms=MOST_MS),
    ]


def _answered(response: HttpResponse) -> HttpResponse:
    assert response.status_code == 200, response.status_code
    return response
