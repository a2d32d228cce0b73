"""The list of conciliations: its columns and its filters, as they stand in its address."""

from datetime import date

import django_filters as filters
from django import forms
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.utils import timezone

from ground.tables import Column
from projects.conciliations.disputes import BY_KEY
from projects.filters import DayFilter, DepartmentsFilter, ProjectFilterForm
from projects.models import Conciliation, Outcome, Project
from projects.models.project import ProjectQuerySet
from territories.models import Zone

CLOSED, ALL = "closes", "toutes"


def parties(conciliation: Conciliation) -> str:
    return " / ".join(project.name for project in conciliation.projects.all())


def departments(conciliation: Conciliation) -> str:
    return ", ".join(sorted({project.lead_department_id for project in conciliation.projects.all()}))


def situation(conciliation: Conciliation) -> str:
    known = BY_KEY.get(conciliation.situation)
    return known.name if known else ""


def outcome(conciliation: Conciliation) -> str:
    return Outcome.Kind(conciliation.ended_by).label if conciliation.ended_by else ""


def zones(conciliation: Conciliation) -> str:
    return ", ".join(zone.name for zone in conciliation.zones.all())


CONCILIATION_COLUMNS = [
    Column("projets", "Projets", parties),
    Column("departement", "Dép.", departments),
    Column("ouverte", "Ouverte le", lambda each: each.since, sort="since"),
    Column("situation", "Situation", situation, sort="situation"),
    Column("zones", "Zones disputées", zones),
    Column("population", "Habitants", lambda each: each.population, is_number=True, sort="population"),
    Column("echeance", "Échéance", lambda each: each.due_on, sort="due_on"),
    Column("close", "Close le", lambda each: each.closed_on, sort="closed_on"),
    Column("issue", "Issue", outcome, sort="ended_by"),
    Column("objet", "Objet", lambda each: each.subject, shown=False),
]


class ConciliationFilter(DepartmentsFilter):
    """Those open on `date` (today by default); those that are closed only when asked for."""

    etat = filters.ChoiceFilter(
        method="unchanged",
        label="Conciliations",
        choices=[(CLOSED, "Closes"), (ALL, "Toutes")],
        empty_label="Ouvertes",
    )
    retard = filters.BooleanFilter(method="unchanged", label="Échéance dépassée", widget=forms.CheckboxInput)
    date = DayFilter(method="unchanged", label="Situation au")

    class Meta:
        model = Conciliation
        form = ProjectFilterForm
        fields = []

    @property
    def day(self) -> date:
        return (
            self.form.cleaned_data.get("date", timezone.localdate()) if self.form.is_valid() else timezone.localdate()
        )

    def about(self, rows: QuerySet[Conciliation], projects: ProjectQuerySet) -> QuerySet[Conciliation]:
        return rows.filter(pk__in=_with(projects))

    def filter_queryset(self, rows: QuerySet[Conciliation]) -> QuerySet[Conciliation]:
        asked = self.form.cleaned_data
        day = asked["date"]
        rows = super().filter_queryset(rows).filter(since__lte=day)
        if asked["etat"] == CLOSED:
            rows = rows.filter(until__lte=day)
        elif asked["etat"] != ALL:
            rows = rows.on(day)
        if asked["retard"]:
            rows = rows.on(day).filter(due_on__lt=day)
        return with_columns_on(rows, day)


def _with(projects: QuerySet[Project]) -> QuerySet:
    return Conciliation.projects.through.objects.filter(project__in=projects).values("conciliation")


def with_columns_on(rows: QuerySet[Conciliation], day: date) -> QuerySet[Conciliation]:
    """What the columns read, as it was known on `day`: how a conciliation ended only from that day on."""
    disputed = Zone.objects.filter(conciliations=OuterRef("pk")).order_by().values("conciliations")
    ended = Outcome.objects.filter(conciliation=OuterRef("pk"), conciliation__until__lte=day)
    return rows.annotate(
        population=Subquery(disputed.values(total=Sum("population"))),
        closed_on=Subquery(ended.values("conciliation__until")[:1]),
        ended_by=Subquery(ended.values("kind")[:1]),
    ).prefetch_related("projects", "zones")
