"""Projects whose territories overlap, on any day: all the pairs, and one of them in detail."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import User
from ground.forms import asked_day
from ground.lists import asked_format
from ground.tables import download
from pilotage.asking import ScopeForm
from pilotage.overlap_columns import COLUMNS_FOR_PEOPLE
from projects.conciliation_rules import SITUATIONS, Situation
from projects.conciliations.marks import conciliation_of_each
from projects.models import Project
from projects.overlaps import Pair, overlaps
from territories.models import Department
from territories.overlap import Kind

PAIRS_PER_PAGE = 50


class OverlapForm(ScopeForm):
    """Which pairs, beside where and when: empty choices keep them all."""

    departement = forms.ModelMultipleChoiceField(
        Department.objects.none(),
        label="Départements",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Ce département n'existe pas ou n'est pas de ceux que vous consultez."},
    )
    nature = forms.ChoiceField(
        label="Superposition",
        required=False,
        choices=[("", "Toutes"), *((kind.value, kind.label) for kind in Kind)],
        error_messages={"invalid_choice": "Cette nature de superposition n'existe pas."},
    )
    situation = forms.ChoiceField(
        label="Situation",
        required=False,
        choices=[("", "Toutes"), *((each.key, f"{each.name} : {each.short}") for each in SITUATIONS)],
        error_messages={"invalid_choice": "Cette situation n'existe pas."},
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

    def keeps(self, pair: Pair) -> bool:
        asked = self.cleaned_data
        return asked["nature"] in ("", pair.kind.value) and asked["situation"] in ("", pair.situation.key)


def overlap_list(request: HttpRequest) -> HttpResponse:
    form = OverlapForm(request.GET, request.user)
    if not form.is_valid():
        return render(request, "pilotage/overlaps.html", {"form": form}, status=400)
    found = overlaps(form.day, touching=form.touching, reader=request.user)
    pairs = [pair for pair in found if form.keeps(pair)]
    if file_format := asked_format(request):
        return download(COLUMNS_FOR_PEOPLE, pairs, title=f"Superpositions {form.day}", file_format=file_format)
    page = Paginator(pairs, PAIRS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "day": form.day,
        "found": found,
        "pairs": pairs,
        "page_obj": page,
        "rows": conciliation_of_each(page, form.day),
        "kinds": list(Kind),
        "counts": list(counted(found)),
        "of_kinds": [(kind, sum(pair.kind == kind for pair in found)) for kind in Kind],
        "inhabitants": _inhabitants(pairs),
        "vintages": sorted({pair.vintage for pair in pairs}),
    }
    return render(request, "pilotage/overlaps.html", context)


class Counted(NamedTuple):
    """How many pairs are in a situation, by kind of overlap and in all."""

    situation: Situation
    of_kinds: list[tuple[Kind, int]]
    total: int


def counted(pairs: list[Pair]) -> Iterable[Counted]:
    together = Counter((pair.situation, pair.kind) for pair in pairs)
    for situation in SITUATIONS:
        of_kinds = [(kind, together[situation, kind]) for kind in Kind]
        yield Counted(situation, of_kinds, sum(count for _, count in of_kinds))


def overlap_pair(request: HttpRequest, a: int, b: int) -> HttpResponse:
    """What two projects share on a day and what the doctrine offers them; 404 when their reader may not know it.

    Two projects that the reader knows both, and that share nothing that day, are told to share nothing.
    """
    day = asked_day(request)
    pairs = overlaps(day, touching=Project.objects.filter(pk=a), reader=request.user)
    pair = next((pair for pair in pairs if {pair.a.pk, pair.b.pk} == {a, b}), None)
    if pair and (file_format := asked_format(request)):
        return download(COLUMNS_FOR_PEOPLE, [pair], title=f"Superposition {day}", file_format=file_format)
    known = [] if pair else list(Project.objects.for_user(request.user).filter(Q(pk=a) | Q(pk=b)))
    if not pair and len(known) < 2:
        raise Http404
    context = {"pair": pair, "projects": known, "day": day}
    if pair:
        ((_, context["conciliation"]),) = conciliation_of_each([pair], day)
        context["may_open"] = may_open(request.user, pair) and day == timezone.localdate()
    return render(request, "pilotage/overlap_pair.html", context)


def may_open(user: User, pair: Pair) -> bool:
    """Whether this user opens a conciliation: it reads both projects and writes on one of them."""
    own = Project.objects.in_departments(user.own_departments).filter(pk__in={pair.a.pk, pair.b.pk})
    return user.is_writer and pair.a.is_readable and pair.b.is_readable and own.exists()


def _inhabitants(pairs: list[Pair]) -> int:
    """People who live in a zone that several projects hold, each counted once."""
    zones = {zone.code: zone.population for pair in pairs for zone in pair.overlap.zones}
    return sum(zones.values())
