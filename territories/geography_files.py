"""The files of the reference geography (fixtures/geography): read as a whole, or refused with every reason."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from django.core.exceptions import ValidationError

from territories.geography_rows import COLUMNS, Geography, Row

REFERENCES = [
    ("departments", "region", "regions", "région inconnue"),
    ("zones", "department", "departments", "département inconnu"),
    ("zones", "epci", "epci", "EPCI inconnu"),
    ("zones", "parent", "zones", "commune découpée inconnue"),
    ("former_zones", "successor", "zones", "zone actuelle inconnue"),
]
OPTIONAL = {"epci", "parent"}


def read_geography(folder: Path) -> Geography:
    """The rows of each file, as text. Raises ValidationError with all that does not hold together, in French."""
    geography = {name: _rows(folder / f"{name}.csv", columns) for name, columns in COLUMNS.items()}
    if problems := [*_broken_codes(geography), *_broken_zones(geography["zones"])]:
        raise ValidationError(problems)
    return geography


def _rows(path: Path, columns: list[str]) -> list[Row]:
    if not path.is_file():
        raise ValidationError(f"Fichier absent : {path}")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, restval="")
        if reader.fieldnames != columns:
            raise ValidationError(f"{path.name} : les colonnes attendues sont {', '.join(columns)}.")
        return list(reader)


def _broken_codes(geography: Geography) -> Iterator[str]:
    codes = {name: Counter(row["code"] for row in rows) for name, rows in geography.items()}
    for name in COLUMNS.keys() - {"former_zones"}:
        for code in [code for code, times in codes[name].items() if times > 1]:
            yield f"{name}.csv : le code {code} figure plusieurs fois."
    for name, column, target, message in REFERENCES:
        for row in geography[name]:
            code = row[column]
            if code not in codes[target] and not (code == "" and column in OPTIONAL):
                yield f"{name}.csv, {row['code']} {row['name']} : {message} « {code} »."


def _broken_zones(zones: list[Row]) -> Iterator[str]:
    parts: dict[str, int] = defaultdict(int)
    for zone in zones:
        if zone["kind"] != ("arrondissement" if zone["parent"] else "commune"):
            yield f"zones.csv, {zone['code']} {zone['name']} : la nature et la commune découpée se contredisent."
        if not (zone["population"].isdecimal() and zone["vintage"].isdecimal()):
            yield f"zones.csv, {zone['code']} {zone['name']} : population ou millésime illisible."
        elif zone["parent"]:
            parts[zone["parent"]] += int(zone["population"])
    for zone in zones:
        if zone["code"] in parts and zone["population"] != str(parts[zone["code"]]):
            yield (
                f"zones.csv, {zone['code']} {zone['name']} : {zone['population']} habitants, "
                f"mais {parts[zone['code']]} dans ses arrondissements."
            )
