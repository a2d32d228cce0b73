"""Raising a vigilance point on what is examined, and lifting it."""

import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import LongTextField, PastDayField
from ground.templatetags.french import day as in_words
from projects.examination.speaking import why_not_during
from projects.examination.vigilance import sections_of
from projects.forms.guard import GuardedForm, Shown
from projects.models import Stage, VigilancePoint

OTHER = "autre"


class VigilancePointForm(DsfrBaseForm, GuardedForm):
    """The section is one of the grid in force, or another that is typed. Tells what has been raised meanwhile."""

    section = forms.ChoiceField(label="Rubrique")
    other_section = forms.CharField(
        label="Autre rubrique", required=False, max_length=100, help_text="Si la liste ne la donne pas."
    )
    text = LongTextField(
        label="Point de vigilance",
        rows=4,
        help_text="Ce texte est repris dans les courriers au porteur.",
    )
    raised_on = PastDayField(label="Soulevé le")

    def __init__(self, *args, stage: Stage, user: User, **kwargs) -> None:
        self.stage, self.user = stage, user
        today = timezone.localdate()
        super().__init__(*args, initial={"raised_on": today if stage.is_true_on(today) else None}, **kwargs)
        sections = sections_of(stage, today)
        first = [("", "Choisissez une rubrique")] if sections else []
        self.fields["section"].choices = [*first, *((each, each) for each in sections), (OTHER, "Autre")]

    def shown_now(self) -> Shown:
        return {"Points de cette étape": " ; ".join(map(str, self.stage.vigilance_points.all()))}

    def clean_raised_on(self) -> datetime.date:
        if obstacle := why_not_during(self.stage, self.cleaned_data["raised_on"]):
            raise ValidationError(obstacle)
        return self.cleaned_data["raised_on"]

    def clean(self) -> dict:
        data = super().clean()
        if data.get("section") == OTHER and not data.get("other_section"):
            self.add_error("other_section", "Nommez cette rubrique.")
        return data

    def save(self) -> VigilancePoint:
        said = self.cleaned_data
        return self.stage.project.vigilance_points.create(
            stage=self.stage,
            side=self.user.side,
            section=said["other_section"] if said["section"] == OTHER else said["section"],
            text=said["text"],
            raised_on=said["raised_on"],
            recorded_by=self.user,
        )


class LiftingForm(DsfrBaseForm, forms.ModelForm):
    """Refused once the point is lifted: the one who comes second is told by whom and when."""

    lifted_on = PastDayField(label="Levé le")
    lifting = LongTextField(label="Ce qui l'a levé", rows=3)

    class Meta:
        model = VigilancePoint
        fields = ["lifted_on", "lifting"]

    def __init__(self, *args, instance: VigilancePoint, user: User, **kwargs) -> None:
        self.lifted = (instance.lifted_on, instance.lifted_by) if instance.lifted_on else None
        super().__init__(*args, instance=instance, initial={"lifted_on": timezone.localdate()}, **kwargs)
        self.user = user

    def clean_lifted_on(self) -> datetime.date:
        day, raised_on = self.cleaned_data["lifted_on"], self.instance.raised_on
        if day < raised_on:
            raise ValidationError(f"Ce point a été soulevé le {in_words(raised_on)} : donnez une date plus récente.")
        return day

    def clean(self) -> dict:
        if self.lifted:
            day, by = self.lifted
            raise ValidationError(f"Ce point a déjà été levé le {in_words(day)} par {by}.")
        self.instance.lifted_by = self.user
        return super().clean()
