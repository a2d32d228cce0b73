"""What surrounds a project: the coordinated practice of its territory, the CLS it has signed, its figures."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from ground.forms import asked_day
from ground.lists import asked_format
from ground.tables import download
from projects.context.around import cls_signed_by, cls_to_sign, structures_of
from projects.context.diagnosing import DIAGNOSIS_COLUMNS, diagnosis_of
from projects.forms.cls import ClsSignatureForm
from projects.models import ClsSignature, Project
from projects.views.access import atomic_when_sent, readable_project, writable_project
from projects.views.rows import row_page
from projects.views.tabs import tab_context
from projects.withdrawing import may_withdraw

TAB = "project_territory"
NO_CLS = (
    "Aucun contrat local de santé à signer n'est connu sur ce territoire. Ajoutez-le d'abord aux structures, avec ses "
    "communes."
)


def context_of(request: HttpRequest, project: Project, day: Any) -> dict[str, Any]:
    """What `projects/structures.html` shows."""
    signed = cls_signed_by(project)
    return {
        "structure_groups": structures_of(project, day, request.user),
        "cls_signatures": [(row, may_withdraw(request.user, project, row)) for row in signed],
    }


def project_context(request: HttpRequest, pk: int) -> HttpResponse:
    """The context and the territorial diagnosis of a project on a day; `?format=` gives the figures as a file."""
    project = readable_project(request, pk)
    day = asked_day(request)
    diagnosis = diagnosis_of(project, day)
    if file_format := asked_format(request):
        title = f"Diagnostic {project.name} {day}"
        return download(DIAGNOSIS_COLUMNS, diagnosis.lines, title=title, file_format=file_format)
    context = {
        **tab_context(request, project, TAB),
        **context_of(request, project, day),
        "day": day,
        "diagnosis": diagnosis,
    }
    return render(request, "projects/context.html", context)


@atomic_when_sent
def cls_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that the CPTS signs a contrat local de santé of its territory."""
    project = writable_project(request, pk)
    form = ClsSignatureForm(request.POST or None, instance=ClsSignature(project=project), by=request.user)
    if form.is_valid():
        signature = form.save_by(request.user)
        messages.success(request, f"Signature enregistrée : {signature.structure}.")
        return redirect("project_context", project.pk)
    obstacle = "" if cls_to_sign(project, timezone.localdate(), request.user).exists() else NO_CLS
    title = "Signature d'un contrat local de santé"
    return row_page(request, project, form, tab="project_context", title=title, obstacle=obstacle)
