"""Zones without a project: where nobody is covered, and who could be asked to join whom."""

from functools import lru_cache

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ground.lists import asked_format
from ground.tables import download
from pilotage.asking import DepartmentForm
from pilotage.mapping import background_of, paths
from pilotage.uncovered import Area, Cover, coverage
from pilotage.uncovered_columns import AREA_COLUMNS, COMMUNE_COLUMNS, communes
from territories.contours import CREDIT, dissolve
from territories.drawing import Frame

AREAS_PER_PAGE = 50


def uncovered(request: HttpRequest) -> HttpResponse:
    form = DepartmentForm(request.GET, request.user)
    if not form.is_valid():
        return render(request, "pilotage/uncovered.html", {"form": form}, status=400)
    found = coverage(form.departments, form.day, request.user)
    if file_format := asked_format(request):
        title = f"Zones sans projet {form.territory} {form.day}"
        if request.GET.get("detail") == "communes":
            return download(COMMUNE_COLUMNS, communes(found), title=f"{title} communes", file_format=file_format)
        return download(AREA_COLUMNS, found.areas, title=title, file_format=file_format)
    background = background_of(dict(form.departments.values_list("code", "name")))
    page = Paginator(found.areas, AREAS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "day": form.day,
        "found": found,
        "covers": Cover,
        "page_obj": page,
        "background": background,
        "drawn": drawn(found.areas, background.frame) if background else [],
        "credit": CREDIT,
    }
    return render(request, "pilotage/uncovered.html", context)


def drawn(areas: list[Area], frame: Frame) -> list[tuple[Area, str, int]]:
    """Each area that has a contour: its path, and the page of the table that tells it."""
    found = outlines(tuple(tuple(area.codes) for area in areas), frame)
    return [(areas[rank], path, rank // AREAS_PER_PAGE + 1) for rank, path in found.items()]


@lru_cache(maxsize=4)
def outlines(areas: tuple[tuple[str, ...], ...], frame: Frame) -> dict[int, str]:
    """The path of each area that is drawn, by its rank; a country is not drawn again for each page of its table."""
    return paths({rank: dissolve(codes) for rank, codes in enumerate(areas)}, frame)
