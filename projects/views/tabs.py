"""The pages of one project, side by side under one head."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from projects.conciliations.marks import open_conciliations
from projects.models import Project
from projects.turns import Standing, turns_of
from projects.views.access import may_write, readable_project

TABS = [
    ("Suivi", "project"),
    ("Territoire", "project_territory"),
    ("Instruction", "project_examination"),
    ("Documents et courriers", "project_documents"),
    ("Financement", "project_funding"),
    ("Déploiement de l'ACI", "project_rollout"),
    ("Contrat ACI", "project_aci"),  # of the app above: only its address is known here
    ("Historique", "project_history"),
]


def tab_context(request: HttpRequest, project: Project, tab: str) -> dict[str, Any]:
    """What the head of every page of a project shows; `tab` is the name of the page's address."""
    today = timezone.localdate()
    stage = project.stage_on(today)
    return {
        "project": project,
        "today": today,
        "day": today,
        "stage": stage,
        "open_conciliations": open_conciliations(project, today),
        "turns": turns_of([Standing.of(stage)], today)[project.pk] if stage else (),
        "may_write": may_write(request, project),
        "tabs": [(label, reverse(name, args=[project.pk]), name == tab) for label, name in TABS],
    }


def tab_of(request: HttpRequest, pk: int, tab: str) -> dict[str, Any]:
    return tab_context(request, readable_project(request, pk), tab)
