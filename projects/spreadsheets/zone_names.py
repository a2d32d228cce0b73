"""How people write the name of a commune or of an arrondissement, and what of it to compare."""

import re
from collections.abc import Iterator

from ground.text import search_form
from projects.spreadsheets.splitting import CITIES

# What people write around a name: « Commune de Xxx », « Xxx (93) », « Xxx - 93 », « 93300 Xxx ».
_AROUND = re.compile(
    r"^(?:(?:la )?(?:commune|ville|mairie)s? (?:de |d['’] ?|du |des )?|\d{5} )|[ -]*\(?\b(?:\d[\dab]|\d{3}|\d{5})\)?$",
    re.IGNORECASE,
)
_DEPARTMENT_SAID = re.compile(r"[ (](\d[\dab]|97\d)\)?$", re.IGNORECASE)
_ARTICLES = frozenset({"l", "le", "la", "les"})


def department_said(text: str) -> str:
    """The number of a department written after a name, else the empty text."""
    found = _DEPARTMENT_SAID.search(text)
    return found[1].upper() if found else ""


def readings(text: str) -> list[str]:
    """The text as written, then with its letters repaired, then without what surrounds the name."""
    return list(
        dict.fromkeys(reading for written in _repaired(text) for reading in (written, _AROUND.sub("", written)))
    )


def _repaired(text: str) -> Iterator[str]:
    """The text, and what it was before UTF-8 was read as another encoding: « Ã‰pinay » was « Épinay »."""
    yield text
    for encoding in ("cp1252", "latin-1"):
        try:
            yield " ".join(text.encode(encoding).decode().split())
        except UnicodeError:
            continue


def without_article(form: str) -> str:
    """One key for « la garde », « garde la » and « garde », « aulnay sous bois » and « aulnaysousbois »."""
    words = form.split()
    if len(words) > 1 and words[0] in _ARTICLES:
        words = words[1:]
    if len(words) > 1 and words[-1] in _ARTICLES:
        words = words[:-1]
    return "".join(words)


_ROMAN = [
    *["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"],
    *["xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii", "xix", "xx"],
]
_ARRONDISSEMENT = r"arr(?:ondissements?|dt|t|ond)?"
_RANK = re.compile(
    rf"(?P<city>{'|'.join(search_form(city) for city in CITIES)})?(?: {_ARRONDISSEMENT})? ?"
    rf"(?P<rank>\d{{1,2}}|{'|'.join(sorted(_ROMAN, key=len, reverse=True))}) ?(?P<ordinal>er|nd|e|eme|ieme)?"
    rf"(?P<said> {_ARRONDISSEMENT})?(?: (?:de |a )?(?P<city_after>{'|'.join(search_form(city) for city in CITIES)}))?"
)


def rank_in_city(text: str, default: str = "") -> tuple[str, int] | None:
    """The city and number of an arrondissement; without a city it must be said: « 12e », « 12 arrondissement »."""
    found = _RANK.fullmatch(search_form(text))
    if not found:
        return None
    city = found["city"] or found["city_after"] or (default if found["ordinal"] or found["said"] else "")
    rank = int(found["rank"]) if found["rank"].isdecimal() else _ROMAN.index(found["rank"]) + 1
    return (city, rank) if city else None
