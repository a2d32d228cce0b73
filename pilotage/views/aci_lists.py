"""The lists that the figures of the regional view of the ACI open: what is counted, one row each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from aci.watch import Watch
from ground.lists import asked_format
from ground.tables import Cell, Column, download
from pilotage.aci_columns import ASKED_BEHIND, CONTRACTS_BEHIND, MONEY, RATES_BEHIND, USES_BEHIND
from pilotage.aci_known import Asked, Group, Known
from pilotage.aci_measured import IndicatorUse, Measured, MissionRate, Use
from pilotage.aci_picture import Picture, picture
from pilotage.asking import DepartmentForm

LATE, AHEAD = "retard", "a-venir"
UNREADABLE = "Ce que l'adresse demande ne se lit pas : repartez de la vue régionale."


class BehindForm(DepartmentForm):
    """What a figure counts: all of it stands in the address of its list."""

    taille = forms.IntegerField(label="taille", required=False)
    annee = forms.IntegerField(label="année de contrat", required=False)
    signature = forms.IntegerField(label="signés en", required=False)
    encours = forms.BooleanField(label="en cours", required=False)
    mission = forms.CharField(label="mission", required=False, max_length=40)
    indicateur = forms.IntegerField(label="indicateur", required=False)
    alerte = forms.ChoiceField(label="vigilance", required=False, choices=[("", ""), *Watch.choices])
    delai = forms.ChoiceField(
        label="délai", required=False, choices=[("", ""), (LATE, "en retard"), (AHEAD, "à venir")]
    )

    def words(self) -> Iterator[str]:
        """What narrows the list, as the page says it."""
        said = self.cleaned_data
        yield from ["en cours"] if said["encours"] else []
        for name in ("taille", "annee", "signature"):
            if said[name] is not None:
                yield f"{self.fields[name].label} {said[name]}"
        if said["alerte"]:
            yield Watch(said["alerte"]).label
        if said["delai"]:
            yield dict(self.fields["delai"].choices)[said["delai"]]


def place(form: DepartmentForm, group: Group | None = None) -> dict[str, str]:
    """The territory of the page, or of a group, and the day, as every page of the ACI reads them."""
    place = {"date": form.day.isoformat()}
    if form.chosen_region:
        place["region"] = form.chosen_region.pk
    if form.chosen_department:
        place["departement"] = form.chosen_department.pk
    if group and group.code:
        place["departement" if group.name else "signature"] = group.code
    return place


def _contracts(shown: Picture, asked: dict[str, Any]) -> list[Known]:
    return [
        known
        for known in (shown.under_way if asked["encours"] else shown.contracts)
        if asked["taille"] in (None, known.tier)
        and asked["annee"] in (None, known.year)
        and asked["signature"] in (None, known.contract.signed_on.year)
    ]


def _measured(shown: Picture, asked: dict[str, Any]) -> list[Measured]:
    rates: list[MissionRate] = [row for row in shown.rates if asked["mission"] in ("", row.mission)]
    return [measured for row in rates for measured in row.measured]


def _uses(shown: Picture, asked: dict[str, Any]) -> list[Use]:
    rows: list[IndicatorUse] = [row for row in shown.indicators if asked["indicateur"] in (None, row.indicator.pk)]
    return [use for row in rows for use in row.uses]


def _asked(shown: Picture, asked: dict[str, Any]) -> list[Asked]:
    return [
        row
        for row in shown.asked
        if asked["alerte"] in ("", row.alert.kind) and asked["delai"] in ("", LATE if row.alert.is_late else AHEAD)
    ]


@dataclass(frozen=True, slots=True)
class Behind:
    """A list that figures open. `opens`: the page of a row."""

    title: str
    columns: Sequence[Column]
    rows: Callable[[Picture, dict[str, Any]], list]
    opens: Callable[[Any], str]


LISTS = {
    "contrats": Behind("Contrats ACI", CONTRACTS_BEHIND, _contracts, lambda known: known.contract.get_absolute_url()),
    "volet-variable": Behind(
        "Volet variable, année par année",
        RATES_BEHIND,
        _measured,
        lambda row: reverse("contract_results", args=[row.known.contract.pk]),
    ),
    "indicateurs": Behind(
        "Indicateurs négociés",
        USES_BEHIND,
        _uses,
        lambda use: reverse("contract_indicators", args=[use.known.contract.pk]),
    ),
    "vigilance": Behind("Vigilance sur les ACI", ASKED_BEHIND, _asked, lambda row: row.alert.url),
}


def aci_region_list(request: HttpRequest, slug: str) -> HttpResponse:
    """What a figure of the regional view counts, one row each."""
    behind = LISTS.get(slug)
    if behind is None:
        raise Http404("Cette liste n'existe pas.")
    form = BehindForm(request.GET, request.user)
    if not form.is_valid():
        raise BadRequest(UNREADABLE)
    rows = behind.rows(picture(form.departments, form.day), form.cleaned_data)
    if file_format := asked_format(request):
        title = f"{behind.title} {form.territory} {form.day}"
        return download(behind.columns, rows, title=title, file_format=file_format)
    context = {
        "form": form,
        "day": form.day,
        "title": ", ".join([behind.title, *form.words()]),
        "columns": behind.columns,
        "rows": [(behind.opens(row), cells(row, behind.columns)) for row in rows],
        "money": [column.key for column in MONEY] + ["enveloppe", "obtenu", "montant"],
        "back": f"{reverse('aci_region')}?{urlencode(place(form))}",
    }
    return render(request, "pilotage/aci_list.html", context)


def cells(row: Any, columns: Sequence[Column]) -> list[tuple[Column, Cell]]:
    return [(column, column.value(row)) for column in columns]
