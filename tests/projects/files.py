"""Files that tests send: real documents as small as they can be, and ones that are not what they say."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document
from openpyxl import Workbook

OPEN_TEXT = "application/vnd.oasis.opendocument.text"
OPEN_SHEET = "application/vnd.oasis.opendocument.spreadsheet"
OFFICE = "application/vnd.openxmlformats-officedocument"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + bytes(200) + b"\xff\xd9"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HTML = b"<!DOCTYPE html><html><script>alert(document.cookie)</script></html>"
PROGRAM = b"MZ\x90\x00" + bytes(400)


def pdf(text: str = "Lettre") -> bytes:
    return f"%PDF-1.4\n% {text}\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".encode()


def png() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def docx(text: str = "Projet de santé") -> bytes:
    document, content = Document(), BytesIO()
    document.add_paragraph(text)
    document.save(content)
    return content.getvalue()


def xlsx() -> bytes:
    content = BytesIO()
    Workbook().save(content)
    return content.getvalue()


def archive(parts: Mapping[str, str | bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", packed) as written:
        for name, part in parts.items():
            written.writestr(name, part)
    return content.getvalue()


def pptx() -> bytes:
    types = f'<Types><Override ContentType="{OFFICE}.presentationml.presentation.main+xml"/></Types>'
    return archive({"[Content_Types].xml": types, "ppt/presentation.xml": "<p/>"})


def open_document(content_type: str = OPEN_TEXT, **parts: str) -> bytes:
    return archive({"mimetype": content_type, "content.xml": "<office/>", **parts})


def sent(content: bytes, name: str = "document.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)
