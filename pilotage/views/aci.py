"""The regional view of the ACI as a page: every figure opens its list, every table is a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from aci.ledger_pages import Amount
from aci.watch import Watch
from ground.lists import asked_format
from ground.tables import Column, download
from pilotage.aci_columns import (
    ACCOUNT_COLUMNS,
    ASKED_BEHIND,
    INDICATOR_COLUMNS,
    RATE_COLUMNS,
    contract_columns,
    signature_columns,
)
from pilotage.aci_known import Group
from pilotage.aci_picture import Picture, picture
from pilotage.asking import DepartmentForm
from pilotage.views.aci_lists import AHEAD, LATE, place


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    columns: Sequence[Column]
    rows: Sequence[Any]


def tables(shown: Picture) -> dict[str, Table]:
    """What can be downloaded, by the word of its address."""
    groups = [*shown.by_department, shown.total]
    return {
        "contrats": Table("Contrats ACI en cours", contract_columns(shown), groups),
        "signatures": Table("Contrats ACI par année de signature", signature_columns(shown), shown.by_signature),
        "comptes": Table("Comptes des ACI", ACCOUNT_COLUMNS, groups),
        "volet-variable": Table("Volet variable par mission", RATE_COLUMNS, shown.rates),
        "indicateurs": Table("Homogénéité des indicateurs", INDICATOR_COLUMNS, shown.indicators),
        "vigilance": Table("Vigilance sur les ACI", ASKED_BEHIND, shown.asked),
    }


def aci_region(request: HttpRequest) -> HttpResponse:
    form = DepartmentForm(request.GET, request.user)
    if not form.is_valid():
        return render(request, "pilotage/aci.html", {"form": form}, status=400)
    shown = picture(form.departments, form.day)
    found = tables(shown)
    if file_format := asked_format(request):
        table = found.get(request.GET.get("table", "contrats"))
        if table is None:
            raise BadRequest(f"Ce tableau n'existe pas : demandez {', '.join(found)}.")
        title = f"{table.title} {form.territory} {form.day}"
        return download(table.columns, table.rows, title=title, file_format=file_format)
    bars = [_bar(group) for group in shown.by_department]
    context = {
        "form": form,
        "day": form.day,
        "shown": shown,
        "contracts_url": _behind(form, "contrats", encours="on"),
        "standing": _counts(form, found["contrats"], encours="on"),
        "signatures": _counts(form, found["signatures"]),
        "accounts": [(group, _amounts(form, group)) for group in shown.by_department],
        "total": _amounts(form, shown.total),
        "bars": bars,
        "widest": max((sum(bar.segments) for bar in bars), default=0),
        "rates": [(row, _behind(form, "volet-variable", mission=row.mission)) for row in shown.rates],
        "indicators": [(row, _behind(form, "indicateurs", indicateur=row.indicator.pk)) for row in shown.followed],
        "watched": list(_watched(form, shown)),
    }
    return render(request, "pilotage/aci.html", context)


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Counts:
    """A table of counts: the labels of its columns, its rows, and their total when it has one."""

    labels: list[str]
    rows: list[tuple[Group, list[Figure]]]
    total: list[Figure] | None


def _counts(form: DepartmentForm, table: Table, **narrowed: str) -> Counts:
    """Each count of a table of groups, with the list that it opens."""
    columns = [column for column in table.columns if column.is_number]
    rows = [
        (
            group,
            [
                Figure(
                    label=f"{column.label}, {group.name or group.code}",
                    count=column.value(group),
                    url=_behind(form, "contrats", group, **_of_column(column), **narrowed),
                )
                for column in columns
            ],
        )
        for group in table.rows
    ]
    total = next((figures for group, figures in rows if not group.code), None)
    return Counts([column.label for column in columns], [row for row in rows if row[0].code], total)


def _of_column(column: Column) -> dict[str, str]:
    """What a column counts, as the form of the list reads it: `taille_2` → taille=2."""
    if column.key == "en_cours":
        return {"encours": "on"}
    name, _, value = column.key.partition("_")
    return {name: value} if value else {}


def _behind(form: DepartmentForm, slug: str, group: Group | None = None, **narrowed: Any) -> str:
    """The address of a list, in the territory of the page or of a group, on the same day."""
    return f"{reverse('aci_region_list', args=[slug])}?{urlencode({**place(form, group), **narrowed})}"


def _amounts(form: DepartmentForm, group: Group) -> list[tuple[Amount, Decimal, str]]:
    """The six amounts of a group, each with the lines of accounts that make it."""
    asked = place(form, group)
    return [
        (amount, getattr(group.sums, amount), f"{reverse('account_entries')}?{urlencode({**asked, 'colonne': amount})}")
        for amount in Amount
    ]


@dataclass(frozen=True, slots=True)
class Bar:
    """What is paid, then still to pay, then to come, in whole euros from the left."""

    group: Group
    segments: tuple[int, int, int]

    @property
    def starts(self) -> list[tuple[str, int, int]]:
        paid, left, to_come = self.segments
        return [("paid", 0, paid), ("left", paid, left), ("to-come", paid + left, to_come)]


def _bar(group: Group) -> Bar:
    sums = group.sums
    return Bar(group, tuple(max(0, int(amount)) for amount in (sums.paid, sums.left, sums.to_come)))


def _watched(form: DepartmentForm, shown: Picture) -> Iterator[tuple[Watch, Figure, Figure]]:
    """For each kind, what is late and what is to come."""
    for kind in Watch:
        rows = [row.alert.is_late for row in shown.asked if row.alert.kind == kind]
        figures = (
            Figure(f"{kind.label}, {words}", rows.count(late), _behind(form, "vigilance", alerte=kind, delai=delay))
            for late, delay, words in ((True, LATE, "en retard"), (False, AHEAD, "à venir"))
        )
        yield kind, *figures
