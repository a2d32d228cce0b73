"""Two projects that may be one, typed twice: nearly the same name and nearly the same zones."""

from rapidfuzz import fuzz

from ground.text import search_form

SAME_NAME = 85.0
"""Likeness of names, out of 100. Measured on 139 overlapping pairs whose truth is known (tests/data/scale): the six
projects typed twice score 100; among the others that share as many zones, none scores more than 74."""
SAME_ZONES = 0.8
"""Share of the zones of either that both must hold, and more; on the same pairs the six hold 83 % at least."""
GENERIC = frozenset(
    {"cpts", "c", "p", "t", "s", "communaute", "professionnelle", "territoriale", "de", "sante"}
    | {"du", "des", "d", "la", "le", "les", "l", "et"}
)
"""Words, as they are searched, that tell no CPTS from another."""


def proper_name(name: str) -> str:
    """A project's name without the words that all have: « C.P.T.S. du Grand Bourg » → « grand bourg »."""
    return " ".join(word for word in search_form(name).split() if word not in GENERIC)


def is_same_name(a: str, b: str) -> bool:
    """Whether two names are alike, whatever the order of their words; a name of generic words only is like no other."""
    first, second = proper_name(a), proper_name(b)
    return bool(first and second) and fuzz.token_sort_ratio(first, second) >= SAME_NAME
