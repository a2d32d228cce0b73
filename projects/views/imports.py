"""Importing a spreadsheet in two steps: it is sent and reviewed, then written once somebody has confirmed it."""

from functools import wraps
from io import BytesIO

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe
from openpyxl import Workbook

from accounts.models import User
from projects.forms.imports import UploadForm
from projects.models import ImportBatch
from projects.models.imports import ImportBatchQuerySet
from projects.spreadsheets.opening import open_workbook
from projects.spreadsheets.plan import make_plan, read
from projects.spreadsheets.reading import Reading
from projects.spreadsheets.rows import Action, Plan
from projects.spreadsheets.writing import NotWritten, write_import
from projects.views.context_imports import View, sends_back_to

NOTHING = "Rien n'a été écrit : aucune ligne n'est à créer, à modifier ou acceptée."
SECTIONS = [
    (Action.REFUSED, "Refusées", "À corriger dans le fichier, puis à renvoyer."),
    (Action.PROPOSED, "À vérifier", "Elles ne sont écrites que si vous les acceptez une à une."),
    (Action.CREATED, "À créer", ""),
    (Action.UPDATED, "À modifier", ""),
    (Action.UNCHANGED, "Inchangées", "Le fichier n'apporte rien de nouveau."),
    (Action.IGNORED, "Ignorées", "Elles ne sont pas des projets, ou répètent une autre ligne."),
]


def administrators_only(view: View) -> View:
    @wraps(view)
    def checked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.is_administrator:
            raise PermissionDenied("L'import des tableaux est réservé aux administrateurs.")
        return view(request, *args, **kwargs)

    return checked


@administrators_only
def imports(request: HttpRequest) -> HttpResponse:
    """Send a spreadsheet, and find those sent before."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent, user=request.user)
    if form.is_valid():
        batch = form.save()
        plan = _plan(batch, request)
        return review(request, batch, plan, status=422) if plan.of(Action.REFUSED) else redirect(batch)
    return _imports_page(request, form, status=form.status if form.is_bound else 200)


def sent_by(user: User) -> ImportBatchQuerySet:
    return ImportBatch.objects.for_user(user).about(ImportBatch.Subject.PROJECTS)


def _imports_page(request: HttpRequest, form: UploadForm, *, status: int) -> HttpResponse:
    batches = sent_by(request.user).select_related("department")[:50]
    context = {"form": form, "batches": [(batch, _told(batch.counts, is_written=True)) for batch in batches]}
    return render(request, "projects/imports.html", context, status=status)


def first_step(request: HttpRequest) -> HttpResponse:
    return _imports_page(request, UploadForm(user=request.user), status=200)


@administrators_only
@sends_back_to(first_step)
def import_(request: HttpRequest, pk: int) -> HttpResponse:
    """Review what a file would do, then confirm it: what is written is what was shown."""
    batch = get_object_or_404(sent_by(request.user), pk=pk)
    if request.method == "POST":
        return _confirm(request, batch)
    if batch.written_at:
        return render(
            request, "projects/import_done.html", {"batch": batch, "told": _told(batch.counts, is_written=True)}
        )
    return review(request, batch, _plan(batch, request))


def review(
    request: HttpRequest, batch: ImportBatch, plan: Plan, *, reason: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "batch": batch,
        "plan": plan,
        "told": _told(plan.counts),
        "sections": [(action, *texts, rows) for action, *texts in SECTIONS if (rows := plan.of(action))],
        "refused": plan.counts[Action.REFUSED],
        "writable": len(plan.of(Action.CREATED, Action.UPDATED, Action.PROPOSED)),
        "reason": reason,
        "accepted": request.POST.getlist("accept"),  # ticks stay when the page is shown again
        "skip_refused": "skip_refused" in request.POST,
    }
    return render(request, "projects/import_review.html", context, status=status)


def _confirm(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    accepted = set(request.POST.getlist("accept"))
    try:
        with transaction.atomic():
            batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
            if batch.written_at:
                context = {"batch": batch, "told": _told(batch.counts, is_written=True), "again": True}
                return render(request, "projects/import_done.html", context, status=409)
            plan = write_import(
                _read(batch),
                **_choice(batch, request),
                shown=request.POST.get("shown", ""),
                skip_refused="skip_refused" in request.POST,
                accept=lambda row: row.key in accepted,
            )
            if plan.of(Action.CREATED, Action.UPDATED):
                batch.written_at, batch.counts = timezone.now(), plan.counts
                batch.save()
    except NotWritten as error:
        return review(request, batch, error.plan, reason=error.message_fr, status=422)
    if not batch.written_at:
        return review(request, batch, _plan(batch, request), reason=NOTHING, status=422)
    messages.success(request, "Le tableau est importé.")
    return redirect(batch)


@administrators_only
@require_safe
@sends_back_to(first_step)
def import_annotated(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it was read, with what is to be told of each row in a first column."""
    batch = get_object_or_404(sent_by(request.user), pk=pk, written_at=None)
    plan = _plan(batch, request)
    told = {row.row: f"{row.action.told().capitalize()}. {' '.join(row.messages)}" for row in plan.rows}
    read_sheet = plan.rows[0].sheet
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = read_sheet[:31]
    source = next(each for each in open_workbook(_content(batch), batch.filename) if each.name == read_sheet)
    for number, row in enumerate(source.rows, start=1):
        for position, value in enumerate([told.get(number, ""), *row], start=1):
            cell = sheet.cell(number, position, value)
            if isinstance(value, str):
                cell.data_type = "s"  # never a formula
    sheet.column_dimensions["A"].width = 60
    output = BytesIO()
    workbook.save(output)
    response = HttpResponse(
        output.getvalue(), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response["Content-Disposition"] = f'attachment; filename="import-{batch.pk}-annote.xlsx"'
    return response


def _content(batch: ImportBatch) -> bytes:
    with batch.file.open() as file:
        return file.read()


def _read(batch: ImportBatch) -> Reading:
    return read(_content(batch), batch.filename)


def _choice(batch: ImportBatch, request: HttpRequest) -> dict:
    return {
        "user": request.user,
        "department": batch.department_id,
        "as_of": batch.as_of,
        "today": timezone.localdate(),
    }


def _plan(batch: ImportBatch, request: HttpRequest) -> Plan:
    return make_plan(_read(batch), **_choice(batch, request))


def _told(counts: dict[str, int], *, is_written: bool = False) -> str:
    """« 22 lignes lues : 16 à créer, 6 ignorées »."""
    told = ", ".join(
        f"{count} {action.told(count, is_written=is_written)}" for action in Action if (count := counts.get(action))
    )
    lines = sum(counts.values())
    return f"{lines} ligne{'s' if lines > 1 else ''} lue{'s' if lines > 1 else ''} : {told}" if lines else ""
