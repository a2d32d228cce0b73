"""A newer vintage of the reference geography, and what it changes for each project."""

import json
from argparse import ArgumentParser
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from ground.forms import DayField
from ground.tables import as_csv
from ground.templatetags.french import day as in_words
from ground.templatetags.french import number
from pilotage.geography_report import COLUMNS, TIER_COLUMNS, ZONE_COLUMNS, Effect, effects, standings
from pilotage.terminal import aligned
from projects.following import follow_zones
from projects.models import Project
from projects.workflow import lock_all
from territories.geography_files import read_geography
from territories.geography_rows import Geography
from territories.updating import Update, update_geography, usual_day

NOTHING = "Rien à changer : cette géographie est celle de la base."


class Command(BaseCommand):
    help = (
        "Charge un nouveau millésime de la géographie : populations, communes fusionnées, partagées, renommées. "
        "Les périmètres suivent, datés ; ce qui change pour chaque projet est affiché. Tout ou rien."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="dossier des fichiers CSV (ceux de load_geography)")
        parser.add_argument(
            "--since", default="", help="en vigueur depuis le (par défaut, le 1er janvier du millésime plus trois ans)"
        )
        parser.add_argument(
            "--older", action="store_true", help="accepte un millésime plus ancien que celui en vigueur"
        )
        parser.add_argument("--dry-run", action="store_true", help="montre ce qui changerait, sans rien écrire")
        parser.add_argument(
            "--format", choices=["table", "csv", "json"], default="table", help="présentation (tableau par défaut)"
        )

    def handle(self, *, folder: Path, since: str, older: bool, dry_run: bool, format: str, **_) -> None:
        try:
            geography = read_geography(folder)
            since = DayField(required=False).clean(since) or usual_day(geography)
            with transaction.atomic():
                update, found = updated(geography, since, accepts_older=older)
                transaction.set_rollback(dry_run)
        except ValidationError as error:
            raise CommandError("Rien n'a été écrit.\n" + "\n".join(error.messages)) from error
        answer = {"table": as_table, "csv": as_rows, "json": as_json}[format]
        self.stdout.write(answer(update, found), ending="")
        if dry_run and format == "table":
            self.stdout.write("Essai : rien n'a été écrit.")


def updated(geography: Geography, since, *, accepts_older: bool) -> tuple[Update, list[Effect]]:
    """Every project waits meanwhile, so that nobody composes a perimeter of zones that give way."""
    lock_all(Project.objects.values("pk"))
    before = standings(timezone.localdate())
    update = update_geography(geography, since, accepts_older=accepts_older)
    follow_zones(update.replaced)
    return update, list(effects(update.changes, before, standings(timezone.localdate())))


def as_table(update: Update, found: list[Effect]) -> str:
    if update.is_empty:
        return f"{NOTHING}\n"
    parts = [f"Géographie en vigueur depuis le {in_words(update.since)}, populations de {update.vintage}.\n"]
    parts += [_section(heading, sentences) for heading, sentences in update.told.items()]
    parts += [_section("À vérifier", update.to_check)] if update.to_check else []
    moved, tiers = [effect for effect in found if effect.change], [effect for effect in found if effect.changes_tier]
    parts.append(f"Projets dont des zones changent : {number(len(moved))}\n")
    parts += [aligned(ZONE_COLUMNS, moved), ""] if moved else []
    to_check = [f"{effect.project} : {', '.join(effect.is_partial)}." for effect in found if effect.is_partial]
    parts += [_section("Désormais « en partie », à préciser par projet", to_check)] if to_check else []
    parts.append(f"Projets qui changent de taille : {number(len(tiers))}\n")
    parts += [aligned(TIER_COLUMNS, tiers), ""] if tiers else []
    others = len([effect for effect in found if not effect.change])
    parts.append(f"Projets dont seule la population change : {number(others)} (--format csv les donne tous).\n")
    return "\n".join(parts)


def as_rows(update: Update, found: list[Effect]) -> str:
    return as_csv(COLUMNS, found, for_people=False, delimiter=",")


def as_json(update: Update, found: list[Effect]) -> str:
    answer = {
        "since": update.since.isoformat(),
        "vintage": update.vintage,
        "changes": update.told,
        "to_check": update.to_check,
        "projects": [{column.key: column.value(effect) for column in COLUMNS} for effect in found],
    }
    return json.dumps(answer, ensure_ascii=False, indent=2, default=str) + "\n"


def _section(heading: str, sentences: list[str]) -> str:
    return "\n".join([heading, *(f"  {sentence}" for sentence in sentences), ""])
