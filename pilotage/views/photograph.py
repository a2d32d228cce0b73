"""The photograph as a page: the table of the regional committee, of any day, every figure opening its list."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from ground.forms import DayField
from ground.lists import asked_format
from ground.tables import download
from pilotage.asking import ScopeForm
from pilotage.photograph import ENGINEERING_IN_CONCILIATION, NAMED_COLUMNS, Photograph, Row, photograph
from projects.states import Column


class PhotographForm(ScopeForm):
    comparer = DayField(label="Comparer avec", required=False)


@dataclass(frozen=True, slots=True)
class Figure:
    """A cell of the table: a count, the list behind it, and what it gained since the day compared with."""

    label: str
    count: int
    url: str
    gain: int | None
    in_conciliation: int = 0
    conciliation_url: str = ""

    @property
    def gain_in_words(self) -> str:
        return f"{self.gain:+d}".replace("-", "−") if self.gain else "="


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar, in projects from its left."""

    column: Column
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the page: its figures, column after column then the total, and its bar."""

    row: Row
    figures: list[Figure]
    segments: list[Segment]


def photograph_page(request: HttpRequest) -> HttpResponse:
    form = PhotographForm(request.GET, request.user)
    if not form.is_valid():
        return render(request, "pilotage/photograph.html", {"form": form}, status=400)
    shown = photograph(form.departments, form.day)
    if file_format := asked_format(request):
        title = f"Photographie {form.territory} {form.day}"
        columns = [*NAMED_COLUMNS, ENGINEERING_IN_CONCILIATION]
        return download(columns, [*shown.rows, shown.total], title=title, file_format=file_format)
    compared_on = form.cleaned_data["comparer"]
    before = photograph(form.departments, compared_on) if compared_on else None
    *lines, total = _lines(form, shown, before)
    context = {
        "form": form,
        "day": form.day,
        "compared_on": compared_on,
        "lines": lines,
        "total": total,
        "columns": Column,
        "widest": max((row.total for row in shown.rows), default=0),
    }
    return render(request, "pilotage/photograph.html", context)


def _lines(form: PhotographForm, shown: Photograph, before: Photograph | None) -> Iterator[Line]:
    earlier = [*before.rows, before.total] if before else [None] * (len(shown.rows) + 1)
    for row, old in zip([*shown.rows, shown.total], earlier, strict=True):
        scope = _scope(form, shown, row)
        figures = [
            Figure(
                label=f"{column.label}, {row.name or 'total'}",
                count=row.counts[column],
                url=_list(form, scope, colonne=column.value),
                gain=row.counts[column] - old.counts[column] if old else None,
                in_conciliation=row.in_conciliation[column],
                conciliation_url=_list(form, scope, colonne=column.value, conciliation="on"),
            )
            for column in Column
        ]
        total = Figure(f"total, {row.name}", row.total, _list(form, scope), row.total - old.total if old else None)
        yield Line(row, [*figures, total], list(_segments(row)))


def _scope(form: PhotographForm, shown: Photograph, row: Row) -> dict[str, str | list[str]]:
    """The parameters that make the list of projects count what this row counts."""
    if row.name:
        return {"departement": row.code}
    if form.chosen_region:
        return {"region": form.chosen_region.pk}
    return {} if form.reads_country else {"departement": [row.code for row in shown.rows]}


def _list(form: PhotographForm, scope: dict, **more: str) -> str:
    return f"{reverse('projects')}?{urlencode({**scope, **more, 'date': form.day.isoformat()}, doseq=True)}"


def _segments(row: Row) -> Iterator[Segment]:
    start = 0
    for column in Column:
        yield Segment(column, start, row.counts[column])
        start += row.counts[column]
