"""Fills the demonstration with invented projects that cover France."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from random import Random

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from ground.text import search_form
from projects.demo.generation import Invention, invent
from projects.models import Filing, Project, Stage
from projects.states import State
from territories.models import Perimeter, PerimeterZone, Zone


class Command(BaseCommand):
    help = "Invente des projets qui couvrent la France (démonstration et mesures), toujours les mêmes pour une graine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--projects", type=int, default=1008, help="nombre de projets (1008 par défaut)")
        parser.add_argument("--seed", type=int, default=1, help="graine du tirage (1 par défaut)")

    def handle(self, *, projects: int, seed: int, **options) -> None:
        if not settings.DEMO:
            raise CommandError("Ces projets sont inventés : la commande ne s'emploie qu'avec DEMO=1.")
        zones = list(Zone.objects.leaves().order_by("department__region", "department", "epci", "code"))
        if not 10 <= projects <= len(zones):
            raise CommandError(
                f"Demandez entre 10 et {len(zones)} projets (autant que de zones)."
                if zones
                else "La géographie manque : lancez d'abord « manage.py load_geography »."
            )
        today = timezone.localdate()
        inventions = invent(zones, projects, Random(seed), today)  # noqa: S311 – a reproducible draw, no secret
        if are_known(inventions):
            raise CommandError("Ces projets sont déjà là : donnez une autre graine (--seed) pour en ajouter d'autres.")
        with transaction.atomic():
            memberships = write(inventions, today)
        self.stdout.write(f"{len(inventions)} projets inventés, {memberships} zones de périmètre.")


def are_known(inventions: list[Invention]) -> bool:
    """Whether the register already holds a project of each of these names."""
    names = {search_form(invention.name) for invention in inventions}
    return len(names) == Project.objects.filter(search_name__in=names).values("search_name").distinct().count()


def write(inventions: list[Invention], today: date) -> int:
    """Write everything in bulk; returns the number of memberships."""
    perimeters = Perimeter.objects.bulk_create(Perimeter() for _ in inventions)
    projects = Project.objects.bulk_create(
        Project(
            name=invention.name,
            search_name=search_form(invention.name),
            lead_department_id=invention.department,
            perimeter=perimeter,
            state=[entry.state for entry in invention.timeline if entry.since <= today][-1],
        )
        for invention, perimeter in zip(inventions, perimeters, strict=True)
    )
    reaching = Project.other_departments.through
    reaching.objects.bulk_create(
        reaching(project=project, department_id=code)
        for project, invention in zip(projects, inventions, strict=True)
        for code in sorted(invention.departments - {invention.department})
    )
    written = Stage.objects.bulk_create(
        stage for project, invention in zip(projects, inventions, strict=True) for stage in stages(project, invention)
    )
    Filing.objects.bulk_create(Filing(stage=stage) for stage in written if stage.state == State.FILED)
    memberships = 0
    for project, invention in tqdm(list(zip(projects, inventions, strict=True)), desc="Périmètres", disable=None):
        memberships += len(PerimeterZone.objects.bulk_create(held(project, invention)))
    return memberships


def stages(project: Project, invention: Invention) -> Iterator[Stage]:
    ends = [entry.since for entry in invention.timeline[1:]]
    for entry, until in zip(invention.timeline, [*ends, None], strict=True):
        yield Stage(project=project, until=until, **asdict(entry))


def held(project: Project, invention: Invention) -> Iterator[PerimeterZone]:
    since = invention.timeline[0].since
    for zones, is_partial in ((invention.zones, False), (invention.partial, True)):
        for zone in zones:
            yield PerimeterZone(perimeter_id=project.perimeter_id, zone=zone, since=since, is_partial=is_partial)
