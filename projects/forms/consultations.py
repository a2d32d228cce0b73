"""An opinion asked of a partner, its reminder and its answer."""

import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import DayField, LongTextField, PastDayField
from ground.templatetags.french import day as in_words
from ground.templatetags.french import short_day
from projects.examination.consultations import answer
from projects.examination.speaking import why_not_during
from projects.forms.guard import GuardedForm, GuardedModelForm, Shown
from projects.models import Consultation, Stage, Verdict
from projects.states import State


class ConsultationForm(DsfrBaseForm, GuardedForm, forms.ModelForm):
    """Tells what has been asked meanwhile, so that nobody is asked twice."""

    partner = forms.ChoiceField(
        label="Partenaire",
        choices=[("", "Choisissez un partenaire"), *Consultation.Partner.choices],
    )
    question = LongTextField(
        label="Question posée",
        required=False,
        rows=3,
        help_text="Pour un autre partenaire, dites aussi lequel.",
    )
    asked_on = PastDayField(label="Demandé le")
    due_on = DayField(label="Attendu le")

    class Meta:
        model = Consultation
        fields = ["partner", "question", "asked_on", "due_on"]

    def __init__(self, *args, stage: Stage, user: User, **kwargs) -> None:
        self.stage = stage
        asked = Consultation(stage=stage, recorded_by=user)
        super().__init__(*args, instance=asked, initial={"asked_on": timezone.localdate()}, **kwargs)
        if stage.state == State.FILED:
            last_safe_day = stage.filing.deadline.last_safe_day
            if last_safe_day:
                self["due_on"].help_text = f"Dernier jour sûr pour notifier une opposition : {in_words(last_safe_day)}."

    def shown_now(self) -> Shown:
        asked = [f"{row.get_partner_display()} ({short_day(row.asked_on)})" for row in self.stage.consultations.all()]
        return {"Avis déjà demandés": ", ".join(asked)}

    def clean_asked_on(self) -> datetime.date:
        if obstacle := why_not_during(self.stage, self.cleaned_data["asked_on"]):
            raise ValidationError(obstacle)
        return self.cleaned_data["asked_on"]

    def clean(self) -> dict:
        data = super().clean()
        if data.get("partner") == Consultation.Partner.OTHER and not data.get("question", "").strip():
            self.add_error("question", "Dites quel partenaire, et ce que vous lui demandez.")
        return data


class ReminderForm(DsfrBaseForm, GuardedModelForm):
    reminded_on = PastDayField(label="Relancé le")

    class Meta:
        model = Consultation
        fields = ["reminded_on"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial["reminded_on"] = timezone.localdate()

    def clean_reminded_on(self) -> datetime.date:
        day, asked_on = self.cleaned_data["reminded_on"], self.instance.asked_on
        if day < asked_on:
            raise ValidationError(f"L'avis a été demandé le {in_words(asked_on)} : donnez une date plus récente.")
        return day

    def clean(self) -> dict:
        if self.instance.answered_on:
            raise ValidationError(f"Cet avis a été rendu le {in_words(self.instance.answered_on)} : rien à relancer.")
        return super().clean()


class AnswerForm(DsfrBaseForm):
    """`save()` records the answer; it raises what `answer` raises."""

    verdict = forms.ChoiceField(label="Avis", choices=Verdict.choices, widget=forms.RadioSelect)
    text = LongTextField(
        label="Réponse",
        required=False,
        rows=6,
        help_text="Nécessaire si l'avis n'est pas simplement favorable.",
    )
    answered_on = PastDayField(label="Rendu le")

    def __init__(self, *args, consultation: Consultation, user: User, **kwargs) -> None:
        super().__init__(*args, initial={"answered_on": timezone.localdate()}, **kwargs)
        self.consultation, self.user = consultation, user

    def save(self) -> Consultation:
        return answer(self.user, self.consultation.stage.project_id, self.consultation.pk, **self.cleaned_data)
