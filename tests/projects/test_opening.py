"""Opening what people send: real tables whatever their format, and nothing that harms whoever opens it."""

import io
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projects.spreadsheets.opening import MAX_BYTES, Sheet, UnreadableFile, open_workbook

DATA = Path(__file__).parents[1] / "data" / "spreadsheets"


def xlsx(cells: dict[str, object]) -> bytes:
    workbook = openpyxl.Workbook()
    for place, value in cells.items():
        workbook.active[place] = value
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def archive(members: dict[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return file.getvalue()


def ods(rows: str, manifest: str = "") -> bytes:
    kinds = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{kinds}:office:1.0" xmlns:table="{kinds}:table:1.0" '
        f'xmlns:text="{kinds}:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="DD 93">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{kinds}:manifest:1.0">{manifest}'
            "</manifest:manifest>",
        }
    )


def cell(text: str, repeated: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {repeated}><text:p>{text}</text:p></table:table-cell>'


def refusal(content: bytes, filename: str = "suivi.xlsx") -> str:
    with pytest.raises(UnreadableFile) as raised:
        open_workbook(content, filename)
    return raised.value.message_fr


def test_rows_stay_at_their_places_and_blank_ends_are_cut():
    content = xlsx({"A1": "Suivi", "B3": 75.0, "C3": "  ", "A4": date(2026, 11, 22), "B4": True, "A9": " "})
    assert open_workbook(content, "x.xlsx") == [
        Sheet("Sheet", [["Suivi"], [], ["", 75], [date(2026, 11, 22), True]]),
    ]


def test_errors_and_formulas_without_value_are_no_blank_cells():
    workbook = openpyxl.Workbook()
    workbook.active.append(["Nom", "#REF!", "x", "=1+1"])
    workbook.active["B1"].data_type = "e"
    workbook.create_sheet("Vide")
    workbook.create_sheet("Autre")["D3"] = "#N/A"
    workbook["Autre"]["D3"].data_type = "e"
    workbook["Autre"].sheet_state = "hidden"
    file = io.BytesIO()
    workbook.save(file)
    assert open_workbook(file.getvalue(), "x.xlsx") == [
        Sheet("Sheet", [["Nom", "#REF!", "x", "#SANS VALEUR!"]]),
        Sheet("Autre", [[], [], ["", "", "", "#N/A"]], is_visible=False),
    ]


def test_formulas_are_read_by_their_last_value():
    cells = '<c t="str"><f>A2&amp;""</f><v></v></c><c><f>1+1</f><v>2</v></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    members = {}
    with zipfile.ZipFile(io.BytesIO(xlsx({"A1": "x"}))) as source:
        members = {name: source.read(name) for name in source.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"].decode()
    start, end = sheet.index("<row"), sheet.index("</sheetData>")
    members["xl/worksheets/sheet1.xml"] = f"{sheet[:start]}<row>{cells}</row>{sheet[end:]}"
    assert open_workbook(archive(members), "x.xlsx")[0].rows == [["", 2, "#DIV/0!"]]


def test_an_open_document_that_holds_an_error_is_refused():
    error = cell("#REF!", repeated='calcext:value-type="error"')
    content = ods(f"<table:table-row>{cell('Nom')}{error}</table:table-row>")
    assert "erreur de tableur" in refusal(content)


@pytest.mark.parametrize("name", ["Suivi CPTS 75.xlsx", "suivi.csv", "sans extension"])
def test_the_content_decides_not_the_name(name):
    sheets = open_workbook((DATA / "Suivi CPTS 75.xlsx").read_bytes(), name)
    assert [(sheet.name, len(sheet.rows)) for sheet in sheets] == [("Suivi 75", 24)]


def test_the_old_excel_format_is_read():
    (sheet,) = open_workbook((DATA / "old_format.xls").read_bytes(), "old_format.xls")
    assert sheet.name == "Suivi 93"
    assert sheet.rows[1:] == [[], ["CPTS de Pantin", 93, "Pantin ; Le Pré-Saint-Gervais", "LI", date(2025, 3, 14)]]


def test_the_open_document_format_is_read():
    row = f"<table:table-row>{cell('Nom')}{cell('Statut')}</table:table-row>"
    assert open_workbook(ods(row), "x.ods") == [Sheet("DD 93", [["Nom", "Statut"]])]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Nom;Communes;Statut\nCPTS d'Épinay;Épinay, Stains, Pantin;LI\n", "utf-8-sig"),
        ("Nom;Communes;Statut\r\nCPTS d'Épinay;Épinay, Stains, Pantin;LI\r\n", "cp1252"),
        ('Nom,Communes,Statut\nCPTS d\'Épinay,"Épinay, Stains, Pantin",LI\n', "utf-8"),
        ("Nom\tCommunes\tStatut\nCPTS d'Épinay\tÉpinay, Stains, Pantin\tLI\n", "utf-16"),
    ],
)
def test_csv_whatever_its_encoding_and_separator(text, encoding):
    (sheet,) = open_workbook(text.encode(encoding), "suivi 93.csv")
    assert sheet.name == "suivi 93"
    assert sheet.rows == [["Nom", "Communes", "Statut"], ["CPTS d'Épinay", "Épinay, Stains, Pantin", "LI"]]


def test_csv_cells_may_hold_lines():
    (sheet,) = open_workbook('Nom;Communes\nCPTS;"Épinay\nStains"\n'.encode(), "x.csv")
    assert sheet.rows[1] == ["CPTS", "Épinay\nStains"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "vide"),
        (b" \r\n ", "vide"),
        (xlsx({}), "vide"),
        (b";" * (MAX_BYTES + 1), "trop volumineux"),
        (b"%PDF-1.7 ...", "n'est pas un tableau"),
        (b"\x89PNG\r\n\x1a\n", "n'est pas un tableau"),
        (b"<!DOCTYPE html><table><tr><td>Nom;Statut</td></tr></table>", "n'est pas un tableau"),
        (b"bonjour\nvoici la liste\n", "n'est pas un tableau"),
        (bytes(range(256)) * 4, "n'est pas un tableau"),
        (archive({"word/document.xml": "<x/>"}), "n'est pas un tableau"),
        (archive({"xl/workbook.xml": "<x/>"}), "n'est pas un tableau"),
        (b"PK\x03\x04" + b"\0" * 50, "abîmé"),
        ((DATA / "Suivi CPTS 75.xlsx").read_bytes()[:3000], "abîmé"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"), "mot de passe"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "n'est pas un tableau"),
        (
            ods(
                rows="",
                manifest='<manifest:file-entry manifest:full-path="content.xml">'
                "<manifest:encryption-data><manifest:algorithm/></manifest:encryption-data></manifest:file-entry>",
            ),
            "mot de passe",
        ),
    ],
)
def test_what_is_no_table_is_refused_in_french(content, expected):
    assert expected in refusal(content)


def test_too_many_rows_or_columns():
    assert "5 000 lignes" in refusal(("a;b\n" * 5001).encode())
    assert "100 colonnes" in refusal(b"a;b\n" + b"x;" * 100 + b"x\n")
    assert len(open_workbook(("a;b\n" * 5000).encode(), "x.csv")[0].rows) == 5000


def test_an_archive_that_inflates_beyond_measure():
    assert "trop volumineux" in refusal(archive({"xl/workbook.xml": b"0" * 50_000_001}))


def test_one_stray_cell_at_the_end_of_the_sheet_claims_seventeen_billion_cells():
    assert "trop volumineux ou abîmé" in refusal(xlsx({"A1": 1, "XFD1048576": 2}))


def test_a_stray_cell_far_below_is_no_large_table():
    (sheet,) = open_workbook(xlsx({"A1": "Nom", "B1": "Statut", "B70000": "x"}), "x.xlsx")
    assert (sheet.rows[0], sheet.rows[1], sheet.rows[-1], len(sheet.rows)) == (["Nom", "Statut"], [], ["", "x"], 70000)


def test_repeated_cells_of_an_open_document():
    wide = cell("x", repeated='table:number-columns-repeated="16384"')
    assert "trop volumineux" in refusal(ods(f"<table:table-row>{wide}</table:table-row>" * 2000), "x.ods")


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"), b"a;b\n"]))
@settings(max_examples=30, deadline=None)
def test_nothing_but_a_refusal_ever_comes_out_of_any_bytes(content, start):
    with suppress(UnreadableFile):
        assert open_workbook(start + content, "x")
