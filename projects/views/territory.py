"""The territory of a project: its perimeter on a day, what changed between two days, and how it came to be."""

from datetime import date, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from ground.forms import asked_day, asked_other_day
from ground.lists import asked_format
from ground.tables import Column, download
from projects.composing import unfinished
from projects.conciliations.marks import conciliations_of, open_conciliations
from projects.forms.withdrawing import TakeBackChangeForm
from projects.maps import TerritoryMap, territory_map
from projects.models import Project
from projects.overlaps import overlaps_of
from projects.perimeter_story import Comparison, compare, frozen_figures, heirs, landmarks, told_changes
from projects.perimeters import (
    NOT_YOURS,
    last_change,
    last_validation,
    may_take_back_change,
    standing_changes,
    take_back_change,
    why_ended,
    why_not_take_back_change,
)
from projects.views.access import may_write, readable_project, saved
from projects.views.context import context_of
from projects.views.tabs import tab_context
from territories.models import PerimeterChange, PerimeterZone

ZONE_COLUMNS = [
    Column("zone", "Commune", lambda row: row.zone.name),
    Column("code", "Code Insee", lambda row: row.zone.code),
    Column("department", "Département", lambda row: str(row.zone.department)),
    Column("epci", "EPCI", lambda row: row.zone.epci and str(row.zone.epci)),
    Column("is_partial", "En partie", lambda row: "en partie" if row.is_partial else None),
    Column("since", "Dans le périmètre depuis le", lambda row: row.since),
    Column("population", "Population municipale", lambda row: row.zone.population, is_number=True),
    Column("vintage", "Millésime", lambda row: row.zone.vintage, is_number=True),
]


def project_territory(request: HttpRequest, pk: int) -> HttpResponse:
    """The perimeter on a day (`?date=`), what differs from another day (`?compare=`), and every change of it."""
    project = readable_project(request, pk)
    day, compared_on = asked_day(request), asked_other_day(request, "compare")
    held = fetch_perimeter(project)
    shown = [row for row in held if row.is_true_on(day)]
    if file_format := asked_format(request):
        return download(ZONE_COLUMNS, shown, title=f"Périmètre {project} {day}", file_format=file_format)
    changes = list(project.perimeter.changes.all())
    undoable, writes = last_change(project), may_write(request, project)
    has_ended = why_ended(project, day)
    comparison = compare(held, compared_on, day) if compared_on else None
    context = {
        **tab_context(request, project, "project_territory"),
        **context_of(request, project, day),
        "day": day,
        "stage": project.stage_on(day),
        "open_conciliations": open_conciliations(project, day),
        "conciliations": conciliations_of(project, day),
        "draft": unfinished(project, request.user) if writes else None,
        "may_edit": writes and not why_ended(project, timezone.localdate()),
        "memberships": shown,
        "population": sum(row.zone.population for row in shown),
        "vintages": sorted({row.zone.vintage for row in shown}),
        "compared_on": compared_on,
        "comparison": comparison,
        "landmarks": [*landmarks(project, day), *eve_of_the_last_change(project, day)],
        "map": map_of(shown, comparison, day),
        "validation": last_validation(project, day),
        "overlaps": [(pair.other_than(project), pair) for pair in overlaps_of(project, day, request.user)],
        "frozen": frozen_figures(project, held),
        "changes": told_changes(project, changes, held),
        "undoable": undoable,
        "may_take_back": undoable and may_take_back_change(request.user, project, undoable),
        "why_not_take_back": undoable and why_not_take_back_change(project, undoable),
        "has_ended": has_ended,
        "heirs": heirs(project, day, request.user) if has_ended else (),
    }
    return render(request, "projects/territory_tab.html", context)


def fetch_perimeter(project: Project) -> list[PerimeterZone]:
    """Every membership the perimeter has had, by name of zone; with its changes, fetched once for the whole page."""
    zones = PerimeterZone.objects.select_related("zone__department", "zone__epci")
    people = PerimeterChange.objects.select_related("recorded_by__institution", "taken_back_by__institution")
    prefetch_related_objects(
        [project.perimeter],
        Prefetch("memberships", zones.order_by("zone__search_name", "zone__code", "since")),
        Prefetch("changes", people),
    )
    return list(project.perimeter.memberships.all())


def eve_of_the_last_change(project: Project, day: date) -> list[tuple[str, date]]:
    """The day before the last change in force on `day`: what it has changed is what differs from then."""
    since = next((change.since for change in standing_changes(project) if change.since <= day), None)
    return [(f"depuis la veille du changement du {since:%d/%m/%Y}", since - timedelta(days=1))] if since else []


def map_of(shown: list[PerimeterZone], comparison: Comparison | None, day: date) -> TerritoryMap | None:
    if comparison is None or comparison.is_empty:
        return territory_map(shown, title=f"Carte du périmètre au {day:%d/%m/%Y}")
    return territory_map(
        (*comparison.kept, *comparison.otherwise),
        comparison.gained,
        comparison.lost,
        title=f"Carte de ce qui a changé entre le {comparison.before:%d/%m/%Y} et le {comparison.after:%d/%m/%Y}",
    )


def perimeter_change_take_back(request: HttpRequest, pk: int, change: int) -> HttpResponse:
    """Undo the last change of a perimeter, entered by mistake, and say why."""
    project = readable_project(request, pk)
    held = fetch_perimeter(project)
    asked = get_object_or_404(project.perimeter.changes, pk=change)
    if not may_take_back_change(request.user, project, asked):
        raise PermissionDenied(NOT_YOURS)
    form = TakeBackChangeForm(request.POST or None)
    if saved(form, lambda: take_back_change(request.user, pk, change, form.cleaned_data["reason"])):
        messages.success(request, "Le changement est annulé. L'historique le garde, avec la raison.")
        return redirect(reverse("project_territory", args=[pk]) + "#changements")
    told = told_changes(project, list(project.perimeter.changes.all()), held)
    context = {
        "project": project,
        "change": asked,
        "told": next(one for one in told if one.change == asked),
        "why_not": why_not_take_back_change(project, asked),
        "form": form,
    }
    return render(request, "projects/perimeter_change_take_back.html", context, status=422 if form.is_bound else 200)
