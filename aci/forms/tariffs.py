"""A version of the barème proposed from two CSV files."""

from django import forms
from django.core.exceptions import ValidationError
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from aci.approval import hold_tariffs
from aci.models import Tariff
from aci.tariff_files import RefusedFiles, propose


def csv_field(label: str) -> forms.FileField:
    return forms.FileField(
        label=label,
        allow_empty_file=True,  # an empty file is refused for the headings it lacks
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv", "class": "fr-upload"}),
    )


class TariffFilesForm(DsfrBaseForm):
    amounts = csv_field("Montants par mission et par taille")
    tiers = csv_field("Seuils des tailles")

    def save(self, by: User) -> Tariff:
        """Raises ValidationError with every problem of both files; nothing is then written."""
        hold_tariffs()
        amounts, tiers = self.cleaned_data["amounts"], self.cleaned_data["tiers"]
        try:
            return propose((amounts.name, amounts), (tiers.name, tiers), by)
        except RefusedFiles as refusal:
            raise ValidationError(refusal.problems) from refusal
