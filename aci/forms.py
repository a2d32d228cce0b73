"""The simulator's questions, asked by the page and by the command alike."""

import datetime
import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.http import urlencode
from dsfr.forms import DsfrBaseForm

from aci.models import Tariff, TariffLine
from aci.remuneration import AbsurdPopulation, IncompleteTariff, Kind, Remuneration, remuneration
from ground.templatetags.french import day

CONTRACT_YEARS = [(1, "1re année"), *((year, f"{year}e année") for year in range(2, 6))]


class PopulationField(forms.IntegerField):
    """An integer typed with or without spaces between thousands."""

    widget = forms.TextInput(attrs={"inputmode": "numeric"})

    def to_python(self, value: str | int | None) -> int | None:
        return super().to_python(re.sub(r"\s", "", value) if isinstance(value, str) else value)


class DayField(forms.DateField):
    """A day typed as jj/mm/aaaa or picked; shown as ISO, the only form that the browser's date field accepts."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})

    def __init__(self, **kwargs) -> None:
        super().__init__(input_formats=["%Y-%m-%d", "%d/%m/%Y"], **kwargs)

    def prepare_value(self, value: str | datetime.date | None) -> str | datetime.date | None:
        try:
            return self.to_python(value)
        except ValidationError:
            return value


class RemunerationForm(DsfrBaseForm):
    """Once valid: `tariff`, the version in force, and `result`, what it grants."""

    population = PopulationField(label="Population", help_text="Nombre d'habitants, par exemple 98 204.")
    date = DayField(label="Date", required=False, help_text="Le barème en vigueur ce jour-là ; aujourd'hui par défaut.")
    year = forms.TypedChoiceField(
        label="Année du contrat", choices=CONTRACT_YEARS, coerce=int, required=False, empty_value=1
    )
    missions = forms.MultipleChoiceField(
        label="Missions comptées",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Sans choix, toutes sont comptées.",
    )

    tariff: Tariff
    result: Remuneration

    def __init__(self, data=None, **kwargs) -> None:
        lines = TariffLine.objects.exclude(kind=Kind.CONDITIONAL.value).order_by("order", "tariff__since")
        missions = dict(lines.values_list("mission", "label"))
        if data is not None and not data.getlist("missions"):
            data = data.copy()
            data.setlist("missions", missions)  # what is counted is what is shown ticked
        super().__init__(data, initial={"date": timezone.localdate(), "year": 1, "missions": list(missions)}, **kwargs)
        self.fields["missions"].choices = missions.items()

    def clean_date(self) -> datetime.date:
        return self.cleaned_data["date"] or timezone.localdate()

    def clean(self) -> None:
        asked = self.cleaned_data
        if not {"population", "date", "year", "missions"} <= asked.keys():
            return
        tariff = Tariff.objects.in_force(asked["date"])
        if tariff is None:
            self.add_error("date", self.why_no_tariff(asked["date"]))
            return
        self.tariff, granted = tariff, tariff.data()
        try:
            self.result = remuneration(
                asked["population"],
                granted,
                missions=granted.missions.keys() & set(asked["missions"]),  # a link may be read at another date
                contract_year=asked["year"],
            )
        except AbsurdPopulation as refusal:
            self.add_error("population", str(refusal))
        except IncompleteTariff as refusal:
            self.add_error("date", str(refusal))

    def why_no_tariff(self, asked: datetime.date) -> str:
        first = Tariff.objects.order_by("since").first()
        if first is None:
            return "Aucun barème n'est enregistré : un administrateur doit les charger."
        return f"Aucun barème n'était en vigueur le {day(asked)} : le premier commence le {day(first.since)}."

    def link(self) -> str:
        """The query string that asks the same again, its date written even when it was left empty."""
        return urlencode({**self.cleaned_data, "missions": sorted(self.cleaned_data["missions"])}, doseq=True)
