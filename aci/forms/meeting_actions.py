"""The actions of a contract: who does what by when, and how it ended."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from aci.meeting_rules import raised_on
from aci.models import Action
from ground.forms import CptsDayField, PastDayField
from ground.templatetags.french import day as in_words
from projects.forms.rows import RowForm


class ActionForm(RowForm):
    lines = [("text",), ("owner", "due_on"), ("raised_in",)]

    class Meta:
        model = Action
        fields = ["text", "owner", "due_on", "raised_in"]
        field_classes = {"due_on": CptsDayField}
        help_texts = {
            "owner": "Une personne ou une institution.",
            "raised_in": "La réunion où l'action a été décidée, s'il y en a une.",
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        held = self.instance.contract.meetings.held(timezone.localdate()).order_by("-held_on", "-pk")
        self.fields["raised_in"].queryset, self.fields["raised_in"].empty_label = held, "Hors réunion"

    def siblings(self) -> QuerySet:
        return self.instance.contract.actions.all()

    def clean(self) -> dict:
        data = super().clean()
        meeting, due_on = data.get("raised_in"), data.get("due_on")
        if meeting and due_on and due_on < meeting.held_on:
            self.add_error("due_on", f"L'échéance ne peut pas précéder la réunion, le {in_words(meeting.held_on)}.")
        closed_on = self.instance.closed_on
        if meeting and closed_on and closed_on < meeting.held_on:
            self.add_error("raised_in", f"L'action était déjà close, le {in_words(closed_on)}.")
        return data


class ClosingForm(RowForm):
    """What was done, or why the action is given up."""

    lines = [("closed_on",), ("outcome",)]

    class Meta:
        model = Action
        fields = ["closed_on", "outcome"]
        field_classes = {"closed_on": PastDayField}
        help_texts = {"outcome": "Ou pourquoi l'action est abandonnée."}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = True

    def clean_closed_on(self) -> date:
        closed_on = self.cleaned_data["closed_on"]
        meeting = self.instance.raised_in
        if meeting and closed_on < raised_on(self.instance):
            raise ValidationError(f"L'action n'a été décidée que le {in_words(meeting.held_on)}.")
        return closed_on
