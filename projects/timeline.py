"""From the dated facts and the status of a spreadsheet's row to the dated stages of its project.

A date is a fact; the status only tells what no date does, and since the day of the picture at the latest. A workbook
tells one filing and its opposition: what it tells of a second one is refused, never guessed.
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

ON_THE_PAGE = "enregistrez-le sur la fiche du projet."
IF_WRONG = (
    "Un tableau n'efface pas une date déjà connue : si elle est fausse, « Annuler la dernière étape » la retire sur la "
    "fiche du projet."
)
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
    not_yet: Mapping[State, str] | None = None,
    unread: Collection[State] = (),
    known: Mapping[State, Known] | None = None,
) -> Timeline:
    """The timeline that `dates` and `status` tell, completed by what is `known`; blank cells never erase.

    `labels` names the column of each dated state, `not_yet` tells what is said of a state that is not reached (« en
    cours »), `unread` the states whose cell is refused already.
    """
    told = Timeline()
    past = {state: day for state, day in dates.items() if day <= today}
    for state, day in dates.items():
        if day > today:
            told.warnings.append(f"« {labels[state]} » ({in_words(day)}) : postérieure à aujourd'hui, ignorée.")
    vague = _refuse_vague(past, labels, told)
    past = {state: day for state, day in past.items() if state not in vague}
    cells = {state: labels[state] for state in past}
    known = known or {}
    facts = past | {state: fact.since for state, fact in known.items() if not fact.is_observed and state not in past}
    days = _in_order(facts, cells, told)
    _judge_filing(days, cells, told)
    not_yet = not_yet or {}
    denied = {*not_yet, *(ORDER[ORDER.index(status) + 1 :] if status else ())}
    observed = {  # an observation is no fact: what is told since replaces it
        state: since
        for state, (since, is_observed) in known.items()
        if is_observed and state not in days and (state not in denied or since > as_of)
    }
    _add_observed(days, observed)
    comments = {state: f"{OBSERVED} au {in_words(since)}." for state, since in observed.items() if state in days}
    if status in {*unread, *vague}:
        pass
    elif status:
        _add_status(days, comments, status, past, as_of, told)
    elif not days:
        days[State.INITIATIVE] = as_of
        comments[State.INITIATIVE] = f"{OBSERVED} au {in_words(as_of)}."
        told.warnings.append(f"Ni date ni statut : initiative constatée au {in_words(as_of)}.")
    _keep_start(days, comments, known, told)
    _refuse_impossible(days, told)
    _refuse_not_yet(days, status, not_yet, cells, told)
    told.entries = [
        Entry(state, since, Stage.Origin.IMPORT, comment=comments.get(state, "")) for state, since in days.items()
    ]
    last = next(reversed(days), None)
    if last == State.FILED and clock.acquired_on(days[last]) <= today:
        told.warnings.append(_deemed_validated(days[last]))
    if last in labels and last in facts and last not in dates and last != status:
        told.warnings.append(f"« {labels[last]} » ({in_words(days[last])}) : case vide. {IF_WRONG}")
    return told


def _refuse_vague(past: Mapping[State, date], labels: Mapping[State, str], told: Timeline) -> set[State]:
    """The filing and the opposition known by their month or year only: the two months are counted from day to day.

    A filing is good enough when a decision of a known day falls within the two months of the earliest day it may be.
    """
    decisions = [past[state] for state in (State.OPPOSED, State.VALIDATED) if type(past.get(state)) is date]
    vague = {state for state in (State.FILED, State.OPPOSED) if isinstance(past.get(state), MonthDate | YearDate)}
    if State.FILED in vague and any(
        past[State.FILED] <= day < clock.acquired_on(past[State.FILED]) for day in decisions
    ):
        vague.remove(State.FILED)
    told.errors += [
        f"« {labels[state]} » : le délai de deux mois se compte au jour près, donnez le jour."
        for state in sorted(vague, key=ORDER.index)
    ]
    return vague


def _in_order(facts: Mapping[State, date], cells: Mapping[State, str], told: Timeline) -> dict[State, date]:
    """The facts in the order of life; a month or a year is moved inside itself up to the fact before it."""
    days: dict[State, date] = {}
    for state in (state for state in ORDER if state in facts):
        day, before = facts[state], max(days.values(), default=date.min)
        if day < before and could_be(day, before):
            day = before
        days[state] = date(day.year, day.month, day.day)
    for (earlier, first), (later, second) in pairwise(days.items()):
        if second < first:
            what_to_do = "corrigez l'une des deux."
            if (earlier, later) == (State.FILED, State.OPPOSED):
                what_to_do += f" Si c'est un second dépôt, fait après l'opposition, {ON_THE_PAGE}"
            if not {earlier, later} <= cells.keys():
                what_to_do += f" {IF_WRONG}"
            told.errors.append(f"{_dated(later, second, cells)} précède {_dated(earlier, first, cells)} : {what_to_do}")
    return days


def could_be(vague: date, day: date) -> bool:
    if isinstance(vague, MonthDate):
        return (vague.year, vague.month) == (day.year, day.month)
    return isinstance(vague, YearDate) and vague.year == day.year


def _judge_filing(days: dict[State, date], cells: Mapping[State, str], told: Timeline) -> None:
    """Silence validates (CSP, L.1434-12): what is dated after the two months comes too late."""
    filed, opposed, validated = (days.get(state) for state in (State.FILED, State.OPPOSED, State.VALIDATED))
    if not filed:
        return
    acquired = clock.acquired_on(filed)
    if opposed and opposed >= acquired:
        told.errors.append(
            f"{_dated(State.OPPOSED, opposed, cells)} : le délai s'est terminé le "
            f"{in_words(acquired - timedelta(days=1))}. {_deemed_validated(filed)}"
        )
    if validated and validated >= acquired and not opposed:
        if validated > acquired:
            late = _dated(State.VALIDATED, validated, cells)
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
    as_of: date,
    told: Timeline,
) -> None:
    """What the status adds to the dates: a further state; nothing when it only tells the same more roughly."""
    seen = {state: day for state, day in days.items() if day <= as_of or state in past}
    last = list(seen)[-1] if seen else None
    if last and ORDER.index(status) < ORDER.index(last) and not same_column(status, last):
        error = (
            f"Le statut dit « {status.short_label} », mais « {last.short_label} » est daté du {in_words(seen[last])}."
        )
        told.errors.append(error if last in past else f"{error} {IF_WRONG}")
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
    told.warnings.append(f"« {status.short_label} » : date inconnue, état constaté au {in_words(since)}.")


def _keep_start(
    days: dict[State, date], comments: dict[State, str], known: Mapping[State, Known], told: Timeline
) -> None:
    """A project seen on a day exists since then, whatever a later file says of its state; a date may be corrected."""
    start, was_observed = min(known.values(), default=(date.max, True))
    first = next(iter(days), State.INITIATIVE)
    if start >= days.get(first, start) or not (was_observed or first in comments):
        return
    if first not in comments:
        if first == State.INITIATIVE:
            told.warnings.append(f"Le projet est déjà connu depuis le {in_words(start)} : son début n'est pas retardé.")
        first, later = State.INITIATIVE, dict(days)
        days.clear()
        days.update({first: start} | later)
    days[first], comments[first] = start, f"{OBSERVED} au {in_words(start)}."


def same_column(status: State, reached: State) -> bool:
    return reached not in ENDED and PHOTOGRAPH.get(status) == PHOTOGRAPH[reached]


def _refuse_impossible(days: Mapping[State, date], told: Timeline) -> None:
    for before, after in pairwise(days):
        if before == State.OPPOSED and after in (State.VALIDATED, State.ACI_SIGNED):
            told.errors.append(
                "Une opposition a été notifiée, puis le projet de santé validé : un tableau ne dit qu'un dépôt. "
                f"Gardez-y l'opposition ; le nouveau dépôt et ce qui le suit, {ON_THE_PAGE}"
            )
        if before == State.ACI_SIGNED and after == State.ABANDONED:
            told.errors.append("Un projet dont l'ACI est signé ne s'abandonne pas : son contrat se résilie.")


def _refuse_not_yet(
    days: Mapping[State, date],
    status: State | None,
    not_yet: Mapping[State, str],
    cells: Mapping[State, str],
    told: Timeline,
) -> None:
    """« en cours », « non » where the status or another date says that it is done."""
    claimed = [*days, *([status] if status else [])]
    for state in sorted(not_yet, key=ORDER.index):
        by = next((other for other in claimed if state == other or state in REQUIRED_BEFORE.get(other, ())), None)
        if by:
            error = f"{not_yet[state]}, mais le projet est dit à l'état « {by.short_label} » : corrigez l'un des deux."
            told.errors.append(error if by == status or by in cells else f"{error} {IF_WRONG}")


def _deemed_validated(filed: date) -> str:
    return (
        f"Déposé le {in_words(filed)} : le projet de santé est réputé validé depuis le "
        f"{in_words(clock.acquired_on(filed))} (CSP, L.1434-12)."
    )


def _dated(state: State, day: date, cells: Mapping[State, str]) -> str:
    """A date as the file names it, else as the application knows it from before."""
    return (
        f"« {cells[state]} » ({in_words(day)})"
        if state in cells
        else f"« {state.short_label} » (déjà connu, {in_words(day)})"
    )
