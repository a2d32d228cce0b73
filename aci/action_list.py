"""The list of actions: its columns and its filters, as they stand in its address."""

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from aci.models import Action
from ground.tables import Column
from projects.filters import DepartmentsFilter

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


class ActionFilter(DepartmentsFilter):
    """Those that are open; those that are closed only when asked for."""

    etat = filters.ChoiceFilter(
        method="unchanged", label="Actions", choices=[(CLOSED, "Closes"), (ALL, "Toutes")], empty_label="Ouvertes"
    )
    responsable = filters.CharFilter(field_name="owner", lookup_expr="icontains", label="Responsable")
    retard = filters.BooleanFilter(method="unchanged", label="En retard", widget=forms.CheckboxInput)

    path_to_project = "contract__project"

    class Meta:
        model = Action
        form = DsfrBaseForm
        fields = []

    def filter_queryset(self, rows: QuerySet[Action]) -> QuerySet[Action]:
        asked = self.form.cleaned_data
        rows = super().filter_queryset(rows).select_related("contract__project", "raised_in")
        if asked["retard"]:
            return rows.filter(closed_on=None, due_on__lt=timezone.localdate())
        if asked["etat"] == ALL:
            return rows
        return rows.filter(closed_on__isnull=asked["etat"] != CLOSED)
