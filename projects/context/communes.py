"""The communes that a cell or a box of a form lists, whatever separates them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from projects.pasted_zones import CODE_TOLD
from projects.spreadsheets.matching import MAX_NAME
from projects.spreadsheets.splitting import split_strongly
from projects.spreadsheets.zones import ZoneFinder

CODES = re.compile(r"\d[\dAB]\d{3}(?:\s+\d[\dAB]\d{3})+")  # « 93010 93048 »: only codes are cut at spaces


@dataclass(slots=True)
class Communes:
    """What a list means: `codes` of zones, what could not be understood (`refused`) and what is to be checked."""

    codes: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def read_communes(finder: ZoneFinder, text: str, department: str, others: Iterable[str] = ()) -> Communes:
    """Names or INSEE codes, old ones too, for a structure of `department`."""
    found = Communes()
    others = tuple(others)
    for part in split_strongly(text):
        for name in part.split() if CODES.fullmatch(part) else [part]:
            code = CODE_TOLD.search(name)
            for match in finder.find(code[1] if code else name[: MAX_NAME + 1], department, others):
                if not match.codes:
                    found.refused.append(match.message_fr)
                elif match.message_fr:
                    found.doubts.append(match.message_fr)
                found.codes.update(match.codes)
    return found
