"""What a file of structures would change, before anything is written; then writing all of it, or nothing."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from django.db import transaction

from accounts.models import User
from ground.templatetags.french import short_day
from projects.context.communes import read_communes
from projects.context.structure_file import KINDS_TOLD, Told, read_structures
from projects.spreadsheets.opening import open_workbook
from projects.spreadsheets.plan import department_names
from projects.spreadsheets.zones import ZoneFinder
from territories.models import Department, Structure, Zone

LONGEST = {name: Structure._meta.get_field(name).max_length for name in ("name", "contact", "source")}
LABELS = {"name": "nom", "contact": "contact", "source": "source"}


class Outcome(StrEnum):
    REFUSED = "refused"
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"

    @property
    def title(self) -> str:
        return TITLES[self]


TITLES = {
    Outcome.REFUSED: "Refusées",
    Outcome.CREATED: "À créer",
    Outcome.CHANGED: "À modifier",
    Outcome.UNCHANGED: "Inchangées",
}


@dataclass(frozen=True, slots=True)
class Change:
    field: str
    old: str
    new: str


@dataclass(slots=True)
class Planned:
    """What becomes of one structure of the file. `messages` tell why it is refused, or what is to be checked."""

    told: Told
    outcome: Outcome
    messages: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    existing: Structure | None = None
    codes: set[str] = field(default_factory=set)

    @property
    def kind_label(self) -> str:
        return Structure(kind=self.told.kind).kind_label if self.told.kind else self.told.kind_text

    @property
    def lines(self) -> str:
        """« 3 », « 3 à 7 », « 3 et 12 »."""
        first, *others = self.told.lines
        if len(others) > 1:
            return (
                f"{first} à {others[-1]}" if others[-1] - first == len(others) else f"{first} et {len(others)} autres"
            )
        return f"{first} et {others[0]}" if others else str(first)


@dataclass(slots=True)
class StructurePlan:
    rows: list[Planned]

    def of(self, outcome: Outcome) -> list[Planned]:
        return [row for row in self.rows if row.outcome == outcome]

    @property
    def sections(self) -> list[tuple[Outcome, list[Planned]]]:
        return [(outcome, rows) for outcome in Outcome if (rows := self.of(outcome))]

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(row.outcome for row in self.rows)
        return {outcome.value: found[outcome] for outcome in Outcome}

    @property
    def writable(self) -> bool:
        """All or nothing: not while a line is refused."""
        return not self.of(Outcome.REFUSED) and bool(self.of(Outcome.CREATED) or self.of(Outcome.CHANGED))

    @property
    def digest(self) -> str:
        """Changes when what would be done changes: what is confirmed must be what was shown."""
        shown = [(row.lines, row.outcome, row.messages, [str(change) for change in row.changes]) for row in self.rows]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


class NotWritten(Exception):
    """Nothing was written; `message_fr` says why."""

    def __init__(self, message_fr: str) -> None:
        super().__init__(message_fr)
        self.message_fr = message_fr


def read(content: bytes, filename: str, department: str | None = None) -> list[Told]:
    """Raises UnreadableFile."""
    return read_structures(open_workbook(content, filename), department_names(), department)


def plan_structures(lines: Collection[Told], user: User | None) -> StructurePlan:
    """Judge each structure against what is known; `user` None is a command, that writes everywhere."""
    finder = ZoneFinder()
    departments = {line.department for line in lines}
    known = {
        (each.kind, each.search_name, each.department_id): each
        for each in Structure.objects.filter(department__in=departments - {None}).prefetch_related("zones")
    }
    rows = [_judged(line, known.get(line.key), finder, user) for line in lines]
    _name_communes(rows)
    return StructurePlan(rows)


def _judged(told: Told, existing: Structure | None, finder: ZoneFinder, user: User | None) -> Planned:
    errors = [*told.errors, *_errors(told, user)]
    row = Planned(told, Outcome.REFUSED, errors, existing=existing)
    if told.department and told.communes:
        communes = read_communes(finder, told.communes, told.department)
        errors += communes.refused
        row.codes = communes.codes
        told.notes += [doubt for doubt in communes.doubts if doubt not in told.notes]
    elif told.department and not existing:
        errors.append("Aucune commune n'est donnée : écrivez leurs noms ou leurs codes Insee.")
    if not errors:
        row.messages = list(told.notes)
        row.outcome = Outcome.CHANGED if existing else Outcome.CREATED
    return row


def _errors(told: Told, user: User | None) -> list[str]:
    errors = []
    if not told.name:
        errors.append("Le nom manque.")
    if not told.kind:
        said = f"« {told.kind_text} » n'est pas une nature connue" if told.kind_text else "La nature manque"
        errors.append(f"{said} : écrivez {KINDS_TOLD}.")
    for name, limit in LONGEST.items():
        if len(getattr(told, name)) > limit:
            errors.append(f"Le champ « {LABELS[name]} » dépasse {limit} caractères : raccourcissez-le.")
    if told.since and told.last_day and told.last_day < told.since:
        errors.append(f"La fin ({short_day(told.last_day)}) précède le début ({short_day(told.since)}).")
    if not told.department:
        errors.append("Le département manque : donnez une colonne « Département », ou choisissez-le avec le fichier.")
    elif user and not user.can_write_in({told.department}):
        errors.append(f"Le département {told.department} n'est pas l'un des vôtres.")
    return errors


def _name_communes(rows: list[Planned]) -> None:
    """Compare with what is stored, in words; refuse a structure that has no commune where it is kept."""
    zones = Zone.objects.filter(code__in={code for row in rows for code in row.codes})
    found = {code: (name, department) for code, name, department in zones.values_list("code", "name", "department")}
    for row in rows:
        departments = {found[code][1] for code in row.codes}
        if row.outcome != Outcome.REFUSED and departments and row.told.department not in departments:
            row.outcome = Outcome.REFUSED
            row.messages.insert(0, f"Aucune de ses communes n'est dans le département {row.told.department}.")
        if row.outcome == Outcome.REFUSED:
            continue
        row.changes = list(_changes(row, {code: name for code, (name, _) in found.items()}))
        if row.existing and not row.changes:
            row.outcome = Outcome.UNCHANGED
        if row.existing and row.outcome == Outcome.CHANGED:
            _refuse_inverted_dates(row)


def _refuse_inverted_dates(row: Planned) -> None:
    """One of the two dates may be told by the file and the other one stored."""
    since, last_day = row.told.since or row.existing.since, row.told.last_day or row.existing.last_day
    if since and last_day and last_day < since:
        row.outcome = Outcome.REFUSED
        row.messages.insert(0, f"La fin ({short_day(last_day)}) précède le début ({short_day(since)}).")


def _changes(row: Planned, names: dict[str, str]) -> list[Change]:
    told, existing = row.told, row.existing
    held = {zone.code: zone.name for zone in existing.zones.all()} if existing else {}
    changes = []
    if row.codes and row.codes != held.keys():
        wanted = {code: names[code] for code in row.codes}
        changes.append(Change("Communes", listed(held), listed(wanted)))
    pairs: list[tuple[str, str | date | None, str | date | None]] = [
        ("Nom", existing and existing.name, told.name),
        ("Contact", existing and existing.contact, told.contact),
        ("Depuis le", existing and existing.since, told.since),
        ("Jusqu'au", existing and existing.last_day, told.last_day),
        ("Source", existing and existing.source, told.source),
    ]
    changes += [Change(label, _in_words(old), _in_words(new)) for label, old, new in pairs if new and new != old]
    return changes


def _in_words(value: str | date | None) -> str:
    return short_day(value) if isinstance(value, date) else value or ""


def listed(names: dict[str, str]) -> str:
    """The names of zones by code, in order: « Bondy, Pantin », cut after twelve."""
    told = [name for _, name in sorted(names.items(), key=lambda item: item[1])]
    return ", ".join(told) if len(told) <= 12 else f"{', '.join(told[:12])} et {len(told) - 12} autres ({len(told)})"


@transaction.atomic
def write_structures(lines: Collection[Told], user: User | None, *, shown: str | None = None) -> StructurePlan:
    """Make the plan again, alone at work, and write it whole. Raises NotWritten.

    `shown` is the digest of the plan that was read and confirmed.
    """
    departments = Department.objects.filter(pk__in={line.department for line in lines} - {None})
    list(departments.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    plan = plan_structures(lines, user)
    if shown is not None and plan.digest != shown:
        raise NotWritten("Les données ont changé depuis l'affichage de cette page : relisez ce qui suit et confirmez.")
    if plan.of(Outcome.REFUSED):
        raise NotWritten("Des lignes sont refusées : rien n'a été écrit. Corrigez le fichier, puis renvoyez-le.")
    zones = dict(Zone.objects.filter(code__in={c for r in plan.rows for c in r.codes}).values_list("code", "pk"))
    for row in [*plan.of(Outcome.CREATED), *plan.of(Outcome.CHANGED)]:
        told = row.told
        structure = row.existing or Structure(kind=told.kind, department_id=told.department)
        structure.name = told.name
        structure.contact = told.contact or structure.contact
        structure.since = told.since or structure.since
        structure.until = told.last_day + timedelta(days=1) if told.last_day else structure.until
        structure.source = told.source or structure.source
        structure.save()
        if row.codes:
            structure.zones.set([zones[code] for code in row.codes])
    return plan
