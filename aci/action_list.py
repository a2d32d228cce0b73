"""The list of actions: its columns and its filters, as they stand in its address."""

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from aci.models import Action
from ground.tables import Column
from projects.filters import readable_departments
from projects.models import Project

CLOSED, ALL = "closes", "toutes"


def situation(action: Action) -> str:
    if action.closed_on:
        return "Close"
    return "En retard" if action.due_on < timezone.localdate() else "Ouverte"


ACTION_COLUMNS = [
    Column("action", "Action", lambda each: each.text, sort="text"),
    Column("cpts", "CPTS", lambda each: each.contract.project.name, sort="contract__project__name"),
    Column("departement", "Dép.", lambda each: each.contract.project.lead_department_id),
    Column("responsable", "Responsable", lambda each: each.owner, sort="owner"),
    Column("echeance", "Échéance", lambda each: each.due_on, sort="due_on"),
    Column("situation", "Situation", situation),
    Column("decidee", "Décidée en", lambda each: str(each.raised_in or "")),
    Column("close", "Close le", lambda each: each.closed_on, sort="closed_on", shown=False),
    Column("fait", "Ce qui a été fait", lambda each: each.outcome, shown=False),
]


class ActionFilter(filters.FilterSet):
    """Those that are open; those that are closed only when asked for."""

    etat = filters.ChoiceFilter(
        method="unchanged", label="Actions", choices=[(CLOSED, "Closes"), (ALL, "Toutes")], empty_label="Ouvertes"
    )
    responsable = filters.CharFilter(field_name="owner", lookup_expr="icontains", label="Responsable")
    departement = filters.ModelMultipleChoiceFilter(
        method="of_departments",
        queryset=readable_departments,
        label="Département",
        widget=forms.CheckboxSelectMultiple,
    )
    retard = filters.BooleanFilter(method="unchanged", label="En retard", widget=forms.CheckboxInput)

    class Meta:
        model = Action
        form = DsfrBaseForm
        fields = []

    def of_departments(self, rows: QuerySet[Action], name: str, chosen) -> QuerySet[Action]:
        if not chosen:
            return rows
        projects = Project.objects.in_departments(frozenset(each.pk for each in chosen))
        return rows.filter(contract__project__in=projects.values("pk"))

    def unchanged(self, rows: QuerySet[Action], name: str, value: object) -> QuerySet[Action]:
        return rows

    def filter_queryset(self, rows: QuerySet[Action]) -> QuerySet[Action]:
        asked = self.form.cleaned_data
        rows = super().filter_queryset(rows).select_related("contract__project", "raised_in")
        if asked["retard"]:
            return rows.filter(closed_on=None, due_on__lt=timezone.localdate())
        if asked["etat"] == ALL:
            return rows
        return rows.filter(closed_on__isnull=asked["etat"] != CLOSED)
