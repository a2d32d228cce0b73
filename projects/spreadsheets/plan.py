"""What an import would do, row by row, before anything is written."""

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError

from accounts.models import User
from ground.templatetags.french import day as in_words
from projects.models import Stage
from projects.perimeters import why_not_change
from projects.spreadsheets.comparing import (
    field_changes,
    held_codes,
    stage_changes,
    territory_change,
    territory_warnings,
)
from projects.spreadsheets.facts import DATES, Facts, read_facts
from projects.spreadsheets.identity import find_existing, judge_twins
from projects.spreadsheets.opening import open_workbook
from projects.spreadsheets.reading import Reading, UnreadableFile, read_workbook
from projects.spreadsheets.rows import Action, Plan, RowPlan
from projects.spreadsheets.zones import Leaves, ZoneFinder
from projects.stages import has_acts
from projects.states import State
from projects.timeline import OBSERVED, ORDER, Known, Timeline, could_be, deduce, same_column
from projects.workflow import ACTS_RECORDED
from territories.models import Department

NO_PROJECT = "Aucune ligne de projet sous les en-têtes : donnez au moins un projet, puis recommencez."
ONE_ROW_PER_COMMUNE = (
    "Ce tableau donne une ligne par commune : cette disposition n'est pas encore lue. Regroupez les communes de chaque "
    "projet dans une seule cellule, une ligne par projet, puis recommencez."
)


def read(content: bytes, filename: str) -> Reading:
    """What the file says. Raises UnreadableFile, also when it does not give one row for each project."""
    reading = read_workbook(open_workbook(content, filename), department_names())
    if reading.is_one_row_per_commune:
        raise UnreadableFile(ONE_ROW_PER_COMMUNE)
    if all(row.ignored for row in reading.rows):
        raise UnreadableFile(NO_PROJECT)
    return reading


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
        told = ", ".join(reading.duplicate_columns)
        plan.messages.append(f"Colonnes en double, lues seulement où la première est vide : {told}.")
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
    judge_twins(plan)
    find_existing(plan, user)
    labels = {state: reading.columns[column] for column, state in DATES.items() if column in reading.columns}
    leaves = Leaves({code for row in plan.rows for code in (*row.facts.codes, *held_codes(row.existing))})
    for row in plan.rows:
        if row.action != Action.IGNORED:
            _judge(row, labels, leaves, plan.as_of, today)
    return plan


def _refuse_outside(plan: Plan, user: User | None) -> None:
    for row in plan.of(Action.CREATED):
        if user and not user.can_write_in({row.facts.department}):
            row.refuse(f"Le département {row.facts.department} n'est pas l'un des vôtres.")


def _judge(row: RowPlan, labels: Mapping[State, str], leaves: Leaves, as_of: date, today: date) -> None:
    """The last word on a row: its stages, what would change, and whether somebody must look at it first."""
    timeline = _timeline(row, labels, as_of, today)
    errors = [*timeline.errors, *_promoter_errors(row)]
    row.messages = [*errors, *row.messages, *territory_warnings(row.facts, row.existing, leaves)]
    if errors:
        row.action = Action.REFUSED
    if row.action == Action.REFUSED:
        return
    row.messages += timeline.warnings
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
    last_change = row.existing and row.existing.perimeter.last_change()
    if last_change and last_change > as_of:
        row.messages.append("Le territoire a changé depuis la date de ce tableau : il reste comme il est.")
        return
    if row.existing and (obstacle := why_not_change(row.existing, as_of)):
        row.messages.append(f"Le territoire reste comme il est. {obstacle}")
        return
    row.moves_territory = True
    row.changes.append(territory_change(row.existing, wanted, leaves))


def _promoter_errors(row: RowPlan) -> list[str]:
    """What the model refuses of the promoter as it would be written."""
    try:
        if promoter := row.facts.promoter_told(row.existing.promoter if row.existing else None):
            promoter.clean()
    except ValidationError as error:
        return error.messages
    return []


def _timeline(row: RowPlan, labels: Mapping[State, str], as_of: date, today: date) -> Timeline:
    facts, stages = row.facts, list(row.existing.stages.all()) if row.existing else []
    if has_acts(stages):
        new = _not_recorded(facts, stages, labels, as_of, today)
        return Timeline(errors=[f"{ACTS_RECORDED} Le tableau dit autre chose : {', '.join(new)}."] if new else [])
    imported = [stage for stage in stages if stage.origin == Stage.Origin.IMPORT]
    timeline = deduce(
        facts.dates,
        facts.status,
        as_of=as_of,
        today=today,
        labels=labels,
        not_yet=facts.not_yet,
        unread=facts.unread,
        known={State(each.state): Known(each.since, each.comment.startswith(OBSERVED)) for each in imported},
    )
    told = [(entry.state, entry.since, entry.comment) for entry in timeline.entries]
    stored = [(each.state, each.since, each.comment) for each in imported]
    row.entries = None if told == stored else timeline.entries
    return timeline


def _not_recorded(
    facts: Facts, stages: list[Stage], labels: Mapping[State, str], as_of: date, today: date
) -> list[str]:
    """The cells that tell what the application, where steps were recorded, does not know."""
    past = {state: day for state, day in facts.dates.items() if day <= today}
    new = [
        f"« {labels[state]} » ({in_words(day)})"
        for state, day in past.items()
        if not any(stage.state == state and _is_since(stage, day) for stage in stages)
    ]
    true = [stage for stage in stages if stage.is_true_on(as_of) or stage.is_true_on(today)]
    reached = {State(stage.state) for stage in true} | {State.FILED for stage in true if stage.is_tacit}
    status = facts.status
    is_dated = status and any(ORDER.index(state) >= ORDER.index(status) for state in past)
    if status and not is_dated and not any(status == state or same_column(status, state) for state in reached):
        new.append(f"statut « {status.short_label} »")
    return new


def _is_since(stage: Stage, day: date) -> bool:
    """A decision dated after the silence is later than the validation that it repeats."""
    return stage.since == day or could_be(day, stage.since) or (stage.is_tacit and stage.since <= day)
