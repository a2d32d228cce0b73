"""The form of one signature, on the joint letter or on the ACI."""

from django import forms
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import PastDayField
from projects.models import Party, Project, Signature, Stage
from projects.signing import sign
from projects.states import State


class SignatureForm(DsfrBaseForm):
    """`save()` records it and returns the stage it opens, if it was the last; it raises what `sign` raises."""

    party = forms.ChoiceField(label="Partie")
    signatory = forms.CharField(label="Signataire", max_length=150)
    signatory_title = forms.CharField(label="Qualité", required=False, max_length=200)
    signed_on = PastDayField(label="Signé le", help_text="La date portée sur le document.")
    seen_state = forms.ChoiceField(choices=State.choices, required=False, widget=forms.HiddenInput)

    def __init__(self, *args, project: Project, user: User, parties: list[Party], **kwargs) -> None:
        initial = {"seen_state": project.state_on_day(timezone.localdate())}
        super().__init__(*args, initial=initial, **kwargs)
        self.project, self.user = project, user
        self.fields["party"].choices = [(party.value, party.label) for party in parties]

    def save(self) -> Stage | None:
        said = dict(self.cleaned_data)
        seen = said.pop("seen_state")
        return sign(self.user, self.project.pk, Signature(**said), seen_state=State(seen) if seen else None)
