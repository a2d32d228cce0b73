"""What the versions shipped before now say too: their calendar of missions, and that they are approved."""

from django.db import migrations
from django.utils import timezone

MONTHS = {
    "acces_soins": (6, 18),
    "soins_non_programmes": (6, 18),
    "crise_plan": (6, 18),
    "parcours": (12, 24),
    "prevention": (12, 24),
}
SOURCE = "ARS Hauts-de-France, portail d'appui aux professionnels de santé, 30 novembre 2023"


def complete(apps, schema_editor):
    Tariff, TariffLine = apps.get_model("aci", "Tariff"), apps.get_model("aci", "TariffLine")
    Tariff.objects.filter(approved_at=None).update(approved_at=timezone.now())
    for mission, (start, deployment) in MONTHS.items():
        lines = TariffLine.objects.filter(mission=mission, starts_within=None, deployed_within=None)
        lines.update(starts_within=start, deployed_within=deployment, calendar_source=SOURCE)
    TariffLine.objects.filter(mission__in=["crise_mise_a_jour", "crise_reconnue"], follows="").update(
        follows="crise_plan"
    )


class Migration(migrations.Migration):
    dependencies = [("aci", "0002_contracts")]
    operations = [migrations.RunPython(complete, migrations.RunPython.noop)]
