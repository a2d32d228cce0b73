"""The filters of the list of projects, as they stand in its address."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from ground.forms import DayField
from ground.templatetags.french import day as in_words
from projects.columns import with_columns_on
from projects.models import Project, in_conciliation_on
from projects.models.project import ProjectQuerySet
from projects.states import LIVING, Column, State
from projects.turn import Actor
from projects.turns import Standing, awaited
from territories.models import Department


def readable_departments(request: HttpRequest):
    return request.user.readable_departments()


def readable_regions(request: HttpRequest):
    return request.user.readable_regions()


class ProjectFilterForm(DsfrBaseForm):
    def clean_date(self) -> date:
        return self.cleaned_data["date"] or timezone.localdate()


class DayFilter(filters.DateFilter):
    field_class = DayField


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """A filter at work: what it keeps, and the address of the list without it."""

    text: str
    query_without: str


class ListFilter(filters.FilterSet):
    """What the filters of a list share."""

    def unchanged(self, rows: QuerySet, name: str, value: object) -> QuerySet:
        """For what is only true on a day, or with another filter: `filter_queryset` sees to it once."""
        return rows


class DepartmentsFilter(ListFilter):
    """A list of what is about projects, kept to some departments; `path_to_project` leads from a row to its project."""

    departement = filters.ModelMultipleChoiceFilter(
        method="of_departments",
        queryset=readable_departments,
        label="Département",
        widget=forms.CheckboxSelectMultiple,
    )

    path_to_project: str

    def of_departments(self, rows: QuerySet, name: str, chosen: Collection[Department]) -> QuerySet:
        if not chosen:
            return rows
        return self.about(rows, Project.objects.in_departments(frozenset(each.pk for each in chosen)))

    def about(self, rows: QuerySet, projects: ProjectQuerySet) -> QuerySet:
        return rows.filter(**{f"{self.path_to_project}__in": projects.values("pk")})


class ProjectFilter(ListFilter):
    """Projects known on `date` (today by default); those that have ended only when asked for."""

    q = filters.CharFilter(method="named", label="Nom du projet")
    departement = filters.ModelMultipleChoiceFilter(
        field_name="lead_department",
        queryset=readable_departments,
        label="Département chef de file",
        widget=forms.CheckboxSelectMultiple,
    )
    region = filters.ModelChoiceFilter(
        field_name="lead_department__region", queryset=readable_regions, label="Région", empty_label="Toutes"
    )
    etat = filters.MultipleChoiceFilter(
        method="unchanged",
        choices=[(state.value, state.label) for state in State],
        label="État",
        widget=forms.CheckboxSelectMultiple,
    )
    colonne = filters.ChoiceFilter(
        method="unchanged", choices=Column.choices, label="Colonne de la photographie", empty_label="Toutes"
    )
    tour = filters.MultipleChoiceFilter(
        method="unchanged", choices=Actor.choices, label="À qui est-ce ?", widget=forms.CheckboxSelectMultiple
    )
    conciliation = filters.BooleanFilter(method="unchanged", label="En conciliation", widget=forms.CheckboxInput)
    termines = filters.BooleanFilter(method="unchanged", label="Y compris terminés", widget=forms.CheckboxInput)
    date = DayFilter(method="unchanged", label="Situation au")

    class Meta:
        model = Project
        form = ProjectFilterForm
        fields = []

    @property
    def day(self) -> date:
        """The day shown; today when the one asked for cannot be read."""
        return (
            self.form.cleaned_data.get("date", timezone.localdate()) if self.form.is_valid() else timezone.localdate()
        )

    def named(self, rows: ProjectQuerySet, name: str, words: str) -> ProjectQuerySet:
        return rows.matching(words)

    def filter_queryset(self, rows: ProjectQuerySet) -> ProjectQuerySet:
        day = self.form.cleaned_data["date"]
        rows = super().filter_queryset(rows).with_state_on(day).filter(state_on__in=self.states())
        if self.form.cleaned_data["conciliation"]:
            rows = rows.filter(pk__in=in_conciliation_on(day))
        if actors := self.form.cleaned_data["tour"]:
            standings = [Standing.of_listed(project) for project in rows.only("finess")]
            rows = rows.filter(pk__in=awaited(standings, actors, day))
        return with_columns_on(rows, day)

    def states(self) -> frozenset[State]:
        """The states asked for: those ticked, those of the photograph's column, else the living ones."""
        asked = self.form.cleaned_data
        states = frozenset(State) if asked["etat"] or asked["termines"] else LIVING
        if asked["etat"]:
            states &= set(asked["etat"])
        if asked["colonne"]:
            states &= Column(asked["colonne"]).states
        return states

    def active(self) -> Iterator[ActiveFilter]:
        """Every filter at work, in the words of the page."""
        for name in self.filters:
            for value in filter(None, self.data.getlist(name)):
                left = self.data.copy()
                left.setlist(name, [other for other in left.getlist(name) if other != value])
                left.pop("page", None)
                yield ActiveFilter(self._in_words(name, value), left.urlencode())

    def _in_words(self, name: str, value: str) -> str:
        field = self.form.fields[name]
        match name:
            case "q":
                return f"« {value} »"
            case "termines" | "conciliation":
                return field.label
            case "tour":
                return f"en attente de : {Actor(value).label}"
            case "date":
                return f"au {in_words(self.day)}"
        return next((str(label) for key, label in field.choices if str(key) == value), value)
