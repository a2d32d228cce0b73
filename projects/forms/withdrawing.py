from django import forms
from dsfr.forms import DsfrBaseForm


class WithdrawForm(DsfrBaseForm):
    """Why something entered by mistake is removed."""

    reason = forms.CharField(
        label="Raison",
        max_length=100,  # what the field history keeps of it
        help_text="Par exemple : « saisi sur le mauvais projet ». Elle reste dans l'historique.",
    )
