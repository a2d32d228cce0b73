"""Judges an uploaded document by what it holds, never by its name or by what the browser says of it."""

import hashlib
import re
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from urllib.parse import unquote

import filetype
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from lxml.etree import LxmlError

from ground.templatetags.french import weight
from projects.ooxml import declared_types, relations

ACCEPTED = "PDF, Word (docx), Excel (xlsx), PowerPoint (pptx), OpenDocument (odt, ods), image PNG ou JPEG"
EXTENSIONS = ".pdf,.docx,.xlsx,.pptx,.odt,.ods,.png,.jpg,.jpeg"
MAX_ENTRIES = 10_000
MAX_INFLATED_BYTES = 300_000_000
MAX_PART_BYTES = 2_000_000  # of the parts of an archive that are read: the list of its types, its manifest
MAX_NAME = 150


@dataclass(frozen=True, slots=True)
class Kind:
    """A format that is accepted; the first of its extensions is the usual one."""

    content_type: str
    extensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What is kept of a file besides its content, under the names of the models' fields; all of it found, not told."""

    filename: str
    content_type: str
    size: int
    sha256: str


PDF = Kind("application/pdf", (".pdf",))
PNG = Kind("image/png", (".png",))
JPEG = Kind("image/jpeg", (".jpg", ".jpeg"))
OFFICE = [
    Kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",)),
    Kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",)),
    Kind("application/vnd.openxmlformats-officedocument.presentationml.presentation", (".pptx",)),
]
OPEN_DOCUMENT = [
    Kind("application/vnd.oasis.opendocument.text", (".odt",)),
    Kind("application/vnd.oasis.opendocument.spreadsheet", (".ods",)),
]
OFFICE_TYPES, OPEN_TYPE, OPEN_MANIFEST = "[Content_Types].xml", "mimetype", "META-INF/manifest.xml"

BLANK = b"\xef\xbb\xbf \t\r\n\0"
ARCHIVE, ARCHIVE_ENTRY = b"PK\x03\x04", b"PK\x01\x02"
OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
ARCHIVE_END, ARCHIVE_END_SIZE = b"PK\x05\x06", 22
PROGRAMS = (b"MZ", OLD_OFFICE[:4])
MACROS = re.compile(r"macroenabled|vbaproject|vbadata|macrosheet", re.IGNORECASE)
MACRO_PARTS = re.compile(r"(^|/)(vbaproject|macrosheets/|basic/|scripts/)", re.IGNORECASE)
ODD_NAME = re.compile(r"\\|(^|/)\.{0,2}(/|$)")
OPENED_ALONE = {"attachedTemplate", "oleObject", "package", "control", "frame", "subDocument", "aFChunk"}
FOUND = {
    "application/x-msdownload": "un programme",
    "application/x-executable": "un programme",
    "application/rtf": "un document RTF",
}
FOUND_LIKE = {"image": "une image d'un autre format", "video": "une vidéo", "audio": "un enregistrement sonore"}

ARCHIVE_ERRORS = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, LxmlError,
)  # fmt: skip

REFUSALS = {
    "empty": "Ce fichier est vide.",
    "damaged": "Ce fichier est abîmé ou incomplet. Enregistrez-le de nouveau, ou exportez-le en PDF, puis renvoyez-le.",
    "macros": "Ce fichier contient des macros, qui sont des programmes. Enregistrez-le sans macros, ou en PDF.",
    "encrypted": "Ce fichier est protégé par un mot de passe : d'autres ne pourraient pas l'ouvrir. Ôtez-le.",
    "inflated": "Ce fichier compressé serait démesuré une fois ouvert. Exportez-le en PDF.",
    "program": "Ce fichier contient un programme ou un objet incorporé. Ôtez-le, ou exportez-le en PDF.",
    "remote": "Ce fichier va chercher un modèle ou un objet hors du document. Retirez ce lien ou exportez-le en PDF.",
    "two_files": "Ce fichier en cache un autre : une archive y est jointe. Envoyez le document seul.",
}
STATUSES = {"too_large": 413, "inflated": 413} | dict.fromkeys(
    ("not_accepted", "macros", "encrypted", "program", "remote", "two_files"), 415
)
"""The HTTP status of an answer that refuses a file with this code; 422 for any other."""


def judge(file: File) -> Judged:
    """What `file` is and under which name it is kept. Raises ValidationError, which says what was found and accepted.

    The file is read by pieces and never unpacked.
    """
    if not file.size:
        raise _refused("empty")
    if file.size > settings.UPLOAD_MAX_BYTES:
        raise ValidationError(
            f"Ce fichier est trop lourd : {weight(file.size)}, pour {weight(settings.UPLOAD_MAX_BYTES)} au plus. "
            "Réduisez ses images, ou coupez-le en plusieurs documents.",
            code="too_large",
        )
    kind = _kind(file)
    return Judged(display_name(file.name, kind), kind.content_type, file.size, _digest(file))


def display_name(name: str, kind: Kind) -> str:
    """The name shown and given back: no path, nothing invisible, of a bearable length, ending as its content does."""
    last = re.split(r"[/\\]", name)[-1]
    visible = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", last))
    stem = re.sub(r"\s+", " ", visible).rstrip(" .")
    ending = next((ending for ending in kind.extensions if stem.lower().endswith(ending)), "")
    stem = stem[: len(stem) - len(ending)].strip(" .")[:MAX_NAME]
    return (stem or "document") + (ending or kind.extensions[0])


def _kind(file: File) -> Kind:
    head = _read(file, 0, 8192)
    if head.startswith(ARCHIVE):
        return _kind_of_archive(file)
    guess = filetype.guess_mime(head)
    kind = next((kind for kind in (PNG, JPEG) if kind.content_type == guess), None)
    if kind is None and head[:1024].lstrip(BLANK).startswith(b"%PDF-"):
        kind = PDF
        if b"%%EOF" not in _read(file, max(0, file.size - 2048), 2048):
            raise _refused("damaged")
    if kind is None:
        raise _not_accepted(_in_words(head, guess))
    file.seek(0)
    if zipfile.is_zipfile(file):
        raise _refused("two_files")
    return kind


def _kind_of_archive(file: File) -> Kind:
    """The office document that a zip archive is: told by its parts, of which only those that declare are read."""
    if sum(chunk.count(ARCHIVE_ENTRY) for chunk in file.chunks()) > MAX_ENTRIES:
        raise _refused("inflated")
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            kind = _kind_of_parts(archive)
    except ARCHIVE_ERRORS as error:
        raise _refused("damaged") from error
    if not _read(file, file.size - ARCHIVE_END_SIZE, ARCHIVE_END_SIZE).startswith(ARCHIVE_END):
        raise _refused("two_files")
    return kind


def _kind_of_parts(archive: zipfile.ZipFile) -> Kind:
    parts = {part.filename: part for part in archive.infolist()}
    _refuse_odd_parts(archive)
    kind = None
    if OFFICE_TYPES in parts:
        types = declared_types(_part(archive, parts[OFFICE_TYPES]))
        _refuse_what_runs(archive, types)
        kind = next((kind for kind in OFFICE if f"{kind.content_type}.main+xml" in types), None)
    elif OPEN_TYPE in parts:
        told = _part(archive, parts[OPEN_TYPE]).strip()
        kind = next((kind for kind in OPEN_DOCUMENT if kind.content_type.encode() == told), None)
        if OPEN_MANIFEST in parts and b"encryption-data" in _part(archive, parts[OPEN_MANIFEST]):
            raise _refused("encrypted")
    if kind is None:
        raise _not_accepted("une archive ou un document d'une autre application")
    if min(part.header_offset for part in parts.values()) > 0:
        raise _refused("two_files")
    return kind


def _refuse_odd_parts(archive: zipfile.ZipFile) -> None:
    """Parts whose names are read differently by each application, or that are programs, whatever the format."""
    parts = archive.infolist()
    names = [unquote(part.filename) for part in parts]
    if any(part.flag_bits & 1 for part in parts):
        raise _refused("encrypted")
    if sum(part.file_size for part in parts) > MAX_INFLATED_BYTES:
        raise _refused("inflated")
    if any(map(MACRO_PARTS.search, names)):
        raise _refused("macros")
    is_odd = any(ODD_NAME.search(name.removesuffix("/")) for name in names)
    if is_odd or len({name.lower() for name in names}) < len(names):
        raise _refused("damaged")
    for part in parts:
        with archive.open(part) as content:
            if content.read(4).startswith(PROGRAMS):
                raise _refused("program")


def _refuse_what_runs(archive: zipfile.ZipFile, types: set[str]) -> None:
    """Macros under any name, and what Office would open from a network without being asked."""
    packed = [part for part in archive.infolist() if unquote(part.filename).lower().endswith(".rels")]
    related = [relation for part in packed for relation in relations(_part(archive, part))]
    if any(map(MACROS.search, [*types, *(relation.type for relation in related)])):
        raise _refused("macros")
    if any(relation.is_remote and relation.type in OPENED_ALONE for relation in related):
        raise _refused("remote")


def _part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """A part that has to be read, if it is small and packed in a way that cannot explode."""
    if part.file_size > MAX_PART_BYTES or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused("damaged")
    with archive.open(part) as content:
        return content.read(MAX_PART_BYTES)


def _refused(code: str) -> ValidationError:
    return ValidationError(REFUSALS[code], code=code)


def _not_accepted(found: str) -> ValidationError:
    return ValidationError(f"C'est {found}. Sont acceptés : {ACCEPTED}.", code="not_accepted")


def _in_words(head: bytes, guess: str | None) -> str:
    """What a file that is not accepted seems to be."""
    if head.startswith(OLD_OFFICE):
        return "un document Office d'un ancien format (doc, xls, ppt) ou protégé par un mot de passe"
    text = head.lstrip(BLANK).lower()
    if b"<svg" in text:
        return "un dessin SVG"
    if b"<html" in text or b"<script" in text or b"<body" in text:
        return "une page web"
    if guess:
        return FOUND.get(guess) or FOUND_LIKE.get(guess.split("/")[0], "un fichier d'un autre format")
    return "du texte brut" if b"\0" not in head else "un fichier d'un format inconnu"


def _read(file: File, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)


def _digest(file: File) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
