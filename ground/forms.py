"""Fields and habits that the forms of every app share."""

import datetime
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import BadRequest, ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest
from django.utils import timezone

from ground.days import FIRST_DAY
from ground.templatetags.french import day as in_words
from ground.templatetags.french import number

FIRST_YEAR, LAST_YEAR = 1900, 2100  # our bounds, no rule's: beyond, a slip of the keyboard that no calendar can add to


class DayField(forms.DateField):
    """A day typed as jj/mm/aaaa or picked. A browser's date field only shows ISO dates: what was typed becomes one."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d", "%d/%m/%Y"], **kwargs)
        self.error_messages["invalid"] = "Cette date ne se lit pas : écrivez-la jj/mm/aaaa, par exemple 20/02/2020."

    def prepare_value(self, value: str | datetime.date | None) -> str | datetime.date | None:
        try:
            return self.to_python(value)
        except ValidationError:
            return value

    def validate(self, value: datetime.date | None) -> None:
        super().validate(value)
        if value and not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise ValidationError(f"Vérifiez l'année de cette date : de {FIRST_YEAR} à {LAST_YEAR}.")


class CptsDayField(DayField):
    """A day of the life of a project, past or to come: since there are CPTS."""

    def validate(self, value: datetime.date | None) -> None:
        if value and value < FIRST_DAY:
            raise ValidationError(f"Les CPTS n'existent que depuis le {in_words(FIRST_DAY)} : vérifiez l'année.")
        super().validate(value)


class PastDayField(CptsDayField):
    """A day on which something has happened to a project: since there are CPTS, today at the latest."""

    def validate(self, value: datetime.date | None) -> None:
        if value and value > timezone.localdate():
            raise ValidationError("Cette date est dans le futur.")
        super().validate(value)


class EurosField(forms.DecimalField):
    """An amount of money, above zero, typed as people write it: « 30 000,00 », « 30000 € »."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error_messages["invalid"] = "Ce montant ne se lit pas : écrivez-le en chiffres, par exemple 30 000,00."

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, str):
            value = re.sub(r"[\s€]", "", value).replace(",", ".")
        return super().to_python(value)

    def validate(self, value: Decimal | None) -> None:
        super().validate(value)
        if value is not None and value <= 0:
            raise ValidationError("Le montant doit être supérieur à zéro.")

    def prepare_value(self, value: str | Decimal | None) -> str | None:
        return number(value) if isinstance(value, Decimal) else value


class LongTextField(forms.CharField):
    """A text of several lines. Not `max_length`: the browser would cut what is pasted."""

    def __init__(self, *, rows: int, limit: int = 10_000, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), validators=[MaxLengthValidator(limit)], **kwargs)


class CodeField(forms.CharField):
    """An identifier typed or pasted with spaces, dots or small letters: « 130 025 265 00013 »."""

    def to_python(self, value: Any) -> str:
        return re.sub(r"[\s.]", "", super().to_python(value)).upper()

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without the length that would cut what is pasted."""
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


def asked_day(request: HttpRequest) -> datetime.date:
    """The day a page is asked for by `?date=`, today by default; raises BadRequest (400) for what is no date."""
    return asked_other_day(request, "date") or timezone.localdate()


def asked_other_day(request: HttpRequest, name: str) -> datetime.date | None:
    """The day that `name` tells in the address, None without it; raises BadRequest (400) for what is no date."""
    try:
        return DayField(required=False).clean(request.GET.get(name, ""))
    except ValidationError as error:
        why = f"ne se lit pas ou sort des années {FIRST_YEAR} à {LAST_YEAR} : écrivez-la 2020-02-20."
        raise BadRequest(f"La date demandée dans l'adresse {why}") from error
