"""Which names does a cell of communes hold? Cells list them with whatever separates words."""

import re

STRONG_SEPARATORS = re.compile(r"[,;|•·▪\n+]|(?<!\bs)/", re.IGNORECASE)  # « Aulnay s/ Bois », « Aulnay s/s Bois »
# Some names hold one: « Thue et Mue ». « Villepinte - 11 » is one name and its department.
WEAK_SEPARATORS = re.compile(r" [-–—] (?!(?:\d[\dab]|97\d)\b)| et ", re.IGNORECASE)
BULLET = re.compile(r"^[-–—*]+ ")

# Cities that are split into municipal arrondissements (law 82-1169 of 31 December 1982, « PLM »).
CITIES = ("Paris", "Lyon", "Marseille")
_RANK = r"\d{1,2}(?!\d)\s*(?:er|[eè]me|i[eè]me|nd|[eè])?(?:\s*arr(?:ondissement|dt|t)?s?\b\.?)?"
_RANKS = re.compile(
    rf"\b(?P<city>{'|'.join(CITIES)})\s*\(?\s*(?P<ranks>{_RANK}(?:\s*(?:[,;/&\n-]|\bet\b)\s*{_RANK})+)(?![\w-])\)?",
    re.IGNORECASE,
)


def split_zones(text: str) -> list[str]:
    """The names a cell lists: « Paris 1er, 2e et 3e » gives three, « Aulnay sous Bois - Villepinte » two."""
    return [name for part in split_strongly(text) for name in split_weakly(part)]


def split_strongly(text: str) -> list[str]:
    """Cut where no name of a commune could go on: at commas, semicolons, slashes, bullets and new lines."""
    lines = "\n".join(" ".join(line.split()) for line in text.replace("\t", "\n").splitlines() if not line.isspace())
    return _names(STRONG_SEPARATORS.split(_RANKS.sub(_each_with_its_city, lines)))


def split_weakly(text: str) -> list[str]:
    """Cut at « et » and at a hyphen between spaces as well, which a few names hold."""
    return _names(WEAK_SEPARATORS.split(" ".join(text.split())))


def _each_with_its_city(found: re.Match[str]) -> str:
    return ", ".join(f"{found['city']} {rank}" for rank in re.findall(_RANK, found["ranks"], re.IGNORECASE))


def _names(parts: list[str]) -> list[str]:
    names = (BULLET.sub("", part.strip()).strip(" .:") for part in parts)
    return [name for name in names if name]
