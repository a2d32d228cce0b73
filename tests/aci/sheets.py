"""The files of the tariffs as they ship, read and written again."""

import csv
from pathlib import Path

from django.conf import settings

AMOUNTS = settings.BASE_DIR / "fixtures" / "tariffs.csv"
TIERS = settings.BASE_DIR / "fixtures" / "tariff_tiers.csv"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def write_csv(path: Path, rows: list[dict[str, str]], **dialect: str) -> Path:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, fieldnames=rows[0], **dialect)
        writer.writeheader()
        writer.writerows(rows)
    return path
