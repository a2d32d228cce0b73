"""Two people on one page: the second is told what the first has changed, and loses nothing of what was typed."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError

from ground.templatetags.french import day, euros, quoted

Shown = Mapping[str, str]  # what a form changes, in the words of the page: label → value


class LoadedField(forms.CharField):
    """What the page showed when it was opened, carried along unseen."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, max_length=100_000)


class GuardedForm(forms.Form):
    """Needs `shown_now()`: the values as they are stored, under the lock when it is a POST."""

    loaded = LoadedField()

    def shown_now(self) -> Shown:
        raise NotImplementedError

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._now = self.shown_now()
        self.initial["loaded"] = json.dumps(self._now)

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        if refusals := self._moved(data.get("loaded", "")):
            self.data = self.data.copy()
            self.data[self.add_prefix("loaded")] = json.dumps(self._now)
            raise ValidationError(refusals)
        return data

    def _moved(self, text: str) -> list[str]:
        """What is no longer as the page showed it; empty when nothing has moved."""
        try:
            loaded = dict(json.loads(text))
        except (ValueError, TypeError):
            return ["La page a été envoyée incomplète. Vérifiez votre saisie, puis enregistrez de nouveau."]
        return [
            f"Pendant que vous écriviez, {quoted(label)} est devenu {quoted(self._now.get(label) or 'vide')} (c'était "
            f"{quoted(loaded.get(label) or 'vide')}). Vérifiez votre saisie, puis enregistrez de nouveau."
            for label in loaded | self._now
            if (loaded.get(label) or "") != (self._now.get(label) or "")
        ]


class GuardedModelForm(GuardedForm, forms.ModelForm):
    """Guards the model's fields that are in the form."""

    def shown_now(self) -> Shown:
        if self.instance.pk is None:
            return {}
        return {self.fields[name].label: self._in_words(name) for name in self._meta.fields}

    def _in_words(self, name: str) -> str:
        field = self.instance._meta.get_field(name)
        if field.many_to_many:
            return ", ".join(str(value) for value in getattr(self.instance, name).all())
        if field.choices:
            return getattr(self.instance, f"get_{name}_display")()
        return in_words(getattr(self.instance, name))


def in_words(value: object) -> str:
    """A stored value as people write it."""
    match value:
        case None:
            return ""
        case date():
            return day(value)
        case Decimal():
            return euros(value)
    return str(value)
