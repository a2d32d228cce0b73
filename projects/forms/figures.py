"""The figures of a file: sent, then each of its columns described."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils import timezone
from dsfr.forms import DsfrBaseForm
from dsfr.utils import dsfr_input_class_attr

from ground.forms import DayField
from ground.text import one_line
from projects.context.figure_file import FigureColumn
from projects.context.figure_plan import (
    Described,
    FigurePlan,
    Written,
    known_figures,
    read,
    why_not_joined,
    write_figures,
)
from projects.forms.imports import SheetForm, sheet_field
from projects.models import ImportBatch
from territories.models import Department, Figure

FIRST_DAY = datetime.date(1900, 1, 1)
MODES = [("", "Choisissez"), *Figure.Mode.choices]


class FigureSheetForm(SheetForm):
    subject = ImportBatch.Subject.FIGURES
    file = sheet_field("Fichier des indicateurs")
    department = forms.ModelChoiceField(
        Department.objects.none(),
        label="Département des noms de communes",
        required=False,
        empty_label="Le fichier donne des codes",
        help_text="Inutile si la première colonne donne des codes Insee.",
    )

    def clean_file(self) -> Any:
        """The department is asked below the file, and needed to read its names."""
        self.told_department = self.data.get(self.add_prefix("department"), "")
        return super().clean_file()

    def understand(self, content: bytes, filename: str) -> Any:
        known = self.fields["department"].queryset.filter(pk=self.told_department).exists()
        return read(content, filename, self.told_department if known else None)


class FigureDayField(DayField):
    """As of when a figure is true: in the past."""

    def validate(self, value: datetime.date | None) -> None:
        if value and not FIRST_DAY <= value <= timezone.localdate():
            raise ValidationError("Cette date est dans le futur ou trop ancienne : vérifiez l'année.")
        super().validate(value)


class DescribeForm(DsfrBaseForm):
    """One line of fields a column (`name-1`, `unit-1`…), with a date and a source for all that tell no other.

    Once valid: `described`. `replaced` are the figures already told that saving would replace.
    """

    as_of = FigureDayField(label="Situation au", required=False, help_text="Pour toutes les colonnes, sauf autre date.")
    source = forms.CharField(
        label="Source",
        required=False,
        max_length=200,
        help_text="Qui publie ces chiffres et sous quel nom, pour toutes les colonnes, sauf autre source.",
    )
    skip_unread = forms.BooleanField(label="Laisser de côté ce qui n'est pas lu", required=False)
    replace = forms.BooleanField(label="Remplacer les indicateurs déjà chargés", required=False)

    def __init__(self, *args, plan: FigurePlan, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan
        self.replaced: list[Figure] = []
        for column in plan.columns:
            for name, field in fields_of(column).items():
                self.fields[f"{name}-{column.position}"] = field
                dsfr_input_class_attr(self[f"{name}-{column.position}"])

    @property
    def lines(self) -> list[tuple[FigureColumn, dict[str, BoundField]]]:
        names = ("keep", "name", "unit", "mode", "as_of", "source")
        return [(column, {name: self[f"{name}-{column.position}"] for name in names}) for column in self.plan.columns]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        kept = [column for column in self.plan.columns if said.get(f"keep-{column.position}")]
        if not kept:
            raise ValidationError("Aucune colonne n'est à importer : cochez-en une au moins.")
        self.described = [described for column in kept if (described := self._described(column, said))]
        self._refuse_twice()
        if len(self.described) == len(kept) and not self.errors:
            self._refuse_unread(kept, said)
            self._refuse_known(said)
        return said

    def _described(self, column: FigureColumn, said: dict[str, Any]) -> Described | None:
        """What is said of a column that is kept; None, with the reasons on its fields, when something lacks."""
        at = column.position
        name, mode = one_line(said.get(f"name-{at}") or ""), said.get(f"mode-{at}")
        as_of = said.get(f"as_of-{at}") or said.get("as_of")
        source = one_line(said.get(f"source-{at}") or said.get("source") or "")
        lacking = {
            f"name-{at}": "" if name else f"Nommez l'indicateur de la colonne « {column.header} ».",
            f"mode-{at}": "" if mode else f"Dites comment « {column.header} » se calcule sur un territoire.",
            "as_of": "" if as_of else f"Donnez la date de la situation, au moins pour « {column.header} ».",
            "source": "" if source else f"Donnez la source, au moins pour « {column.header} ».",
        }
        for field, reason in lacking.items():
            if reason and not self.has_error(field):
                self.add_error(field, reason)
        if any(lacking.values()):
            return None
        return Described(column, name, one_line(said.get(f"unit-{at}") or ""), mode, as_of, source)

    def _refuse_twice(self) -> None:
        seen = set()
        for each in self.described:
            if (each.name, each.as_of) in seen:
                self.add_error(f"name-{each.column.position}", f"« {each.name} » est donné deux fois à la même date.")
            seen.add((each.name, each.as_of))

    def _refuse_unread(self, kept: list[FigureColumn], said: dict[str, Any]) -> None:
        if (self.plan.file.unread or any(column.unread for column in kept)) and not said.get("skip_unread"):
            self.add_error(
                "skip_unread",
                "Des lignes ou des cellules ne sont pas lues : corrigez le fichier, ou laissez-les de côté.",
            )

    def _refuse_known(self, said: dict[str, Any]) -> None:
        known = known_figures(self.described)
        for each in self.described:
            figure = known.get((each.name, each.as_of))
            if figure and (obstacle := why_not_joined(each, figure, self.plan)):
                self.add_error(f"name-{each.column.position}", obstacle)
        self.replaced = list(known.values())
        if self.replaced and not said.get("replace"):
            told = ", ".join(f"« {figure.name} »" for figure in self.replaced)
            self.add_error(
                "replace",
                f"Déjà chargé à cette date : {told}. Ses valeurs pour les départements de ce fichier seront "
                "remplacées ; confirmez-le.",
            )

    def save(self) -> list[Written]:
        return write_figures(self.plan, self.described)


def fields_of(column: FigureColumn) -> dict[str, forms.Field]:
    """What is asked of a column, with a guess where its header tells something."""
    of_it = f"de la colonne « {column.header} »"
    mode = Figure.Mode.BY_POPULATION if column.looks_like_a_share else ""
    return {
        "keep": forms.BooleanField(label=f"Importer la colonne « {column.header} »", required=False,
                                   initial=column.is_likely),
        "name": forms.CharField(label=f"Nom {of_it}", required=False, max_length=150, initial=column.header[:150]),
        "unit": forms.CharField(label=f"Unité {of_it}", required=False, max_length=40, initial=column.unit),
        "mode": forms.ChoiceField(label=f"Calcul {of_it}", required=False, choices=MODES, initial=mode),
        "as_of": FigureDayField(label=f"Autre date {of_it}", required=False),
        "source": forms.CharField(label=f"Autre source {of_it}", required=False, max_length=200),
    }  # fmt: skip
