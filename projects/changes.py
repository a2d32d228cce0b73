"""Who changed which field when, read from the field history of a project and of what hangs on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import models
from django.utils.text import capfirst

from accounts.models import User
from ground.templatetags.french import quoted, short_day
from projects.models import Assignment, Contact, Project, Promoter, Stage


@dataclass(frozen=True, slots=True)
class FieldChange:
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """One recorded write: what of (`subject`), how (`act`), and field by field for a modification."""

    at: datetime
    by: str
    subject: str
    act: str
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""


CREATED, DELETED = "+", "-"
ACTS = {CREATED: "ajouté", "~": "modifié", DELETED: "retiré"}
FEMININE_ACTS = {kind: f"{act}e" for kind, act in ACTS.items()}
UNTOLD = {"id", "search_name", "created_at", "recorded_at", "recorded_by", "project", "perimeter", "state"}


def changes_of(project: Project) -> list[Change]:
    """Every recorded change of the project, its promoter, contacts, referents and stages, newest first."""
    found = [
        *_changes(
            Project.history.filter(id=project.pk)
            .select_related("promoter")
            .prefetch_related("historicalproject_other_departments_set"),
            lambda row: "Projet",
        ),
        *_changes(Promoter.history.filter(id=project.promoter_id), lambda row: f"Porteur {quoted(row.name)}"),
        *_changes(Contact.history.filter(project=project.pk), lambda row: f"Contact {quoted(row.name)}"),
        *_changes(
            Assignment.history.filter(project=project.pk).select_related("user"),
            lambda row: f"Référent {row.get_side_display()} {quoted(row.user or row.name)}",
        ),
        # What silence will do and where a stage ends follow from the steps: nobody has changed them.
        *_changes(
            Stage.history.filter(project=project.pk).exclude(origin=Stage.Origin.SILENCE).select_related("recorded_by"),
            lambda row: f"Étape {quoted(row.get_state_display())} du {short_day(row.since)}",
            acts=FEMININE_ACTS,
            untold=UNTOLD | {"until"},
        ),
    ]
    return sorted(found, key=lambda change: change.at, reverse=True)


def _changes(
    records: models.QuerySet, subject: Any, *, acts: dict[str, str] = ACTS, untold: set[str] = UNTOLD
) -> Iterator[Change]:
    ordered = records.select_related("history_user").order_by("id", "history_date", "history_id")
    for _, of_one_row in groupby(ordered, key=lambda record: record.id):
        previous = None
        for record in of_one_row:
            fields = tuple(_fields(previous, record, untold)) if record.history_type == "~" and previous else ()
            if fields or record.history_type != "~":
                by = str(record.history_user or _recorder(record) or "import ou commande")
                act, reason = acts[record.history_type], record.history_change_reason or ""
                yield Change(record.history_date, by, subject(record), act, fields, reason)
            previous = record


def _recorder(record: models.Model) -> User | None:
    """Who signed what a command has added."""
    return getattr(record, "recorded_by", None) if record.history_type == CREATED else None


def _fields(old: models.Model, new: models.Model, untold: set[str]) -> Iterator[FieldChange]:
    for field in new.tracked_fields:
        if field.name in untold:
            continue
        before, after = getattr(old, field.attname), getattr(new, field.attname)
        if before != after:
            yield FieldChange(capfirst(field.verbose_name), _in_words(old, field), _in_words(new, field))
    if isinstance(new, Project.history.model) and _other_departments(old) != _other_departments(new):
        yield FieldChange("Autres départements", _other_departments(old), _other_departments(new))


def _other_departments(record: models.Model) -> str:
    return ", ".join(sorted(row.department_id for row in record.historicalproject_other_departments_set.all()))


def _in_words(record: models.Model, field: models.Field) -> str:
    value = getattr(record, field.attname)
    if isinstance(field, models.ForeignKey) and field.name in ("promoter", "user"):
        value = getattr(record, field.name)
    if field.choices:
        return getattr(record, f"get_{field.name}_display")()
    if isinstance(value, date):
        return short_day(value)
    return "" if value is None else str(value)
