"""Rows of the reference geography's files, written into the database."""

from collections.abc import Iterable, Iterator

from django.db import models
from django.db.models import F, Max, Sum

from ground.templatetags.french import number
from ground.text import search_form
from territories.geography_rows import Geography, Row
from territories.models import Department, Epci, FormerZone, Region, Zone

DATED = {"since", "until"}  # what a zone has lived is told by no file


def upsert(model: type[models.Model], entries: Iterable[models.Model], key: tuple[str, ...] = ("code",)) -> None:
    """Writes rows whether or not they are known; what a file never tells is left as it is."""
    told = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    fields = [name for name in told if name not in key and name not in DATED]
    model.objects.bulk_create(entries, update_conflicts=True, unique_fields=key, update_fields=fields)


def load_areas(geography: Geography) -> None:
    """Regions, departments and EPCI."""
    upsert(Region, (Region(code=row["code"], name=row["name"]) for row in geography["regions"]))
    departments = geography["departments"]
    upsert(Department, (Department(code=row["code"], name=row["name"], region_id=row["region"]) for row in departments))
    upsert(Epci, (Epci(code=row["code"], name=row["name"]) for row in geography["epci"]))


def load_zones(rows: Iterable[Row]) -> None:
    """Communes, then their arrondissements."""
    rows = list(rows)
    upsert(Zone, (zone_of(row) for row in rows if not row["parent"]))
    known = primary_keys()
    upsert(Zone, (zone_of(row, known[row["parent"]]) for row in rows if row["parent"]))


def zone_of(row: Row, parent_id: int | None = None) -> Zone:
    return Zone(
        code=row["code"],
        name=row["name"],
        search_name=search_form(row["name"]),
        kind=row["kind"],
        department_id=row["department"],
        epci_id=row["epci"] or None,
        parent_id=parent_id,
        population=int(row["population"]),
        vintage=int(row["vintage"]),
    )


def primary_keys() -> dict[str, int]:
    return dict(Zone.objects.values_list("code", "pk"))


def load_former_zones(rows: Iterable[Row]) -> None:
    known = primary_keys()
    listed = {
        (row["code"], row["name"], row["successor"]): FormerZone(
            code=row["code"],
            name=row["name"],
            search_name=search_form(row["name"]),
            successor_id=known[row["successor"]],
            is_split=row["is_split"] == "1",
        )
        for row in rows
    }
    upsert(FormerZone, listed.values(), key=("code", "name", "successor"))


def vintage_of(geography: Geography) -> int:
    """The vintage that the files bring: the latest, for a department may keep an older one."""
    return max(int(row["vintage"]) for row in geography["zones"])


def vintage_in_force() -> int | None:
    """The vintage that the files loaded before brought; None in an empty database."""
    told = Zone.objects.filter(until=None).exclude(kind=Zone.Kind.PART)
    return told.aggregate(latest=Max("vintage"))["latest"]


def differing_splits() -> Iterator[str]:
    """A commune split by hand keeps the populations given to its parts: they may no longer add up to its own."""
    whole = Zone.objects.filter(until=None).annotate(in_parts=Sum("parts__population"))
    for commune in whole.exclude(in_parts=F("population")).order_by("code"):
        yield f"{commune} a {number(commune.population)} habitants, mais ses parties {number(commune.in_parts)}."
