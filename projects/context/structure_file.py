"""What a file says of the structures of a territory: one structure a line, or one commune of it a line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from ground.templatetags.french import quoted as quoted_name
from ground.text import one_line, search_form
from projects.spreadsheets.cells import CellError, quoted, read_department_code, read_text, spreadsheet_error
from projects.spreadsheets.dates import NotYet, read_any_day
from projects.spreadsheets.opening import CellValue, Sheet, UnreadableFile
from territories.models import Structure

HEADER_WITHIN_ROWS = 25
FIRST_YEAR, LAST_YEAR = 1900, 2100


class Column(Enum):
    """A column that the file may have: its label, then the other headers it is known by."""

    KIND = ("Nature", "Type", "Type de structure", "Catégorie", "Dispositif")
    NAME = ("Nom", "Nom de la structure", "Structure", "Libellé", "Dénomination", "Raison sociale")
    DEPARTMENT = ("Département", "Dép.", "Code département", "Dpt")
    ZONES = ("Communes", "Commune", "Liste des communes", "Communes couvertes", "Code commune", "Code Insee",
             "Codes Insee", "Territoire")  # fmt: skip
    CONTACT = ("Contact", "Contacts", "Coordonnées", "Courriel", "Téléphone", "Référent", "Coordonnateur")
    SINCE = ("Depuis le", "Depuis", "Date de début", "Début", "Ouverture", "Date d'ouverture", "Signé le")
    LAST_DAY = ("Jusqu'au", "Date de fin", "Fin", "Fermeture", "Date de fermeture", "Échéance")
    SOURCE = ("Source", "Origine", "Source de la donnée")

    @property
    def label(self) -> str:
        return self.value[0]


HEADERS = {search_form(header): column for column in Column for header in column.value}
NEEDED = (Column.KIND, Column.NAME, Column.ZONES)
NO_HEADER = (
    "Aucune ligne d'en-têtes n'a été trouvée : il faut les colonnes « Nature », « Nom » et « Communes », parmi les "
    f"{HEADER_WITHIN_ROWS} premières lignes d'une feuille. Colonnes reconnues : "
    + ", ".join(f"« {column.label} »" for column in Column)
    + "."
)
NO_LINE = "Aucune structure sous les en-têtes : donnez au moins une ligne, puis recommencez."
TWICE = "Deux colonnes disent la même chose : {}. Gardez-en une, puis recommencez."


@dataclass(slots=True)
class Told:
    """What one line says, or several that name the same structure; what it does not say is None or empty."""

    lines: list[int]
    kind_text: str = ""
    kind: str = ""
    name: str = ""
    department: str | None = None
    communes: str = ""
    contact: str = ""
    since: date | None = None
    last_day: date | None = None
    source: str = ""
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, str | None]:
        """What makes it the same structure as another one."""
        return self.kind, search_form(self.name), self.department


def read_structures(sheets: list[Sheet], departments: Mapping[str, str], department: str | None) -> list[Told]:
    """The structures of the first sheet that has the needed headers, lines of one structure gathered.

    `departments` gives the name of each code; `department` is that of the lines that tell none. Raises UnreadableFile.
    """
    sheet, header, columns = _table(sheets)
    lines = [
        _line(number, row, columns, departments, department)
        for number, row in enumerate(sheet.rows[header + 1 :], start=header + 2)
        if any(cell != "" for cell in row)
    ]
    if not lines:
        raise UnreadableFile(NO_LINE)
    return list(_gathered(lines))


def _table(sheets: list[Sheet]) -> tuple[Sheet, int, dict[Column, int]]:
    for sheet in sorted(sheets, key=lambda each: not each.is_visible):
        for place, row in enumerate(sheet.rows[:HEADER_WITHIN_ROWS]):
            named = [(HEADERS.get(search_form(read_text(cell))), position) for position, cell in enumerate(row)]
            known = [column for column, _ in named if column]
            if not set(NEEDED) <= set(known):
                continue
            if twice := sorted({column.label for column in known if known.count(column) > 1}):
                raise UnreadableFile(TWICE.format(", ".join(twice)))
            return sheet, place, {column: position for column, position in named if column}
    raise UnreadableFile(NO_HEADER)


def _line(
    number: int,
    row: list[CellValue],
    columns: dict[Column, int],
    departments: Mapping[str, str],
    department: str | None,
) -> Told:
    told = Told([number])
    cells = {column: row[place] if place < len(row) else "" for column, place in columns.items()}
    for column, cell in cells.items():
        if error := spreadsheet_error(cell):
            told.errors.append(f"Colonne « {column.label} » : {error}")
            cells[column] = ""
    told.kind_text = read_text(cells[Column.KIND])
    told.kind = kind_of(told.kind_text)
    told.name = one_line(read_text(cells[Column.NAME]))
    told.communes = cells[Column.ZONES] if isinstance(cells[Column.ZONES], str) else read_text(cells[Column.ZONES])
    told.contact = read_text(cells.get(Column.CONTACT, ""))
    told.source = read_text(cells.get(Column.SOURCE, ""))
    told.department = _department(told, cells.get(Column.DEPARTMENT, ""), departments) or department
    told.since = _day(told, Column.SINCE, cells.get(Column.SINCE, ""))
    told.last_day = _day(told, Column.LAST_DAY, cells.get(Column.LAST_DAY, ""))
    return told


def _department(told: Told, cell: CellValue, departments: Mapping[str, str]) -> str | None:
    try:
        return read_department_code(cell, departments)
    except CellError as error:
        told.errors.append(error.message_fr)
        return None


def _day(told: Told, column: Column, cell: CellValue) -> date | None:
    try:
        day = read_any_day(cell)
    except CellError as error:
        told.errors.append(f"Colonne « {column.label} » : {error.message_fr}")
        return None
    if isinstance(day, NotYet):
        told.notes.append(f"Colonne « {column.label} » : {quoted(cell)} ne donne pas de date, laissée vide.")
        return None
    if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
        told.errors.append(f"Colonne « {column.label} » : {quoted(cell)} est une date impossible, vérifiez l'année.")
        return None
    if day and type(day) is not date:
        told.notes.append(f"Colonne « {column.label} » : {quoted(cell)} est compris comme le {day:%d/%m/%Y}.")
        day = date(day.year, day.month, day.day)
    return day


def _gathered(lines: list[Told]) -> Iterator[Told]:
    """Lines that name one structure are one: their communes add up, and what else they say must agree."""
    found: dict[tuple[str, str, str | None], Told] = {}
    for line in lines:
        first = found.setdefault(line.key, line) if line.kind and line.name else line
        if first is line:
            continue
        for attribute, label in ALIKE.items():
            mine, other = getattr(first, attribute), getattr(line, attribute)
            if mine and other and mine != other:
                first.errors.append(f"La ligne {line.lines[0]} la répète et dit autre chose : {label}.")
            setattr(first, attribute, mine or other)
        first.lines += line.lines
        first.errors += line.errors
        first.notes += line.notes
        first.communes = "\n".join(filter(None, [first.communes, line.communes]))
    yield from (line for line in lines if found.get(line.key, line) is line)


ALIKE = {
    "contact": "contact",
    "since": "date de début",
    "last_day": "date de fin",
    "source": "source",
}


def kind_of(text: str) -> str:
    """The kind that a cell names: « MSP », « Maisons de santé pluriprofessionnelles »…; empty for another word."""
    return KINDS.get(_singular(text), "")


def _singular(text: str) -> str:
    return " ".join(word.removesuffix("s") for word in search_form(text).split())


def _names_of(kind: Structure.Kind) -> list[str]:
    whole, _, short = kind.label.partition(" (")
    return [kind.value, kind.label, whole, short.rstrip(")")]


KINDS = {_singular(name): kind.value for kind in Structure.Kind for name in _names_of(kind) if name}
KINDS_TOLD = ", ".join(quoted_name(_names_of(kind)[3] or _names_of(kind)[2]) for kind in Structure.Kind)
"""How the kinds may be written in a file, for a line that names none of them."""
