"""The overlaps of a region on a day, for a terminal, a spreadsheet or another program."""

import json

from ground.tables import as_csv
from pilotage.asking import ScopedCommand, ScopeForm
from pilotage.overlap_columns import COLUMNS, TERMINAL_COLUMNS, codes
from pilotage.terminal import aligned
from projects.models import Project
from projects.overlaps import overlaps


class Command(ScopedCommand):
    help = "Affiche les paires de projets en vie dont les territoires se superposent à une date."

    def answer(self, form: ScopeForm, file_format: str) -> str:
        touching = Project.objects.filter(lead_department__in=form.departments) if form.chosen_region else None
        pairs = overlaps(form.day, touching=touching)
        if file_format == "csv":
            return as_csv(COLUMNS, pairs, for_people=False, delimiter=",")
        if file_format == "json":
            rows = [
                {column.key: column.value(pair) for column in COLUMNS} | {"shared_zones": codes(pair)} for pair in pairs
            ]
            return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
        if not pairs:
            return "Aucune superposition.\n"
        return aligned(TERMINAL_COLUMNS, pairs)
