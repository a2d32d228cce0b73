"""Small workbooks for the tests of the import."""

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from projects.spreadsheets.plan import make_plan, read
from projects.spreadsheets.rows import Plan, RowPlan
from projects.spreadsheets.writing import write_import

SAMPLES = Path(__file__).parent.parent / "data" / "spreadsheets"
STYLE_A_75 = SAMPLES / "Suivi CPTS 75.xlsx"
STYLE_A_93 = SAMPLES / "listing_CPTS_93_112026.xlsx"
TODAY = date(2026, 11, 22)
HEADERS = ["Nom du projet", "Département", "Communes", "Statut", "Dépôt PDS", "Date signature ACI"]


def xlsx(*rows: list[Any], headers: list[str] | None = None, title: str = "") -> bytes:
    """A workbook with a title, then the headers, then `rows`: those start at row 3."""
    book = Workbook()
    book.active.append([title])
    for row in (headers or HEADERS, *rows):
        book.active.append(row)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def planned(content: bytes, **choice: Any) -> Plan:
    return make_plan(read(content, "essai.xlsx"), **_completed(choice))


def written(content: bytes, **choice: Any) -> Plan:
    return write_import(read(content, "essai.xlsx"), **_completed(choice))


def project_rows(plan: Plan) -> list[RowPlan]:
    """The rows that speak of a project, whatever becomes of them."""
    return [row for row in plan.rows if row.project]


def _completed(choice: dict[str, Any]) -> dict[str, Any]:
    return {"user": None, "department": None, "as_of": None, "today": TODAY} | choice
