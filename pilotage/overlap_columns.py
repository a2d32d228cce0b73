"""The columns of the overlaps, for the page's downloads and for the command."""

from ground.tables import Cell, Column
from projects.overlaps import Pair, Side


def _of_each_side(key: str, label: str, value, *, is_number: bool = False) -> list[Column]:
    return [
        Column(f"{key}_a", f"{label} A", lambda pair: value(pair.a), is_number=is_number),
        Column(f"{key}_b", f"{label} B", lambda pair: value(pair.b), is_number=is_number),
    ]


def _share(side: Side) -> Cell:
    return None if side.share is None else round(side.share, 4)


def codes(pair: Pair) -> list[str]:
    return [zone.code for zone in pair.overlap.zones]


COLUMNS = [
    *_of_each_side("project", "Projet", lambda side: side.name),
    *_of_each_side("department", "Département", lambda side: side.department),
    *_of_each_side("state", "État", lambda side: side.state.value),
    Column("shared_zones", "Codes des zones partagées", lambda pair: ";".join(codes(pair))),
    Column("shared_zone_count", "Zones partagées", lambda pair: len(codes(pair)), is_number=True),
    Column("shared_population", "Habitants partagés", lambda pair: pair.population, is_number=True),
    *_of_each_side("population", "Population", lambda side: side.population, is_number=True),
    *_of_each_side("share", "Part de", _share, is_number=True),
    Column("kind", "Nature", lambda pair: pair.kind.value),
    Column("situation", "Situation", lambda pair: pair.situation.key),
    Column("prior", "Projet antérieur", lambda pair: pair.prior.name if pair.prior else ""),
    Column("prior_since", "Antérieur depuis le", lambda pair: pair.assessment.since),
]
"""For machines: states, kinds and situations by their keys."""

IN_WORDS = {
    "state_a": Column("state_a", "État A", lambda pair: pair.a.state.short_label),
    "state_b": Column("state_b", "État B", lambda pair: pair.b.state.short_label),
    "shared_zones": Column("shared_zones", "Zones partagées", lambda pair: ", ".join(pair.zones)),
    "shared_zone_count": Column("shared_zone_count", "Nombre", lambda pair: len(codes(pair)), is_number=True),
    "kind": Column("kind", "Superposition", lambda pair: pair.kind.label),
    "situation": Column("situation", "Situation", lambda pair: f"{pair.situation.name} : {pair.situation.short}"),
}
COLUMNS_FOR_PEOPLE = [IN_WORDS.get(column.key, column) for column in COLUMNS]
TERMINAL_KEYS = {
    *("project_a", "department_a", "project_b", "department_b"),
    *("shared_zone_count", "shared_population", "kind", "situation", "prior"),
}
TERMINAL_COLUMNS = [column for column in COLUMNS_FOR_PEOPLE if column.key in TERMINAL_KEYS]
