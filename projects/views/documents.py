"""The documents of a project: read by phase, added, given back, withdrawn. None is ever deleted or shown inline."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from ground.templatetags.french import day as in_words
from ground.templatetags.french import quoted
from projects.folders import folders
from projects.forms.documents import DocumentForm
from projects.forms.withdrawing import WithdrawForm
from projects.models import Document, DocumentType, LibraryEntry, Project
from projects.phases import PHASE_OF, Phase
from projects.views.access import atomic_when_sent, may_write, saved, writable_project
from projects.views.files import attachment
from projects.views.letters import letters_section
from projects.views.library import GRIDS
from projects.views.tabs import tab_of
from projects.withdrawing import NOT_YOURS, may_withdraw, withdraw_document

WITHDRAWN = "Ce document a été retiré : seuls les chargés de suivi de ses départements peuvent encore l'ouvrir."


def project_documents(request: HttpRequest, pk: int) -> HttpResponse:
    """The documents of a project by phase, and the letters that can be written."""
    context = tab_of(request, pk, "project_documents")
    return render(
        request,
        "projects/documents.html",
        {**context, **_documents(request, context), **letters_section(request.user, context["project"])},
    )


def _documents(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    project, stage = context["project"], context["stage"]
    phase = PHASE_OF.get(stage.state) if stage else None
    documents = list(_with_related(project.documents.all()))
    for document in documents:
        document.may_be_withdrawn = document.withdrawn_at is None and may_withdraw(request.user, project, document)
    required = DocumentType.objects.filter(is_required=True, is_in_use=True)
    by_phase = folders([document for document in documents if not document.withdrawn_at], required, phase)
    return {
        "phase": phase,
        "folders": [folder for folder in by_phase if folder.is_worth_showing],
        "ahead": [folder for folder in by_phase if folder.is_ahead and folder.expected],
        "missing_count": sum(len(folder.missing) for folder in by_phase),
        "withdrawn": [document for document in documents if document.withdrawn_at],
        "absorbed": _absorbed(request, project),
        "grid_kind": GRIDS.get(phase),
        **_library(phase, context["today"]),
    }


def _library(phase: Phase | None, today: date) -> dict[str, list[LibraryEntry]]:
    """The tools of a phase: those one can open, and those that the region has still to provide."""
    entries = list(LibraryEntry.objects.on(today).filter(phase=phase)) if phase else []
    return {
        "tools": [entry for entry in entries if entry.is_provided],
        "awaited_tools": [entry for entry in entries if not entry.is_provided],
    }


def _with_related(documents: QuerySet[Document]) -> QuerySet[Document]:
    return documents.select_related("type", "stage", "recorded_by__institution")


def _absorbed(request: HttpRequest, project: Project) -> list[tuple[Project, list[Document]]]:
    """The projects merged into this one, each with its documents."""
    projects = Project.objects.for_user(request.user).filter(stages__merger__successor=project).distinct()
    documents = _with_related(Document.objects.filter(project__in=projects, withdrawn_at=None))
    by_project: dict[int, list[Document]] = {}
    for document in documents:
        by_project.setdefault(document.project_id, []).append(document)
    return [(former, by_project.get(former.pk, [])) for former in projects]


@atomic_when_sent
def document_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Attach a file to a step of the project. A refused form comes back as typed, but for the file."""
    project = writable_project(request, pk)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = DocumentForm(*sent, project=project, user=request.user, initial=_asked_type(request))
    if form.is_valid():
        document = form.save()
        messages.success(request, f"Ajouté : {quoted(document)}.")
        return redirect(f"{reverse('project_documents', args=[project.pk])}#document-{document.pk}")
    context = {"project": project, "form": form}
    return render(request, "projects/document_add.html", context, status=form.status if form.is_bound else 200)


def _asked_type(request: HttpRequest) -> dict[str, str]:
    asked = request.GET.get("type", "")
    if asked and not asked.isdecimal():
        raise BadRequest("Le type de document demandé dans l'adresse n'existe pas.")
    return {"type": asked}


@require_safe
def document_download(request: HttpRequest, pk: int, document_pk: int) -> HttpResponseBase:
    project = get_object_or_404(Project.objects.for_user(request.user), pk=pk)
    document = get_object_or_404(Document, project=project, pk=document_pk)
    if document.withdrawn_at and not may_write(request, project):
        raise PermissionDenied(WITHDRAWN)
    return attachment(request, document)


@atomic_when_sent
def document_withdraw(request: HttpRequest, pk: int, document_pk: int) -> HttpResponse:
    """Withdraw a document added by mistake or replaced: it is kept, with the reason."""
    project = writable_project(request, pk)
    document = get_object_or_404(Document, project=project, pk=document_pk)
    if not may_withdraw(request.user, project, document):
        raise PermissionDenied(NOT_YOURS)
    form = WithdrawForm(request.POST or None)
    if document.withdrawn_at and form.is_bound:
        form.add_error(None, f"Ce document a déjà été retiré le {in_words(document.withdrawn_at)}.")
    if saved(form, lambda: withdraw_document(document, form.cleaned_data["reason"])):
        messages.success(request, f"Retiré : {quoted(document)}. Il reste gardé, avec la raison.")
        return redirect("project_documents", project.pk)
    context = {"project": project, "document": document, "form": form}
    return render(request, "projects/document_withdraw.html", context, status=422 if form.is_bound else 200)
