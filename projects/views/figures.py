"""The figures told commune by commune: their list, their import in two steps, and what an administrator deletes."""

import django_filters as filters
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from dsfr.forms import DsfrBaseForm

from accounts.models import User
from ground.lists import ScopedListView
from ground.tables import Column
from projects.context.figure_plan import FigurePlan, plan_figures, read
from projects.forms.figures import DescribeForm, FigureSheetForm
from projects.models import ImportBatch
from projects.models.imports import ImportBatchQuerySet
from projects.views.access import atomic_when_sent
from projects.views.context_imports import ALREADY, content_of, sends_back_to
from territories.models import Figure, FigureValue
from territories.models.figure import FigureQuerySet

NOT_YOURS = "Les administrateurs chargent et suppriment les indicateurs ; vous les lisez."
UNREAD_SHOWN = 200

FIGURE_COLUMNS = [
    Column("nom", "Indicateur", lambda figure: figure.name, sort="name"),
    Column("unite", "Unité", lambda figure: figure.unit),
    Column("calcul", "Calcul sur un territoire", lambda figure: figure.get_mode_display()),
    Column("situation", "Situation au", lambda figure: figure.as_of, sort="as_of"),
    Column("communes", "Communes", lambda figure: figure.value_count, is_number=True, sort="value_count"),
    Column("source", "Source", lambda figure: figure.source),
    Column("charge", "Chargé le", lambda figure: timezone.localdate(figure.recorded_at), sort="recorded_at"),
]


class FigureFilter(filters.FilterSet):
    q = filters.CharFilter(field_name="name", lookup_expr="icontains", label="Nom de l'indicateur")

    class Meta:
        model = Figure
        form = DsfrBaseForm
        fields = []

    def filter_queryset(self, rows: FigureQuerySet) -> FigureQuerySet:
        return super().filter_queryset(rows).annotate(value_count=Count("values")).order_by(*Figure._meta.ordering)


class FigureList(ScopedListView):
    model = Figure
    filterset_class = FigureFilter
    columns = FIGURE_COLUMNS
    export_title = "Indicateurs"
    template_name = "territories/figures.html"


def check_administrator(request: HttpRequest) -> None:
    if not request.user.is_administrator:
        raise PermissionDenied(NOT_YOURS)


def sent_by(user: User) -> ImportBatchQuerySet:
    return ImportBatch.objects.for_user(user).about(ImportBatch.Subject.FIGURES)


def figure_import(request: HttpRequest) -> HttpResponse:
    """Send a file of figures, and find those sent before."""
    check_administrator(request)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = FigureSheetForm(*sent, user=request.user)
    if form.is_valid():
        return redirect(form.save())
    return upload_page(request, form, status=form.status if form.is_bound else 200)


def upload_page(request: HttpRequest, form: FigureSheetForm | None = None, *, status: int = 200) -> HttpResponse:
    context = {"form": form or FigureSheetForm(user=request.user), "batches": sent_by(request.user)[:50]}
    return render(request, "territories/figure_import.html", context, status=status)


@sends_back_to(upload_page)
def figure_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Describe the columns of a file once it is read, then write them all, or nothing."""
    check_administrator(request)
    batch = get_object_or_404(sent_by(request.user), pk=pk)
    if batch.written_at and request.method != "POST":
        return render(request, "territories/import_done.html", {"batch": batch})
    return _confirm(request, batch) if request.method == "POST" else describe(request, batch, _plan(request, batch))


def describe(
    request: HttpRequest, batch: ImportBatch, plan: FigurePlan, form: DescribeForm | None = None
) -> HttpResponse:
    context = {
        "batch": batch,
        "plan": plan,
        "form": form or DescribeForm(plan=plan),
        "unread_shown": UNREAD_SHOWN,
    }
    return render(request, "territories/figure_columns.html", context, status=422 if form else 200)


@transaction.atomic
def _confirm(request: HttpRequest, batch: ImportBatch) -> HttpResponse:
    batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if batch.written_at:
        return render(request, "territories/import_done.html", {"batch": batch, "again": ALREADY}, status=409)
    plan = _plan(request, batch)
    form = DescribeForm(request.POST, plan=plan)
    if form.is_valid():
        try:
            written = form.save()
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            batch.written_at, batch.counts = timezone.now(), {each.figure.name: each.count for each in written}
            batch.save()
            messages.success(request, "Les indicateurs sont chargés.")
            return redirect(batch)
    return describe(request, batch, plan, form)


def _plan(request: HttpRequest, batch: ImportBatch) -> FigurePlan:
    file = read(content_of(batch), batch.filename, batch.department_id)
    return plan_figures(file, request.user.own_departments)


@atomic_when_sent
def figure_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete what a figure tells of one's departments; the figure goes with its last value."""
    figures = Figure.objects.for_user(request.user)
    figure = get_object_or_404(figures.select_for_update() if request.method == "POST" else figures, pk=pk)
    check_administrator(request)
    own = FigureValue.objects.filter(figure=figure, zone__department__in=request.user.own_departments)
    if request.method == "POST" and "confirm" in request.POST:
        own.delete()
        if not figure.values.exists():
            figure.delete()
        messages.success(request, f"Indicateur supprimé : {figure.name}.")
        return redirect("figures")
    context = {"figure": figure, "own": own.count(), "others": figure.values.count()}
    context["others"] -= context["own"]
    status = 422 if request.method == "POST" else 200
    return render(request, "territories/figure_remove.html", context, status=status)
