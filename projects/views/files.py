"""Giving a stored file back: always to be saved, never shown by the browser as a page of the site."""

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import render

from projects.models import Document, LetterModel, LibraryEntry


def attachment(request: HttpRequest, row: Document | LetterModel | LibraryEntry) -> HttpResponseBase:
    """The file of `row`, under the name and the type we found it to have; 410 when the storage has lost it."""
    try:
        content = row.file.open()
    except FileNotFoundError:
        return render(request, "errors/410.html", {"what": row}, status=410)
    response = FileResponse(content, as_attachment=True, filename=row.filename, content_type=row.content_type)
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response
