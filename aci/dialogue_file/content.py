"""What a prepared file is made of: sections of facts, sentences, lists and tables, in French and ready to print.

The PDF and the Word file both lay out these blocks and nothing else, so that they never differ.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")  # no document may hold them


def legible(text: str) -> str:
    """A text as both files can hold it: its lines kept, without the characters that show nothing."""
    return CONTROLS.sub("", re.sub(r"\r\n?|[\v\f\u2028\u2029]", "\n", text)).strip()


class RowKind(StrEnum):
    LINE = "line"
    GROUP = "group"  # tells what the lines below it have in common
    SUM = "sum"
    ROOM = "room"  # to be filled by hand


@dataclass(frozen=True, slots=True)
class Cell:
    """`notes` are written small, each on its line; `mark` warns: « non vérifié »."""

    text: str = ""
    notes: tuple[str, ...] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: int  # relative to the others
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    cells: tuple[Cell, ...]
    kind: RowKind = RowKind.LINE


@dataclass(frozen=True, slots=True)
class Table:
    caption: str  # empty: the title above says it
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    block: str = field(default="table", init=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """Each with its name: « Barème », « 2019 »."""

    items: tuple[tuple[str, str], ...]
    block: str = field(default="facts", init=False)


@dataclass(frozen=True, slots=True)
class Items:
    texts: tuple[str, ...]
    block: str = field(default="items", init=False)


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    is_small: bool = False
    block: str = field(default="text", init=False)


@dataclass(frozen=True, slots=True)
class Signatures:
    parties: tuple[str, ...]
    lines: tuple[str, ...]  # what each is to write
    block: str = field(default="signatures", init=False)


Block = Table | Facts | Items | Text | Signatures


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple["Section", ...] = ()


@dataclass(frozen=True, slots=True)
class DialogueFile:
    title: str
    subtitle: str
    picture: str  # the day that it shows
    sections: tuple[Section, ...]
    name: str  # of the file, without its extension


def listed(texts: list[str], nothing: str) -> Items | Text:
    """A list, or the sentence that says there is nothing in it."""
    return Items(tuple(texts)) if texts else Text(nothing)
