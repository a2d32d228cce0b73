"""The photograph of a region on a day, for a terminal, a spreadsheet or another program."""

import json

from ground.tables import as_csv
from pilotage.asking import ScopedCommand, ScopeForm
from pilotage.photograph import COLUMNS, NAMED_COLUMNS, photograph
from pilotage.terminal import aligned


class Command(ScopedCommand):
    help = "Affiche, par département, le nombre de projets à chaque maturité à une date (la photographie régionale)."

    def answer(self, form: ScopeForm, file_format: str) -> str:
        found = photograph(form.departments, form.day)
        if file_format == "csv":
            return as_csv(COLUMNS, [*found.rows, found.total], for_people=False, delimiter=",")
        if file_format == "json":
            *rows, total = (
                {column.key: column.value(row) for column in NAMED_COLUMNS} for row in [*found.rows, found.total]
            )
            del total["department"], total["name"]
            region = form.chosen_region.pk if form.chosen_region else None
            answer = {"region": region, "date": form.day.isoformat(), "rows": rows, "total": total}
            return json.dumps(answer, ensure_ascii=False, indent=2) + "\n"
        return aligned(NAMED_COLUMNS, [*found.rows, found.total])
