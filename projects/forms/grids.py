"""What one institution ticks and says on the points of a grid."""

import json

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

from accounts.models import User
from accounts.models.institution import Side
from projects.examination.grids import Row
from projects.forms.guard import GuardedForm, Shown
from projects.models import GridAnswer, Project

LONGEST_COMMENT = 1_000
UNANSWERED = "sans réponse"  # not empty: a point that the grid gained or lost meanwhile is told too


class GridForm(GuardedForm):
    """All the points of a grid at once, for one institution."""

    loaded = forms.CharField(required=False, widget=forms.HiddenInput)  # as long as the grid and its comments

    def __init__(self, *args, rows: list[Row], side: Side, **kwargs) -> None:
        self.rows, self.side = rows, side
        super().__init__(*args, **kwargs)
        for row in rows:
            answer = self.stored(row)
            self.fields[tick_of(row)] = tick_field(row, answer.tick)
            self.fields[comment_of(row)] = comment_field(row, answer.comment)

    def stored(self, row: Row) -> GridAnswer:
        return row.answers.get(self.side) or GridAnswer()

    def typed(self, row: Row) -> GridAnswer:
        """What the form says; what is at fault, as it was typed."""
        tick, comment = (self.cleaned_data.get(name, self.data.get(name)) for name in (tick_of(row), comment_of(row)))
        return GridAnswer(tick=tick or "", comment=comment or "")

    def shown_now(self) -> Shown:
        return {label_of(row): in_words(self.stored(row)) for row in self.rows}

    def clean(self) -> dict:
        try:
            data = super().clean()
        except ValidationError:
            self.keep_what_the_other_wrote()
            raise
        if any(tick_of(row) not in self.data for row in self.rows):
            raise ValidationError("La page a été envoyée incomplète. Rouvrez la grille.")
        return data

    def keep_what_the_other_wrote(self) -> None:
        """A point that this page left as it was shown follows the colleague's answer: sending again undoes nothing."""
        try:
            loaded = dict(json.loads(self.cleaned_data["loaded"]))
        except (ValueError, TypeError):
            return
        for row in self.rows:
            if in_words(self.typed(row)) == loaded.get(label_of(row)):
                self.data[tick_of(row)] = self.stored(row).tick
                self.data[comment_of(row)] = self.stored(row).comment

    def save(self, project: Project, by: User) -> int:
        """Writes the answers that have changed; how many. What is emptied stays, empty, with its history."""
        changed = [row for row in self.rows if {tick_of(row), comment_of(row)} & set(self.changed_data)]
        for row in changed:
            said = self.typed(row)
            GridAnswer.objects.update_or_create(
                project=project,
                item=row.item,
                side=self.side,
                defaults={"tick": said.tick, "comment": said.comment, "recorded_by": by},
            )
        return len(changed)


def tick_of(row: Row) -> str:
    return f"tick_{row.item.pk}"


def comment_of(row: Row) -> str:
    return f"comment_{row.item.pk}"


def label_of(row: Row) -> str:
    return f"{row.number}. {row.item.text}"


def in_words(answer: GridAnswer) -> str:
    return " – ".join(filter(None, [answer.get_tick_display(), answer.comment])) or UNANSWERED


def tick_field(row: Row, tick: str) -> forms.ChoiceField:
    """A list, not buttons: o, e, n or s answers from the keyboard, and a point can be emptied."""
    widget = forms.Select(attrs={"class": "fr-select", "aria-label": f"Réponse au point {label_of(row)}"})
    choices = [("", "–"), *GridAnswer.Tick.choices]
    return forms.ChoiceField(choices=choices, required=False, initial=tick, label=label_of(row), widget=widget)


def comment_field(row: Row, comment: str) -> forms.CharField:
    label = f"Commentaire du point {label_of(row)}"
    widget = forms.Textarea(attrs={"class": "fr-input", "rows": 1, "aria-label": label})
    longest = MaxLengthValidator(LONGEST_COMMENT)  # not `max_length`: the browser would cut what is pasted
    return forms.CharField(required=False, initial=comment, label=label, widget=widget, validators=[longest])
