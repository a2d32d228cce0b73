"""What a file of figures says: its first column is the commune, each other column a figure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from ground.text import one_line, search_form
from projects.spreadsheets.cells import CellError, quoted, read_text, spreadsheet_error
from projects.spreadsheets.matching import Match
from projects.spreadsheets.opening import CellValue, Sheet, UnreadableFile

HEADER_WITHIN_ROWS = 25
MOST_DIGITS, PLACES = 12, Decimal("0.0001")
SECRET = frozenset({"", "s", "ss", "nd", "n d", "nc", "n c", "ns", "na", "n a", "so", "secret", "secret statistique",
                    "non disponible", "non communique", "non renseigne"})  # fmt: skip
"""Words of a value that is kept secret or unknown, besides « - » and an empty cell."""
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
GROUPED = re.compile(r"(?<=\d)[ '’](?=\d{3}(?!\d))")
LOOKS_LIKE_A_SHARE = re.compile(r"%|\b(part|taux|moyen|moyenne|mediane?|indice|densite|apl|pour (?:100|1000)|age)\b")
NO_TABLE = (
    "Aucune commune n'a été trouvée : la première colonne donne le code Insee ou le nom de la commune, les autres "
    "colonnes un indicateur chacune, sous une ligne d'en-têtes."
)


@dataclass(slots=True)
class FigureColumn:
    """A column that may be a figure: `values` by the code of the zone, `unread` what is no number, line by line."""

    position: int
    header: str
    values: dict[str, Decimal] = field(default_factory=dict)
    secret: int = 0
    unread: list[str] = field(default_factory=list)

    @property
    def is_likely(self) -> bool:
        """More numbers than words: the name of the commune beside its code is no figure."""
        return len(self.values) > len(self.unread)

    @property
    def looks_like_a_share(self) -> bool:
        return bool("%" in self.header or LOOKS_LIKE_A_SHARE.search(search_form(self.header)))

    @property
    def unit(self) -> str:
        return "%" if "%" in self.header else ""


@dataclass(slots=True)
class FigureFile:
    """`lines` gives the line of each commune; `unread` tells the lines whose commune is not understood."""

    columns: list[FigureColumn]
    lines: dict[str, int] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def read_figures(sheets: Iterable[Sheet], find: Callable[[str], Match]) -> FigureFile:
    """The first sheet whose first column tells communes; `find` gives the zone that a text means.

    Raises UnreadableFile.
    """
    for sheet in sorted(sheets, key=lambda each: not each.is_visible):
        header = _header(sheet, find)
        if header is not None:
            return _read(sheet, header, find)
    raise UnreadableFile(NO_TABLE)


def _header(sheet: Sheet, find: Callable[[str], Match]) -> int | None:
    """The filled row above the first one that begins with a commune and says something of it."""
    above = None
    for place, row in enumerate(sheet.rows[:HEADER_WITHIN_ROWS]):
        filled = [cell for cell in row if cell != ""]
        if above is not None and len(filled) > 1 and row[0] != "" and find(read_text(row[0])).codes:
            return above
        if len(filled) > 1:
            above = place
    return None


def _read(sheet: Sheet, header: int, find: Callable[[str], Match]) -> FigureFile:
    labels = [one_line(read_text(cell)) for cell in sheet.rows[header]]
    width = max(len(row) for row in sheet.rows[header:])
    labels += [""] * (width - len(labels))
    columns = [FigureColumn(place, label or f"Colonne {place + 1}") for place, label in enumerate(labels) if place]
    file = FigureFile(columns)
    for number, row in enumerate(sheet.rows[header + 1 :], start=header + 2):
        if all(cell == "" for cell in row):
            continue
        code = _commune(file, number, row[0], find)
        if code is None:
            continue
        file.lines[code] = number
        for column in columns:
            _read_cell(column, number, code, row[column.position] if column.position < len(row) else "")
    file.columns = [column for column in columns if column.values or column.unread]
    if not file.lines or not file.columns:
        raise UnreadableFile(NO_TABLE)
    return file


def _commune(file: FigureFile, number: int, cell: CellValue, find: Callable[[str], Match]) -> str | None:
    text = read_text(cell)
    if not text:
        file.unread.append(f"Ligne {number} : la commune manque.")
        return None
    match = find(text)
    if len(match.codes) != 1:
        file.unread.append(f"Ligne {number} : {match.message_fr or quoted(cell) + ' désigne plusieurs communes.'}")
        return None
    (code,) = match.codes
    if code in file.lines:
        file.unread.append(f"Ligne {number} : {quoted(cell)} est la commune de la ligne {file.lines[code]}, déjà lue.")
        return None
    if match.message_fr:
        file.doubts.append(f"Ligne {number} : {match.message_fr}")
    return code


def _read_cell(column: FigureColumn, number: int, code: str, cell: CellValue) -> None:
    try:
        value = read_amount(cell)
    except CellError as error:
        column.unread.append(f"Ligne {number} : {error.message_fr}")
        return
    if value is None:
        column.secret += 1
    else:
        column.values[code] = value


def read_amount(cell: CellValue) -> Decimal | None:
    """A number as French people or a spreadsheet write it; None for a secret or an unknown value.

    Raises CellError.
    """
    if isinstance(cell, bool | date):
        raise CellError(f"{quoted(cell)} n'est pas un nombre.")
    if isinstance(cell, int | float):
        return _bounded(Decimal(str(cell)), cell)
    if NUMBER.fullmatch(cell):  # most cells by far, of which there may be 350 000
        return _bounded(Decimal(cell.replace(",", ".")), cell)
    if error := spreadsheet_error(cell):
        raise CellError(error)
    text = read_text(cell)
    if search_form(text) in SECRET:
        return None
    text = GROUPED.sub("", text.replace("\u202f", " ").removesuffix("%").strip())
    if not NUMBER.fullmatch(text):
        raise CellError(f"{quoted(cell)} n'est pas un nombre.")
    return _bounded(Decimal(text.replace(",", ".")), cell)


def _bounded(value: Decimal, cell: CellValue) -> Decimal:
    try:
        rounded = value.quantize(PLACES)
    except InvalidOperation as error:
        raise CellError(f"{quoted(cell)} est un nombre trop grand.") from error
    if rounded.adjusted() >= MOST_DIGITS:
        raise CellError(f"{quoted(cell)} est un nombre trop grand.")
    return rounded
