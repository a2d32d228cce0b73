"""The opinion of one institution, and what is decided above when both disagree."""

from django import forms
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from accounts.models.institution import Side
from ground.forms import LongTextField, PastDayField
from ground.templatetags.french import day as in_words
from projects.examination.opinions import close_escalation, current_opinions, give_opinion
from projects.forms.guard import GuardedForm, Shown
from projects.models import Escalation, Opinion, Project, Stage, Verdict


class OpinionForm(DsfrBaseForm, GuardedForm):
    """Guards the opinion that this one replaces. `save()` raises what `give_opinion` raises."""

    verdict = forms.ChoiceField(label="Avis", choices=Verdict.choices, widget=forms.RadioSelect)
    reasons = LongTextField(
        label="Motifs",
        required=False,
        rows=6,
        help_text="Nécessaires pour un avis défavorable ; l'autre institution les lit.",
    )
    given_on = PastDayField(label="Rendu le")

    def __init__(self, *args, project: Project, stage: Stage, side: Side, user: User, **kwargs) -> None:
        self.project, self.stage, self.side, self.user = project, stage, side, user
        self.former = current_opinions(stage).get(side)
        # A stage that has ended was examined on a day that only its author knows.
        proposed = timezone.localdate() if stage.is_true_on(timezone.localdate()) else None
        super().__init__(*args, initial={"given_on": proposed}, **kwargs)

    def shown_now(self) -> Shown:
        told = f"{self.former.get_verdict_display()}, {in_words(self.former.given_on)}" if self.former else ""
        return {f"Avis {self.side.label}": told}

    def save(self) -> Opinion:
        said = self.cleaned_data
        opinion = Opinion(side=self.side, verdict=said["verdict"], reasons=said["reasons"], given_on=said["given_on"])
        return give_opinion(self.user, self.project.pk, self.stage.pk, opinion)


class EscalationForm(DsfrBaseForm):
    """`save()` closes the disagreement; it raises what `close_escalation` raises."""

    level = forms.ChoiceField(label="Tranché par", choices=Escalation.Level.choices, widget=forms.RadioSelect)
    outcome = forms.ChoiceField(label="Décision", choices=Verdict.choices, widget=forms.RadioSelect)
    closed_on = PastDayField(label="Tranché le")
    comment = LongTextField(
        label="Compte rendu",
        required=False,
        rows=4,
        help_text="Ce qui a été décidé et pourquoi.",
    )

    def __init__(self, *args, escalation: Escalation, user: User, **kwargs) -> None:
        super().__init__(*args, initial={"closed_on": timezone.localdate()}, **kwargs)
        self.escalation, self.user = escalation, user

    def save(self) -> Escalation:
        return close_escalation(self.user, self.escalation.stage.project_id, self.escalation.pk, **self.cleaned_data)
