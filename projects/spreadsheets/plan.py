"""What an import would do, row by row, before anything is written."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.db.models import Prefetch, Q

from accounts.models import User
from ground.templatetags.french import day as in_words
from projects.models import Assignment, Project, Stage
from projects.spreadsheets.comparing import (
    Change,
    field_changes,
    held_codes,
    stage_changes,
    territory_change,
    territory_warnings,
)
from projects.spreadsheets.facts import DATES, Facts, read_facts
from projects.spreadsheets.matching import find_project, project_key
from projects.spreadsheets.opening import open_workbook
from projects.spreadsheets.reading import Reading, read_workbook
from projects.spreadsheets.zones import Leaves, ZoneFinder
from projects.states import State
from projects.timeline import OBSERVED, Known, Timeline, deduce
from projects.workflow import ACTS_RECORDED, Entry
from territories.models import Department, Perimeter, PerimeterZone


class Action(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    PROPOSED = "proposed"
    IGNORED = "ignored"
    REFUSED = "refused"

    def told(self, count: int = 1, *, is_written: bool = False) -> str:
        """« à créer », « inchangée », « refusées »…; once written, « créées »."""
        label = DONE.get(self, LABELS[self]) if is_written else LABELS[self]
        return label if label.startswith("à ") or count == 1 else f"{label}s"


LABELS = {
    Action.CREATED: "à créer",
    Action.UPDATED: "à modifier",
    Action.UNCHANGED: "inchangée",
    Action.PROPOSED: "à vérifier",
    Action.IGNORED: "ignorée",
    Action.REFUSED: "refusée",
}
DONE = {Action.CREATED: "créée", Action.UPDATED: "modifiée", Action.PROPOSED: "non acceptée"}


@dataclass(slots=True)
class RowPlan:
    """What becomes of a row. `messages` tell why; `entries` is None when the project's stages stay as they are."""

    sheet: str
    row: int
    project: str
    insee_codes: list[str]
    action: Action
    messages: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    existing: Project | None = None
    entries: list[Entry] | None = None
    moves_territory: bool = False

    @property
    def key(self) -> str:
        """Names the row in a form."""
        return f"{self.sheet}:{self.row}"


@dataclass(slots=True)
class Plan:
    rows: list[RowPlan]
    as_of: date
    messages: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(row.action for row in self.rows)
        return {action.value: found[action] for action in Action}

    @property
    def digest(self) -> str:
        """Changes when what would be done changes: what is confirmed must be what was shown."""
        shown = [(row.key, row.action, row.messages, [str(change) for change in row.changes]) for row in self.rows]
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()

    def of(self, *actions: Action) -> list[RowPlan]:
        return [row for row in self.rows if row.action in actions]


def read(content: bytes, filename: str) -> Reading:
    """What the file says. Raises UnreadableFile."""
    return read_workbook(open_workbook(content, filename), department_names())


def department_names() -> dict[str, str]:
    return dict(Department.objects.values_list("pk", "name"))


def make_plan(reading: Reading, *, user: User | None, department: str | None, as_of: date | None, today: date) -> Plan:
    """What importing `reading` would do now, in a number of queries that does not grow with it.

    `user` limits what may be written (None: everything), `department` serves rows that do not tell theirs, `as_of` is
    the day the file pictures: as asked, else told by its title, else today.
    """
    plan = Plan([], min(as_of or reading.as_of or today, today))
    if reading.as_of and plan.as_of != reading.as_of:
        plan.messages.append(
            f"Le titre dit « {in_words(reading.as_of)} » ; lu comme situation au {in_words(plan.as_of)}."
        )
    if reading.unknown_columns:
        plan.messages.append(f"Colonnes non reconnues, laissées de côté : {', '.join(reading.unknown_columns)}.")
    if reading.duplicate_columns:
        plan.messages.append(f"Colonnes en double, laissées de côté : {', '.join(reading.duplicate_columns)}.")
    if reading.other_sheets:
        plan.messages.append(f"Seule la feuille « {reading.sheet} » est lue, pas : {', '.join(reading.other_sheets)}.")
    names, finder = department_names(), ZoneFinder()
    for row in reading.rows:
        if row.ignored:
            first = next(iter(row.cells.values()), "")
            quoted = f"{row.ignored} « {str(first)[:80]} »" if first else row.ignored
            plan.rows.append(RowPlan(row.sheet, row.number, "", [], Action.IGNORED, [quoted]))
            continue
        facts = read_facts(row, reading, finder, names, department or reading.department_hint)
        action = Action.REFUSED if facts.errors else Action.CREATED
        messages = [*facts.errors, *facts.doubts, *facts.warnings]
        plan.rows.append(RowPlan(row.sheet, row.number, facts.name, facts.codes, action, messages, facts=facts))
    _refuse_outside(plan, user)
    _judge_twins(plan)
    _find_existing(plan, user)
    labels = {state: reading.columns[column] for column, state in DATES.items() if column in reading.columns}
    leaves = Leaves({code for row in plan.rows for code in (*row.facts.codes, *held_codes(row.existing))})
    for row in plan.rows:
        if row.action != Action.IGNORED:
            _judge(row, labels, leaves, plan.as_of, today)
    return plan


def _refuse(row: RowPlan, reason: str) -> None:
    row.action = Action.REFUSED
    row.messages.insert(0, reason)


def _refuse_outside(plan: Plan, user: User | None) -> None:
    for row in plan.of(Action.CREATED):
        if user and not user.can_write_in({row.facts.department}):
            _refuse(row, f"Le département {row.facts.department} n'est pas l'un des vôtres.")


def _judge_twins(plan: Plan) -> None:
    """Two rows for one project: the second is ignored when it says the same, both are refused when they disagree."""
    first_by_key: dict[tuple[str, str], RowPlan] = {}
    for row in plan.of(Action.CREATED):
        keys = [row.facts.key, *([("finess", row.facts.finess)] if row.facts.finess else [])]
        twin = next((first_by_key[key] for key in keys if key in first_by_key), None)
        for key in keys:
            first_by_key.setdefault(key, row)
        if twin is None:
            continue
        differences = twin.facts.differences(row.facts)
        if twin.facts.key != row.facts.key:
            _refuse(row, f"Même numéro FINESS que la ligne {twin.row} ({twin.project}), sous un autre nom.")
        elif differences:
            told = f"avec d'autres données : {', '.join(differences)}."
            _refuse(row, f"Même projet que la ligne {twin.row}, {told}")
            if twin.action != Action.REFUSED:
                _refuse(twin, f"Même projet que la ligne {row.row}, {told}")
        else:
            row.action, row.insee_codes = Action.IGNORED, []
            row.messages = [f"Identique à la ligne {twin.row}."]


def _known_projects(rows: list[RowPlan]) -> list[Project]:
    """The projects that rows may speak of, with all that is compared."""
    departments = {row.facts.department for row in rows}
    finess = {row.facts.finess for row in rows} - {""}
    return list(
        Project.objects.filter(Q(lead_department__in=departments) | Q(finess__in=finess))
        .select_related("promoter", "perimeter")
        .prefetch_related(
            "stages",
            "other_departments",
            "contacts",
            "notes",
            Prefetch("assignments", Assignment.objects.filter(until=None).select_related("user")),
            Prefetch("perimeter__memberships", PerimeterZone.objects.select_related("zone")),
        )
    )


def _find_existing(plan: Plan, user: User | None) -> None:
    """The project each row speaks of: by FINESS, then by name; a near name is only proposed."""
    rows = plan.of(Action.CREATED)
    known = _known_projects(rows)
    by_finess = {project.finess: project for project in known if project.finess}
    by_key: dict[tuple[str, str], list[Project]] = defaultdict(list)
    for project in known:
        by_key[project.lead_department_id, project_key(project.name)].append(project)
    claimed: dict[int, int] = {}
    for row in rows:
        namesakes = by_key.get(row.facts.key, [])
        row.existing = by_finess.get(row.facts.finess) or next(iter(namesakes), None)
        if row.existing and (reason := _wrong_project(row, namesakes, claimed, user)):
            row.existing = None  # nothing more is told of a project that is not this row's
            _refuse(row, reason)
    for row in rows:
        if row.existing or row.action == Action.REFUSED:
            continue
        free = {p.name: p for p in known if p.lead_department_id == row.facts.department and p.pk not in claimed}
        if near := find_project(row.facts.name, free):
            row.existing = free[near.name]
            claimed[row.existing.pk] = row.row
            row.facts.doubts.append(
                f"Est-ce « {near.name} », déjà connu ? Si oui, acceptez ; sinon, donnez à cette ligne un autre nom."
            )
            row.messages.append(row.facts.doubts[-1])


def _wrong_project(row: RowPlan, namesakes: list[Project], claimed: dict[int, int], user: User | None) -> str:
    """Why the project found may not be the row's; empty when it is. `claimed` gives the row that has each project."""
    project, finess = row.existing, row.facts.finess
    if user and not user.can_write_in({project.lead_department_id}):
        return "Ce numéro FINESS est celui d'un projet d'un département qui n'est pas l'un des vôtres."
    if claimed.setdefault(project.pk, row.row) != row.row:
        return f"Ce projet est déjà celui de la ligne {claimed[project.pk]} ({project})."
    if namesakes and project not in namesakes:
        return f"Ce nom est celui d'un projet connu, ce numéro FINESS celui d'un autre ({project})."
    if len(namesakes) > 1 and not finess:
        return "Plusieurs projets de ce département portent ce nom : donnez le numéro FINESS."
    if project.finess and finess and project.finess != finess:
        return f"Ce projet est connu sous un autre numéro FINESS ({project.finess})."
    return ""


def _judge(row: RowPlan, labels: Mapping[State, str], leaves: Leaves, as_of: date, today: date) -> None:
    """The last word on a row: its stages, what would change, and whether somebody must look at it first."""
    timeline = _timeline(row, labels, as_of, today)
    row.messages = [*timeline.errors, *row.messages, *timeline.warnings, *territory_warnings(row.facts, leaves)]
    if timeline.errors:
        row.action = Action.REFUSED
    if row.action == Action.REFUSED:
        return
    _judge_territory(row, leaves, as_of)
    row.changes += stage_changes(row.existing, row.entries) if row.entries is not None else []
    if row.existing:
        row.changes += field_changes(row.facts, row.existing, leaves, as_of)
        row.action = Action.UPDATED if row.changes else Action.UNCHANGED
    if row.action == Action.UNCHANGED:
        row.messages = [message for message in row.messages if message not in row.facts.doubts]
    elif row.facts.doubts:
        row.action = Action.PROPOSED


def _judge_territory(row: RowPlan, leaves: Leaves, as_of: date) -> None:
    wanted = leaves.of(row.facts.codes)
    if not wanted or wanted == held_codes(row.existing):
        return
    if row.existing and _has_changed_since(row.existing.perimeter, as_of):
        row.messages.append("Le territoire a changé depuis la date de ce tableau : il reste comme il est.")
        return
    row.moves_territory = True
    row.changes.append(territory_change(row.existing, wanted, leaves))


def _has_changed_since(perimeter: Perimeter, as_of: date) -> bool:
    """The same as `Perimeter.last_change() > as_of`, on memberships that were fetched for all rows at once."""
    return any(day and day > as_of for held in perimeter.memberships.all() for day in (held.since, held.until))


def _timeline(row: RowPlan, labels: Mapping[State, str], as_of: date, today: date) -> Timeline:
    facts, stages = row.facts, list(row.existing.stages.all()) if row.existing else []
    acts_recorded = any(stage.origin == Stage.Origin.ACT for stage in stages)
    known = {
        State(stage.state): Known(stage.since, stage.comment.startswith(OBSERVED))
        for stage in stages
        if stage.origin == Stage.Origin.IMPORT and not acts_recorded
    }
    timeline = deduce(
        facts.dates, facts.status, as_of=as_of, today=today, labels=labels, not_yet=facts.not_yet, known=known
    )
    if timeline.errors:
        return timeline
    if not acts_recorded:
        told = [(entry.state, entry.since, entry.comment) for entry in timeline.entries]
        stored = [(s.state, s.since, s.comment) for s in stages if s.origin == Stage.Origin.IMPORT]
        row.entries = None if told == stored else timeline.entries
    elif not all(_is_recorded(entry, stages) for entry in timeline.entries):
        timeline.errors.append(ACTS_RECORDED)
    return timeline


def _is_recorded(entry: Entry, stages: list[Stage]) -> bool:
    is_observed = entry.comment.startswith(OBSERVED)
    return any(stage.state == entry.state and (is_observed or stage.since == entry.since) for stage in stages)
