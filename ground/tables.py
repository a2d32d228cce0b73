"""One list of columns feeds a page, its column choice, its exports and the commands that print it."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from django.http import HttpResponse
from django.utils.text import slugify
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.workbook.child import INVALID_TITLE_REGEX

Cell = str | int | float | Decimal | date | None
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `key` names it in addresses and files for machines, `label` in pages and files for people."""

    key: str
    label: str
    value: Callable[[Any], Cell]
    is_number: bool = False
    sort: str = ""  # name of the query's field to sort by; empty: not sortable
    shown: bool = True  # among the columns of a page that was not asked for others


def as_csv(columns: Iterable[Column], rows: Iterable[Any], *, for_people: bool = True, delimiter: str = ";") -> str:
    """CSV text. For people: French labels, `;`, and no text that a spreadsheet would take for a formula."""
    columns = list(columns)
    output = StringIO()
    writer = csv.writer(output, delimiter=delimiter, lineterminator="\r\n" if for_people else "\n")
    writer.writerow(column.label if for_people else column.key for column in columns)
    for row in rows:
        values = (column.value(row) for column in columns)
        writer.writerow(harmless(value) if for_people else value for value in values)
    return output.getvalue()


def harmless(value: Cell) -> Cell:
    """Text that begins like a formula is quoted, so that opening the file never runs it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def as_xlsx(columns: Iterable[Column], rows: Iterable[Any], *, title: str) -> bytes:
    """A workbook with one sheet; text cells stay text, never formulas."""
    columns = list(columns)
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = sheet_name(title)
    sheet.append([column.label for column in columns])
    for heading in sheet[1]:
        heading.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for number, row in enumerate(rows, start=2):
        for position, column in enumerate(columns, start=1):
            value = column.value(row)
            if isinstance(value, str):
                sheet.cell(number, position, ILLEGAL_CHARACTERS_RE.sub("", value)).data_type = "s"
            else:
                sheet.cell(number, position, value)
    for position, column in enumerate(columns, start=1):
        sheet.column_dimensions[sheet.cell(1, position).column_letter].width = max(12, min(50, len(column.label) + 4))
    output = BytesIO()
    workbook.save(output)
    return output.getvalue()


def sheet_name(title: str) -> str:
    """A title as spreadsheets accept it for a sheet: 31 characters, some signs forbidden, no apostrophe at its ends."""
    return INVALID_TITLE_REGEX.sub(" ", title)[:31].strip("' ") or "Feuille"


def download(columns: Iterable[Column], rows: Iterable[Any], *, title: str, file_format: str) -> HttpResponse:
    """The answer that makes the browser save `rows` as csv or xlsx."""
    if file_format == "csv":
        response = HttpResponse("\ufeff" + as_csv(columns, rows), content_type="text/csv; charset=utf-8")
    else:
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        response = HttpResponse(as_xlsx(columns, rows, title=title), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{slugify(title)}.{file_format}"'
    return response
