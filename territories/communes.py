"""Which commune a code is of, and how a territory is told commune by commune. Pure: codes only."""

from collections.abc import Collection, Iterable

COMMUNE_LENGTH = 5  # the code of a part of a commune, or of a former one, begins with its commune's


def commune_of(code: str) -> str:
    return code[:COMMUNE_LENGTH]


def by_commune(whole: Iterable[str], partial: Iterable[str], parts: Collection[str]) -> dict[str, bool]:
    """A territory as maps draw it, where a part of a commune stands in its commune's contour: held in part or not.

    `parts` are the parts of communes that exist. A commune is whole when all its parts are held, and all wholly.
    """
    whole, partial = set(whole), set(partial)
    held = whole | partial
    lacking = {commune_of(part) for part in parts if part not in held}
    cut = {commune_of(part) for part in parts if part in held}
    in_part = {commune_of(code) for code in partial} | (lacking & cut)
    return {(commune := commune_of(code)): commune in in_part for code in sorted(held)}
