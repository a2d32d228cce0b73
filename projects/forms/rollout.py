"""The forms of the roll-out of the ACI: its events, the FINESS number, the versions sent back and forth."""

import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from ground.forms import CodeField, PastDayField
from projects.forms.guard import Shown
from projects.forms.rows import RowForm
from projects.identifiers import validate_finess
from projects.models import ExchangedVersion, Project, RolloutEvent
from projects.rollout import STEP_OF, VERSIONS, Kind, RolloutStep, why_not

IN_COPY = {Kind.DECISION_SENT: "CPAM en copie", Kind.DRAFT_SENT: "DD de l'ARS en copie"}
TAKEN = "Ce numéro FINESS est déjà celui d'un autre projet."


class RolloutEventForm(RowForm):
    """The instance knows its project and its kind."""

    lines = [("finess", "happened_on"), ("other_in_copy",), ("comment",)]

    class Meta:
        model = RolloutEvent
        fields = ["happened_on", "other_in_copy", "comment"]
        field_classes = {"happened_on": PastDayField}
        widgets = {"comment": forms.Textarea(attrs={"rows": 5})}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if in_copy := IN_COPY.get(self.instance.kind):
            self.fields["other_in_copy"].label = in_copy
        else:
            del self.fields["other_in_copy"]

    @property
    def project(self) -> Project:
        return self.instance.project

    def siblings(self) -> QuerySet:
        return super().siblings().filter(kind=self.instance.kind)

    def clean(self) -> dict:
        data = super().clean()
        if obstacle := self.obstacle():
            raise ValidationError(obstacle)
        day = data.get("happened_on")
        if day and (obstacle := why_not(self.project, self.step, timezone.localdate(), day)):
            self.add_error("happened_on", obstacle)
        return data

    def obstacle(self) -> str:
        """Why nothing can be recorded, whatever the date; empty when it can."""
        return why_not(self.project, self.step, timezone.localdate())

    @property
    def step(self) -> RolloutStep:
        return STEP_OF[self.instance.kind]


class FinessForm(RolloutEventForm):
    """The number that the ARS has given, with its date: the project bears it from then on."""

    finess = CodeField(
        label="N° FINESS",
        validators=[validate_finess],
        help_text="9 caractères ; un numéro de Corse porte la lettre de son département (2A, 2B).",
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial["finess"] = self.project.finess

    def shown_now(self) -> Shown:
        return super().shown_now() | {"N° FINESS": self.project.finess}

    def obstacle(self) -> str:
        if self.siblings().exists():
            return (
                f"Le numéro {self.project.finess} est déjà enregistré. S'il est faux, retirez-le d'abord sur la page "
                "du déploiement."
            )
        return super().obstacle()

    def clean_finess(self) -> str:
        finess = self.cleaned_data["finess"]
        if Project.objects.filter(finess=finess).exclude(pk=self.project.pk).exists():
            raise ValidationError(TAKEN)
        return finess

    def save_by(self, user: User) -> RolloutEvent:
        """Raises ValidationError when another project was given the same number at the same instant."""
        self.project.finess = self.cleaned_data["finess"]
        try:
            with transaction.atomic():
                self.project.save(update_fields=["finess"])
        except IntegrityError as taken:
            raise ValidationError({"finess": TAKEN}) from taken
        return super().save_by(user)


class VersionForm(RowForm):
    lines = [("subject", "sender", "sent_on"), ("document",), ("comments",)]

    class Meta:
        model = ExchangedVersion
        fields = ["subject", "sender", "sent_on", "document", "comments"]
        field_classes = {"sent_on": PastDayField}
        widgets = {"comments": forms.Textarea(attrs={"rows": 5})}
        help_texts = {
            "document": "Parmi les documents du projet : déposez-le d'abord à la page « Documents et courriers »."
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        documents = self.instance.project.documents.filter(withdrawn_at=None)
        self.fields["document"].queryset = documents.select_related("type")
        self.fields["document"].empty_label = "Aucun"

    def clean_sent_on(self) -> datetime.date:
        sent_on = self.cleaned_data["sent_on"]
        if obstacle := why_not(self.instance.project, STEP_OF[VERSIONS], timezone.localdate(), sent_on):
            raise ValidationError(obstacle)
        return sent_on

    def obstacle(self) -> str:
        return why_not(self.instance.project, STEP_OF[VERSIONS], timezone.localdate())
