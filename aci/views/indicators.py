"""The regional catalogue of indicators: its list, the page of one, adding, changing, retiring."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from aci.catalogue import (
    INDICATOR_COLUMNS,
    NOT_YOURS,
    IndicatorFilter,
    may_keep,
    named,
    own_regions,
    uses_of,
    with_uses,
)
from aci.forms.indicators import IndicatorForm
from aci.models import Contract, Indicator
from ground.lists import Heading, ScopedListView
from ground.tables import Column
from projects.views.access import atomic_when_sent, writable_project
from territories.models import Region


class IndicatorList(ScopedListView):
    """The indicators of the user's region, with the contracts that use each."""

    model = Indicator
    filterset_class = IndicatorFilter
    columns = INDICATOR_COLUMNS
    export_title = "Indicateurs ACI"
    template_name = "aci/indicators.html"

    def heading(self, column: Column) -> Heading:
        """As long as no order is asked for, the rows stand mission by mission: no column is said to sort them."""
        heading = super().heading(column)
        return heading if self.request.GET.get("tri") else Heading(column, column.key, "")

    def completed(self, rows: QuerySet[Indicator]) -> list[Indicator]:
        return named(rows)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "may_create": own_regions(self.request.user).exists(),
        }


def indicator_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What an indicator measures and how, and what each CPTS has agreed on it: its homogeneity."""
    readable = with_uses(Indicator.objects.for_user(request.user))
    indicator = named([get_object_or_404(readable.select_related("project__lead_department"), pk=pk)])[0]
    uses = uses_of(indicator, request.user)
    targets = [use.negotiated.target for use in uses if use.negotiated.target is not None]
    context = {
        "indicator": indicator,
        "uses": uses,
        "contracts": Contract.objects.for_user(request.user)
        .filter(project__lead_department__region=indicator.region)
        .count(),
        "lowest": min(targets, default=None),
        "highest": max(targets, default=None),
        "may_change": may_keep(request.user, indicator),
    }
    return render(request, "aci/indicator.html", context)


@atomic_when_sent
def indicator_new(request: HttpRequest) -> HttpResponse:
    """An indicator of the common base of a region."""
    regions = own_regions(request.user)
    if not regions:
        raise PermissionDenied(NOT_YOURS)
    hold(request, regions)
    return answer(request, IndicatorForm(request.POST or None, instance=Indicator(), regions=regions), "ajouté")


@atomic_when_sent
def local_indicator_new(request: HttpRequest, pk: int) -> HttpResponse:
    """An indicator that only one CPTS negotiates."""
    project = writable_project(request, pk)
    indicator = Indicator(project=project, region=project.lead_department.region)
    form = IndicatorForm(request.POST or None, instance=indicator, regions=Region.objects.none())
    return answer(request, form, "ajouté")


@atomic_when_sent
def indicator_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an indicator, or retire it from the catalogue; nothing is ever erased from it."""
    readable = Indicator.objects.for_user(request.user)
    indicator = get_object_or_404(readable.select_related("project__lead_department"), pk=pk)
    if not may_keep(request.user, indicator):
        raise PermissionDenied(NOT_YOURS)
    if indicator.project_id:
        writable_project(request, indicator.project_id)
    else:
        hold(request, Region.objects.filter(pk=indicator.region_id))
    indicator.refresh_from_db()
    return answer(
        request, IndicatorForm(request.POST or None, instance=indicator, regions=Region.objects.none()), "modifié"
    )


def hold(request: HttpRequest, regions: QuerySet[Region]) -> None:
    """Two people who write in the base of a region wait for each other."""
    if request.method == "POST":
        held = Region.objects.filter(pk__in=[region.pk for region in regions])
        list(held.select_for_update(no_key=True).order_by("pk"))


def answer(request: HttpRequest, form: IndicatorForm, act: str) -> HttpResponse:
    if form.is_valid():
        indicator = form.save()
        messages.success(request, f"Indicateur {act} : {indicator}.")
        return redirect("indicator", indicator.pk)
    context = {"form": form, "indicator": form.instance}
    return render(request, "aci/indicator_form.html", context, status=422 if form.is_bound else 200)
