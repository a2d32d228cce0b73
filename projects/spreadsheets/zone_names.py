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
_DEPARTMENT_SAID = re.compile(r"[ (](?:(\d[\dab]|97\d)|(\d{5}))\)?$|^(\d{5}) ", re.IGNORECASE)
_SUR = re.compile(r"\bs ?/(?! ?s\b)", re.IGNORECASE)
_SOUS = re.compile(r"\bs ?/ ?(?:s\b\.?)?", re.IGNORECASE)
_ARTICLES = frozenset({"l", "le", "la", "les"})


def department_said(text: str) -> str:
    """The number of a department written after a name, or that of a postal code beside it, else the empty text.

    Nothing is told by 20, the first figures of a postal code in both departments of Corsica.
    """
    found = _DEPARTMENT_SAID.search(text)
    if not found:
        return ""
    code = found[1] or found[2] or found[3]
    number = code if found[1] else code[: 3 if code.startswith("97") else 2]
    return "" if number == "20" else number.upper()


def readings(text: str) -> list[str]:
    """The text as written, then with its letters repaired and « s/ » spelt out, then without what surrounds it."""
    return list(
        dict.fromkeys(reading for written in _repaired(text) for reading in (written, _AROUND.sub("", written)))
    )


def _repaired(text: str) -> Iterator[str]:
    """The text, and what it was before UTF-8 was read as another encoding: « Ã‰pinay » was « Épinay »."""
    yield text
    if "/" in text:
        yield _SUR.sub("sur ", text)
        yield _SOUS.sub("sous ", text)
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


def keys(text: str) -> tuple[set[str], set[str]]:
    """Every name without its spaces, and every INSEE code, that could be what a text writes."""
    before_brackets = text.removesuffix(")").rpartition("(")[0].strip()
    bare = {
        without_article(search_form(reading)) for said in (text, before_brackets) if said for reading in readings(said)
    }
    names = {name for each in bare for article in _ARTICLES for name in (each, article + each, each + article)}
    code = text.upper().replace(" ", "").removesuffix(".0")
    return names - {""}, {code, "0" + code}


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
