"""The list of the directory: its columns and its filters, as they stand in its address."""

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from ground.tables import Column
from ground.text import search_form
from projects.filters import ListFilter, readable_departments
from projects.models import DirectoryEntry
from projects.models.journal import DirectoryQuerySet

DIRECTORY_COLUMNS = [
    Column("departement", "Dép.", lambda entry: entry.department_id, sort="department"),
    Column("fonction", "Fonction", lambda entry: entry.get_function_display(), sort="rank"),
    Column("nom", "Nom", lambda entry: entry.name, sort="name"),
    Column("organisme", "Organisme", lambda entry: entry.organisation, sort="organisation"),
    Column("courriel", "Courriel", lambda entry: entry.email),
    Column("telephone", "Téléphone", lambda entry: entry.phone),
    Column("communes", "Communes suivies", lambda entry: ", ".join(zone.name for zone in entry.zones.all())),
    Column("precision", "Précision", lambda entry: entry.comment),
    Column("depuis", "Depuis le", lambda entry: entry.since, shown=False),
    Column("jusqua", "Jusqu'au", lambda entry: entry.last_day, shown=False),
]


class DirectoryFilter(ListFilter):
    """Those one can call today; those who have left or are still to come only when asked for."""

    q = filters.CharFilter(method="named", label="Nom, organisme ou commune suivie")
    departement = filters.ModelMultipleChoiceFilter(
        field_name="department",
        queryset=readable_departments,
        label="Département",
        widget=forms.CheckboxSelectMultiple,
    )
    fonction = filters.MultipleChoiceFilter(
        field_name="function",
        choices=DirectoryEntry.Function.choices,
        label="Fonction",
        widget=forms.CheckboxSelectMultiple,
    )
    anciens = filters.BooleanFilter(method="unchanged", label="Y compris anciens", widget=forms.CheckboxInput)

    class Meta:
        model = DirectoryEntry
        form = DsfrBaseForm
        fields = []

    def named(self, rows: DirectoryQuerySet, name: str, words: str) -> QuerySet[DirectoryEntry]:
        """Every word, whatever the accents and capitals. A directory is small: it is searched in memory."""
        wanted = search_form(words).split()
        found = []
        for entry in rows.prefetch_related("zones"):
            text = search_form(" ".join([entry.name, entry.organisation, *(zone.name for zone in entry.zones.all())]))
            if all(word in text for word in wanted):
                found.append(entry.pk)
        return rows.filter(pk__in=found)

    def filter_queryset(self, rows: DirectoryQuerySet) -> QuerySet[DirectoryEntry]:
        rows = rows if self.form.cleaned_data["anciens"] else rows.on(timezone.localdate())
        return super().filter_queryset(rows).by_function().prefetch_related("zones")
