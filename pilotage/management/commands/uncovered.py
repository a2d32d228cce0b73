"""Who is covered by what, and the areas without a project, for a terminal, a spreadsheet or another program."""

import json

from ground.tables import as_csv
from pilotage.asking import ScopedCommand, ScopeForm
from pilotage.terminal import aligned
from pilotage.uncovered import Area, Line, coverage
from pilotage.uncovered_columns import AREA_COLUMNS, SHARE_COLUMNS, TERMINAL_COLUMNS


class Command(ScopedCommand):
    help = "Affiche la population couverte par département et les zones sans projet (« zones atones ») à une date."

    def answer(self, form: ScopeForm, file_format: str) -> str:
        found = coverage(form.departments, form.day)
        if file_format == "csv":
            return as_csv(AREA_COLUMNS, found.areas, for_people=False, delimiter=",")
        if file_format == "json":
            answer = {
                "region": form.chosen_region.pk if form.chosen_region else None,
                "date": form.day.isoformat(),
                "departments": [_share(line) for line in found.lines if not line.is_sum],
                "total": _share(found.total),
                "areas": [_area(area) for area in found.areas],
            }
            return json.dumps(answer, ensure_ascii=False, indent=2) + "\n"
        shares = aligned(SHARE_COLUMNS, [*found.lines, found.total])
        if not found.areas:
            return f"{shares}\nAucune zone sans projet.\n"
        return f"{shares}\n{aligned(TERMINAL_COLUMNS, found.areas)}"


def _share(line: Line) -> dict:
    return {column.key: column.value(line) for column in SHARE_COLUMNS if column.key != "department" or line.code}


def _area(area: Area) -> dict:
    found = {column.key: column.value(area) for column in AREA_COLUMNS}
    neighbours = [project.name for project in area.neighbours]
    return found | {"departments": area.departments, "epcis": area.epcis, "zones": area.codes, "neighbours": neighbours}
