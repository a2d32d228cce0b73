"""The document types and the library as shipped: the lists of the field's guides. Administrators change them after."""

import csv
from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from projects.models import DocumentType, LibraryEntry

FOLDER = settings.BASE_DIR / "fixtures" / "kit"


def load() -> str:
    """Adds the types and the entries whose name is missing; leaves those present as they are."""
    types = sum(_add_type(row) for row in _rows("document_types.csv"))
    entries = sum(_add_entry(row) for row in _rows("library.csv"))
    if not (types or entries):
        return "Types de document et bibliothèque : déjà présents."
    return f"Types de document : {types} ajoutés ; bibliothèque : {entries} outils ajoutés, le reste laissé tel quel."


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _add_type(row: dict[str, str]) -> bool:
    said = {column: row[column] for column in ("phase", "position", "help")}
    said |= {column: row[column] == "yes" for column in ("is_required", "is_in_use")}
    return DocumentType.objects.get_or_create(name=row["name"], defaults=said)[1]


def _add_entry(row: dict[str, str]) -> bool:
    said = {column: row[column] for column in ("position", "description", "source")}
    said["since"] = timezone.localdate()
    if LibraryEntry.objects.filter(phase=row["phase"], title=row["title"]).exists():
        return False
    LibraryEntry.objects.create(phase=row["phase"], title=row["title"], **said)
    return True
