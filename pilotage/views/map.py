"""The map of a region or a department on any day, its table, and both as files."""

from dataclasses import dataclass
from datetime import date

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import slugify

from accounts.models import User
from ground.lists import asked_format
from ground.tables import Column, download
from pilotage.asking import DepartmentForm
from pilotage.held import Territory, territories, touching
from pilotage.map_class import IN_CONCILIATION, MapClass
from pilotage.map_sheet import sheet
from pilotage.mapping import background_of, picture
from pilotage.marks import SYMBOLS, Mark, marks
from projects.models import Conciliation
from territories.contours import CREDIT, undrawn
from territories.models import Structure, Zone

COLUMNS = [
    Column("project", "Projet", lambda row: row.name),
    Column("class", "Classe", lambda row: row.map_class.label),
    Column("state", "État", lambda row: row.state.label),
    Column("department", "Département", lambda row: row.department),
    Column("population", "Population", lambda row: row.population if row.is_readable else None, is_number=True),
    Column("vintage", "Millésime", lambda row: row.vintage if row.is_readable else None, is_number=True),
    Column("in_conciliation", "En conciliation", lambda row: "oui" if row.in_conciliation else "non"),
]


class MapForm(DepartmentForm):
    structures = forms.MultipleChoiceField(
        choices=Structure.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Structures",
        error_messages={"invalid_choice": "Cette nature de structure n'existe pas : « %(value)s »."},
    )

    def __init__(self, data: QueryDict, reader: User) -> None:
        super().__init__(data, reader)
        self.data |= {"structures": data.getlist("structures")}

    @property
    def kinds(self) -> list[str]:
        return self.cleaned_data.get("structures", [])


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend: how a class is drawn, how many projects of the territory are in it, and their list."""

    shown: MapClass
    count: int
    url: str


def territory_map(request: HttpRequest) -> HttpResponse:
    form = MapForm(request.GET, request.user)
    if not form.is_valid():
        return render(request, "pilotage/map.html", {"form": form}, status=400)
    shown = territories(form.day, touching(form.departments, form.day), request.user)
    is_drawing = request.GET.get("format") == "svg"
    if not is_drawing and (file_format := asked_format(request)):
        return download(COLUMNS, shown, title=f"Carte {form.territory} {form.day}", file_format=file_format)
    context = drawn(form, shown, request.user)
    if is_drawing:
        return _as_file(request, form, context)
    return render(request, "pilotage/map.html", context)


def drawn(form: MapForm, shown: list[Territory], reader: User) -> dict:
    """What the page and the file show."""
    names = dict(form.departments.values_list("code", "name"))
    background = background_of(names)
    urls = {one.pk: reverse("project", args=[one.pk]) for one in shown if one.is_readable}
    found = marks(form.kinds, form.departments, form.day, background and background.frame)
    over = {"disputed": disputed_zones(form.day, reader), "parts": parts_of_communes(form.day)}
    own = [one for one in shown if one.department in names]
    return {
        "form": form,
        "day": form.day,
        "territories": shown,
        "picture": background and picture(background, shown, urls, **over),
        "legend": [_key(form, own, map_class) for map_class in MapClass],
        "total": len(own),
        "total_url": _list(form),
        "from_elsewhere": len(shown) - len(own),
        "in_conciliation": sum(one.in_conciliation for one in own),
        "in_conciliation_label": IN_CONCILIATION,
        "conciliation_url": _list(form, conciliation=["on"]),
        "without_territory": sum(not one.zones for one in own),
        "undrawn": sorted(undrawn(zone.code for one in shown for zone in one.zones)),
        "marks": found,
        "mark_kinds": _mark_kinds(found),
        "kinds": [(kind, SYMBOLS[kind], kind.value in form.kinds) for kind in Structure.Kind],
        "credit": CREDIT,
        "tiles": settings.MAP_TILES,
        "tiles_credit": settings.MAP_TILES_CREDIT,
    }


def disputed_zones(day: date, reader: User) -> set[str]:
    """The zones of the conciliations of `day` that `reader` reads."""
    conciliations = list(Conciliation.objects.for_user(reader).on(day).order_by().values_list("pk", flat=True))
    zones = Conciliation.zones.through.objects.filter(conciliation__in=conciliations)
    return set(zones.values_list("zone__code", flat=True))


def parts_of_communes(day: date) -> set[str]:
    """The codes of the parts of communes that exist on `day`: few communes are told in parts."""
    return set(Zone.objects.on(day).filter(kind=Zone.Kind.PART).values_list("code", flat=True))


def _key(form: MapForm, own: list[Territory], shown: MapClass) -> Key:
    count = sum(one.map_class == shown for one in own)
    return Key(shown, count, _list(form, etat=[state.value for state in shown.states]))


def _list(form: MapForm, **more: list[str]) -> str:
    """The address of the list of projects that counts what the legend counts."""
    return f"{reverse('projects')}?{urlencode({**form.scope, **more, 'date': form.day.isoformat()}, doseq=True)}"


def _mark_kinds(found: list[Mark]) -> list[tuple[str, str, int]]:
    """Symbol, name and number of structures of each kind that is there."""
    kinds = [Structure.Kind(mark.structure.kind) for mark in found]
    return [(SYMBOLS[kind], kind.label, kinds.count(kind)) for kind in Structure.Kind if kind in kinds]


def _as_file(request: HttpRequest, form: MapForm, context: dict) -> HttpResponse:
    """The drawing that stands alone: its own styles, title, legend, date and credit."""
    content = {**context, "sheet": sheet(context)}
    response = render(request, "pilotage/map_file.svg", content, content_type="image/svg+xml; charset=utf-8")
    name = slugify(f"Carte {form.territory} {form.day}")
    response["Content-Disposition"] = f'attachment; filename="{name}.svg"'
    return response
