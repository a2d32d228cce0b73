"""The list of structures: its columns and its filters, as they stand in its address."""

from datetime import date

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from ground.tables import Column
from ground.text import search_form
from projects.filters import DayFilter, ListFilter, readable_departments
from territories.models import Structure
from territories.models.structure import StructureQuerySet

STRUCTURE_COLUMNS = [
    Column("nom", "Nom", lambda each: each.name, sort="search_name"),
    Column("nature", "Nature", lambda each: each.kind_label, sort="kind"),
    Column("departement", "Dép.", lambda each: each.department_id, sort="department"),
    Column("communes", "Communes", lambda each: ", ".join(map(str, each.zones.all()))),
    Column("contact", "Contact", lambda each: each.contact),
    Column("depuis", "Depuis le", lambda each: each.since, sort="since"),
    Column("jusqua", "Jusqu'au", lambda each: each.last_day, sort="until"),
    Column("source", "Source", lambda each: each.source),
]
"""Headers that the import understands: what is downloaded can be completed and sent back."""


class StructureFilterForm(DsfrBaseForm):
    def clean_date(self) -> date:
        return self.cleaned_data["date"] or timezone.localdate()


class StructureFilter(ListFilter):
    """Those that exist on `date`, today by default; those that have ended only when asked for."""

    q = filters.CharFilter(method="named", label="Nom, contact ou commune")
    nature = filters.MultipleChoiceFilter(
        field_name="kind", choices=Structure.Kind.choices, label="Nature", widget=forms.CheckboxSelectMultiple
    )
    departement = filters.ModelMultipleChoiceFilter(
        method="in_departments",
        queryset=readable_departments,
        label="Département",
        widget=forms.CheckboxSelectMultiple,
    )
    anciennes = filters.BooleanFilter(method="unchanged", label="Y compris disparues", widget=forms.CheckboxInput)
    date = DayFilter(method="unchanged", label="Situation au")

    class Meta:
        model = Structure
        form = StructureFilterForm
        fields = []

    def named(self, rows: StructureQuerySet, name: str, words: str) -> StructureQuerySet:
        """Every word, in the name, in the contact or in a commune's name."""
        for word in search_form(words).split():
            of_a_zone = _covered().filter(zone__search_name__contains=word)
            rows = rows.filter(Q(search_name__contains=word) | Q(contact__icontains=word) | Exists(of_a_zone))
        return rows

    def in_departments(self, rows: StructureQuerySet, name: str, departments) -> StructureQuerySet:
        """Kept there, or covering a commune there."""
        return rows.filter(Exists(_covered().filter(zone__department__in=departments))) if departments else rows

    def filter_queryset(self, rows: StructureQuerySet) -> StructureQuerySet:
        asked = self.form.cleaned_data
        rows = rows if asked["anciennes"] else rows.on(asked["date"])
        return super().filter_queryset(rows).order_by("search_name", "pk").prefetch_related("zones")


def _covered():
    return Structure.zones.through.objects.filter(structure=OuterRef("pk"))
