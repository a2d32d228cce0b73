"""The list of what CPTS share: its columns and its filters, as they stand in its address."""

import datetime

import django_filters as filters
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from aci.models import SharedAction
from ground.tables import Column
from projects.filters import DayFilter, DepartmentsFilter, ProjectFilterForm
from projects.models import Project
from projects.models.project import ProjectQuerySet

ENDED, ALL = "terminees", "toutes"


def projects(action: SharedAction) -> str:
    return ", ".join(str(project) for project in action.projects.all())


def departments(action: SharedAction) -> str:
    return ", ".join(sorted({project.lead_department_id for project in action.projects.all()}))


def partners(action: SharedAction) -> str:
    return ", ".join(action.partners.splitlines())


SHARED_ACTION_COLUMNS = [
    Column("intitule", "Action", lambda each: each.title, sort="title"),
    Column("nature", "Nature", lambda each: each.get_kind_display(), sort="kind"),
    Column("cpts", "CPTS", projects),
    Column("departement", "Dép.", departments),
    Column("partenaires", "Partenaires", partners),
    Column("debut", "Depuis le", lambda each: each.since, sort="since"),
    Column("fin", "Dernier jour", lambda each: each.last_day, sort="until"),
    Column("budget", "Budget (€)", lambda each: each.amount, is_number=True, sort="amount"),
    Column("financeur", "Financé par", lambda each: each.funder, sort="funder"),
    Column("description", "Description", lambda each: each.description, shown=False),
]


class SharedActionFilter(DepartmentsFilter):
    """Those under way on `date` (today by default); those that are over only when asked for."""

    etat = filters.ChoiceFilter(
        method="unchanged",
        label="Actions",
        choices=[(ENDED, "Terminées"), (ALL, "Toutes, à venir comprises")],
        empty_label="En cours",
    )
    nature = filters.ChoiceFilter(
        field_name="kind", label="Nature", choices=SharedAction.Kind.choices, empty_label="Toutes"
    )
    partenaire = filters.CharFilter(method="with_partner", label="Partenaire ou financeur")
    date = DayFilter(method="unchanged", label="Situation au")

    class Meta:
        model = SharedAction
        form = ProjectFilterForm
        fields = []

    @property
    def day(self) -> datetime.date:
        today = timezone.localdate()
        return self.form.cleaned_data.get("date", today) if self.form.is_valid() else today

    def about(self, rows: QuerySet[SharedAction], projects: ProjectQuerySet) -> QuerySet[SharedAction]:
        named = SharedAction.projects.through.objects.filter(project__in=projects)
        return rows.filter(pk__in=named.values("sharedaction"))

    def with_partner(self, rows: QuerySet[SharedAction], name: str, words: str) -> QuerySet[SharedAction]:
        return rows.filter(Q(partners__icontains=words) | Q(funder__icontains=words))

    def filter_queryset(self, rows: QuerySet[SharedAction]) -> QuerySet[SharedAction]:
        asked = self.form.cleaned_data
        rows = super().filter_queryset(rows)
        if asked["etat"] == ENDED:
            rows = rows.filter(until__lte=asked["date"])
        elif asked["etat"] != ALL:
            rows = rows.on(asked["date"])
        with_departments = Project.objects.select_related("lead_department")
        return rows.prefetch_related(Prefetch("projects", with_departments))
