"""Two people on one page: the second is told what the first has changed, and loses nothing of what was typed."""

import json
from collections.abc import Mapping

from django import forms
from django.core.exceptions import ValidationError

Shown = Mapping[str, str]  # what a form changes, in the words of the page: label → value


class LoadedField(forms.CharField):
    """What the page showed when it was opened, carried along unseen."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, max_length=100_000)


class GuardedForm(forms.Form):
    """Needs a `loaded` field and `shown_now()`: the values as they are stored, under the lock when it is a POST."""

    def shown_now(self) -> Shown:
        raise NotImplementedError

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._now = self.shown_now()
        self.initial["loaded"] = json.dumps(self._now)

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        try:
            loaded = dict(json.loads(data.get("loaded") or "{}"))
        except (ValueError, TypeError):
            loaded = {}
        moved = [label for label, value in self._now.items() if loaded.get(label, value) != value]
        if moved:
            self.data = self.data.copy()
            self.data[self.add_prefix("loaded")] = json.dumps(self._now)
            raise ValidationError(
                [
                    f"Pendant que vous écriviez, « {label} » est devenu « {self._now[label] or 'vide'} » (c'était "
                    f"« {loaded[label] or 'vide'} »). Vérifiez votre saisie, puis enregistrez de nouveau."
                    for label in moved
                ]
            )
        return data


class GuardedModelForm(GuardedForm, forms.ModelForm):
    """Guards the model's fields that are in the form."""

    def shown_now(self) -> Shown:
        if self.instance.pk is None:
            return {}
        stored = type(self.instance).objects.get(pk=self.instance.pk)
        return {field.label: self._in_words(stored, name) for name, field in self.fields.items() if name != "loaded"}

    def _in_words(self, stored, name: str) -> str:
        field = stored._meta.get_field(name)
        if field.many_to_many:
            return ", ".join(str(value) for value in getattr(stored, name).all())
        if field.choices:
            return getattr(stored, f"get_{name}_display")()
        value = getattr(stored, name)
        return "" if value is None else str(value)
