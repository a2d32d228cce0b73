"""The columns of the uncovered areas, of their communes and of the shares, for downloads and for the command."""

from ground.tables import Column
from pilotage.uncovered import Area, Cover, Coverage, Leaf

AREA_COLUMNS = [
    Column("area", "Zone", lambda area: area.name),
    Column("population", "Population", lambda area: area.population, is_number=True),
    Column("vintage", "Millésime", lambda area: area.vintage, is_number=True),
    Column("zone_count", "Communes", lambda area: len(area.zones), is_number=True),
    Column("departments", "Départements", lambda area: ", ".join(area.departments)),
    Column("epcis", "EPCI", lambda area: ", ".join(area.epcis)),
    Column("neighbours", "Projets voisins", lambda area: ", ".join(project.name for project in area.neighbours)),
    Column("zones", "Codes Insee", lambda area: " ".join(area.codes)),
]
TERMINAL_COLUMNS = [
    column for column in AREA_COLUMNS if column.key in ("area", "population", "zone_count", "departments")
]

COMMUNE_COLUMNS = [
    Column("code", "Code Insee", lambda row: row[1].code),
    Column("name", "Commune", lambda row: row[1].name),
    Column("department", "Département", lambda row: row[1].department),
    Column("epci", "EPCI", lambda row: row[1].epci),
    Column("population", "Population", lambda row: row[1].population, is_number=True),
    Column("vintage", "Millésime", lambda row: row[1].vintage, is_number=True),
    Column("cover", "Couverture", lambda row: row[1].cover.label),
    Column("area", "Zone", lambda row: row[0].name if row[0] else ""),
]
"""One row for each commune without a project, then for each held in part only."""


def communes(found: Coverage) -> list[tuple[Area | None, Leaf]]:
    in_areas = [(area, zone) for area in found.areas for zone in area.zones]
    return [*in_areas, *((None, zone) for zone in found.in_part)]


SHARE_COLUMNS = [
    Column("department", "Département", lambda line: line.code or line.name),
    *(
        Column(cover.value, cover.label, lambda line, cover=cover: line.inhabitants[cover], is_number=True)
        for cover in Cover
    ),
    Column("population", "Population", lambda line: line.population, is_number=True),
]
