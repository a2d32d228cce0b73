"""The editor of a perimeter: its page, what is found while one types, and the record of what was composed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone

from projects.composing import Zones, base_of, begun, draft_of, locked_draft, net_changes, recorded_zones, seal
from projects.composition_facts import Facts, Group, Line, by_name, facts_of, zone_rows
from projects.forms.perimeter import FileForm, PasteForm, RecordForm
from projects.models import PerimeterDraft, Project
from projects.perimeters import is_amendment_on, validated_on, why_ended
from projects.views.access import atomic_when_sent, writable_project
from projects.zone_search import search
from territories.communes import by_commune, commune_of
from territories.contours import CREDIT, FOLDER
from territories.models import Department, Zone

SORTS = {
    "nom": ("Commune", lambda line: by_name(line.zone)),
    "departement": ("Département", lambda line: (line.zone.department, by_name(line.zone))),
    "population": ("Population", lambda line: (-line.zone.population, by_name(line.zone))),
}
LISTED = 400  # zones above which the list is folded by department


@atomic_when_sent
def perimeter(request: HttpRequest, pk: int) -> HttpResponse:
    """Compose the perimeter of a project, then record it."""
    project = writable_project(request, pk)
    if request.method == "POST":
        return _record(request, project)
    return whole_page(request, editor(request, project, draft_of(project, request.user)))


def perimeter_search(request: HttpRequest, pk: int) -> HttpResponse:
    """What is found of `?q=`, under the box where one types; a whole page without JavaScript."""
    if not request.htmx:
        return perimeter(request, pk)
    project = writable_project(request, pk)
    draft = draft_of(project, request.user)
    zones = draft.zones if draft else recorded_zones(project)
    return render(request, "projects/perimeter_results.html", {"project": project} | found(request, project, zones))


def perimeter_zones(request: HttpRequest, pk: int, department: str) -> JsonResponse:
    """Name and population of the zones of a department, for the map's labels: by code."""
    writable_project(request, pk)
    zones = Zone.objects.on(timezone.localdate()).filter(department=department).exclude(kind=Zone.Kind.PART)
    told = {code: [name, population] for code, name, population in zones.values_list("code", "name", "population")}
    return JsonResponse(told)


def _record(request: HttpRequest, project: Project) -> HttpResponse:
    draft = locked_draft(project, request.user)
    form = RecordForm(request.POST, project=project, draft=draft)
    if form.is_valid():
        if not draft:
            messages.info(request, "Rien à enregistrer : vous n'avez pas de composition en cours.")
            return redirect("project_territory", project.pk)
        if draft.started_from == project.perimeter.fingerprint():
            try:
                change = form.save(by=request.user)
            except ValidationError as refusal:
                form.add_error(None, refusal)
            else:
                draft.delete()
                unchanged = "Rien n'a changé : le périmètre était déjà celui-là."
                messages.success(request, "Le périmètre est enregistré." if change else unchanged)
                return redirect("project_territory", project.pk)
    return whole_page(request, editor(request, project, draft, record_form=form), status=422)


@dataclass(frozen=True, slots=True)
class Folded:
    """The zones of one department in a long list."""

    department: Department
    group: Group
    lines: Sequence[Line]  # none while it is folded


@dataclass(frozen=True, slots=True)
class Moved:
    """What somebody else recorded since the composition began."""

    gained: Group
    lost: Group
    changed: Group


def editor(
    request: HttpRequest,
    project: Project,
    draft: PerimeterDraft | None,
    *,
    record_form: RecordForm | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Everything that the page shows of a composition."""
    today = timezone.localdate()
    draft = draft or begun(project, request.user)
    recorded = recorded_zones(project)
    facts = facts_of(project, draft.zones, recorded, today, request.user)
    others = (
        project.perimeter_drafts.exclude(user=request.user).select_related("user__institution").defer("zones", "steps")
    )
    return {
        "project": project,
        "today": today,
        "draft": draft,
        "seal": seal(draft.zones),
        "facts": facts,
        "moved": _moved(project, draft, recorded),
        "obstacle": why_ended(project, today),
        "validated_on": is_amendment_on(project, today) and validated_on(project, today),
        "other_drafts": others,
        "record_form": record_form or RecordForm(project=project, draft=draft),
        "paste_form": PasteForm(project=project),
        "file_form": FileForm(),
        "map_state": {
            "held": _drawn(draft.zones, facts),
            "recorded": _drawn(recorded, facts),
            "shared": sorted({commune_of(zone.code) for zone in facts.shared.zones}),
        },
        **found(request, project, draft.zones),
        **listed(request, facts),
        **more,
    }


def _drawn(zones: Zones, facts: Facts) -> dict[str, bool]:
    partial = {code for code, is_partial in zones.items() if is_partial}
    return by_commune(zones.keys() - partial, partial, facts.parts)


def whole_page(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    sources = map_sources(context["project"])
    return render(request, "projects/perimeter.html", context | {"map_sources": sources}, status=status)


def asked(request: HttpRequest) -> QueryDict:
    """Where the list and the search stand: acts carry it along."""
    return request.POST if request.method == "POST" else request.GET


def found(request: HttpRequest, project: Project, zones: dict[str, bool]) -> dict[str, Any]:
    query = asked(request).get("q", "").strip()
    answers = search(query, project, zones, timezone.localdate(), request.user) if query else []
    return {"query": query, "answers": answers}


def listed(request: HttpRequest, facts: Facts) -> dict[str, Any]:
    """The list in the order asked for, folded by department when it is long."""
    sort, opened = asked(request).get("tri", "nom"), asked(request).get("ouvert", "")
    if sort not in SORTS:
        raise BadRequest("Le tri demandé dans l'adresse n'existe pas.")
    lines = sorted(facts.lines, key=SORTS[sort][1])
    context = {"sort": sort, "sorts": {key: label for key, (label, _) in SORTS.items()}, "opened": opened}
    if len(lines) <= LISTED:
        return context | {"lines": lines}
    by_department: dict[str, list[Line]] = {}
    for line in lines:
        by_department.setdefault(line.zone.department, []).append(line)
    departments = Department.objects.in_bulk(by_department)
    return context | {
        "folded": [
            Folded(
                departments[code],
                Group(tuple(line.zone for line in theirs)),
                theirs if code == opened else (),
            )
            for code, theirs in sorted(by_department.items())
        ]
    }


def _moved(project: Project, draft: PerimeterDraft, recorded: dict[str, bool]) -> Moved | None:
    if not draft.pk or draft.started_from == project.perimeter.fingerprint():
        return None
    base = base_of(draft)
    changes = net_changes(base, recorded)
    rows = zone_rows(changes.keys())

    def group(codes: set[str]) -> Group:
        return Group(tuple(sorted((rows[code] for code in codes if code in rows), key=by_name)))

    return Moved(
        gained=group(changes.keys() - base.keys()),
        lost=group({code for code, held in changes.items() if held is None}),
        changed=group({code for code, held in changes.items() if held is not None} & base.keys()),
    )


def map_sources(project: Project) -> dict[str, Any]:
    """Where the map reads the contours, by the names under which they are served."""
    names = sorted(path.stem for path in FOLDER.glob("*.json"))
    return {
        "contours": {name: static(f"contours/{name}.json") for name in names},
        "home": project.lead_department_id,
        "tiles": settings.MAP_TILES,
        "tilesCredit": settings.MAP_TILES_CREDIT,
        "credit": CREDIT,
    }
