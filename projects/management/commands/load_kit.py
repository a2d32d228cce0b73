"""What staff work with, as shipped: grids, document types, library, letter models, caps. Administrators change them."""

from django.core.management.base import BaseCommand
from django.db import transaction

from projects.kit import caps, grids, letters, library


class Command(BaseCommand):
    help = "Charge grilles, bibliothèque, modèles de courriers et plafonds ; relancée, elle n'écrase rien."

    @transaction.atomic
    def handle(self, *args, **options) -> None:
        for load in LOADERS:
            self.stdout.write(f"  {load()}")


LOADERS = [grids.load, library.load, caps.load, letters.load]
