"""One line of the journal of a project: an exchange that has taken place."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import PastDayField
from ground.templatetags.french import short_day
from projects.models import JournalEntry, Project, Stage
from projects.states import State


class JournalForm(DsfrBaseForm, forms.ModelForm):
    happened_on = PastDayField(label="Date")
    stage = forms.ModelChoiceField(Stage.objects.none(), label="Étape", required=False, empty_label="Celle de la date")

    class Meta:
        model = JournalEntry
        fields = ["kind", "happened_on", "people", "stage", "text"]
        labels = {"text": "En une ligne"}

    def __init__(self, *args, project: Project, **kwargs) -> None:
        self.project = project
        initial = {"happened_on": timezone.localdate()}
        super().__init__(*args, initial=initial, auto_id="journal_%s", **kwargs)  # notes stand on the same page
        stages = self.fields["stage"]
        stages.queryset = project.stages.filter(since__lte=timezone.localdate()).order_by("-since", "-pk")
        stages.label_from_instance = lambda stage: f"{State(stage.state).short_label} ({short_day(stage.since)})"
        for name in ("text", "people"):  # the browser would cut what is pasted
            self.fields[name].widget.attrs.pop("maxlength", None)

    def clean(self) -> dict:
        """The same line twice is one click too many."""
        said = super().clean()
        same = {name: said.get(name) for name in ("kind", "happened_on", "text", "people")}
        if all(same[name] for name in ("kind", "happened_on", "text")) and self.project.journal.filter(**same).exists():
            raise ValidationError("Cette ligne est déjà dans le journal.")
        return said

    def save(self, by: User) -> JournalEntry:
        entry = super().save(commit=False)
        entry.project, entry.recorded_by = self.project, by
        entry.stage = entry.stage or self.project.stage_on(entry.happened_on)
        entry.save()
        return entry
