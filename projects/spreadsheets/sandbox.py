"""Reads an uploaded file in a process of its own, that may die of it. Run as a script: imports nothing of the project.

Arguments: the file, whose extension must be true (xlsx, xlsb, xls, ods or csv), and how many rows it may fill. Standard
output, in JSON:
{"sheets": [{"name", "is_visible", "rows"}]}, a date being {"date": "2026-11-22"}, or
{"refusal": "password" | "size" | "format" | "errors"}.
"""

import csv
import io
import json
import math
import posixpath
import resource
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

import python_calamine

MAX_ROWS = 5_000
MAX_COLUMNS = 100
MAX_CHARACTERS = 10_000_000
MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
DELIMITERS = ";,\t|"
NO_VALUE = "#SANS VALEUR!"
"""Stands in a cell whose formula was never calculated."""


class Refusal(Exception):
    """Why the file is not read, in one word for the parent process."""


def sheets_of_workbook(path: Path) -> Iterator[tuple[str, bool, Iterable[list[Any]]]]:
    try:
        workbook = python_calamine.load_workbook(path)
        errors = errors_by_sheet(path)
        for sheet in workbook.sheets_metadata:
            if sheet.typ is python_calamine.SheetTypeEnum.WorkSheet:
                rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
                is_visible = sheet.visible is python_calamine.SheetVisibleEnum.Visible
                yield sheet.name, is_visible, with_errors(rows, errors.get(sheet.name, ()))
    except python_calamine.PasswordError as error:
        raise Refusal("password") from error
    except (python_calamine.CalamineError, ElementTree.ParseError, KeyError, ValueError) as error:
        raise Refusal("format") from error


def errors_by_sheet(path: Path) -> dict[str, list[tuple[int, int, str]]]:
    """Row, column and text of the errors (#REF!, #N/A…), which calamine reads as blank cells, or as zero.

    A cell of an xlsx file tells its error; an ods file that holds one is refused; in xls and xlsb none can be seen.
    """
    if path.suffix == ".ods":
        with zipfile.ZipFile(path) as archive:
            if b'calcext:value-type="error"' in archive.read("content.xml"):
                raise Refusal("errors")
    if path.suffix != ".xlsx":
        return {}
    with zipfile.ZipFile(path) as archive:
        targets = {
            relation.get("Id"): posixpath.normpath(posixpath.join("/xl", relation.get("Target", ""))).lstrip("/")
            for relation in parsed(archive, "xl/_rels/workbook.xml.rels").iter()
        }
        errors = {}
        for sheet in parsed(archive, "xl/workbook.xml").iterfind("{*}sheets/{*}sheet"):
            part = next(targets[value] for name, value in sheet.items() if name.endswith("}id"))
            with archive.open(part) as file:
                errors[sheet.get("name", "")] = list(errors_of_sheet(file))
    return errors


def parsed(archive: zipfile.ZipFile, part: str) -> ElementTree.Element:
    return ElementTree.fromstring(archive.read(part))  # noqa: S314 - this process is there to die of it


def errors_of_sheet(file: IO[bytes]) -> Iterator[tuple[int, int, str]]:
    """A formula whose result is an empty text has a value too: its type is « str »."""
    row = column = -1
    for event, element in ElementTree.iterparse(file, events=("start", "end")):  # noqa: S314 - the same
        tag = element.tag.rpartition("}")[2]
        if (event, tag) == ("start", "row"):
            row, column = int(element.get("r", row + 2)) - 1, -1
        elif (event, tag) == ("end", "c"):
            column = column_of(element.get("r", "")) if element.get("r") else column + 1
            value = element.findtext("{*}v")
            if element.get("t") == "e":
                yield row, column, value or NO_VALUE
            elif not value and element.get("t") != "str" and element.find("{*}f") is not None:
                yield row, column, NO_VALUE
        elif (event, tag) == ("end", "row"):
            element.clear()


def column_of(place: str) -> int:
    """0 for « A12 », 27 for « AB3 »."""
    number = 0
    for letter in place.rstrip("0123456789")[:3]:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def with_errors(rows: list[list[Any]], errors: Iterable[tuple[int, int, str]]) -> list[list[Any]]:
    for row, column, text in errors:
        rows += [[] for _ in range(row + 1 - len(rows))]
        rows[row] += [""] * (column + 1 - len(rows[row]))
        rows[row][column] = text
    return rows


def sheets_of_text(content: bytes) -> Iterator[tuple[str, bool, Iterable[list[Any]]]]:
    text = decoded(content)
    if any(character < " " and character not in "\t\n\r\f\v" for character in set(text)):
        raise Refusal("format")
    lines = list(io.StringIO(text, newline=""))
    try:
        delimiter = max(DELIMITERS, key=lambda candidate: evenness(lines[:200], candidate))
        if not evenness(lines[:200], delimiter):
            raise Refusal("format")
        yield "", True, list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise Refusal("format") from error


def decoded(content: bytes) -> str:
    encodings = ["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refusal("format")


def evenness(lines: list[str], delimiter: str) -> int:
    """Cells in the rows of the most frequent width: a true delimiter cuts most rows alike, into many cells."""
    widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if len(row) > 1)
    return max((width * count for width, count in widths.items()), default=0)


def plain(cell: Any) -> Any:
    """Text, number, yes/no or day: what JSON can carry. An hour is not kept, 75.0 becomes 75."""
    match cell:
        case datetime():
            return cell.date()
        case time() | timedelta():
            return str(cell)
        case float() if cell.is_integer():
            return int(cell)
        case float() if not math.isfinite(cell):
            return str(cell)
        case str() if not cell.strip():
            return ""
        case None:
            return ""
    return cell


def without_blank_end(cells: list[Any]) -> list[Any]:
    end = len(cells)
    while end and cells[end - 1] in ("", []):
        end -= 1
    return cells[:end]


def bounded(rows: Iterable[list[Any]], max_rows: int) -> list[list[Any]]:
    """The rows at their places, blank ends cut. Counts what is filled in: a stray cell far below is no large table."""
    kept: list[list[Any]] = []
    filled_rows = characters = 0
    filled_columns: set[int] = set()
    for row in rows:
        cells = without_blank_end([plain(cell) for cell in row])
        kept.append(cells)
        filled_rows += bool(cells)
        filled_columns.update(place for place, cell in enumerate(cells) if cell != "")
        characters += sum(len(cell) for cell in cells if isinstance(cell, str))
        if filled_rows > max_rows or len(filled_columns) > MAX_COLUMNS or characters > MAX_CHARACTERS:
            raise Refusal("size")
    return without_blank_end(kept)


def in_json(cell: Any) -> dict[str, str]:
    if isinstance(cell, date):
        return {"date": cell.isoformat()}
    raise TypeError(type(cell))


def answer(path: Path, max_rows: int = MAX_ROWS) -> dict[str, Any]:
    sheets = sheets_of_text(path.read_bytes()) if path.suffix == ".csv" else sheets_of_workbook(path)
    try:
        return {
            "sheets": [
                {"name": name, "is_visible": is_visible, "rows": bounded(rows, max_rows)}
                for name, is_visible, rows in sheets
            ]
        }
    except Refusal as refusal:
        return {"refusal": str(refusal)}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    json.dump(answer(Path(sys.argv[1]), int(sys.argv[2])), sys.stdout, default=in_json)
