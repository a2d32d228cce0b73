"""The form of one signature, on the joint letter or on the ACI."""

from django import forms
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import PastDayField
from projects.models import Party, Project, Signature, Stage
from projects.signing import sign


class SignatureForm(DsfrBaseForm):
    """`save()` records it and returns the stage it opens, if it was the last; it raises what `sign` raises."""

    party = forms.ChoiceField(label="Partie")
    signatory = forms.CharField(label="Signataire", max_length=150)
    signatory_title = forms.CharField(label="Qualité", required=False, max_length=200)
    signed_on = PastDayField(label="Signé le", help_text="La date portée sur le document.")
    seen_stage = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, project: Project, user: User, parties: list[Party], **kwargs) -> None:
        stage = project.stage_on(timezone.localdate())
        super().__init__(*args, initial={"seen_stage": stage and stage.pk}, **kwargs)
        self.project, self.user = project, user
        self.fields["party"].choices = [("", "Choisissez"), *((party.value, party.label) for party in parties)]
        if user.side in parties:
            self.initial["party"] = user.side

    def save(self) -> Stage | None:
        said = dict(self.cleaned_data)
        seen = said.pop("seen_stage")
        return sign(self.user, self.project.pk, Signature(**said), seen_stage=seen)
