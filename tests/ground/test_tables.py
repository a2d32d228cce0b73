"""Files made of a list."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from ground.tables import Column, as_xlsx


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Suivi des CPTS", "Suivi des CPTS"),
        ("Sommes : CPTS Nord/Sud [2026] ?*\\", "Sommes   CPTS Nord Sud  2026"),
        ("'Entre apostrophes'", "Entre apostrophes"),
        ("::", "Feuille"),
        ("Un titre qui passe les trente et un signes", "Un titre qui passe les trente e"),
    ],
)
def test_any_title_makes_a_sheet(title, name):
    columns = [Column("nom", "Nom", str)]
    assert load_workbook(BytesIO(as_xlsx(columns, ["CPTS"], title=title))).sheetnames == [name]
