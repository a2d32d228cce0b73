"""Loads the reference geography: regions, departments, EPCI, communes, municipal arrondissements and former codes."""

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction
from django.db.models import ProtectedError, Sum

from ground.templatetags.french import number
from territories.geography_files import read_geography
from territories.geography_rows import Geography, Row
from territories.loading import (
    differing_splits,
    load_areas,
    load_former_zones,
    load_zones,
    vintage_in_force,
    vintage_of,
)
from territories.models import Department, Epci, FormerZone, PerimeterZone, Region, Zone


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
        if refusal := why_not_load(geography):
            raise CommandError(refusal)
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
        load_areas(geography)
        self.stdout.write(f"{number(len(geography['zones']))} communes et arrondissements…")
        load_zones(geography["zones"])
        self.stdout.write(f"{number(len(geography['former_zones']))} anciens codes et noms…")
        load_former_zones(geography["former_zones"])
        drop_unlisted_former_zones(geography["former_zones"])
        # arrondissements before their commune, zones before their EPCI
        in_force = Zone.objects.filter(until=None).exclude(kind=Zone.Kind.PART)
        self.drop_unlisted(in_force.order_by("kind"), geography["zones"])
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
        for told in differing_splits():
            self.stdout.write(self.style.WARNING(told))


def why_not_load(geography: Geography) -> str:
    """Why these files are not for this command: perimeters were made on another vintage; empty when they are."""
    told, known = vintage_of(geography), vintage_in_force()
    if known is None or told == known or not PerimeterZone.objects.exists():
        return ""
    return (
        f"Rien n'a été chargé. Des périmètres sont enregistrés sur les populations de {known}, ces fichiers portent "
        f"celles de {told} : lancez « manage.py update_geography », qui remplace dans chaque périmètre les communes "
        "qui ont changé et dit ce qui change pour chaque projet."
    )


def drop_unlisted_former_zones(rows: list[Row]) -> None:
    """The files are the only source of former zones: what they no longer list is removed."""
    listed = {(row["code"], row["name"], row["successor"]) for row in rows}
    stored = FormerZone.objects.values_list("pk", "code", "name", "successor__code")
    FormerZone.objects.filter(pk__in=[pk for pk, *key in stored if tuple(key) not in listed]).delete()
