"""Opens an uploaded spreadsheet, judged by its content and never by its name, without trusting it."""

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from projects.spreadsheets import sandbox

MAX_BYTES = 5_000_000
MAX_INFLATED_BYTES = 50_000_000
TIMEOUT_SECONDS = 30
MOST_COMMUNES = 40_000
"""Rows of a file that tells something of every commune of the country."""

CellValue = str | int | float | bool | date
"""What a cell holds; a blank one holds the empty text."""


def too_large(max_rows: int) -> str:
    rows = f"{max_rows:,}".replace(",", " ")
    return (
        f"Ce fichier est trop volumineux : au plus 5 Mo, {rows} lignes remplies et {sandbox.MAX_COLUMNS} colonnes. "
        "Gardez seulement le tableau (sans images ni données annexes), puis recommencez."
    )


TOO_LARGE = too_large(sandbox.MAX_ROWS)
EMPTY = "Ce fichier est vide. Choisissez un tableau rempli (xlsx, xls, ods ou csv)."
PROTECTED = (
    "Ce fichier est protégé par un mot de passe. Ouvrez-le dans votre tableur, retirez la protection, "
    "enregistrez-le, puis recommencez."
)
NOT_A_SPREADSHEET = (
    "Ce fichier n'est pas un tableau lisible. Ouvrez-le dans votre tableur, enregistrez-le au format "
    "xlsx, ods ou csv (colonnes séparées par des points-virgules), puis recommencez."
)
TOO_LARGE_OR_DAMAGED = (
    "Ce fichier est trop volumineux ou abîmé. Copiez le tableau seul dans un nouveau classeur, "
    "enregistrez-le au format xlsx, puis recommencez."
)
HOLDS_ERRORS = (
    "Des cellules de ce fichier contiennent une erreur de tableur (#REF!, #N/A…). Corrigez-les ou enregistrez le "
    "fichier au format xlsx, qui permet de dire lesquelles, puis recommencez."
)
REFUSALS = {"password": PROTECTED, "format": NOT_A_SPREADSHEET, "errors": HOLDS_ERRORS}

ARCHIVES = {"xl/workbook.xml": "xlsx", "xl/workbook.bin": "xlsb", "content.xml": "ods"}
OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")
NOT_TEXT = (b"%PDF", b"{\\rtf", b"<", b"\x89PNG", b"GIF8")


class UnreadableFile(Exception):
    """The file cannot be read; `message_fr` says why and what to do."""

    def __init__(self, message_fr: str) -> None:
        super().__init__(message_fr)
        self.message_fr = message_fr


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as it stands: `rows[0]` is its row 1, blank rows stay in the middle, blank ends are cut.

    A cell in error holds the text of its error.
    """

    name: str
    rows: list[list[CellValue]]
    is_visible: bool = True


def open_workbook(content: bytes, filename: str, max_rows: int = sandbox.MAX_ROWS) -> list[Sheet]:
    """The sheets of an xlsx, xls, ods or csv file that hold something. A csv file has one, named after the file.

    Raises UnreadableFile. The file is read in another process with bounded memory and time, for a few bytes may claim
    billions of cells.
    """
    if not content.strip():
        raise UnreadableFile(EMPTY)
    if len(content) > MAX_BYTES:
        raise UnreadableFile(too_large(max_rows))
    sheets = [
        Sheet(sheet["name"] or Path(filename).stem, sheet["rows"], sheet["is_visible"])
        for sheet in _read_apart(content, _kind(content), max_rows)
        if sheet["rows"]
    ]
    if not sheets:
        raise UnreadableFile(EMPTY)
    return sheets


def _kind(content: bytes) -> str:
    if content.startswith(b"PK"):
        return _kind_of_archive(content)
    if content.startswith(OLD_OFFICE):
        if ENCRYPTED_OFFICE in content:
            raise UnreadableFile(PROTECTED)
        return "xls"
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(NOT_TEXT):
        raise UnreadableFile(NOT_A_SPREADSHEET)
    return "csv"


def _kind_of_archive(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableFile(TOO_LARGE_OR_DAMAGED) from error
    if any(member.flag_bits & 1 for member in members):
        raise UnreadableFile(PROTECTED)
    if sum(member.file_size for member in members) > MAX_INFLATED_BYTES:
        raise UnreadableFile(TOO_LARGE)
    names = {member.filename for member in members}
    kind = next((kind for sign, kind in ARCHIVES.items() if sign in names), None)
    if not kind:
        raise UnreadableFile(NOT_A_SPREADSHEET)
    return kind


def _read_apart(content: bytes, kind: str, max_rows: int) -> list[dict[str, Any]]:
    with NamedTemporaryFile(suffix=f".{kind}") as file:
        file.write(content)
        file.flush()
        try:
            done = subprocess.run(  # noqa: S603 - our own script; -I and the empty environment keep all else out
                [sys.executable, "-I", sandbox.__file__, file.name, str(max_rows)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
                timeout=TIMEOUT_SECONDS,
                env={},
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise UnreadableFile(TOO_LARGE_OR_DAMAGED) from error
    answer = json.loads(done.stdout, object_hook=_with_dates)
    if "refusal" in answer:
        raise UnreadableFile(REFUSALS.get(answer["refusal"], too_large(max_rows)))
    sheets: list[dict[str, Any]] = answer["sheets"]
    return sheets


def _with_dates(found: dict[str, Any]) -> dict[str, Any] | date:
    return date.fromisoformat(found["date"]) if "date" in found else found
