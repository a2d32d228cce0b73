"""The filters of the lists of contracts, as they stand in their address."""

import datetime

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from aci.contract_columns import ContractRow
from aci.establishing import missing_their_contract
from aci.models import Contract, TariffTier
from aci.standing import OVER, Standing
from aci.watch import Watch
from projects.filters import DayFilter, DepartmentsFilter, ProjectFilterForm
from projects.models import Project

ALL, LATE = "tous", "retard"
ANY_YEAR = [(str(number), f"Année {number}") for number in range(1, 11)]


def any_tier() -> list[tuple[str, str]]:
    """Those of the approved tariffs."""
    tiers = TariffTier.objects.exclude(tariff__approved_at=None).order_by("number").values_list("number", flat=True)
    return [(str(number), f"Taille {number}") for number in tiers.distinct()]


class AsOfADay(DepartmentsFilter):
    """What is asked for stands as of `date`, today by default."""

    date = DayFilter(method="unchanged", label="Situation au")

    @property
    def day(self) -> datetime.date:
        """The day shown; today when the one asked for cannot be read."""
        return self.form.cleaned_data["date"] if self.form.is_valid() else timezone.localdate()


class ContractFilter(AsOfADay):
    """Contracts signed by that day; those that are over only when asked for."""

    q = filters.CharFilter(method="named", label="Nom du projet")
    etat = filters.ChoiceFilter(
        method="unchanged", label="État", choices=[*Standing.choices, (ALL, "Tous")], empty_label="Suivis"
    )
    taille = filters.ChoiceFilter(method="unchanged", label="Taille", choices=any_tier, empty_label="Toutes")
    annee = filters.ChoiceFilter(method="unchanged", label="Année de contrat", choices=ANY_YEAR, empty_label="Toutes")
    signature = filters.NumberFilter(
        field_name="signed_on",
        lookup_expr="year",
        label="Signés en",
        min_value=2019,
        max_value=2100,
    )
    alerte = filters.ChoiceFilter(method="unchanged", label="Alerte", choices=Watch.choices, empty_label="Toutes")
    retard = filters.BooleanFilter(method="unchanged", label="En retard", widget=forms.CheckboxInput)

    path_to_project = "project"

    class Meta:
        model = Contract
        form = ProjectFilterForm
        fields = []

    def named(self, rows: QuerySet[Contract], name: str, words: str) -> QuerySet[Contract]:
        return rows.filter(project__in=Project.objects.matching(words)) if words else rows

    def filter_queryset(self, rows: QuerySet[Contract]) -> QuerySet[Contract]:
        day = self.form.cleaned_data["date"]
        return super().filter_queryset(rows).filter(signed_on__lte=day).order_by("project__search_name", "number")

    def keeps(self, row: ContractRow) -> bool:
        """Whether this row is asked for: what is only known once its watch is read."""
        asked = self.form.cleaned_data
        alerts = row.late if asked["retard"] else row.alerts
        return all(
            (
                asked["etat"] == ALL or row.standing == asked["etat"] or not (asked["etat"] or row.standing in OVER),
                asked["taille"] in ("", str(row.tier)),
                asked["annee"] in ("", str(row.year)),
                not asked["alerte"] or any(alert.kind == asked["alerte"] for alert in alerts),
                not asked["retard"] or bool(row.late),
            )
        )


class MissingFilter(AsOfADay):
    """Projects whose ACI is signed on that day, and of which no contract is recorded."""

    path_to_project = "pk"

    class Meta:
        model = Project
        form = ProjectFilterForm
        fields = []

    def filter_queryset(self, rows: QuerySet[Project]) -> QuerySet[Project]:
        day = self.form.cleaned_data["date"]
        missing = missing_their_contract(super().filter_queryset(rows), day)
        return missing.with_state_on(day).with_territory_on(day)
