"""A file is what it holds, whatever its name and whatever the browser says of it."""

import hashlib
import zipfile
from collections.abc import Mapping
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError

from projects import uploads
from projects.uploads import judge
from tests.projects.files import (
    HTML,
    JPEG,
    OFFICE,
    OPEN_SHEET,
    OPEN_TEXT,
    PROGRAM,
    SVG,
    archive,
    docx,
    open_document,
    pdf,
    png,
    pptx,
    sent,
    xlsx,
)

WITH_MACROS = '<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
TYPES, RELATIONS = "[Content_Types].xml", "word/_rels/document.xml.rels"
MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships"
OFFICE_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
VBA = {"word/v.bin": b"x"}
WORD_TYPES = f'<Types><Override ContentType="{OFFICE}.wordprocessingml.document.main+xml"/></Types>'


def refusal(content: bytes, name: str = "document.pdf") -> str:
    with pytest.raises(ValidationError) as refused:
        judge(sent(content, name))
    return refused.value.message


def docx_with(parts: Mapping[str, bytes], types: str = "", relation: str = "") -> bytes:
    """A Word document with other parts, types declared and a relationship of its text."""
    with zipfile.ZipFile(BytesIO(docx())) as source:
        held = {name: source.read(name) for name in source.namelist()}
    for name, end, more in ((TYPES, "</Types>", types), (RELATIONS, "</Relationships>", relation)):
        held[name] = held[name].replace(end.encode(), f"{more}{end}".encode())
    return archive(held | parts)


def encrypted_archive() -> bytes:
    """An archive whose parts say that they are encrypted, as Word's never are."""
    content = bytearray(archive({"[Content_Types].xml": WORD_TYPES}))
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(("content", "content_type", "ending"), [
    (pdf(), "application/pdf", ".pdf"),
    (b"\xef\xbb\xbf\r\n" + pdf(), "application/pdf", ".pdf"),
    (docx(), f"{OFFICE}.wordprocessingml.document", ".docx"),
    (xlsx(), f"{OFFICE}.spreadsheetml.sheet", ".xlsx"),
    (pptx(), f"{OFFICE}.presentationml.presentation", ".pptx"),
    (open_document(), OPEN_TEXT, ".odt"),
    (open_document(OPEN_SHEET), OPEN_SHEET, ".ods"),
    (png(), "image/png", ".png"),
    (JPEG, "image/jpeg", ".jpg"),
], ids=["pdf", "pdf after blanks", "docx", "xlsx", "pptx", "odt", "ods", "png", "jpeg"])  # fmt: skip
def test_what_is_accepted_gets_the_type_and_the_ending_of_its_content(content, content_type, ending):
    judged = judge(sent(content, "Compte rendu"))
    assert judged == uploads.Judged(
        f"Compte rendu{ending}", content_type, len(content), hashlib.sha256(content).hexdigest()
    )


@pytest.mark.parametrize(("content", "name", "told"), [
    (HTML, "lettre.pdf", "C'est une page web"),
    (b"\n\n  " + HTML, "photo.png", "C'est une page web"),
    (SVG, "plan.png", "un dessin SVG"),
    (PROGRAM, "projet.docx", "un programme"),
    (b"Nom;Communes\n", "liste.csv", "du texte brut"),
    (b"GIF89a" + bytes(100), "logo.gif", "une image d'un autre format"),
    (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "ancien.docx", "ancien format"),
    (bytes(range(256)), "inconnu.pdf", "format inconnu"),
    (archive({"notes.txt": "bonjour"}), "projet.docx", "une archive"),
    (archive({"[Content_Types].xml": "<Types/>"}), "projet.docx", "une archive"),
    (open_document("application/vnd.oasis.opendocument.graphics"), "dessin.odt", "une archive"),
    (docx()[:-30], "coupé.docx", "abîmé ou incomplet"),
    (b"PK\x03\x04", "vide.docx", "abîmé ou incomplet"),
    (pdf()[:-8], "coupé.pdf", "abîmé ou incomplet"),
    (b"%PDF-1.4\n" + HTML, "lettre.pdf", "abîmé ou incomplet"),
    (b"", "vide.pdf", "vide"),
], ids=[
    "html as pdf", "html after blanks", "svg", "exe as docx", "csv", "gif", "old Office", "bytes", "zip as docx",
    "zip that lists types", "other OpenDocument", "cut docx", "head of zip", "cut pdf",
    "html behind a pdf head", "empty",
])  # fmt: skip
def test_what_is_not_accepted_is_refused_with_what_it_is(content, name, told):
    assert told in refusal(content, name)


def test_a_refusal_says_what_is_accepted():
    assert "Sont acceptés : PDF, Word (docx)" in refusal(HTML)


@pytest.mark.parametrize("content", [
    archive({"[Content_Types].xml": WITH_MACROS, "word/document.xml": "<w/>"}),
    archive({"[Content_Types].xml": WORD_TYPES, "word/document.xml": "<w/>", "word/vbaProject.bin": "x"}),
    archive({"[Content_Types].xml": WORD_TYPES, "xl/macrosheets/sheet1.xml": "<w/>"}),
    docx_with(VBA, types='<Default Extension="bin" ContentType="application/vnd.ms-office.vba&#80;roject"/>'),
    docx_with(VBA, relation=f'<Relationship Id="r" Type="{MICROSOFT}/vba&#80;roject" Target="v.bin"/>'),
    open_document(**{"Basic/Standard/Module1.xml": "<script/>"}),
    open_document(**{"./Basic/Standard/Module1.xml": "<script/>"}),
    open_document(**{"/Basic/Module1.xml": "<script/>"}),
    open_document(**{"x/../Basic/Module1.xml": "<script/>"}),
    open_document(**{"Object 1/basic/Module1.xml": "<script/>"}),
    open_document(**{"Scripts/python/do.py": "import os"}),
], ids=[
    "type of docm", "vbaProject", "Excel 4 sheet", "type in entities", "relation in entities", "Basic", "./Basic",
    "/Basic", "x/../Basic", "Basic of an object", "Python",
])  # fmt: skip
def test_macros_are_refused(content):
    assert "macros" in refusal(content, "projet.docx")


@pytest.mark.parametrize("content", [
    encrypted_archive(),
    open_document(**{"META-INF/manifest.xml": "<manifest:encryption-data/>"}),
], ids=["zip", "OpenDocument"])  # fmt: skip
def test_what_nobody_else_could_open_is_refused(content):
    assert "mot de passe" in refusal(content)


def test_what_would_explode_is_refused_without_being_unpacked(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_INFLATED_BYTES", 1_000_000)
    bomb = archive({"[Content_Types].xml": WORD_TYPES, "word/document.xml": b" " * 1_000_001})
    assert len(bomb) < 3_000
    assert "démesuré" in refusal(bomb, "projet.docx")


def test_what_has_too_many_parts_is_refused_before_they_are_listed(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_ENTRIES", 50)
    assert "démesuré" in refusal(archive({f"word/{number}.xml": "" for number in range(51)}), "projet.docx")


def test_a_list_of_types_that_is_itself_a_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_PART_BYTES", 1_000)
    assert "abîmé" in refusal(archive({"[Content_Types].xml": WORD_TYPES + " " * 1_001}))
    odd = archive({"[Content_Types].xml": WORD_TYPES}, packed=zipfile.ZIP_BZIP2)
    assert "abîmé" in refusal(odd)


@pytest.mark.parametrize("content", [
    pdf() + archive({"caché.html": HTML}),
    png() + archive({"caché.html": HTML}),
    JPEG + archive({"caché.html": HTML}),
    archive({"caché.html": HTML}) + docx(),
    docx() + HTML,
], ids=["pdf and zip", "png and zip", "jpeg and zip", "zip before docx", "page after docx"])  # fmt: skip
def test_a_file_that_hides_another_is_refused(content):
    assert "en cache un autre" in refusal(content)


def test_a_word_document_with_a_workbook_inside_is_a_word_document():
    embedded = f'<Default Extension="xlsx" ContentType="{OFFICE}.spreadsheetml.sheet"/></Types>'
    types = WORD_TYPES.replace("</Types>", embedded)
    content = archive({"[Content_Types].xml": types, "word/embeddings/1.xlsx": xlsx()})
    assert judge(sent(content)).content_type == f"{OFFICE}.wordprocessingml.document"


@pytest.mark.parametrize("content", [
    docx_with({"word/embeddings/oleObject1.bin": bytes.fromhex("d0cf11e0a1b11ae1")}),
    docx_with({"word/media/image1.png": PROGRAM}),
    open_document(**{"Object 1": PROGRAM.decode("latin-1")}),
], ids=["OLE", "program in a Word document", "program in an OpenDocument"])  # fmt: skip
def test_a_program_or_an_object_inside_is_refused(content):
    assert "un programme ou un objet incorporé" in refusal(content)


@pytest.mark.parametrize("name", ["Basic\\Module1.xml", "/x.xml", "x/../y.xml", "./x.xml", "x//y.xml", "CONTENT.xml"])
def test_a_name_that_applications_read_differently_is_refused(name):
    assert "abîmé" in refusal(open_document(**{name: "<x/>"}))


def linked(target: str, kind: str = "attachedTemplate") -> bytes:
    link = f"<Relationship Id='r' Type='{OFFICE_RELATIONS}/{kind}' Target='{target}' TargetMode='&#69;xternal'/>"
    return docx_with({}, relation=link)


@pytest.mark.parametrize("target", [
    "https://exemple.fr/hyperlink.dotm", "file:///\\\\serveur\\m.dotm", "\\\\serveur\\m.dotm", "file://serveur/m.dotm",
])  # fmt: skip
def test_a_model_fetched_elsewhere_is_refused(target):
    assert "hors du document" in refusal(linked(target))


@pytest.mark.parametrize(("target", "kind"), [
    ("file:///C:\\Users\\moi\\Lettre.dotx", "attachedTemplate"),
    ("Normal.dotm", "attachedTemplate"),
    ("https://exemple.fr", "hyperlink"),
])  # fmt: skip
def test_a_link_or_the_model_of_one_s_computer_is_accepted(target, kind):
    assert judge(sent(linked(target, kind))).content_type == f"{OFFICE}.wordprocessingml.document"


def test_the_largest_size_is_a_setting(settings):
    settings.UPLOAD_MAX_BYTES = 2 * 1024 * 1024
    content = pdf().replace(b"%%EOF", b"%" * (2 * 1024 * 1024) + b"\n%%EOF")
    assert "trop lourd : 2,1\u00a0Mo, pour 2\u00a0Mo au plus" in refusal(content + bytes(100_000))
    settings.UPLOAD_MAX_BYTES = 3 * 1024 * 1024
    assert judge(sent(content)).size == len(content)


@pytest.mark.parametrize(("name", "kept"), [
    ("Lettre d'intention.PDF", "Lettre d'intention.pdf"),
    ("rapport.pdf. ", "rapport.pdf"),
    ("contrat.pdf.exe", "contrat.pdf.exe.pdf"),
    ("../../etc/passwd", "passwd.pdf"),
    ("C:\\Users\\moi\\contrat.pdf", "contrat.pdf"),
    ("a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie: x=1.pdf"),
    ("fdp\u202efdp.exe", "fdp fdp.exe.pdf"),
    ("projet de sante\u0301.pdf", "projet de santé.pdf"),
    ("報告書.pdf", "報告書.pdf"),
    (".pdf", "document.pdf"),
    (" .. ", "document.pdf"),
    ("x" * 300 + ".pdf", "x" * uploads.MAX_NAME + ".pdf"),
])  # fmt: skip
def test_a_name_is_only_shown_and_never_trusted(name, kept):
    assert uploads.display_name(name, uploads.PDF) == kept


def test_both_endings_of_a_jpeg_are_kept():
    assert uploads.display_name("plan.JPEG", uploads.JPEG) == "plan.jpeg"
