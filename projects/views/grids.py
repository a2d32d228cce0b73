"""The grids of a project: both institutions side by side, each ticking its own side."""

from dataclasses import dataclass
from itertools import groupby

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from accounts.models.institution import Side
from projects.examination.grids import Row, Sheet, grid_summary, sheet_of
from projects.forms.grids import GridForm, comment_of, tick_of
from projects.models import Grid, GridAnswer, Project
from projects.views.access import atomic_when_sent, may_write, readable_project, writable_project
from projects.views.context import context_of
from projects.views.tabs import tab_context, tab_of

TAB = "project_examination"


def project_grids(request: HttpRequest, pk: int) -> HttpResponse:
    """The four grids of a project, with how far each institution is."""
    context = tab_of(request, pk, TAB)
    return render(request, "projects/grids.html", context | {"sheets": grid_summary(context["project"])})


def project_grid(request: HttpRequest, pk: int, kind: str, *, form: GridForm | None = None) -> HttpResponse:
    """One grid; `form`: answers refused, shown as typed with all the points."""
    project = readable_project(request, pk)
    sheet = asked_sheet(request, project, kind)
    only_differences = asked_differences(request) and not form
    if not form and request.user.side and may_write(request, project):
        form = GridForm(rows=sheet.rows, side=request.user.side)
    context = {
        **tab_context(request, project, TAB),
        **(context_of(request, project, timezone.localdate()) if sheet.kind == Grid.Kind.RELEVANCE else {}),
        "sheet": sheet,
        "form": form,
        "only_differences": only_differences,
        "sections": sections_of(sheet, form, only_differences),
    }
    return render(request, "projects/grid.html", context, status=422 if form and form.is_bound else 200)


@require_POST
@atomic_when_sent
def project_grid_answers(request: HttpRequest, pk: int, kind: str, side: str) -> HttpResponse:
    """Answer for one's own institution; nobody answers for the other."""
    project = writable_project(request, pk)
    if request.user.side != side:
        raise PermissionDenied("Chaque institution ne coche que sa propre colonne.")
    sheet = asked_sheet(request, project, kind)
    if sheet.grid is None:
        raise Http404("Aucune version de cette grille n'est en vigueur.")
    form = GridForm(request.POST, rows=sheet.rows, side=request.user.side)
    if not form.is_valid():
        return project_grid(request, pk, kind, form=form)
    kept = {"version": sheet.grid.pk} | ({"ecarts": 1} if asked_differences(request) else {})
    messages.success(request, saved(form.save(project, by=request.user)))
    return redirect(f"{reverse('project_grid', args=[pk, kind])}?{urlencode(kept)}")


def saved(count: int) -> str:
    match count:
        case 0:
            return "Rien n'avait changé."
        case 1:
            return "Une réponse est enregistrée."
    return f"{count} réponses sont enregistrées."


def asked_sheet(request: HttpRequest, project: Project, kind: str) -> Sheet:
    """The grid asked for, in the version of `?version=` if any."""
    if kind not in Grid.Kind:
        raise Http404("Cette grille n'existe pas.")
    version = request.GET.get("version", "")
    if version and not (version.isdecimal() and len(version) < 10):
        raise BadRequest("La version demandée dans l'adresse ne se lit pas.")
    try:
        return sheet_of(project, Grid.Kind(kind), int(version or 0))
    except Grid.DoesNotExist as error:
        raise Http404("Cette version n'existe pas.") from error


def asked_differences(request: HttpRequest) -> bool:
    asked = request.GET.get("ecarts", "")
    if asked not in ("", "1"):
        raise BadRequest("Le filtre demandé dans l'adresse n'existe pas : écrivez ecarts=1.")
    return asked == "1"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one institution says of a point: to be read, and typed where it is one's own."""

    side: Side
    answer: GridAnswer | None
    tick: BoundField | None
    comment: BoundField | None


@dataclass(frozen=True, slots=True)
class Line:
    row: Row
    cells: list[Cell]
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: list[Line]

    @property
    def is_shown(self) -> bool:
        return any(line.is_shown for line in self.lines)


def sections_of(sheet: Sheet, form: GridForm | None, only_differences: bool) -> list[Section]:
    """Every point, so that all are sent back; those that the filter leaves out are only hidden."""
    return [
        Section(title, [Line(row, cells_of(row, form), row.differs or not only_differences) for row in rows])
        for title, rows in groupby(sheet.rows, key=lambda row: row.item.section)
    ]


def cells_of(row: Row, form: GridForm | None) -> list[Cell]:
    return [
        Cell(side, row.answers.get(side), form[tick_of(row)], form[comment_of(row)])
        if form and side == form.side
        else Cell(side, row.answers.get(side), None, None)
        for side in Side
    ]
