"""Writes down what dates have made of the projects: nothing depends on it, a search by stored state is only fresher."""

from collections.abc import Iterator

from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects.models import Project, Stage
from projects.states import State
from projects.workflow import lock, settle


class Command(BaseCommand):
    help = (
        "Écrit l'état du jour des projets que le délai a fait changer, à sa date légale. Sans risque si elle est "
        "relancée, lancée deux fois en même temps ou oubliée un mois : les écrans n'en dépendent pas."
    )

    def handle(self, *args, **options) -> None:
        written = 0
        for told in apply_deadlines():
            self.stdout.write(told)
            written += 1
        if not written:
            self.stdout.write("Rien à écrire.")


def apply_deadlines() -> Iterator[str]:
    """Settles each project that dates have moved, in a transaction of its own; yields what was written."""
    today = timezone.localdate()
    moved = Project.objects.with_state_on(today).filter(~Q(state=F("state_on"))).order_by("search_name", "pk")
    for pk in list(moved.values_list("pk", flat=True)):
        with transaction.atomic():
            project = lock(Project.objects, pk)
            is_written = settle(project)
        if is_written:
            yield told(project, project.stage_on(today))


def told(project: Project, stage: Stage) -> str:
    if not stage.is_tacit:
        return f"{project} : {quoted(State(stage.state).short_label)} depuis le {in_words(stage.since)}"
    filing = project.last_filing()
    return (
        f"{project} : validation tacite acquise le {in_words(stage.since)} "
        f"(dépôt reçu le {in_words(filing.received_on)})"
    )
