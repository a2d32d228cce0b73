"""Importing structures in two steps: the file is sent and each line judged, then all of it is written, or nothing."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from ground.tables import Column, download
from projects.context import structure_file
from projects.context.structure_plan import (
    NotWritten,
    Outcome,
    StructurePlan,
    plan_structures,
    read,
    write_structures,
)
from projects.forms.structures import StructureSheetForm
from projects.models import ImportBatch
from projects.models.imports import ImportBatchQuerySet
from projects.views.context_imports import ALREADY, content_of, sends_back_to

NOT_YOURS = "Vous lisez les structures ; les chargés de suivi d'un département y écrivent."
EXAMPLES = [
    ("MSP", "MSP du Canal (exemple)", "93", "Pantin", "01 99 00 00 00", "01/09/2019", "", "FINESS, octobre 2026"),
    ("CLS", "CLS d'Est Ensemble (exemple)", "93", "93010, 93048 ; Romainville", "", "15/03/2023", "31/12/2027", ""),
]


def writes_structures(user: User) -> bool:
    return user.is_writer and bool(user.own_departments)


def check_writer(request: HttpRequest) -> None:
    if not writes_structures(request.user):
        raise PermissionDenied(NOT_YOURS)


def sent_by(user: User) -> ImportBatchQuerySet:
    return ImportBatch.objects.for_user(user).about(ImportBatch.Subject.STRUCTURES)


def structure_import(request: HttpRequest) -> HttpResponse:
    """Send a file of structures, and find those sent before."""
    check_writer(request)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = StructureSheetForm(*sent, user=request.user)
    if form.is_valid():
        batch = form.save()
        plan = _plan(batch, request.user)
        return review(request, batch, plan, status=422) if plan.of(Outcome.REFUSED) else redirect(batch)
    return upload_page(request, form, status=form.status if form.is_bound else 200)


def upload_page(request: HttpRequest, form: StructureSheetForm | None = None, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form or StructureSheetForm(user=request.user),
        "batches": sent_by(request.user)[:50],
        "kinds": structure_file.KINDS_TOLD,
    }
    return render(request, "territories/structure_import.html", context, status=status)


@sends_back_to(upload_page)
def structure_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Review what a file would do, then confirm it: what is written is what was shown."""
    check_writer(request)
    batch = get_object_or_404(sent_by(request.user), pk=pk)
    if request.method == "POST":
        return _confirm(request, batch)
    if batch.written_at:
        return render(request, "territories/import_done.html", {"batch": batch})
    return review(request, batch, _plan(batch, request.user))


def review(
    request: HttpRequest, batch: ImportBatch, plan: StructurePlan, *, reason: str = "", status: int = 200
) -> HttpResponse:
    context = {"batch": batch, "plan": plan, "reason": reason, "refused": len(plan.of(Outcome.REFUSED))}
    return render(request, "territories/structure_import_review.html", context, status=status)


def _confirm(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    try:
        with transaction.atomic():
            batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
            if batch.written_at:
                return render(request, "territories/import_done.html", {"batch": batch, "again": ALREADY}, status=409)
            plan = write_structures(_read(batch), request.user, shown=request.POST.get("shown", ""))
            batch.written_at, batch.counts = timezone.now(), plan.counts
            batch.save()
    except NotWritten as error:
        return review(request, batch, _plan(batch, request.user), reason=error.message_fr, status=422)
    messages.success(request, "Les structures sont importées.")
    return redirect(batch)


def _read(batch: ImportBatch) -> list[structure_file.Told]:
    return read(content_of(batch), batch.filename, batch.department_id)


def _plan(batch: ImportBatch, user: User) -> StructurePlan:
    return plan_structures(_read(batch), user)


@require_safe
def structure_model(request: HttpRequest) -> HttpResponse:
    """A workbook with the headers and two examples, to be filled in."""
    columns = [
        Column(column.name, column.label, lambda row, place=place: row[place])
        for place, column in enumerate(structure_file.Column)
    ]
    rows = [dict(enumerate(example)) for example in EXAMPLES]
    return download(columns, rows, title="Modele structures", file_format="xlsx")
