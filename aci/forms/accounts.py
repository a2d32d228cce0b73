"""What the pages about many contracts are asked in their address."""

import datetime
from collections.abc import Iterable

from django import forms
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from aci.accounts import Awaited, Entry, Scale, awaited
from aci.ledger_pages import Amount, BookedLine
from aci.models import TariffLine
from aci.remuneration import Labelled
from aci.schedule import DueKind
from ground.forms import DayField
from territories.models import Department, Region


def choices(words: type[Labelled], empty: str) -> list[tuple[str, str]]:
    return [("", empty), *((word.value, word.label) for word in words)]


class AskedForm(DsfrBaseForm):
    """Everything is optional: an address alone is a question."""

    date = DayField(required=False, label="Situation au")

    def clean_date(self) -> datetime.date:
        return self.cleaned_data["date"] or timezone.localdate()


class ToPayForm(AskedForm):
    departement = forms.ModelChoiceField(
        Department.objects.none(), required=False, label="Département", empty_label="Tous"
    )
    mission = forms.ChoiceField(required=False)
    echeance = forms.ChoiceField(choices=choices(DueKind, "Toutes"), required=False, label="Échéance")
    etat = forms.ChoiceField(choices=choices(Awaited, "Tout"), required=False, label="Attend")
    retard = forms.BooleanField(required=False, label="En retard")
    field_order = ["etat", "departement", "mission", "echeance", "date", "retard"]

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["departement"].queryset = user.readable_departments().order_by("pk")
        self.fields["mission"].choices = [("", "Toutes"), *TariffLine.objects.labels().items()]

    def kept(self, rows: Iterable[BookedLine], *, whatever_awaited: bool = False) -> list[BookedLine]:
        """The rows that the address asks for; `whatever_awaited`: those of every other state too."""
        asked = self.cleaned_data
        return [
            row
            for row in rows
            if asked["mission"] in ("", row.line.due.mission)
            and asked["echeance"] in ("", row.line.due.kind)
            and (row.line.is_late or not asked["retard"])
            and (whatever_awaited or asked["etat"] in ("", awaited(row.line)))
        ]


class AccountsForm(AskedForm):
    par = forms.ChoiceField(choices=choices(Scale, "")[1:], required=False, label="Comptes par")
    annee = forms.IntegerField(required=False, min_value=1, max_value=2100, label="Année")

    def clean_par(self) -> Scale:
        return Scale(self.cleaned_data["par"] or Scale.CONTRACT)

    def kept(self, entries: Iterable[Entry]) -> list[Entry]:
        """Of the asked year, or of all; a grant belongs to no civil year."""
        scale, year = self.cleaned_data["par"], self.cleaned_data["annee"]
        return [
            entry
            for entry in entries
            if year in (None, entry.year(scale)) and not (scale == Scale.CIVIL and entry.sums.granted)
        ]


class EntriesForm(AccountsForm):
    """The list behind a figure of the accounts."""

    colonne = forms.ChoiceField(choices=choices(Amount, "")[1:], required=False, label="Montant")
    departement = forms.ModelChoiceField(
        Department.objects.none(), required=False, label="Département", empty_label="Tous"
    )
    region = forms.ModelChoiceField(Region.objects.none(), required=False, label="Région", empty_label="Toutes")

    def __init__(self, *args, user: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["departement"].queryset = user.readable_departments().order_by("pk")
        self.fields["region"].queryset = user.readable_regions().order_by("name")

    def clean_colonne(self) -> Amount:
        return Amount(self.cleaned_data["colonne"] or Amount.DUE)

    def kept(self, entries: Iterable[Entry]) -> list[Entry]:
        column = self.cleaned_data["colonne"]
        return [entry for entry in super().kept(entries) if getattr(entry.sums, column)]
