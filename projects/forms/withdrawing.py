from django import forms
from dsfr.forms import DsfrBaseForm


class TakeBackChangeForm(DsfrBaseForm):
    """Why a change of a perimeter, entered by mistake, is undone; `take_back_change` does it."""

    reason = forms.CharField(
        label="Raison",
        max_length=500,
        help_text="Par exemple : « commune saisie par erreur ». Elle reste avec le changement annulé.",
    )


class WithdrawForm(DsfrBaseForm):
    """Why something entered by mistake is removed."""

    reason = forms.CharField(
        label="Raison",
        max_length=100,  # what the field history keeps of it
        help_text="Par exemple : « saisi sur le mauvais projet ». Elle reste dans l'historique.",
    )
