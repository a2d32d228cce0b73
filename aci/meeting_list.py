"""The list of meetings: its columns and its filters, as they stand in its address."""

from datetime import date

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from aci.meeting_rules import is_planned
from aci.models import Meeting
from ground.tables import Column
from projects.filters import DayFilter, DepartmentsFilter
from projects.models import Project
from territories.models import Region

HELD, PLANNED, CALLED_OFF = "tenues", "a-venir", "annulees"


def situation(meeting: Meeting) -> str:
    if meeting.called_off:
        return "Annulée"
    if is_planned(meeting, timezone.localdate()):
        return "À venir"
    return "Tenue" if meeting.has_minutes else "Sans compte rendu"


def department(meeting: Meeting) -> str:
    if meeting.contract_id:
        return meeting.contract.project.lead_department_id
    return meeting.department_id or ""


MEETING_COLUMNS = [
    Column("reunion", "Réunion", lambda each: each.get_kind_display(), sort="kind"),
    Column("date", "Date", lambda each: each.held_on, sort="held_on"),
    Column("pour", "CPTS ou territoire", lambda each: each.body, sort="contract__project__name"),
    Column("departement", "Dép.", department),
    Column("situation", "Situation", situation),
    Column("annee", "Année examinée", lambda each: each.year, is_number=True, sort="year"),
    Column("decisions", "Décisions", lambda each: each.decided, is_number=True, sort="decided"),
    Column("lieu", "Lieu", lambda each: each.place, shown=False),
    Column("compte_rendu", "Compte rendu du", lambda each: each.minutes_on, sort="minutes_on", shown=False),
]


class PeriodForm(DsfrBaseForm):
    def clean(self) -> dict:
        data = super().clean()
        since, until = data.get("depuis"), data.get("jusqu_au")
        if since and until and until < since:
            raise ValidationError("La période se termine avant de commencer.")
        return data


class MeetingFilter(DepartmentsFilter):
    type = filters.MultipleChoiceFilter(
        field_name="kind", choices=Meeting.Kind.choices, label="Réunion", widget=forms.CheckboxSelectMultiple
    )
    etat = filters.ChoiceFilter(
        method="in_situation",
        label="Situation",
        choices=[(PLANNED, "À venir"), (HELD, "Tenues"), (CALLED_OFF, "Annulées")],
        empty_label="Toutes",
    )
    depuis = DayFilter(field_name="held_on", lookup_expr="gte", label="Du")
    jusqu_au = DayFilter(field_name="held_on", lookup_expr="lte", label="Au")

    class Meta:
        model = Meeting
        form = PeriodForm
        fields = []

    def of_departments(self, rows: QuerySet[Meeting], name: str, chosen) -> QuerySet[Meeting]:
        """Those about a CPTS of these departments, their CPL, and the CPR of their regions."""
        if not chosen:
            return rows
        projects = Project.objects.in_departments(frozenset(each.pk for each in chosen))
        regions = Region.objects.filter(departments__in=chosen)
        return rows.filter(
            Q(contract__project__in=projects.values("pk")) | Q(department__in=chosen) | Q(region__in=regions)
        )

    def in_situation(self, rows: QuerySet[Meeting], name: str, value: str) -> QuerySet[Meeting]:
        today = timezone.localdate()
        if value == CALLED_OFF:
            return rows.exclude(called_off="")
        return rows.held(today) if value == HELD else rows.filter(held_on__gt=today, called_off="")

    def filter_queryset(self, rows: QuerySet[Meeting]) -> QuerySet[Meeting]:
        rows = super().filter_queryset(rows)
        return next_ones_first(rows.annotate(decided=Count("decisions", distinct=True)), timezone.localdate())


def next_ones_first(rows: QuerySet[Meeting], day: date) -> QuerySet[Meeting]:
    """What is to come, the nearest first; then what is past, the latest first."""
    to_come = When(held_on__gt=day, then=F("held_on"))
    rows = rows.annotate(rank=Case(When(held_on__gt=day, then=Value(0)), default=Value(1)), next_on=Case(to_come))
    related = rows.select_related("contract__project__lead_department", "department", "region")
    return related.order_by("rank", "next_on", "-held_on", "-pk")
