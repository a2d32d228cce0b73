"""What one does on the editor of a perimeter, and what is then composed or recorded."""

from datetime import date

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from projects.models import PerimeterDraft, Project


def url(project: Project, page: str = "") -> str:
    return f"{project.get_absolute_url()}perimetre{page}"


def act(client: Client, project: Project, **said) -> HttpResponse:
    return client.post(url(project, "/composer"), said, follow=True)


def composed(project: Project) -> dict[str, bool]:
    draft = PerimeterDraft.objects.filter(project=project).first()
    return draft.zones if draft else {}


def held(project: Project, day: date | None = None) -> list[tuple[str, bool]]:
    memberships = project.perimeter.memberships.on(day or timezone.localdate()).order_by("zone__code")
    return list(memberships.values_list("zone__code", "is_partial"))


def record(client: Client, project: Project, **said) -> HttpResponse:
    seen = client.get(url(project)).context.get("seal", "")
    typed = {"since": timezone.localdate().isoformat(), "reason": "Accord des porteurs", "seen": seen}
    return client.post(url(project), typed | said)
