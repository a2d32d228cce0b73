"""What does this messy sheet say? Finds the table, its columns and its rows; each cell has its reader.

Nothing is decided here about projects: unreadable cells, unknown columns and rows that are no project are reported.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from ground.text import search_form
from projects.spreadsheets.cells import (
    CellError,
    quoted,
    read_boolean,
    read_department_code,
    read_department_codes,
    read_finess,
    read_number,
    read_rna,
    read_siret,
    read_text,
    says_nothing,
    spreadsheet_error,
)
from projects.spreadsheets.columns import Field, field_of
from projects.spreadsheets.dates import NOT_YET, MonthDate, NotYet, YearDate, read_date
from projects.spreadsheets.opening import CellValue, Sheet, UnreadableFile
from projects.spreadsheets.splitting import split_strongly, split_zones
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
MAX_CHARACTERS = 5_000
"""What a cell that is read may hold: twice the longest list of communes. Notes may be longer."""
MAX_TITLE = 300
# Columns that two headers may name without harm, the first one filled being read: they decide nothing.
TOLD_ONCE = frozenset({Field.PROMOTER, Field.LEGAL_FORM, Field.SIRET, Field.RNA, Field.ZONE_COUNT, Field.POPULATION,
                       Field.ARS_REFERENT, Field.CPAM_REFERENT, Field.CONTACT_NAME, Field.CONTACT_EMAIL,
                       Field.CONTACT_PHONE, Field.NOTES})  # fmt: skip
# Columns whose reader refuses an error, which then is told without refusing the row.
ONLY_WARNED = frozenset({Field.SIRET, Field.RNA, Field.ZONE_COUNT, Field.POPULATION})
ABOVE_TABLE = "Titre ou texte au-dessus du tableau."
HEADER = "En-têtes du tableau."
REPEATED_HEADER = "En-têtes répétés."
TOTAL = "Ligne de total."
FOOTNOTE = "Note sous le tableau."
NOTHING_KNOWN = "Aucune des colonnes reconnues n'est remplie."

_TOTAL = re.compile(r"(sous )?(total|totaux)\b|ensemble$")
_FOOTNOTE = re.compile(r"\s*(\(?\*|\(\d\)|N\.?B\b|sources?\b|l[ée]gende\b|notes?\b|maj\b|mise à jour\b)", re.IGNORECASE)
_DAY_IN_TITLE = re.compile(
    r"\b(?:au|(?:mise a jour|maj)(?: du| le)?|extraction du|a la date du) (?=(\w+ \w+(?: \w+)?))"
)
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
    """A row that is not blank. `ignored` tells why it is no project; empty when it is one, to be read.

    `unread` tells what is wrong with the cells that cannot be read, which are not in `cells`.
    """

    sheet: str
    number: int
    cells: dict[Field, CellValue]
    ignored: str = ""
    unread: dict[Field, str] = field(default_factory=dict)

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

    @property
    def is_one_row_per_commune(self) -> bool:
        """Whether a quarter of the rows, and two at least, only go on: the same project or none, another commune."""
        rows = [row for row in self.rows if not row.ignored]
        told: set[tuple[str, str]] = set()
        names: set[str] = set()
        name, going_on = "", 0
        for row in rows:
            name = search_form(row.text(Field.NAME)) or name
            zone = str(row.cells.get(Field.ZONES, ""))
            going_on += name in names and (name, zone) not in told and len(split_strongly(zone)) <= 1
            names.add(name)
            told.add((name, zone))
        return going_on > 1 and 4 * going_on >= len(rows)


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

    A hidden sheet is read only where no visible one has a table.
    `departments` (name of each code) lets the hint be found by name as well. Raises NoHeaderFound.
    """
    headers = [header for sheet in sheets if (header := _best_header(sheet))]
    if not headers:
        raise NoHeaderFound
    header = max(headers, key=lambda each: (each.sheet.is_visible, len(each.known)))
    columns, duplicates = _columns(header)
    title = [" ".join(read_text(cell) for cell in row if cell != "") for row in header.sheet.rows[: header.place]]
    title = [text for text in title if len(text) <= MAX_TITLE]
    return Reading(
        sheet=header.sheet.name,
        header_row=header.place + 1,
        columns={each: header.labels[places[0]] for each, places in columns.items()},
        rows=list(_rows(header, columns)),
        unknown_columns=[
            label for label, each in zip(header.labels, header.fields, strict=True) if label and each is None
        ],
        duplicate_columns=duplicates,
        other_sheets=[
            each.sheet.name + ("" if each.sheet.is_visible else " (masquée)") for each in headers if each is not header
        ],
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


def _columns(header: _Header) -> tuple[dict[Field, list[int]], list[str]]:
    """The columns of each field, and the headers of those that come again."""
    columns: dict[Field, list[int]] = {}
    duplicates: list[str] = []
    for place, each in enumerate(header.fields):
        if each in columns:
            duplicates.append(header.labels[place])
        if each:
            columns.setdefault(each, []).append(place)
    if Field.ZONES not in columns and Field.ZONE_CODES in columns:
        columns[Field.ZONES] = columns.pop(Field.ZONE_CODES)
    return columns, duplicates


def _rows(header: _Header, columns: dict[Field, list[int]]) -> Iterator[Row]:
    for place, row in enumerate(header.sheet.rows):
        if _is_blank(row):
            continue
        cells: dict[Field, CellValue] = {}
        unread: dict[Field, str] = {}
        for each, places in columns.items():
            try:
                if (value := _value(each, row, places, header.labels)) != "":
                    cells[each] = value
            except CellError as error:
                unread[each] = error.message_fr
        if place < header.place:
            reason = ABOVE_TABLE
        elif place == header.place:
            reason = HEADER
        else:
            reason = _reason_to_ignore(row, cells, unread)
        yield Row(header.sheet.name, place + 1, cells, reason, {} if reason else unread)


def _value(of: Field, row: list[CellValue], places: list[int], labels: list[str]) -> CellValue:
    """What a row says of a field that one column or several hold; the empty text when it says nothing.

    Raises CellError for an error of the spreadsheet, a text beyond measure, and columns that contradict each other.
    """
    filled = [place for place in places if place < len(row) and row[place] != ""]
    for place in filled:
        value = row[place]
        if (error := spreadsheet_error(value)) and of not in ONLY_WARNED:
            raise CellError(error)
        if isinstance(value, str) and len(value) > MAX_CHARACTERS and of is not Field.NOTES:
            raise CellError(f"{quoted(value)} est un texte de plus de {MAX_CHARACTERS} caractères : raccourcissez-le.")
    if len(filled) > 1 and of not in ONLY_WARNED:
        filled = [place for place in filled if not says_nothing(row[place])] or filled
    for place in filled[1:]:
        if of not in TOLD_ONCE and _compared(row[place]) != _compared(row[filled[0]]):
            first, other = (f"« {labels[each]} » dit {quoted(row[each])}" for each in (filled[0], place))
            raise CellError(f"{first}, mais {other} : gardez ce qui est vrai.")
    return row[filled[0]] if filled else ""


def _compared(value: CellValue) -> str:
    """A tick has no letter to compare."""
    return search_form(read_text(value)) or read_text(value)


def _reason_to_ignore(row: list[CellValue], cells: dict[Field, CellValue], unread: dict[Field, str]) -> str:
    """Why a row under the header is no project; empty when it is one."""
    filled = [read_text(cell) for cell in row if cell != ""]
    if _TOTAL.match(search_form(filled[0])):
        return TOTAL
    if len(filled) == 1 and _FOOTNOTE.match(filled[0]):
        return FOOTNOTE
    if len(cells) > 1 and all(field_of(read_text(cell)) is each for each, cell in cells.items()):
        return REPEATED_HEADER
    return "" if cells or unread else NOTHING_KNOWN


def _day_in(title: list[str]) -> date | None:
    """The latest day a title says it pictures: « Suivi des CPTS au 15/11/2026 », never « accord du 20 juin 2019 ».

    A month is pictured to its last day.
    """
    days = []
    for words in (found[1] for text in title for found in _DAY_IN_TITLE.finditer(search_form(text))):
        for told in (words, words.rpartition(" ")[0]):
            try:
                day = read_date(told)
            except CellError:
                continue
            if isinstance(day, MonthDate):
                days.append(date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1))
            elif isinstance(day, date) and not isinstance(day, YearDate):
                days.append(day)
            break
    return max(days, default=None)


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
