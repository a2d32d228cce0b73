from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from aci.tariff_files import RefusedFiles, load


class Command(BaseCommand):
    help = (
        "Charge les barèmes de l'ACI (par défaut ceux de fixtures/). Ajoute les versions qui manquent et ne touche "
        "jamais à une version déjà présente : ce qu'un administrateur a corrigé reste."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="montants, un fichier CSV ou plusieurs")
        parser.add_argument("--tiers", type=Path, action="append", help="seuils des tailles (CSV)")

    def handle(self, *, files: list[Path], tiers: list[Path] | None, **_) -> None:
        fixtures = settings.BASE_DIR / "fixtures"
        try:
            versions = load(files or sorted(fixtures.glob("tariffs*.csv")), tiers or [fixtures / "tariff_tiers.csv"])
        except RefusedFiles as refusal:
            raise CommandError("Rien n'a été chargé.\n" + str(refusal)) from refusal
        for tariff, is_new in versions:
            done = "ajouté" if is_new else "déjà présent, laissé tel quel"
            self.stdout.write(f"Barème {tariff.code} « {tariff.label} » : {done}.")
