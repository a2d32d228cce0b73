"""The simulator's questions, asked by the page and by the command alike."""

import datetime
import re

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode
from dsfr.forms import DsfrBaseForm
from dsfr.widgets import InlineCheckboxSelectMultiple

from aci.models import Tariff, TariffLine
from aci.remuneration import AbsurdPopulation, IncompleteTariff, Kind, Remuneration, check_population, remuneration
from ground.forms import DayField
from ground.templatetags.french import day

CONTRACT_YEARS = [(1, "1re année"), *((year, f"{year}e année") for year in range(2, 6))]


class PopulationField(forms.IntegerField):
    """An integer typed with or without spaces between thousands."""

    widget = forms.TextInput(attrs={"inputmode": "numeric"})

    def to_python(self, value: str | int | None) -> int | None:
        return super().to_python(re.sub(r"\s", "", value) if isinstance(value, str) else value)


class RemunerationForm(DsfrBaseForm):
    """What is not said is today, the first year and every mission. Once valid: `tariff`, in force, and its `result`."""

    population = PopulationField(label="Population", help_text="Nombre d'habitants, par exemple 98 204.")
    date = DayField(label="Date", help_text="Le barème lu est celui en vigueur ce jour-là.")
    year = forms.TypedChoiceField(
        label="Année du contrat",
        choices=CONTRACT_YEARS,
        coerce=int,
        help_text="Le plan de crise se rédige la première année, puis se met à jour.",
    )
    missions = forms.MultipleChoiceField(label="Missions comptées", widget=InlineCheckboxSelectMultiple)

    tariff: Tariff
    result: Remuneration

    def __init__(self, data: QueryDict | None = None, **kwargs) -> None:
        lines = TariffLine.objects.exclude(kind=Kind.CONDITIONAL.value).order_by("order", "tariff__since")
        missions = dict(lines.values_list("mission", "label"))
        unsaid = {"date": [timezone.localdate().isoformat()], "year": ["1"], "missions": list(missions)}
        if data is not None:
            data = data.copy()
            for name, values in unsaid.items():
                if not any(data.getlist(name)):
                    data.setlist(name, values)  # filled in, so that what is counted is what is shown
        super().__init__(data, initial={**unsaid, "date": timezone.localdate()}, **kwargs)
        self.fields["missions"].choices = missions.items()

    def clean_population(self) -> int:
        population = self.cleaned_data["population"]
        try:
            check_population(population)
        except AbsurdPopulation as refusal:
            raise ValidationError(str(refusal)) from refusal
        return population

    def clean_date(self) -> datetime.date:
        asked = self.cleaned_data["date"]
        tariff = Tariff.objects.in_force(asked)
        if tariff is None:
            raise ValidationError(why_no_tariff(asked))
        self.tariff = tariff
        return asked

    def clean(self) -> None:
        if self.errors:
            return
        granted, asked = self.tariff.data(), self.cleaned_data
        chosen = granted.missions.keys() & asked["missions"]  # a link may be read again at another date
        try:
            self.result = remuneration(asked["population"], granted, missions=chosen, contract_year=asked["year"])
        except IncompleteTariff as refusal:
            self.add_error("date", str(refusal))

    def link(self) -> str:
        """The query string that asks the same again on any day."""
        return urlencode(self.cleaned_data, doseq=True)


def why_no_tariff(day_asked: datetime.date) -> str:
    first = Tariff.objects.order_by("since").first()
    if first is None:
        return "Aucun barème n'est enregistré : un administrateur doit les charger."
    return f"Aucun barème n'était en vigueur le {day(day_asked)} : le premier commence le {day(first.since)}."
