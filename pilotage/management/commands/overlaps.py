"""The overlaps of a region, or of one project, on a day: for a terminal, a spreadsheet or another program."""

import json

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet

from ground.tables import as_csv
from pilotage.asking import ScopedCommand, ScopeForm
from pilotage.overlap_columns import COLUMNS, TERMINAL_COLUMNS, codes
from pilotage.terminal import aligned
from projects.models import Project
from projects.overlaps import overlaps

NAMES_SHOWN = 5


class Command(ScopedCommand):
    help = "Affiche les paires de projets en vie dont les territoires se superposent à une date."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--project", default="", help="numéro ou nom d'un projet : lui seul contre tous les autres")

    def handle(self, *, project: str, **options) -> None:
        if project and options["region"]:
            raise CommandError("Choisissez une région ou un projet, pas les deux.")
        self.only = named(project) if project else None
        super().handle(**options)

    def answer(self, form: ScopeForm, file_format: str) -> str:
        pairs = overlaps(form.day, touching=self.touching(form))
        if file_format == "csv":
            return as_csv(COLUMNS, pairs, for_people=False, delimiter=",")
        if file_format == "json":
            rows = [
                {column.key: column.value(pair) for column in COLUMNS} | {"shared_zones": codes(pair)} for pair in pairs
            ]
            return json.dumps(rows, ensure_ascii=False, indent=2, default=str) + "\n"
        if not pairs:
            return "Aucune superposition.\n"
        return aligned(TERMINAL_COLUMNS, pairs)

    def touching(self, form: ScopeForm) -> QuerySet[Project] | None:
        if self.only:
            return Project.objects.filter(pk=self.only.pk)
        return Project.objects.filter(lead_department__in=form.departments) if form.chosen_region else None


def named(text: str) -> Project:
    """The project of this number, or the only one whose name holds these words; raises CommandError when none is."""
    found = Project.objects.filter(pk=text) if text.isdecimal() else Project.objects.matching(text)
    names = [f"{project.pk} – {project}" for project in found[: NAMES_SHOWN + 1]]
    if not names:
        raise CommandError(f"Aucun projet ne répond à « {text} ».")
    if len(names) > 1:
        more = ", …" if len(names) > NAMES_SHOWN else ""
        raise CommandError(f"Plusieurs projets répondent à « {text} » : {', '.join(names[:NAMES_SHOWN])}{more}.")
    return found[0]
