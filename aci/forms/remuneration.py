"""The simulator's questions, asked by the page and by the command alike."""

import datetime
import re

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode
from dsfr.forms import DsfrBaseForm
from dsfr.widgets import InlineCheckboxSelectMultiple

from aci.models import Tariff, TariffLine
from aci.remuneration import AbsurdPopulation, IncompleteTariff, Kind, Remuneration, check_population, remuneration
from ground.forms import DayField
from ground.templatetags.french import day, quoted
from projects.models import Project

CONTRACT_YEARS = [(1, "1re année"), *((year, f"{year}e année") for year in range(2, 6))]
SECOND = "b"  # before the names of the second hypothesis, so that links made before it keep their meaning


class PopulationField(forms.IntegerField):
    """An integer typed with or without spaces between thousands."""

    widget = forms.TextInput(attrs={"inputmode": "numeric"})

    def to_python(self, value: str | int | None) -> int | None:
        return super().to_python(re.sub(r"\s", "", value) if isinstance(value, str) else value)


class ProjectField(forms.ModelChoiceField):
    def label_from_instance(self, project: Project) -> str:
        return f"{project.name} ({project.lead_department_id})"


class RemunerationForm(DsfrBaseForm):
    """What is not said is today, the first year and every mission. Once valid: `tariff`, in force, and its `result`.

    With `projects`, the population may be that of one of them on the date; `vintage` is then told.
    """

    population = PopulationField(label="Population", help_text="Nombre d'habitants, par exemple 98 204.")
    project = ProjectField(
        Project.objects.none(),
        label="Ou le périmètre d'un projet",
        required=False,
        empty_label="Aucun",
        help_text="Sa population municipale à la date choisie.",
    )
    date = DayField(label="Date", help_text="Le barème lu est celui en vigueur ce jour-là.")
    year = forms.TypedChoiceField(
        label="Année du contrat",
        choices=CONTRACT_YEARS,
        coerce=int,
        help_text="Le plan de crise s'écrit la première année, puis se met à jour.",
    )
    missions = forms.MultipleChoiceField(label="Missions comptées", widget=InlineCheckboxSelectMultiple)

    tariff: Tariff
    result: Remuneration
    vintage: int | None = None

    def __init__(
        self, data: QueryDict | None = None, *, projects: QuerySet[Project] | None = None, prefix: str | None = None
    ) -> None:
        missions = TariffLine.objects.exclude(kind=Kind.CONDITIONAL.value).labels()
        unsaid = {"date": [timezone.localdate().isoformat()], "year": ["1"], "missions": list(missions)}
        if data is not None:
            data = data.copy()
            for name, values in unsaid.items():
                key = f"{prefix}-{name}" if prefix else name
                if not any(data.getlist(key)):
                    data.setlist(key, values)  # filled in, so that what is counted is what is shown
        super().__init__(data, prefix=prefix, initial={**unsaid, "date": timezone.localdate()})
        self.fields["missions"].choices = missions.items()
        if projects is None:  # nobody's projects: the command reckons from figures alone
            self.fields.pop("project")
        else:
            self.fields["project"].queryset = projects
            self.fields["population"].required = False

    def clean_population(self) -> int | None:
        population = self.cleaned_data["population"]
        if population is not None:
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
        asked = self.cleaned_data
        project, typed = asked.get("project"), asked.get("population")
        if project and typed is not None:
            self.add_error("population", "Choisissez un projet ou saisissez une population, pas les deux.")
        elif not project and typed is None and not {"population", "project"} & self.errors.keys():
            self.add_error("population", "Indiquez une population ou choisissez un projet.")
        if self.errors:
            return
        population = self._population_of(project) if project else typed
        if population is None:
            self.add_error("project", f"{quoted(project)} ne tient aucune commune le {day(asked['date'])}.")
            return
        granted = self.tariff.data()
        chosen = granted.missions.keys() & asked["missions"]  # a link may be read again at another date
        try:
            self.result = remuneration(population, granted, missions=chosen, contract_year=asked["year"])
        except IncompleteTariff as refusal:
            self.add_error("date", str(refusal))
        except AbsurdPopulation as refusal:
            self.add_error("project", str(refusal))

    def _population_of(self, project: Project) -> int | None:
        told = Project.objects.filter(pk=project.pk).with_territory_on(self.cleaned_data["date"]).get()
        self.vintage = told.vintage
        return told.population

    @property
    def chosen_project(self) -> Project | None:
        return self.cleaned_data.get("project")

    def link(self, prefix: str | None = None) -> str:
        """The query string that asks the same again on any day, as the hypothesis that `prefix` names."""
        said = {name: value for name, value in self.cleaned_data.items() if value is not None}
        said |= {"project": self.chosen_project.pk} if self.chosen_project else {}
        return urlencode({f"{prefix}-{name}" if prefix else name: said[name] for name in said}, doseq=True)


def why_no_tariff(day_asked: datetime.date) -> str:
    first = Tariff.objects.approved().order_by("since").first()
    if first is None:
        return "Aucun barème n'est enregistré : un administrateur doit les charger."
    return f"Aucun barème n'était en vigueur le {day(day_asked)} : le premier commence le {day(first.since)}."
