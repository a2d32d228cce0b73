from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from aci.demo.loading import load_contracts
from aci.models import Tariff
from projects.management.commands.load_demo import MAIL_DOMAIN, REGION


class Command(BaseCommand):
    help = "Ajoute à la démonstration les contrats ACI de ses projets signés ; relancée, elle n'ajoute rien deux fois."

    def handle(self, *args, **options) -> None:
        if not settings.DEMO:
            raise CommandError("Les données de démonstration ne se chargent qu'avec DEMO=1.")
        users = list(User.objects.filter(email__endswith=f"@{MAIL_DOMAIN}").select_related("institution"))
        if not users or not Tariff.objects.exists():
            raise CommandError("Chargez d'abord les barèmes et la démonstration : load_tariffs, puis load_demo.")
        self.stdout.write(f"  Contrats ACI : {load_contracts(users, REGION)} ajoutés")
