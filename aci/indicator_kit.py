"""The first indicators of a region's catalogue, as shipped: those met most often. Regions change them after."""

import csv
from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from aci.models import Indicator
from territories.models import Region

FILE = settings.BASE_DIR / "fixtures" / "kit" / "indicators.csv"
COLUMNS = ["label", "mission", "nature", "origin", "direction", "unit", "definition", "method", "pieces"]


def load(region: Region) -> int:
    """Adds what the common base of `region` lacks, by code or by label, and touches nothing else: how many."""
    known = Indicator.objects.filter(region=region)
    codes = set(known.values_list("code", flat=True))
    labels = set(known.filter(project=None).values_list("label", flat=True))
    rows = [row for row in shipped() if row["code"] not in codes and row["label"] not in labels]
    for row in rows:
        indicator = Indicator(
            region=region,
            code=row["code"],
            is_paying=row["is_paying"] == "yes",
            decimals=int(row["decimals"]),
            since=timezone.localdate(),
            source=f"{row['source']} – {row['reference']}",
            **{column: row[column] for column in COLUMNS},
        )
        indicator.full_clean()
        indicator.save()
    return len(rows)


def shipped() -> Iterator[dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
