"""The prepared file as a Word document that people may go on writing: real headings, header rows, page numbers."""

import io
from collections.abc import Callable
from typing import Any

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph

from aci.dialogue_file.content import (
    Cell,
    DialogueFile,
    Facts,
    Items,
    RowKind,
    Section,
    Signatures,
    Table,
    Text,
    legible,
)

WIDTH, MARGIN = Cm(21), Cm(1.8)
FONT = "Calibri"
GREY, BLACK = "E6E6E6", RGBColor(0, 0, 0)
NOTE = "Note"


def as_docx(file: DialogueFile) -> bytes:
    document = docx.Document()
    _dress(document, file)
    document.add_heading(legible(file.title), 0)
    _write(document.add_paragraph(), f"{file.subtitle}\n{file.picture}")
    for number, section in enumerate(file.sections, start=1):
        _section(document, section, 1, f"{number}")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _dress(document: Document, file: DialogueFile) -> None:
    """A4, French, one sober font, the picture's day and the page number at the foot."""
    page = document.sections[0]
    page.page_width, page.page_height = WIDTH, Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = MARGIN
    document.core_properties.title = legible(file.title)
    document.core_properties.subject = legible(file.subtitle)
    document.core_properties.author = "Suivi des CPTS"
    document.core_properties.comments = ""
    document.core_properties.language = "fr-FR"
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "fr-FR")
    for name, size in (
        ("Normal", 10),
        ("Title", 20),
        ("Heading 1", 14),
        ("Heading 2", 11),
        ("Heading 3", 10),
        ("Caption", 8),
    ):
        _font(document.styles[name], size)
    document.styles["Normal"].paragraph_format.space_after = Pt(4)
    note = document.styles.add_style(NOTE, WD_STYLE_TYPE.PARAGRAPH)
    note.base_style = document.styles["Normal"]
    note.font.size, note.paragraph_format.space_after = Pt(8), Pt(0)
    foot = page.footer.paragraphs[0]
    foot.add_run(f"{legible(file.picture)} – page ")
    _field(foot, "PAGE")
    foot.add_run(" / ")
    _field(foot, "NUMPAGES")


def _font(style: Any, size: int) -> None:
    style.font.name, style.font.size, style.font.color.rgb = FONT, Pt(size), BLACK
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)


def _field(paragraph: Paragraph, instruction: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), instruction)
    field.append(OxmlElement("w:r"))
    paragraph._p.append(field)


def _section(document: Document, section: Section, level: int, number: str) -> None:
    document.add_heading(f"{number} {legible(section.title)}", level)
    for block in section.blocks:
        LAID[type(block)](document, block)
    for at, inner in enumerate(section.sections, start=1):
        _section(document, inner, level + 1, f"{number}.{at}")


def _write(paragraph: Paragraph, text: str, *, bold: bool = False) -> None:
    paragraph.add_run(legible(text)).bold = bold or None


def _text(document: Document, block: Text) -> None:
    _write(document.add_paragraph(style=NOTE if block.is_small else None), block.text)


def _items(document: Document, block: Items) -> None:
    for text in block.texts:
        _write(document.add_paragraph(style="List Bullet"), text)


def _facts(document: Document, block: Facts) -> None:
    for name, value in block.items:
        paragraph = document.add_paragraph()
        _write(paragraph, name, bold=True)
        paragraph.add_run(f" : {legible(value)}")


def _table(document: Document, block: Table) -> None:
    if block.caption:
        caption = document.add_paragraph(style="Caption")
        _write(caption, block.caption)
        caption.paragraph_format.keep_with_next = True
    table = document.add_table(rows=1, cols=len(block.columns), style="Table Grid")
    table.autofit = False
    whole = sum(column.width for column in block.columns)
    widths = [int((WIDTH - 2 * MARGIN) * column.width / whole) for column in block.columns]
    head = table.rows[0]
    _mark_row(head, "w:tblHeader")
    for cell, column in zip(head.cells, block.columns, strict=True):
        _fill(cell, Cell(column.title), is_number=column.is_number, bold=True, shaded=True)
    for told in block.rows:
        row, strong = table.add_row(), told.kind in (RowKind.GROUP, RowKind.SUM)
        for cell, inside, column in zip(row.cells, told.cells, block.columns, strict=True):
            _fill(cell, inside, is_number=column.is_number, bold=strong, shaded=strong)
        if told.kind == RowKind.ROOM:
            row.height = Cm(1)
    for row in table.rows:
        _mark_row(row, "w:cantSplit")
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = width
    document.add_paragraph(style=NOTE)


def _fill(cell: _Cell, told: Cell, *, is_number: bool, bold: bool, shaded: bool) -> None:
    paragraphs = []
    if told.text or told.mark or not told.notes:
        paragraphs.append(cell.paragraphs[0])
        _write(paragraphs[0], told.text, bold=bold)
        if told.mark:
            paragraphs[0].add_run(f" [{told.mark}]").bold = True
    for note in told.notes:
        paragraphs.append(cell.add_paragraph() if paragraphs else cell.paragraphs[0])
        paragraphs[-1]._p.style = NOTE  # python-docx looks its style up among all, for each of hundreds of notes
        _write(paragraphs[-1], note)
    for paragraph in paragraphs:
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if is_number else None
    for run in paragraphs[0].runs if told.text else ():
        run.font.size = Pt(9)
    if shaded:
        shade = OxmlElement("w:shd")
        shade.set(qn("w:val"), "clear")
        shade.set(qn("w:fill"), GREY)
        cell._tc.get_or_add_tcPr().append(shade)


def _mark_row(row: _Row, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))


def _signatures(document: Document, block: Signatures) -> None:
    table = document.add_table(rows=1, cols=len(block.parties), style="Table Grid")
    table.rows[0].height = Cm(4)
    _mark_row(table.rows[0], "w:cantSplit")
    for cell, party in zip(table.rows[0].cells, block.parties, strict=True):
        _write(cell.paragraphs[0], party, bold=True)
        for line in block.lines:
            _write(cell.add_paragraph(style=NOTE), f"{line} :")


LAID: dict[type, Callable[[Document, Any], None]] = {
    Text: _text,
    Items: _items,
    Facts: _facts,
    Table: _table,
    Signatures: _signatures,
}
