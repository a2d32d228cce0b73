"""The form of a step: when it happened, why, under which reference."""

from django import forms
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import PastDayField
from projects.models import Project, Stage
from projects.states import State
from projects.workflow import Step, StepKind, last_recorded, latest_day_for, take_back, take_step


class StepForm(DsfrBaseForm):
    """`save()` records the step; it raises what `take_step` raises."""

    effective_on = PastDayField(
        label="Date d'effet", help_text="Le jour où c'est arrivé, même si vous le saisissez après."
    )
    comment = forms.CharField(label="Commentaire", required=False, widget=forms.Textarea(attrs={"rows": 4}))
    reference = forms.CharField(
        label="Référence", required=False, max_length=120, help_text="Numéro du courrier, de la convention, du dossier…"
    )
    seen_state = forms.ChoiceField(choices=State.choices, required=False, widget=forms.HiddenInput)

    def __init__(self, *args, project: Project, kind: StepKind, user: User, **kwargs) -> None:
        today = timezone.localdate()
        # A step that was only possible before has a date of its own, which nobody but its author knows.
        proposed = today if latest_day_for(project, kind) == today else None
        initial = {"effective_on": proposed, "seen_state": project.state_on_day(today)}
        super().__init__(*args, initial=initial, **kwargs)
        self.project, self.kind, self.user = project, kind, user
        self.fields["comment"].required = kind.needs_comment
        if kind.needs_comment:
            self["comment"].help_text = "Dites pourquoi : ce texte reste dans l'histoire du projet."

    def save(self) -> Project:
        said = self.cleaned_data
        step = Step(self.kind.name, said["effective_on"], comment=said["comment"], reference=said["reference"])
        seen = State(said["seen_state"]) if said["seen_state"] else None
        return take_step(self.user, self.project.pk, step, seen_state=seen)


class TakeBackForm(DsfrBaseForm):
    """`save()` takes back the last step; it raises what `take_back` raises."""

    reason = forms.CharField(
        label="Raison",
        max_length=100,  # what the field history keeps of it
        help_text="Par exemple : « date mal recopiée ». Elle reste dans l'historique, avec l'étape annulée.",
    )
    seen_stage = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, project: Project, user: User, **kwargs) -> None:
        super().__init__(*args, initial={"seen_stage": last_recorded(project).pk}, **kwargs)
        self.project, self.user = project, user

    def save(self) -> Stage:
        said = self.cleaned_data
        return take_back(self.user, self.project.pk, said["reason"], seen_stage=said["seen_stage"])
