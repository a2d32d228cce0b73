"""Loads the reference geography: regions, departments, EPCI, communes, municipal arrondissements and former codes."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction
from django.db.models import F, ProtectedError, Sum

from ground.templatetags.french import number
from ground.text import search_form
from territories.geography_files import Geography, Row, read_geography
from territories.models import Department, Epci, FormerZone, Region, Zone


class Command(BaseCommand):
    help = "Charge la géographie de référence ; relancée, elle met à jour sans doublon."

    def add_arguments(self, parser: ArgumentParser) -> None:
        default = settings.BASE_DIR / "fixtures" / "geography"
        parser.add_argument("folder", nargs="?", type=Path, default=default, help="dossier des fichiers CSV")

    def handle(self, *args, folder: Path, **options) -> None:
        try:
            geography = read_geography(folder)
        except ValidationError as error:
            raise CommandError("Rien n'a été chargé.\n" + "\n".join(error.messages)) from error
        with transaction.atomic():
            self.load(geography)
        leaves = Zone.objects.leaves()
        self.stdout.write(
            f"{number(Region.objects.count())} régions, {number(Department.objects.count())} départements, "
            f"{number(Epci.objects.count())} EPCI, {number(leaves.count())} zones élémentaires, "
            f"{number(leaves.aggregate(total=Sum('population'))['total'])} habitants"
        )

    def load(self, geography: Geography) -> None:
        self.stdout.write("Régions, départements et EPCI…")
        upsert(Region, (Region(code=row["code"], name=row["name"]) for row in geography["regions"]))
        upsert(
            Department,
            (
                Department(code=row["code"], name=row["name"], region_id=row["region"])
                for row in geography["departments"]
            ),
        )
        upsert(Epci, (Epci(code=row["code"], name=row["name"]) for row in geography["epci"]))
        self.stdout.write(f"{number(len(geography['zones']))} communes et arrondissements…")
        upsert(Zone, (zone(row) for row in geography["zones"] if not row["parent"]))
        known = primary_keys()
        upsert(Zone, (zone(row, known[row["parent"]]) for row in geography["zones"] if row["parent"]))
        self.stdout.write(f"{number(len(geography['former_zones']))} anciens codes et noms…")
        load_former_zones(geography["former_zones"])
        # arrondissements before their commune, zones before their EPCI
        self.drop_unlisted(Zone.objects.exclude(kind=Zone.Kind.PART).order_by("kind"), geography["zones"])
        self.drop_unlisted(Epci.objects.all(), geography["epci"])
        self.report_split_communes()

    def drop_unlisted(self, entries: models.QuerySet, rows: list[Row]) -> None:
        """Deletes what the files no longer list, unless something refers to it; says so in both cases."""
        listed = {row["code"] for row in rows}
        gone = [pk for pk, code in entries.values_list("pk", "code") if code not in listed]
        for entry in entries.filter(pk__in=gone):
            try:
                entry.delete()
                self.stdout.write(f"N'est plus listé, supprimé : {entry}")
            except ProtectedError:
                self.stdout.write(self.style.WARNING(f"N'est plus listé, mais conservé car utilisé : {entry}"))

    def report_split_communes(self) -> None:
        """A commune split by hand keeps the populations given to its parts: they may no longer add up to its own."""
        for commune in Zone.objects.annotate(in_parts=Sum("parts__population")).exclude(in_parts=F("population")):
            self.stdout.write(
                self.style.WARNING(
                    f"{commune} a {number(commune.population)} habitants, mais ses parties {number(commune.in_parts)}."
                )
            )


def upsert(model: type[models.Model], entries: Iterable[models.Model], key: tuple[str, ...] = ("code",)) -> None:
    fields = [field.name for field in model._meta.concrete_fields if not field.primary_key and field.name not in key]
    model.objects.bulk_create(entries, update_conflicts=True, unique_fields=key, update_fields=fields)


def zone(row: Row, parent_id: int | None = None) -> Zone:
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


def load_former_zones(rows: list[Row]) -> None:
    """The files are the only source of former zones: what they no longer list is removed."""
    known = primary_keys()
    listed = {
        (row["code"], row["name"], known[row["successor"]]): FormerZone(
            code=row["code"],
            name=row["name"],
            search_name=search_form(row["name"]),
            successor_id=known[row["successor"]],
            is_split=row["is_split"] == "1",
        )
        for row in rows
    }
    stored = FormerZone.objects.values_list("pk", "code", "name", "successor_id")
    FormerZone.objects.filter(pk__in=[pk for pk, *key in stored if tuple(key) not in listed]).delete()
    upsert(FormerZone, listed.values(), key=("code", "name", "successor"))
