"""Projects whose territories overlap, on any day."""

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from ground.lists import asked_format
from ground.tables import download
from pilotage.asking import ScopeForm
from pilotage.overlap_columns import COLUMNS_FOR_PEOPLE
from projects.models import Project
from projects.overlaps import Pair, overlaps
from territories.models import Department
from territories.overlap import Kind

PAIRS_PER_PAGE = 50


class OverlapForm(ScopeForm):
    departement = forms.ModelMultipleChoiceField(
        Department.objects.none(),
        required=False,
        error_messages={"invalid_choice": "Ce département n'existe pas ou n'est pas de ceux que vous consultez."},
    )

    def __init__(self, data, reader: User) -> None:
        super().__init__(data, reader)
        self.data |= {"departement": data.getlist("departement")}
        self.fields["departement"].queryset = self.readable

    @property
    def touching(self) -> QuerySet[Project] | None:
        """The projects of which one at least is in each pair; None for all."""
        departments = self.cleaned_data["departement"] or (self.departments if self.chosen_region else None)
        return None if departments is None else Project.objects.filter(lead_department__in=departments)


def overlap_list(request: HttpRequest) -> HttpResponse:
    form = OverlapForm(request.GET, request.user)
    if not form.is_valid():
        return render(request, "pilotage/overlaps.html", {"form": form}, status=400)
    pairs = overlaps(form.day, touching=form.touching, reader=request.user)
    if file_format := asked_format(request):
        return download(COLUMNS_FOR_PEOPLE, pairs, title=f"Superpositions {form.day}", file_format=file_format)
    context = {
        "form": form,
        "day": form.day,
        "pairs": pairs,
        "page_obj": Paginator(pairs, PAIRS_PER_PAGE).get_page(request.GET.get("page")),
        "kinds": [(kind, sum(pair.kind == kind for pair in pairs)) for kind in Kind],
        "inhabitants": _inhabitants(pairs),
        "vintages": sorted({pair.vintage for pair in pairs}),
    }
    return render(request, "pilotage/overlaps.html", context)


def _inhabitants(pairs: list[Pair]) -> int:
    """People who live in a zone that several projects hold, each counted once."""
    zones = {zone.code: zone.population for pair in pairs for zone in pair.overlap.zones}
    return sum(zones.values())
