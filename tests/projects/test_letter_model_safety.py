"""What a model of letter cannot do: run, compute, fetch, carry something else, or take hours to read."""

import io
import zipfile

import docx
import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from jinja2 import TemplateError

from projects.letters.checking import MAX_BYTES
from projects.letters.fields import FIELDS
from projects.letters.producing import produce
from projects.letters.rendering import FOOTNOTES, environment, fill
from projects.models import LetterKind
from tests.letters import add_model, complete, filed, repacked, said_by, tell_institution, why_refused, word

Kind = LetterKind


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


ATTEMPTS = [
    "{{ projet.__class__ }}",
    "{{ projet.__class__.__mro__[1].__subclasses__() }}",
    "{{ projet['__class__'] }}",
    "{{ projet|attr('__class__') }}",
    "{{ ''.join(['a']) }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ self._TemplateReference__context }}",
    "{{ range(999999999) }}",
    "{{ 'a' * 999999999 }}",
    "{{ 9 ** 999999 }}",
    "{{ projet.upper() }}",
    "{{ '%s'|format(projet) }}",
    "{% set x = projet %}{{ x }}",
    "{% include 'etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
    "{% macro m() %}{% endmacro %}{{ m() }}",
    "{% for a in decompte if a.__class__ %}{{ a.date }}{% endfor %}",
    "{% for a in decompte recursive %}{{ loop(a) }}{% endfor %}",
    "{% for a in decompte %}{% for b in decompte %}{{ b.date }}{% endfor %}{% endfor %}",
    "{% for a in decompte %}{{ a.items }}{% endfor %}",
    "{% for a in decompte %}{{ loop.__class__ }}{% endfor %}",
    "{% for a in projet %}{{ a }}{% endfor %}",
    "{{ projet|upper(decompte.__class__) }}",
    "{{ (projet, decompte) }}",
    "{{ projet if regle else decompte }}",
    "{{ projet is defined }}",
    '{{ projet|lower(*("" if 9**(9**9) else "")) }}',
    '{{ projet|lower(**{"a": 1}) }}',
    "{{ projet|lower(a=1) }}",
    *(f"{{{{ projet {sign} 2 }}}}" for sign in ("+", "-", "*", "/", "//", "%", "**", "~")),
    "{{ -2 }}",
    "{" + "{ " + "(" * 300 + "projet" + ")" * 300 + " }}",
]


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_model_runs_nothing(attempt):
    assert why_refused(word(*complete(Kind.ATTESTATION), attempt), Kind.ATTESTATION) != []


@pytest.mark.parametrize(
    "attempt", ["{{ ''.__class__.__mro__ }}", "{{ lipsum }}", "{{ range(3) }}", "{{ x.y }}", "{{ 9**9 }}", "{{ -x }}"]
)
def test_the_engine_that_fills_them_would_not_run_it_either(attempt):
    with pytest.raises(TemplateError):
        environment().from_string(attempt).render({})


# What is no model


def test_a_disguised_or_damaged_file_is_refused_and_nothing_is_read_of_its_name():
    for content in (b"", b"%PDF-1.7 not really", b"PK\x03\x04 damaged", b"<html>", b"MZ\x90\x00", b"texte"):
        assert why_refused(ContentFile(content, name="modele.docx"), Kind.ATTESTATION) != []
    sheet = repacked(
        word("x"), change=lambda name, part: part.replace(b"wordprocessingml.document", b"spreadsheetml.sheet")
    )
    (told,) = why_refused(sheet, Kind.ATTESTATION)
    assert "document Word (.docx)" in told


def test_what_runs_or_is_fetched_elsewhere_is_refused():
    model = word(*complete(Kind.ATTESTATION))
    macro = repacked(model, {"word/vbaProject.bin": b"x"})
    assert "macros" in why_refused(macro, Kind.ATTESTATION)[0]
    model.seek(0)
    embedded = repacked(model, {"word/embeddings/oleObject1.bin": b"x"})
    assert "objet incorporé" in why_refused(embedded, Kind.ATTESTATION)[0]
    model.seek(0)
    remote = (
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        b'attachedTemplate" Target="https://exemple.fr/modele.dotm" TargetMode="External"/></Relationships>'
    )

    def fetch(name: str, part: bytes) -> bytes:
        return part.replace(b"</Relationships>", remote) if name == "word/_rels/document.xml.rels" else part

    assert "hors du document" in why_refused(repacked(model, change=fetch), Kind.ATTESTATION)[0]


RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def leading(relation: str, add: dict[str, bytes] | None = None) -> ContentFile:
    """A model that is complete, whose text leads elsewhere."""

    def change(name: str, part: bytes) -> bytes:
        more = f"{relation}</Relationships>".encode()
        return part.replace(b"</Relationships>", more) if name == "word/_rels/document.xml.rels" else part

    return repacked(word(*complete(Kind.ATTESTATION)), add, change)


@pytest.mark.parametrize(
    "relation",
    [
        f'<Relationship Id="r" Type="{RELATED}/attachedTemplate" Target="//a.fr/hyperlink" TargetMode="External"/>',
        f"<Relationship Id='r' Type='{RELATED}/image' Target='https://a.fr/x.png' TargetMode='External'/>",
        f'<Relationship Id="r" Type="{RELATED}/image" Target="https://a.fr/x.png" TargetMode="&#69;xternal"/>',
        f'<Relationship Id="r" Type="{RELATED}/image" Target="https://a.fr/>.png" TargetMode="External"/>',
    ],
    ids=["hyperlink in the target", "single quotes", "entity", "angle bracket"],
)
def test_a_link_that_word_would_follow_is_found_however_it_is_written(relation):
    assert "hors du document" in why_refused(leading(relation), Kind.ATTESTATION)[0]


def test_a_link_that_one_clicks_is_accepted():
    link = f'<Relationship Id="r" Type="{RELATED}/hyperlink" Target="https://exemple.fr" TargetMode="External"/>'
    assert why_refused(leading(link), Kind.ATTESTATION) == []


@pytest.mark.parametrize("what", ["oleObject", "aFChunk", "package", "control"])
def test_an_object_is_found_wherever_it_stands(what):
    held = leading(f'<Relationship Id="r" Type="{RELATED}/{what}" Target="media/x.png"/>', {"word/media/x.png": b"x"})
    assert "objet incorporé" in why_refused(held, Kind.ATTESTATION)[0]


def with_xml(xml: str, *lines: str) -> ContentFile:
    """A complete model whose body starts with this XML."""
    model = word(*complete(Kind.ATTESTATION), *lines)
    return repacked(model, change=lambda name, part: part.replace(b"<w:body>", f"<w:body>{xml}".encode()))


@pytest.mark.parametrize(
    "xml",
    [
        "<w:altChunk/>",
        '<w:p><w:r><w:instrText>DDEAUTO cmd "/k calc"</w:instrText></w:r></w:p>',
        "<w:p><w:r><w:instrText>DD</w:instrText></w:r><w:r><w:instrText>E cmd</w:instrText></w:r></w:p>",
        '<w:p><w:fldSimple w:instr=" includetext https://exemple.fr/a.docx "/></w:p>',
        "<w:p><w:r><w:t>{% raw %}{{ &lt;w:altChunk/&gt; }}{% endraw %}</w:t></w:r></w:p>",
    ],
    ids=["altChunk", "DDEAUTO", "DDE in pieces", "INCLUDETEXT", "made while it is filled"],
)
def test_a_field_of_word_that_runs_or_takes_in_a_file_is_refused(xml):
    (told,) = why_refused(with_xml(xml), Kind.ATTESTATION)
    assert "insère un autre fichier ou appelle un programme" in told


def test_a_letter_that_would_run_something_is_not_produced(db, ars):
    add_model(Kind.ATTESTATION, *complete(Kind.ATTESTATION), "{% raw %}{{ <w:altChunk/> }}{% endraw %}")
    tell_institution(ars)
    project = filed(90)
    with pytest.raises(ValidationError, match="ne se remplit pas"):
        produce(ars, project.pk, Kind.ATTESTATION, said_by(ars))


def test_the_other_fields_of_word_are_accepted():
    xml = "<w:p><w:r><w:instrText>PAGE</w:instrText></w:r></w:p><w:p><w:fldSimple w:instr='HYPERLINK hidden.fr'/></w:p>"
    assert why_refused(with_xml(xml), Kind.ATTESTATION) == []


def footnoted(text: str) -> ContentFile:
    """A model of two sections whose text leads to footnotes under another name than usual."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    note = f"<w:footnote><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:footnote>"
    part = f'<w:footnotes xmlns:w="{space}">{note}</w:footnotes>'.encode()
    declared = f'<Override PartName="/word/x.xml" ContentType="{FOOTNOTES}"/></Types>'.encode()
    section = b"<w:body><w:p><w:pPr><w:sectPr/></w:pPr></w:p>"
    model = leading(f'<Relationship Id="r" Type="{RELATED}/endnotes" Target="x.xml"/>', {"word/x.xml": part})
    return repacked(model, change=lambda name, part: part.replace(b"</Types>", declared).replace(b"<w:body>", section))


def test_footnotes_are_read_by_what_they_are():
    (told,) = why_refused(footnoted("{{ inconnu }}"), Kind.ATTESTATION)
    assert "« inconnu »" in told


def test_a_value_in_a_footnote_is_never_read_as_a_model():
    samples = {name: each.sample for name, each in FIELDS.items()}
    filled = fill(footnoted("{{ projet }}").read(), samples | {"projet": "CPTS {{ porteur }}"})
    with zipfile.ZipFile(io.BytesIO(filled)) as archive:
        assert "CPTS {{ porteur }}" in archive.read("word/x.xml").decode()


def test_the_braces_of_a_header_are_read_however_they_are_written():
    model = word(*complete(Kind.ATTESTATION), header="@@ inconnu ##")
    written = (b"@@", b"&#123;&#123;"), (b"##", b"&#125;&#125;")

    def change(name: str, part: bytes) -> bytes:
        for sign, entities in written:
            part = part.replace(sign, entities) if name.startswith("word/header") else part
        return part

    assert "« inconnu »" in why_refused(repacked(model, change=change), Kind.ATTESTATION)[0]


def test_the_properties_of_a_document_are_never_read_as_a_model():
    document = docx.Document(word("Bonjour"))
    for name in ("author", "identifier", "language", "title"):
        setattr(document.core_properties, name, "{{ inconnu() }}")
    content = io.BytesIO()
    document.save(content)
    properties = docx.Document(io.BytesIO(fill(content.getvalue(), {}))).core_properties
    assert properties.author == properties.language == "{{ inconnu() }}"


def test_a_model_that_would_take_hours_to_read_is_refused_at_once():
    paragraph = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
    for xml in (paragraph.format("{{ " * 600), paragraph.format("texte") * 30_000):
        assert "trop long ou contient trop de champs" in why_refused(with_xml(xml), Kind.ATTESTATION)[0]
    cell = "<w:tc>" + f"<w:tcPr/>{paragraph.format('a')}" * 9_000 + paragraph.format("{% vm %}") + "</w:tc>"
    table = f"<w:tbl><w:tblGrid/><w:tr>{cell}</w:tr></w:tbl>"
    assert "mal écrit" in why_refused(with_xml(table), Kind.ATTESTATION)[0]


def packed_oddly(at: int, value: bytes) -> ContentFile:
    """A model where the entry of one of its parts, in the list at the end of the archive, is changed."""
    content = bytearray(word(*complete(Kind.ATTESTATION)).read())
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(b"word/_rels/document.xml.rels"))
    content[entry + at : entry + at + len(value)] = value
    return ContentFile(bytes(content), name="modele.docx")


@pytest.mark.parametrize(
    "model",
    [
        word(*complete(Kind.ATTESTATION), *["{% if projet %}"] * 110, *["{% endif %}"] * 110),
        with_xml("<w:tbl><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>"),
        with_xml("<w:tbl><w:tblGrid><w:gridCol w:w='inf'/></w:tblGrid><w:tr><w:tc/><w:tc/></w:tr></w:tbl>"),
        packed_oddly(10, (99).to_bytes(2, "little")),
        packed_oddly(16, b"abcd"),
    ],
    ids=["110 conditions", "column without width", "endless column", "unknown packing", "wrong checksum"],
)
def test_what_cannot_be_read_is_refused(model):
    (told,) = why_refused(model, Kind.ATTESTATION)
    assert "ne s'ouvre pas" in told or "abîmé" in told


def test_a_huge_model_is_refused():
    stuffed = word(*complete(Kind.ATTESTATION)).read() + b"\0" * MAX_BYTES
    assert "3\u00a0Mo au plus" in why_refused(ContentFile(stuffed, name="m.docx"), Kind.ATTESTATION)[0]
    bomb = repacked(word(*complete(Kind.ATTESTATION)), {"word/media/image1.png": b"\0" * 30_000_000})
    assert bomb.size < MAX_BYTES
    assert "démesuré" in why_refused(bomb, Kind.ATTESTATION)[0]
