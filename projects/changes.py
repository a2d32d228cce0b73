"""Who changed which field when, read from the field history of a project and of what hangs on it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.text import capfirst

from accounts.models import User
from ground.templatetags.french import quoted, short_day
from projects.models import (
    Assignment,
    ClsSignature,
    Consultation,
    Contact,
    Decision,
    Document,
    EngineeringGrant,
    Escalation,
    ExchangedVersion,
    Filing,
    GrantPayment,
    GridAnswer,
    JournalEntry,
    Merger,
    Opinion,
    OtherFunding,
    PieceRequest,
    Project,
    Promoter,
    RolloutEvent,
    Signature,
    Stage,
    VigilancePoint,
)


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
UNSIGNED = "import ou commande"
MANY_ZONES = 8
ACTS = {CREATED: "ajouté", "~": "modifié", DELETED: "retiré"}
FEMININE_ACTS = {kind: f"{act}e" for kind, act in ACTS.items()}
TOLD_KEYS = ("user", "item", "type", "structure", "recorded_by")  # what a change names of other rows
UNTOLD = {"id", "search_name", "created_at", "changed_at", "recorded_at", "recorded_by", "perimeter", "state", "sha256"}


Subject = Callable[[Any], str]
# The model, what it hangs on, how a row is called, and its gender.
PARTS: list[tuple[type[models.Model], str, Subject, dict[str, str]]] = [
    (Contact, "project", lambda row: f"Contact {quoted(row.name)}", ACTS),
    (Assignment, "project", lambda row: f"Référent {row.get_side_display()} {quoted(row.user or row.name)}", ACTS),
    (JournalEntry, "project", lambda row: f"Échange du {short_day(row.happened_on)}", ACTS),
    (PieceRequest, "filing", lambda row: f"Demande de pièces du {short_day(row.asked_on)}", FEMININE_ACTS),
    (Decision, "stage", lambda row: "Décision", FEMININE_ACTS),
    (Merger, "stage", lambda row: "Fusion", FEMININE_ACTS),
    (Opinion, "stage", lambda row: f"Avis {row.get_side_display()} du {short_day(row.given_on)}", ACTS),
    (Consultation, "stage", lambda row: f"Avis demandé à {quoted(row.get_partner_display())}", ACTS),
    (Escalation, "stage", lambda row: f"Désaccord du {short_day(row.opened_on)}", ACTS),
    (Signature, "stage", lambda row: f"Signature {quoted(row.get_party_display())}", FEMININE_ACTS),
    (VigilancePoint, "project", lambda row: f"Point de vigilance {quoted(row.section)}", ACTS),
    (GridAnswer, "project", lambda row: f"Grille, {row.get_side_display()}, {quoted(row.item)}", FEMININE_ACTS),
    (EngineeringGrant, "project", lambda row: f"Convention FIR du {short_day(row.signed_on)}", FEMININE_ACTS),
    (GrantPayment, "grant", lambda row: f"Versement du {short_day(row.paid_on)}", ACTS),
    (OtherFunding, "project", lambda row: f"Autre financement {quoted(row.funder)}", ACTS),
    (RolloutEvent, "project", lambda row: row.get_kind_display(), FEMININE_ACTS),
    (ExchangedVersion, "project", lambda row: f"Version échangée, {row.get_subject_display()}", FEMININE_ACTS),
    (ClsSignature, "project", lambda row: f"Signature du CLS {quoted(row.structure or 'supprimé')}", FEMININE_ACTS),
    (Document, "project", lambda row: f"Document {quoted(row.title or row.filename)}", ACTS),
]


def changes_of(project: Project) -> list[Change]:
    """Every recorded change of the project and of what hangs on it, newest first."""
    found = [
        *_changes(
            Project.history.filter(id=project.pk)
            .select_related("promoter")
            .prefetch_related("historicalproject_other_departments_set"),
            lambda row: "Projet",
        ),
        *_changes(Promoter.history.filter(id=project.promoter_id), lambda row: f"Porteur {quoted(row.name)}"),
        # What silence will do and where a stage ends follow from the steps: nobody has changed them.
        *_changes(
            Stage.history.filter(project=project.pk).exclude(origin=Stage.Origin.SILENCE).select_related("recorded_by"),
            lambda row: f"Étape {quoted(row.get_state_display())} du {short_day(row.since)}",
            acts=FEMININE_ACTS,
            untold=UNTOLD | {"until"},
        ),
    ]
    for model, owner, subject, acts in PARTS:
        found += _changes(_of_project(model, owner, project), subject, acts=acts)
    found += _perimeter_changes(project)
    return sorted(found, key=lambda change: change.at, reverse=True)


def _perimeter_changes(project: Project) -> Iterator[Change]:
    """A perimeter keeps its own history: what was recorded, and what was taken back."""
    for change in project.perimeter.changes.select_related("recorded_by", "taken_back_by"):
        subject = f"Périmètre depuis le {short_day(change.since)}"
        zones = FieldChange("Communes", _zones_in_words(change.left), _zones_in_words(change.entered))
        nature = change.get_origin_display()
        reason = f"{nature}. {change.reason}" if change.reason else f"{nature}."
        yield Change(change.recorded_at, str(change.recorded_by or UNSIGNED), subject, "modifié", (zones,), reason)
        if change.taken_back_at:
            by = str(change.taken_back_by or UNSIGNED)
            yield Change(change.taken_back_at, by, subject, "changement annulé", reason=change.taken_back_reason)


def _zones_in_words(zones: list[dict[str, Any]]) -> str:
    if len(zones) > MANY_ZONES:
        return f"{len(zones)} communes"
    return ", ".join(f"{zone['name']} (en partie)" if zone["is_partial"] else zone["name"] for zone in zones)


def _of_project(model: type[models.Model], owner: str, project: Project) -> models.QuerySet:
    """The history of a part, even of one whose stage, filing or grant is gone: only its history then knows it."""
    match owner:
        case "project":
            records = model.history.filter(project=project.pk)
        case "stage":
            records = model.history.filter(stage__in=Stage.history.filter(project=project.pk).values("id"))
        case "filing":
            gone = _of_project(Filing, "stage", project).values("id")
            live = Filing.objects.filter(stage__project=project).values("id")  # a migration leaves no history
            records = model.history.filter(Q(filing__in=gone) | Q(filing__in=live))
        case "grant":
            records = model.history.filter(grant__in=_of_project(EngineeringGrant, "project", project).values("id"))
    return records.select_related(*(name for name in TOLD_KEYS if hasattr(model, name)))


def _changes(
    records: models.QuerySet, subject: Subject, *, acts: dict[str, str] = ACTS, untold: set[str] = UNTOLD
) -> Iterator[Change]:
    ordered = records.select_related("history_user").order_by("id", "history_date", "history_id")
    for _, of_one_row in groupby(ordered, key=lambda record: record.id):
        previous = None
        for record in of_one_row:
            fields = tuple(_fields(previous, record, untold)) if record.history_type == "~" and previous else ()
            if fields or record.history_type != "~":
                by = str(record.history_user or _recorder(record) or UNSIGNED)
                act, reason = acts[record.history_type], record.history_change_reason or ""
                yield Change(record.history_date, by, subject(record), act, fields, reason)
            previous = record


def _recorder(record: models.Model) -> User | None:
    """Who signed what a command has added."""
    return getattr(record, "recorded_by", None) if record.history_type == CREATED else None


def _fields(old: models.Model, new: models.Model, untold: set[str]) -> Iterator[FieldChange]:
    for field in new.tracked_fields:
        if field.name in untold or (field.is_relation and field.name not in ("promoter", "user", "type")):
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
    if isinstance(field, models.ForeignKey) and field.name in ("promoter", "user", "type"):
        value = getattr(record, field.name)
    if field.choices:
        return getattr(record, f"get_{field.name}_display")()
    if isinstance(value, date):
        return short_day(value)
    return "" if value is None else str(value)
