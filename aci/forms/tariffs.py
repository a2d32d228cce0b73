"""A version of the barème proposed from two CSV files."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from aci.models import Tariff
from aci.tariff_files import RefusedFiles, propose

MOST_BYTES = 1_000_000  # ours: both files of the tariffs that ship weigh 30 times less


def light(file: UploadedFile) -> None:
    if file.size > MOST_BYTES:
        raise ValidationError("Ce fichier dépasse 1 Mo : un barème tient en quelques centaines de lignes.")


def csv_field(label: str) -> forms.FileField:
    return forms.FileField(
        label=label,
        allow_empty_file=True,  # an empty file is refused for the headings it lacks
        validators=[light],
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv", "class": "fr-upload"}),
    )


class TariffFilesForm(DsfrBaseForm):
    amounts = csv_field("Montants par mission et par taille")
    tiers = csv_field("Seuils des tailles")

    def save(self, by: User) -> Tariff:
        """Raises ValidationError with every problem of both files; nothing is then written."""
        amounts, tiers = self.cleaned_data["amounts"], self.cleaned_data["tiers"]
        try:
            return propose((amounts.name, amounts), (tiers.name, tiers), by)
        except RefusedFiles as refusal:
            raise ValidationError(refusal.problems) from refusal
