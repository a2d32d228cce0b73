"""What does this messy sheet say? Finds the table, its columns and its rows; each cell has its reader.

Nothing is decided here about projects: unreadable cells, unknown columns and rows that are no project are reported.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from ground.text import search_form
from projects.spreadsheets.cells import (
    CellError,
    read_boolean,
    read_department_code,
    read_department_codes,
    read_finess,
    read_number,
    read_rna,
    read_siret,
    read_text,
)
from projects.spreadsheets.columns import Field, field_of
from projects.spreadsheets.dates import NOT_YET, MonthDate, NotYet, YearDate, read_date
from projects.spreadsheets.opening import CellValue, Sheet, UnreadableFile
from projects.spreadsheets.splitting import split_zones
from projects.spreadsheets.statuses import read_status

__all__ = [
    "NOT_YET",
    "CellError",
    "CellValue",
    "Field",
    "MonthDate",
    "NoHeaderFound",
    "NotYet",
    "Reading",
    "Row",
    "Sheet",
    "UnreadableFile",
    "YearDate",
    "read_boolean",
    "read_date",
    "read_department_code",
    "read_department_codes",
    "read_finess",
    "read_number",
    "read_rna",
    "read_siret",
    "read_status",
    "read_text",
    "read_workbook",
    "split_zones",
]

HEADER_WITHIN_ROWS = 25
ABOVE_TABLE = "Titre ou texte au-dessus du tableau."
HEADER = "En-têtes du tableau."
REPEATED_HEADER = "En-têtes répétés."
TOTAL = "Ligne de total."
FOOTNOTE = "Note sous le tableau."
NOTHING_KNOWN = "Aucune des colonnes reconnues n'est remplie."

_TOTAL = re.compile(r"(sous )?(total|totaux)\b|ensemble$")
_FOOTNOTE = re.compile(r"\s*(\(?\*|\(\d\)|N\.?B\b|sources?\b|l[ée]gende\b|notes?\b|maj\b|mise à jour\b)", re.IGNORECASE)
_DAY_IN_TITLE = re.compile(r"\b(?:au|du|le) (\d{1,2}(?:er)? ?[\w./-]+(?: \d{4})?)", re.IGNORECASE)
_SAID_DEPARTMENT = r"(?:delegation departementale|departement|dd)(?: (?:de|du|des|d|la|les|l))*"
_DEPARTMENT_IN_TITLE = re.compile(
    r"\b(?:delegation(?: departementale)?|departement|dd|dpt|dept|dep|ars|suivi(?: cpts)?|cpts)"
    r"(?: d[ue]| la| n)* ?(0[1-9]|[1-8]\d|9[0-5]|2[ab]|97[1-46])\b"
)


class NoHeaderFound(UnreadableFile):
    """No row of the file names a project and at least one other thing known of it."""

    def __init__(self) -> None:
        expected = ", ".join(f"« {each.value} »" for each in Field)
        super().__init__(
            "Aucune ligne d'en-têtes n'a été trouvée : il faut une colonne « Nom du projet » et au moins une autre, "
            f"parmi les {HEADER_WITHIN_ROWS} premières lignes d'une feuille. Colonnes reconnues : {expected}."
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank. `ignored` tells why it is no project; empty when it is one, to be read."""

    sheet: str
    number: int
    cells: dict[Field, CellValue]
    ignored: str = ""

    def text(self, of: Field) -> str:
        """The cell on one line; the empty text when it is blank or there is no such column."""
        return read_text(self.cells.get(of, ""))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says. `columns` gives each field's header as written; the lists name what was left aside."""

    sheet: str
    header_row: int
    columns: dict[Field, str]
    rows: list[Row]
    unknown_columns: list[str] = field(default_factory=list)
    duplicate_columns: list[str] = field(default_factory=list)
    other_sheets: list[str] = field(default_factory=list)
    as_of: date | None = None
    department_hint: str | None = None


@dataclass(frozen=True, slots=True)
class _Header:
    sheet: Sheet
    place: int
    labels: list[str]
    fields: list[Field | None]

    @property
    def known(self) -> set[Field]:
        return {each for each in self.fields if each}


def read_workbook(sheets: list[Sheet], departments: Mapping[str, str] | None = None) -> Reading:
    """Reads the sheet that holds the table of projects: the one whose header names the most known columns.

    `departments` (name of each code) lets the hint be found by name as well. Raises NoHeaderFound.
    """
    headers = [header for sheet in sheets if (header := _best_header(sheet))]
    if not headers:
        raise NoHeaderFound
    header = max(headers, key=lambda each: len(each.known))
    columns, duplicates = _columns(header)
    title = [read_text(cell) for row in header.sheet.rows[: header.place] for cell in row if cell != ""]
    return Reading(
        sheet=header.sheet.name,
        header_row=header.place + 1,
        columns={each: header.labels[place] for each, place in columns.items()},
        rows=list(_rows(header, columns)),
        unknown_columns=[
            label for label, each in zip(header.labels, header.fields, strict=True) if label and each is None
        ],
        duplicate_columns=duplicates,
        other_sheets=[each.sheet.name for each in headers if each is not header],
        as_of=_day_in(title),
        department_hint=_department_in([*title, header.sheet.name], departments or {}),
    )


def _is_blank(row: list[CellValue]) -> bool:
    return all(cell == "" for cell in row)


def _best_header(sheet: Sheet) -> _Header | None:
    """The first row that maps the most fields, alone or under the row of groups above it."""
    best: _Header | None = None
    for place, row in enumerate(sheet.rows[:HEADER_WITHIN_ROWS]):
        if _is_blank(row):
            continue
        above = sheet.rows[place - 1] if place else []
        for labels, fields in (_labelled(row, []), _labelled(row, above)):
            header = _Header(sheet, place, labels, fields)
            enough = Field.NAME in header.known and len(header.known) > 1
            if enough and (best is None or len(header.known) > len(best.known)):
                best = header
    return best


def _labelled(row: list[CellValue], above: list[CellValue]) -> tuple[list[str], list[Field | None]]:
    """The header of each column, and the field it names.

    « Validée le » under the group « Lettre d'intention » is tried as « Lettre d'intention Validée le » first; a blank
    cell is merged with the one above it; a group stretches to the right until the next one.
    """
    labels: list[str] = []
    fields: list[Field | None] = []
    group = ""
    for place in range(max(len(row), len(above))):
        upper = read_text(above[place]) if place < len(above) else ""
        own = read_text(row[place]) if place < len(row) else ""
        group = upper or group
        together = field_of(f"{group} {own}") if group and own else None
        labels.append(f"{group} – {own}" if together and not field_of(own) else own or upper)
        fields.append(together or field_of(own or upper))
    return labels, fields


def _columns(header: _Header) -> tuple[dict[Field, int], list[str]]:
    """The column of each field, the first of its kind, and the headers of the others."""
    columns: dict[Field, int] = {}
    duplicates: list[str] = []
    for place, each in enumerate(header.fields):
        if each in columns:
            duplicates.append(header.labels[place])
        elif each:
            columns[each] = place
    if Field.ZONES not in columns and Field.ZONE_CODES in columns:
        columns[Field.ZONES] = columns.pop(Field.ZONE_CODES)
    return columns, duplicates


def _rows(header: _Header, columns: dict[Field, int]) -> Iterator[Row]:
    for place, row in enumerate(header.sheet.rows):
        if _is_blank(row):
            continue
        cells = {each: row[column] for each, column in columns.items() if column < len(row) and row[column] != ""}
        if place < header.place:
            reason = ABOVE_TABLE
        elif place == header.place:
            reason = HEADER
        else:
            reason = _reason_to_ignore(row, cells)
        yield Row(header.sheet.name, place + 1, cells, reason)


def _reason_to_ignore(row: list[CellValue], cells: dict[Field, CellValue]) -> str:
    """Why a row under the header is no project; empty when it is one."""
    filled = [read_text(cell) for cell in row if cell != ""]
    if _TOTAL.match(search_form(filled[0])):
        return TOTAL
    if len(filled) == 1 and _FOOTNOTE.match(filled[0]):
        return FOOTNOTE
    if len(cells) > 1 and all(field_of(read_text(cell)) is each for each, cell in cells.items()):
        return REPEATED_HEADER
    return "" if cells else NOTHING_KNOWN


def _day_in(title: list[str]) -> date | None:
    """The day a title speaks of: « Suivi des CPTS au 15/11/2026 »."""
    for found in (match for text in title for match in _DAY_IN_TITLE.finditer(text)):
        try:
            day = read_date(found[1])
        except CellError:
            continue
        if isinstance(day, date):
            return day
    return None


def _department_in(texts: list[str], departments: Mapping[str, str]) -> str | None:
    """The code of the one department that the title and the name of the sheet speak of; None if none or several.

    « Nord » or « Paris » alone may be any place: a name of one word counts only where it is said to be a department.
    """
    forms = [search_form(text) for text in texts]
    codes = {found[1].upper() for form in forms for found in _DEPARTMENT_IN_TITLE.finditer(form)}
    for code, name in departments.items():
        wanted = search_form(name)
        pattern = rf"\b{wanted}\b" if " " in wanted else rf"\b{_SAID_DEPARTMENT} {wanted}\b"
        if any(re.search(pattern, form) for form in forms):
            codes.add(code)
    return codes.pop() if len(codes) == 1 else None
