"""The grids as shipped: what the field's guides ask to check, each version with its source."""

import csv
from itertools import groupby

from django.conf import settings

from projects.models import Grid, GridItem

FILE = settings.BASE_DIR / "fixtures" / "kit" / "grids.csv"


def load() -> str:
    """Adds the versions never loaded; leaves those renamed or deleted since, and those another one stands in for."""
    added = 0
    with FILE.open(encoding="utf-8", newline="") as file:
        for (kind, name, since, source), items in groupby(csv.DictReader(file), key=_version):
            grid = Grid(kind=kind, version=name, since=since, source=source)
            if Grid.history.filter(kind=kind, version=name).exists() or grid.in_use_meanwhile().exists():
                continue
            grid.save()
            GridItem.objects.bulk_create(
                GridItem(grid=grid, **{column: item[column] for column in ("position", "section", "text", "help")})
                for item in items
            )
            added += 1
    return f"Grilles : {added} ajoutées, les autres laissées telles quelles." if added else "Grilles : déjà présentes."


def _version(row: dict[str, str]) -> tuple[str, ...]:
    return row["kind"], row["version"], row["since"], row["source"]
