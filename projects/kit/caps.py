"""The cap of the engineering grants, as shipped."""

import csv
from datetime import date
from decimal import Decimal

from django.conf import settings

from projects.models import GrantCap

CAPS = settings.BASE_DIR / "fixtures" / "kit" / "grant_caps.csv"


def load() -> str:
    """Add the caps that were never loaded; what an administrator has changed or withdrawn since stays so."""
    added = 0
    with CAPS.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            since = date.fromisoformat(row["since"])
            if GrantCap.history.filter(since=since).exists():
                continue
            is_verified = row["is_verified"] == "yes"
            amount = Decimal(row["amount_eur"])
            GrantCap.objects.create(since=since, amount=amount, source=row["source"], is_verified=is_verified)
            added += 1
    return f"Plafonds d'ingénierie : {added} ajouté{'s' if added > 1 else ''}."
