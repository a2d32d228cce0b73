"""From the dated facts and the status of a spreadsheet's row to the dated stages of its project.

A date is a fact; the status only tells what no date does, and since the day of the picture at the latest.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from ground.templatetags.french import day as in_words
from projects import clock
from projects.models import Stage
from projects.spreadsheets.reading import MonthDate, YearDate
from projects.states import ENDED, PHOTOGRAPH, State
from projects.workflow import Entry

OBSERVED = "Date inconnue : état constaté"
"""How the comment of a stage begins when its date is only the day somebody saw it."""

ORDER = list(State)  # the order of a project's life
# What must have happened before: « pas encore » there contradicts having gone further.
REQUIRED_BEFORE = {
    State.LETTER_VALIDATED: {State.LETTER_FILED},
    State.OPPOSED: {State.FILED},
    State.VALIDATED: {State.FILED},
    State.ACI_SIGNED: {State.FILED, State.VALIDATED},
}


class Known(NamedTuple):
    """What the application already knows of a state from an earlier import."""

    since: date
    is_observed: bool


@dataclass(slots=True)
class Timeline:
    """The stages to write, what to tell, and why they cannot be written (then `entries` are not to be used)."""

    entries: list[Entry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def deduce(
    dates: Mapping[State, date],
    status: State | None,
    *,
    as_of: date,
    today: date,
    labels: Mapping[State, str],
    not_yet: Collection[State] = (),
    known: Mapping[State, Known] | None = None,
) -> Timeline:
    """The timeline that `dates` and `status` tell, completed by what is `known`; blank cells never erase.

    `labels` names the cell of each dated state, `not_yet` the states whose cell says « en cours ».
    """
    told = Timeline()
    past = {state: day for state, day in dates.items() if day <= today}
    for state, day in dates.items():
        if day > today:
            told.warnings.append(f"« {labels[state]} » ({in_words(day)}) : postérieure à aujourd'hui, ignorée.")
    known = known or {}
    facts = past | {state: fact.since for state, fact in known.items() if not fact.is_observed and state not in past}
    days = _in_order(facts, labels, told)
    _judge_filing(days, labels, told)
    observed = {state: fact.since for state, fact in known.items() if fact.is_observed and state not in days}
    _add_observed(days, observed)
    comments = {state: f"{OBSERVED} au {in_words(since)}." for state, since in observed.items() if state in days}
    if status:
        _add_status(days, comments, status, past, not_yet, as_of, told)
    elif not days:
        days[State.INITIATIVE] = as_of
        comments[State.INITIATIVE] = f"{OBSERVED} au {in_words(as_of)}."
        told.warnings.append(f"Ni date ni statut : initiative constatée au {in_words(as_of)}.")
    _refuse_impossible(days, told)
    _refuse_not_yet(days, status, not_yet, labels, told)
    told.entries = [
        Entry(state, since, Stage.Origin.IMPORT, comment=comments.get(state, "")) for state, since in days.items()
    ]
    if (filed := days.get(State.FILED)) and list(days)[-1] == State.FILED and clock.acquired_on(filed) <= today:
        told.warnings.append(_deemed_validated(filed))
    return told


def _in_order(facts: Mapping[State, date], labels: Mapping[State, str], told: Timeline) -> dict[State, date]:
    """The facts in the order of life; a month or a year is moved inside itself up to the fact before it."""
    order = list(ORDER)
    opposed, filed = facts.get(State.OPPOSED), facts.get(State.FILED)
    if opposed and filed and opposed < filed:  # the date of filing is that of the new one, made after the opposition
        order.remove(State.OPPOSED)
        order.insert(order.index(State.FILED), State.OPPOSED)
    days: dict[State, date] = {}
    for state in (state for state in order if state in facts):
        day, before = facts[state], max(days.values(), default=date.min)
        if day < before and _could_be(day, before):
            day = before
        days[state] = date(day.year, day.month, day.day)
    for (earlier, first), (later, second) in pairwise(days.items()):
        if second < first:
            told.errors.append(
                f"{_label(later, labels)} ({in_words(second)}) précède {_label(earlier, labels)} "
                f"({in_words(first)}) : corrigez l'une des deux."
            )
    return days


def _could_be(vague: date, day: date) -> bool:
    if isinstance(vague, MonthDate):
        return (vague.year, vague.month) == (day.year, day.month)
    return isinstance(vague, YearDate) and vague.year == day.year


def _judge_filing(days: dict[State, date], labels: Mapping[State, str], told: Timeline) -> None:
    """Silence validates (CSP, L.1434-12): what is dated after the two months comes too late."""
    filed, opposed, validated = (days.get(state) for state in (State.FILED, State.OPPOSED, State.VALIDATED))
    if not filed:
        return
    acquired = clock.acquired_on(filed)
    if opposed and opposed >= acquired:
        told.errors.append(
            f"{_label(State.OPPOSED, labels)} ({in_words(opposed)}) : le délai s'est terminé le "
            f"{in_words(acquired - timedelta(days=1))}. {_deemed_validated(filed)}"
        )
    if validated and validated >= acquired and not (opposed and opposed >= filed):
        if validated > acquired:
            late = f"{_label(State.VALIDATED, labels)} ({in_words(validated)})"
            told.warnings.append(f"{late} : ignorée. {_deemed_validated(filed)}")
        del days[State.VALIDATED]
    signed = days.get(State.ACI_SIGNED)
    if signed and State.VALIDATED not in days and signed < acquired:
        told.warnings.append("La date de validation du projet de santé manque ; l'ACI signé suppose qu'il l'était.")


def _add_observed(days: dict[State, date], observed: Mapping[State, date]) -> None:
    """Keep what was seen before, where it still fits between the dated facts."""
    for state, since in observed.items():
        before = [day for other, day in days.items() if ORDER.index(other) < ORDER.index(state)]
        after = [day for other, day in days.items() if ORDER.index(other) > ORDER.index(state)]
        if max(before, default=date.min) <= since <= min(after, default=date.max):
            days[state] = since
    ordered = sorted(days.items(), key=lambda each: (each[1], ORDER.index(each[0])))
    days.clear()
    days.update(ordered)


def _add_status(
    days: dict[State, date],
    comments: dict[State, str],
    status: State,
    past: Mapping[State, date],
    not_yet: Collection[State],
    as_of: date,
    told: Timeline,
) -> None:
    """What the status adds to the dates: a further state; nothing when it only tells the same more roughly."""
    seen = {state: day for state, day in days.items() if day <= as_of or state in past}
    last = list(seen)[-1] if seen else None
    if last and ORDER.index(status) < ORDER.index(last) and not _same_column(status, last):
        told.errors.append(
            f"Le statut dit « {status.short_label} », mais « {last.short_label} » est daté du {in_words(seen[last])}."
        )
        return
    furthest = list(days)[-1] if days else None
    if furthest and ORDER.index(status) <= ORDER.index(furthest):
        return
    filed = days.get(State.FILED)
    if status == State.FILED:
        told.errors.append(
            "Le statut dit le projet de santé déposé : indiquez la date de dépôt, sans laquelle le délai de deux mois "
            "ne peut pas être compté."
        )
        return
    if filed and furthest == State.FILED and clock.acquired_on(filed) <= as_of and status not in ENDED:
        if status == State.OPPOSED:
            told.errors.append(
                "Le statut dit une opposition notifiée : indiquez sa date. Sans elle, le projet de santé est réputé "
                f"validé depuis le {in_words(clock.acquired_on(filed))} (CSP, L.1434-12)."
            )
            return
        if status == State.VALIDATED:
            return
    since = max(as_of, *days.values()) if days else as_of
    days[status] = since
    comments[status] = f"{OBSERVED} au {in_words(since)}."
    if status not in not_yet:
        told.warnings.append(f"« {status.short_label} » : date inconnue, état constaté au {in_words(since)}.")


def _same_column(status: State, reached: State) -> bool:
    return reached not in ENDED and PHOTOGRAPH.get(status) == PHOTOGRAPH[reached]


def _refuse_impossible(days: Mapping[State, date], told: Timeline) -> None:
    for before, after in pairwise(days):
        if before == State.OPPOSED and after in (State.VALIDATED, State.ACI_SIGNED):
            told.errors.append(
                "Une opposition a été notifiée, puis le projet de santé validé : indiquez la date du nouveau dépôt."
            )
        if before == State.ACI_SIGNED and after == State.ABANDONED:
            told.errors.append("Un projet dont l'ACI est signé ne s'abandonne pas : son contrat se résilie.")


def _refuse_not_yet(
    days: Mapping[State, date],
    status: State | None,
    not_yet: Collection[State],
    labels: Mapping[State, str],
    told: Timeline,
) -> None:
    """« en cours » where the status or another date says that it is done."""
    claimed = [*days, *([status] if status else [])]
    for state in sorted(not_yet, key=ORDER.index):
        by = next((other for other in claimed if state == other or state in REQUIRED_BEFORE.get(other, ())), None)
        if by:
            told.errors.append(
                f"{_label(state, labels)} n'est pas encore une date, mais le projet est dit à l'état "
                f"« {by.short_label} » : mettez la date, ou corrigez le statut."
            )


def _deemed_validated(filed: date) -> str:
    return (
        f"Déposé le {in_words(filed)} : le projet de santé est réputé validé depuis le "
        f"{in_words(clock.acquired_on(filed))} (CSP, L.1434-12)."
    )


def _label(state: State, labels: Mapping[State, str]) -> str:
    """The cell as the file names it, else the state as the application knows it from before."""
    return f"« {labels[state]} »" if state in labels else f"« {state.short_label} » (déjà connu)"
