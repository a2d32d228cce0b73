"""Which commune does this text mean, and which project? Certain answers first, guesses marked as guesses, never silent.

Reads the names of a department first: inside a department a name without accents is unique, in the country it is not.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import JaroWinkler

from ground.text import search_form
from projects.spreadsheets.splitting import split_strongly, split_weakly
from projects.spreadsheets.zone_names import department_said, rank_in_city, readings, without_article

FUZZY_SCORE = 0.93
FUZZY_GAP = 0.02
"""Jaro-Winkler score from which a misspelt name is understood, and its lead over the next one; measured: no error."""
HINT_SCORE = 0.85
"""Score from which the nearest name is worth showing to the person who must choose."""
NAMES_SHOWN = 5
POSTAL_CODE = re.compile(r"\b\d{5}\b", re.ASCII)
MAX_NAME = 100
"""Characters of a name with what people write around it; the longest name of a commune has 45."""


class KnownZone(NamedTuple):
    code: str
    name: str
    department: str


class KnownFormerZone(NamedTuple):
    """An old code or name (which may be unknown) and the codes of the zones that hold its territory today."""

    code: str
    name: str
    successors: tuple[str, ...]


class Quality(Enum):
    """How sure a match is, from certain to none."""

    EXACT = "exact"
    NORMALISED = "normalised"
    FORMER = "former"
    FUZZY = "fuzzy"
    AMBIGUOUS = "ambiguous"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Match:
    """The zones a text means: `codes` is empty when nothing is sure enough, `message_fr` when nothing is to tell.

    `candidates` are the zones among which a person chooses then.
    """

    codes: tuple[str, ...]
    quality: Quality
    message_fr: str = ""
    text: str = ""
    candidates: tuple[str, ...] = ()


class _Name(NamedTuple):
    """A name under which zones are known: today's, or a former one and what became of it."""

    label: str
    codes: tuple[str, ...]
    is_former: bool


Names = dict[str, list[_Name]]


class ZoneIndex:
    """The zones of the country by code and by name.

    `departments` (name of each code) lets « Villepinte (Aude) » be understood; `neighbours` gives, for a department,
    those where a name may be looked for when it is not found inside (all of them when it is not given).
    """

    def __init__(
        self,
        zones: Iterable[KnownZone],
        former: Iterable[KnownFormerZone] = (),
        neighbours: Mapping[str, Collection[str]] | None = None,
        departments: Mapping[str, str] | None = None,
    ) -> None:
        self._departments = {without_article(search_form(name)): code for code, name in (departments or {}).items()}
        self._zones = {zone.code: zone for zone in zones}
        self._neighbours = neighbours
        self._former: dict[str, tuple[str, ...]] = {}
        self._arrondissements: dict[tuple[str, int], str] = {}
        self._city_departments: dict[str, str] = {}
        self._names: dict[str, Names] = defaultdict(lambda: defaultdict(list))
        self._loose_names: dict[str, Names] = defaultdict(lambda: defaultdict(list))
        for zone in self._zones.values():
            self._add(_Name(zone.name, (zone.code,), is_former=False))
            if ranked := rank_in_city(zone.name):
                self._arrondissements[ranked] = zone.code
                self._city_departments[ranked[0]] = zone.department
        for old in former:
            successors = tuple(sorted({code for code in old.successors if code in self._zones}))
            if successors:
                self._former[old.code] = tuple(sorted({*self._former.get(old.code, ()), *successors}))
                if old.name:
                    self._add(_Name(old.name, successors, is_former=True))

    def _add(self, name: _Name) -> None:
        form = search_form(name.label)
        bare = search_form(name.label.partition(" (")[0])  # « Bors (Canton de Charente-Sud) » is also a « Bors »
        for department in {self._zones[code].department for code in name.codes}:
            self._names[department][form].append(name)
            for loose in {without_article(form), without_article(bare)}:
                self._loose_names[department][loose].append(name)

    def find_all(self, text: str | int | float, department: str | None = None) -> list[Match]:
        """What a cell that lists communes means, name by name.

        « et » and « - » cut a name only where the whole means nothing certain: « Thue et Mue » is one commune.
        """
        matches: list[Match] = []
        for part in split_strongly(str(text)):
            whole = self.find(part, department)
            pieces = split_weakly(part)
            certain = whole.quality in (Quality.EXACT, Quality.NORMALISED, Quality.FORMER)
            matches += [whole] if certain or len(pieces) == 1 else [self.find(piece, department) for piece in pieces]
        return matches

    def find(self, text: str | int | float, department: str | None = None) -> Match:
        """The zones that a code or a name means for a row of `department` (its INSEE code, None when unknown)."""
        cleaned = " ".join(str(text).split())
        if len(cleaned) > MAX_NAME:
            return Match((), Quality.NONE, f"« {cleaned[:MAX_NAME]}… » est trop long pour un nom de commune.", cleaned)
        name, said = self._with_department_said(cleaned)
        if not department and said in self._names:
            department = said
        match = (
            self._by_code(cleaned, department)
            or self._by_rank(name, department)
            or self._by_name_elsewhere(cleaned, name, said, department)
            or self._by_name(name, department)
            or self._by_guess(name, department)
        )
        return replace(match, text=cleaned)

    def _with_department_said(self, text: str) -> tuple[str, str]:
        """A name, and the department written beside it: by its number, by a postal code or by its name in brackets."""
        name, _, told = text.removesuffix(")").rpartition("(")
        if name and (code := self._departments.get(without_article(search_form(told)))):
            return name.strip(), code
        return text, department_said(text)

    def _by_code(self, text: str, department: str | None) -> Match | None:
        """An INSEE code, of today or of before; a zero lost by the spreadsheet is put back."""
        code = text.upper().replace(" ", "").removesuffix(".0")
        if (postal_code := POSTAL_CODE.search(text)) and (city := self._city_of(department)):
            code = postal_code[0] if search_form(text.replace(postal_code[0], "")) == city else code
        if code.isdecimal() and len(code) == 4:
            code = "0" + code
        if zone := self._zones.get(code):
            return Match((code,), Quality.EXACT, self._doubt_about(zone, department))
        if postal := self._arrondissement_of_postal_code(code, department):
            told = f"« {text} », lu comme un code postal : {self._told(postal)}, à vérifier."
            return Match((postal,), Quality.NORMALISED, told)
        if successors := self._former.get(code):
            if department and not any(self._zones[each].department == department for each in successors):
                return Match(
                    (),
                    Quality.AMBIGUOUS,
                    f"« {text} » est l'ancien code de {self._list(successors)}, hors du département {department} "
                    "(ou un code postal ?) : indiquez le nom de la commune.",
                    candidates=successors,
                )
            return self._former_match(text, successors)
        if re.fullmatch(r"\d[\dAB]\d{3}", code, re.ASCII):
            return Match((), Quality.NONE, f"« {text} » n'est pas un code Insee connu (un code postal ?).")
        return None

    def _doubt_about(self, zone: KnownZone, department: str | None) -> str:
        if department and zone.department != department:
            return f"{self._told(zone.code)} est hors du département {department} : à vérifier."
        if others := [code for code in self._former.get(zone.code, ()) if code != zone.code]:
            return f"{self._told(zone.code)} s'est séparée de {self._list(others)} : à vérifier."
        return ""

    def _arrondissement_of_postal_code(self, code: str, department: str | None) -> str | None:
        """In Paris « 75013 » is the postal code of the 13th; in Seine-Saint-Denis, the old code of Le Bourget."""
        if department and re.fullmatch(rf"{department}0\d\d", code):
            return self._arrondissements.get((self._city_of(department), int(code[-2:])))
        return None

    def _city_of(self, department: str | None) -> str:
        """The city of a department that has arrondissements, else the empty text."""
        return next((city for city, where in self._city_departments.items() if where == department), "")

    def _by_rank(self, text: str, department: str | None) -> Match | None:
        """An arrondissement: « Paris 12e (75) », « Paris XIIe », « Lyon 3ème », « 12e arrondissement »."""
        for reading in readings(text):
            if ranked := rank_in_city(reading, default=self._city_of(department)):
                code = self._arrondissements.get(ranked)
                if not code and str(ranked[1]) == self._city_departments.get(ranked[0]):
                    return None  # « Paris (75) »: the department, no rank
                if not code:
                    return Match((), Quality.NONE, f"« {text} » : cet arrondissement n'existe pas.")
                zone = self._zones[code]
                quality = Quality.EXACT if reading == zone.name else Quality.NORMALISED
                return Match((code,), quality, self._doubt_about(zone, department))
        return None

    def _by_name_elsewhere(self, text: str, name: str, said: str, department: str | None) -> Match | None:
        """A name with another department than the row's, which counts: « Villepinte (11) » is in no case in 93."""
        if not said or said == department:
            return None
        found = self._by_name(name, said) if said in self._names else None
        if not found:
            return Match((), Quality.NONE, f"« {text} » : commune introuvable dans le département {said}.")
        if not found.codes:
            return found
        told = f"« {text} » compris comme {self._told(found.codes[0])}, hors du département {department} : à vérifier."
        return Match(found.codes, found.quality, told)

    def _by_name(self, text: str, department: str | None) -> Match | None:
        """A name of the department, today's before former ones, however it is written."""
        meant = self._meant(text, [department] if department else self._names)
        if not meant:
            return None
        codes = tuple(sorted({code for name in meant for code in name.codes}))
        if meant[0].is_former:
            return self._former_match(text, codes)
        if len(codes) > 1:
            return self._ambiguous(text, codes)
        return Match(codes, Quality.EXACT if text == meant[0].label else Quality.NORMALISED)

    def _meant(self, text: str, departments: Iterable[str]) -> list[_Name]:
        """The names of these departments written so: strictly before loosely, today's before former ones."""
        searched = [(self._names.get(each, {}), self._loose_names.get(each, {})) for each in departments]
        for form in map(search_form, readings(text)):
            for place, key in enumerate((form, without_article(form))):
                names = [name for tables in searched for name in tables[place].get(key, ())]
                if names:
                    return [name for name in names if not name.is_former] or names
        return []

    def _by_guess(self, text: str, department: str | None) -> Match:
        """What a name that its department does not know may be: misspelt, or of a neighbouring department."""
        if not department:
            return Match((), Quality.NONE, f"« {text} » : commune introuvable.")
        missing = f"« {text} » : commune introuvable dans le département {department}"
        elsewhere = self._meant(text, self._names)
        near = self._codes(elsewhere, lambda code: self._is_near(self._zones[code].department, department))
        alike = self._alike(text, department)
        guesses = [codes for codes, score in alike if score > FUZZY_SCORE]
        if guesses and near:
            return self._ambiguous(text, (*guesses[0], *near))
        if guesses and (len(alike) == 1 or alike[0][1] - alike[1][1] > FUZZY_GAP) and len(guesses[0]) == 1:
            told = f"« {text} » compris comme {self._told(guesses[0][0])} : à vérifier."
            return Match(guesses[0], Quality.FUZZY, told)
        if guesses:
            return self._ambiguous(text, dict.fromkeys(code for codes in guesses[:2] for code in codes))
        everywhere = self._codes(elsewhere, lambda code: True)
        if near == everywhere and len(near) == 1:
            told = f"« {text} » compris comme {self._told(near[0])}, hors du département {department} : à vérifier."
            return Match(near, Quality.FORMER if elsewhere[0].is_former else Quality.NORMALISED, told)
        if everywhere:
            told = f"{missing} ; existe ailleurs : {self._list(everywhere)}."
            return Match((), Quality.AMBIGUOUS if near else Quality.NONE, told, candidates=everywhere)
        if alike and alike[0][1] > HINT_SCORE:
            told = f"{missing} ; le nom le plus proche est {self._list(alike[0][0])}."
            return Match((), Quality.NONE, told, candidates=alike[0][0])
        return Match((), Quality.NONE, f"{missing}.")

    def _alike(self, text: str, department: str) -> list[tuple[tuple[str, ...], float]]:
        """The two likeliest meanings of a misspelt name, with their score; none where figures tell: 12 is no 13."""
        written = search_form(readings(text)[-1])
        scores: dict[tuple[str, ...], float] = {}
        if not re.search(r"\d", written):
            for form, names in self._names.get(department, {}).items():
                score = JaroWinkler.similarity(written, form)
                for name in names:
                    scores[name.codes] = max(score, scores.get(name.codes, 0.0))
        return sorted(scores.items(), key=lambda scored: scored[1], reverse=True)[:2]

    def _codes(self, names: list[_Name], keep: Callable[[str], bool]) -> tuple[str, ...]:
        return tuple(sorted({code for name in names for code in name.codes if keep(code)}))

    def _is_near(self, department: str, of: str) -> bool:
        return self._neighbours is None or department in self._neighbours.get(of, ())

    def _former_match(self, text: str, successors: tuple[str, ...]) -> Match:
        if len(successors) > 1:
            told = f"« {text} » est partagée depuis entre {self._list(successors)} : précisez."
            return Match((), Quality.AMBIGUOUS, told, candidates=successors)
        return Match(successors, Quality.FORMER, f"« {text} » est aujourd'hui {self._told(successors[0])}.")

    def _ambiguous(self, text: str, codes: Iterable[str]) -> Match:
        choices = tuple(dict.fromkeys(codes))
        told = f"« {text} » peut être {self._list(choices, ' ou ')} : précisez."
        return Match((), Quality.AMBIGUOUS, told, candidates=choices)

    def _told(self, code: str) -> str:
        return f"{self._zones[code].name} ({code})"

    def _list(self, codes: Iterable[str], last: str = " et ") -> str:
        told = [self._told(code) for code in dict.fromkeys(codes)]
        if len(told) > NAMES_SHOWN:
            told = [*told[:NAMES_SHOWN], f"{len(told) - NAMES_SHOWN} autres"]
        return last.join(filter(None, [", ".join(told[:-1]), told[-1]]))


class ProjectMatch(NamedTuple):
    """A known project and how sure it is: `is_exact`, or a likeness between 0 and 1 that a person must judge."""

    name: str
    is_exact: bool
    score: float


_CPTS = re.compile(r"\b(c p t s|cpts|communautes? professionnelles? territoriales? de sante)\b")
_SMALL_WORDS = frozenset({"de", "du", "des", "d", "la", "le", "les", "l", "et", "pays", "projet"})


@lru_cache(maxsize=4096)  # each name of a file is compared with all others
def project_key(name: str) -> str:
    """The name of a project without « CPTS », « du Pays de », accents, capitals and punctuation."""
    words = " ".join(_CPTS.sub(" ", search_form(name)).split())
    return re.sub(r"^(projet )?(du )?pays (de |d |du |des )?", "", words) or words


def find_project(name: str, candidates: Iterable[str]) -> ProjectMatch | None:
    """The project of that name, else the nearest one if it is near enough to be shown, else None.

    Names whose figures differ are never near: Paris 12 is not Paris 13.
    """
    key = project_key(name)
    best: ProjectMatch | None = None
    for candidate in candidates:
        other = project_key(candidate)
        if other == key:
            return ProjectMatch(candidate, is_exact=True, score=1.0)
        if re.findall(r"\d+", key) != re.findall(r"\d+", other):
            continue
        score = JaroWinkler.similarity(_large_words(key), _large_words(other))
        if score > FUZZY_SCORE and (best is None or score > best.score):
            best = ProjectMatch(candidate, is_exact=False, score=score)
    return best


def _large_words(key: str) -> str:
    return " ".join(word for word in key.split() if word not in _SMALL_WORDS) or key
