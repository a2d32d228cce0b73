"""How two texts are compared, without accents, capitals, hyphens or spaces that only look different; digests."""

import re
import unicodedata
from hashlib import sha256

_SAINT = re.compile(r"\b(st|ste)\b")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "’": "'", "‘": "'"})


def one_line(text: str) -> str:
    """A name as it is kept: on one line, without the control characters that a file or an address would choke on."""
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


def search_form(text: str) -> str:
    """The form under which a name is searched: "L'Île-St-Denis " and "l ile saint denis" are the same."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    words = re.sub(r"[^a-z0-9]+", " ", plain).strip()
    return _SAINT.sub(lambda found: "sainte" if found[0] == "ste" else "saint", words)


def digest(value: object) -> str:
    """A short text that differs as soon as the value does. The value reads the same in all processes: no set in it."""
    return sha256(repr(value).encode()).hexdigest()[:16]
