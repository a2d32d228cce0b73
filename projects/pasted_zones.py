"""A list of communes that somebody pastes, read line by line: what is understood, what is guessed, what is not."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from ground.templatetags.french import number
from projects.models import Project
from projects.spreadsheets.matching import Match
from projects.spreadsheets.splitting import split_strongly
from projects.spreadsheets.zones import ZoneFinder
from territories.models import Zone

CODE_TOLD = re.compile(r"\((\d[\dAB]\d{3})\)")  # « Bondy (93010) »: the code is surer than the name
_CODE = re.compile(r"\b\d[\dAB]\d{3}\b", re.IGNORECASE)
PARTLY = re.compile(r"\s*\(?\ben partie\)?$", re.IGNORECASE)
MOST_CHARACTERS = 1_000_000
"""Longer than the codes and the names of all the communes of France."""
MOST_NAMES = 5_000
"""Names to recognise at once, a second and a half; codes are looked up, there may be as many as one likes."""
CANDIDATES_SHOWN = 6
FEW = 1_000  # codes that a query takes; above, all the leaves are read


@dataclass(frozen=True, slots=True)
class Candidate:
    """A zone that a line may mean."""

    code: str
    name: str
    department: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that means nothing sure: why, and the zones among which to choose."""

    line: str
    reason: str
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Pasted:
    """`zones` maps each leaf zone understood to whether only a part of it is meant; `guesses` are to be checked."""

    zones: dict[str, bool]
    guesses: list[str]
    refused: list[Refused]

    @property
    def left(self) -> str:
        """What to type again: the lines that were not understood, as they were written."""
        return "\n".join(refusal.line for refusal in self.refused)


def understood(text: str, project: Project) -> Pasted:
    """Names or codes, former ones too, in the lead department first, then in those that the project reaches.

    Raises ValidationError for more names than can be recognised while one waits.
    """
    lines = list(dict.fromkeys(split_strongly(text)))
    if sum(not _CODE.search(line) for line in lines) > MOST_NAMES:
        raise ValidationError(f"Plus de {number(MOST_NAMES)} noms d'un coup : collez plutôt les codes Insee.")
    finder = ZoneFinder()
    others = [department.pk for department in project.other_departments.all()]
    meant: dict[str, bool] = {}
    guesses: list[str] = []
    unclear: list[tuple[str, Match]] = []
    for line in lines:
        is_partial = bool(PARTLY.search(line))
        code = CODE_TOLD.search(line)
        said = code[1] if code else PARTLY.sub("", line).strip()
        for match in finder.find(said, project.lead_department_id, others):
            if match.codes:
                meant |= dict.fromkeys(match.codes, is_partial)
                guesses += [match.message_fr] if match.message_fr else []
            else:
                unclear.append((f"{match.text} en partie" if is_partial else match.text, match))
    return Pasted(_leaves(meant), guesses, _told(unclear))


def instead(text: str, line: str, code: str) -> str:
    """The same list, once a person has said which zone a line means."""
    partly = " en partie" if PARTLY.search(line) else ""
    return "\n".join(f"({code}){partly}" if each == line else each for each in split_strongly(text))


def _leaves(meant: dict[str, bool]) -> dict[str, bool]:
    """In the words of today's leaves: Paris gives its arrondissements."""
    leaves = {}
    rows = Zone.objects.leaves().order_by()
    if len(meant) <= FEW:
        rows = rows.filter(department__in=Zone.objects.filter(code__in=meant).values("department"))
    for codes in rows.values_list("code", "parent__code", "parent__parent__code") if meant else ():
        stands_for = [meant[code] for code in codes if code in meant]
        if stands_for:
            leaves[codes[0]] = stands_for[0]
    return leaves


def _told(unclear: Collection[tuple[str, Match]]) -> list[Refused]:
    shown = {code for _, match in unclear for code in match.candidates[:CANDIDATES_SHOWN]}
    rows = Zone.objects.filter(code__in=shown).values_list("code", "name", "department")
    zones = {code: Candidate(code, name, department) for code, name, department in rows}
    return [
        Refused(line, match.message_fr, tuple(zones[code] for code in match.candidates[:CANDIDATES_SHOWN]))
        for line, match in unclear
    ]
