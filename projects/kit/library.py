"""The document types and the library as shipped: the lists of the field's guides. Administrators change them after."""

import csv
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from projects.models import DocumentType, LibraryEntry

FOLDER = settings.BASE_DIR / "fixtures" / "kit"


def load() -> str:
    """Adds what is missing; leaves what is present, renamed or moved, as administrators have made it.

    A row is present when its name is, or when its place is taken: the same rank in a phase, from the same source.
    """
    types = sum(_add_type(row) for row in shipped("document_types.csv"))
    entries = sum(_add_entry(row) for row in shipped("library.csv"))
    if not (types or entries):
        return "Types de document et bibliothèque : déjà présents."
    return f"Types de document ajoutés : {types} ; outils ajoutés à la bibliothèque : {entries} ; le reste inchangé."


def shipped(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _add_type(row: dict[str, str]) -> bool:
    place = Q(phase=row["phase"], position=row["position"])
    if DocumentType.objects.filter(place | Q(name=row["name"])).exists():
        return False
    said = {column: row[column] for column in ("phase", "position", "name", "help")}
    said |= {column: row[column] == "yes" for column in ("is_required", "is_in_use")}
    DocumentType.objects.create(**said)
    return True


def _add_entry(row: dict[str, str]) -> bool:
    place = Q(position=row["position"], source=row["source"])
    if LibraryEntry.objects.filter(place | Q(title=row["title"]), phase=row["phase"]).exists():
        return False
    LibraryEntry.objects.create(**row, since=timezone.localdate())
    return True
