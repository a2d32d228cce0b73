"""The prepared file of a contract year, as a PDF or to go on writing in Word."""

from django.http import Http404, HttpRequest, HttpResponse

from aci.dialogue_file import DialogueFile, as_docx, as_pdf, file_of
from aci.views.access import readable_contract
from ground.forms import asked_day

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def dialogue_file(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    file = _file(request, pk, year)
    return _attached(as_pdf(file), f"{file.name}.pdf", "application/pdf")


def dialogue_file_docx(request: HttpRequest, pk: int, year: int) -> HttpResponse:
    file = _file(request, pk, year)
    return _attached(as_docx(file), f"{file.name}.docx", DOCX)


def _file(request: HttpRequest, pk: int, year: int) -> DialogueFile:
    contract, day = readable_contract(request, pk), asked_day(request)
    if not 1 <= year <= contract.years:
        raise Http404(f"Ce contrat compte {contract.years} années.")
    return file_of(contract, year, day)


def _attached(content: bytes, name: str, content_type: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)
