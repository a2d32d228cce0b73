"""The library: kits, models and guides for each phase, kept by administrators."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from projects.models import Grid, LibraryEntry
from projects.phases import Phase
from projects.views.files import attachment

GRIDS = {
    Phase.EMERGENCE: Grid.Kind.RELEVANCE,
    Phase.LETTER: Grid.Kind.LETTER,
    Phase.DIAGNOSIS: Grid.Kind.DIAGNOSIS,
    Phase.HEALTH_PROJECT: Grid.Kind.HEALTH_PROJECT,
}
"""The grid of the application that goes with a phase."""


@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """What is in use today, phase by phase."""
    today = timezone.localdate()
    grids = {grid.kind: grid for grid in Grid.objects.on(today)}
    entries = list(LibraryEntry.objects.on(today))
    shelves = [
        (phase, grids.get(GRIDS.get(phase)), [entry for entry in entries if entry.phase == phase]) for phase in Phase
    ]
    shelves = [(phase, grid, tools) for phase, grid, tools in shelves if grid or tools]
    return render(request, "projects/library.html", {"shelves": shelves})


@require_safe
def library_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    entry = get_object_or_404(LibraryEntry.objects.on(timezone.localdate()), pk=pk)
    if not entry.file:
        raise Http404("Cet outil n'a pas de fichier.")
    return attachment(request, entry)


@require_safe
def library_grid(request: HttpRequest, kind: str) -> HttpResponse:
    """A grid without answers, to be printed and filled by hand."""
    grid = Grid.objects.on(timezone.localdate()).prefetch_related("items").filter(kind=kind).first()
    if grid is None:
        raise Http404("Aucune version de cette grille n'est en vigueur.")
    return render(request, "projects/library_grid.html", {"grid": grid})
