"""What staff work with, as shipped: grids, document types, library, letter models, caps. Administrators change them."""

from django.core.management.base import BaseCommand
from django.db import transaction


class Command(BaseCommand):
    help = "Charge les grilles, la bibliothèque, les modèles de courriers et les plafonds ; relancée, elle n'écrase rien."

    @transaction.atomic
    def handle(self, *args, **options) -> None:
        for load in LOADERS:
            self.stdout.write(f"  {load()}")


LOADERS = []
