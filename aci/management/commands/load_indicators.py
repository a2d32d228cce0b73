from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from aci.indicator_kit import load
from territories.models import Region


class Command(BaseCommand):
    help = (
        "Charge dans le catalogue d'une région les indicateurs de l'ACI les plus courants. Ajoute ceux qui manquent et "
        "ne touche jamais aux autres : ce qu'un responsable a corrigé ou retiré reste."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--region", required=True, help="code INSEE de la région, par exemple 11")

    @transaction.atomic
    def handle(self, *, region: str, **_) -> None:
        try:
            known = Region.objects.select_for_update().get(code=region)
        except Region.DoesNotExist:
            raise CommandError(f"Aucune région n'a le code « {region} ».") from None
        added = load(known)
        told = f"{added} indicateurs ajoutés" if added else "rien à ajouter, tout est déjà présent"
        self.stdout.write(f"{known} : {told}.")
