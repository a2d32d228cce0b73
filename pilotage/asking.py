"""What a picture of a region is asked: which territory, on which day. Pages and commands ask it alike."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.forms import DayField
from territories.models import Department, Region


class ScopeForm(DsfrBaseForm):
    """A region (all those one reads when empty) and a day (today when empty); without `reader`, any region."""

    region = forms.ModelChoiceField(
        Region.objects.all(),
        label="Région",
        required=False,
        empty_label="France entière",
        error_messages={"invalid_choice": "Cette région n'existe pas ou n'est pas de celles que vous consultez."},
    )
    date = DayField(label="Situation au")

    def __init__(self, data: Mapping[str, Any], reader: User | None = None) -> None:
        super().__init__({"date": timezone.localdate(), **{name: data[name] for name in data if data[name]}})
        self.reads_country = reader is None or reader.answers_for_the_country
        self.readable = reader.readable_departments() if reader else Department.objects.all()
        if not self.reads_country:
            self.fields["region"].queryset = reader.readable_regions()
            self.fields["region"].empty_label = "Toutes mes régions"

    @property
    def day(self) -> date:
        return self.cleaned_data["date"]

    @cached_property
    def regions(self) -> list[Region]:
        return list(self.fields["region"].queryset)

    @property
    def chosen_region(self) -> Region | None:
        """The region asked for; the only one when there is no choice; None for all."""
        return self.cleaned_data["region"] or (self.regions[0] if len(self.regions) == 1 else None)

    @property
    def departments(self) -> QuerySet[Department]:
        return self.readable.filter(region=self.chosen_region) if self.chosen_region else self.readable

    @property
    def has_choice(self) -> bool:
        return len(self.regions) > 1

    @property
    def territory(self) -> str:
        return str(self.chosen_region or self.fields["region"].empty_label)


class DepartmentForm(ScopeForm):
    """The same, narrowed to one department when there is one."""

    departement = forms.ModelChoiceField(
        Department.objects.none(),
        label="Département",
        required=False,
        empty_label="Tous",
        error_messages={"invalid_choice": "Ce département n'existe pas ou n'est pas de ceux que vous consultez."},
    )

    def __init__(self, data: Mapping[str, Any], reader: User | None = None) -> None:
        super().__init__(data, reader)
        self.fields["departement"].queryset = self.readable.order_by("code")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        region, department = data.get("region"), data.get("departement")
        if region and department and department.region_id != region.pk:
            self.add_error("departement", "Ce département n'est pas de la région choisie.")
        return data

    @property
    def chosen_department(self) -> Department | None:
        return self.cleaned_data["departement"]

    @property
    def departments(self) -> QuerySet[Department]:
        one = self.chosen_department
        return Department.objects.filter(pk=one.pk) if one else super().departments

    @property
    def territory(self) -> str:
        return str(self.chosen_department or super().territory)

    @property
    def scope(self) -> dict[str, str | list[str]]:
        """The parameters that make the list of projects hold what is led in this territory."""
        if self.chosen_department:
            return {"departement": self.chosen_department.pk}
        if self.chosen_region:
            return {"region": self.chosen_region.pk}
        return {} if self.reads_country else {"departement": [department.pk for department in self.departments]}


class ScopedCommand(BaseCommand):
    """A command that answers for a region on a day, in the format asked for."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--region", default="", help="code Insee de la région (toute la France par défaut)")
        parser.add_argument("--date", default="", help="AAAA-MM-JJ ou JJ/MM/AAAA (aujourd'hui par défaut)")
        parser.add_argument(
            "--format", choices=["table", "csv", "json"], default="table", help="présentation (tableau par défaut)"
        )

    def handle(self, *, region: str, date: str | date, format: str, **options) -> None:
        form = ScopeForm({"region": region, "date": date})
        if not form.is_valid():
            raise CommandError(" ".join(f"{form[name].label} : {' '.join(why)}" for name, why in form.errors.items()))
        self.stdout.write(self.answer(form, format), ending="")

    def answer(self, form: ScopeForm, file_format: str) -> str:
        raise NotImplementedError
