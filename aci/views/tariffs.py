"""The versions of the barème: all of them, and each with its amounts, its sources and what it would change."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from aci.approval import fingerprint, may_decide, why_not_approve, why_not_reopen
from aci.models import PaymentRules, Tariff
from aci.tariff_difference import differences
from aci.tariff_files import SHEETS, as_csv
from aci.tariff_page import Sources, rows_of, told_rules, totals_of
from ground.forms import asked_day

PEOPLE = ("proposed_by__institution", "approved_by__institution")


@require_safe
def tariffs(request: HttpRequest) -> HttpResponse:
    day = asked_day(request)
    versions = Tariff.objects.select_related(*PEOPLE).order_by("-since", "-pk")
    rules = PaymentRules.objects.order_by("-since")
    context = {
        "day": day,
        "tariffs": [(tariff, tariff.standing_on(day)) for tariff in versions],
        "withdrawn": Tariff.history.filter(history_type="-").select_related("history_user").order_by("-history_date"),
        "rules": [(each, told_rules(each)) for each in rules],
        "usual_rules": told_rules(),
        "may_decide": may_decide(request.user),
    }
    return render(request, "aci/tariffs.html", context)


@require_safe
def tariff(request: HttpRequest, pk: int) -> HttpResponse:
    return tariff_page(request, pk)


def tariff_page(request: HttpRequest, pk: int, *, refusals: list[str] | None = None) -> HttpResponse:
    """A version; with the reasons why what was asked of it is refused, if any."""
    found = get_object_or_404(Tariff.objects.select_related(*PEOPLE), pk=pk)
    data, sources, decides = found.data(), Sources(), may_decide(request.user)
    context = {
        "tariff": found,
        "standing": found.standing_on(timezone.localdate()),
        "tiers": data.tiers,
        "tier_rows": [(tier, sources.number(tier.source)) for tier in found.tiers.all()],
        "rows": rows_of(found, sources),
        "totals": totals_of(data),
        "sources": sources.texts,
        "refusals": refusals,
        "may_decide": decides,
        **(compared(found) if not found.is_approved else {}),
    }
    if decides and not found.is_approved:
        context |= {"shown": fingerprint(found), "obstacles": why_not_approve(found, request.user)}
    elif decides:
        context["may_reopen"] = not why_not_reopen(found)
    return render(request, "aci/tariff.html", context, status=422 if refusals else 200)


def compared(proposal: Tariff) -> dict[str, Any]:
    """What a proposal changes of the version in force the day it would begin."""
    former = Tariff.objects.in_force(proposal.since)
    return {"former": former, "differences": differences(former.data(), proposal.data()) if former else []}


@require_safe
def tariff_csv(request: HttpRequest, pk: int, sheet: str) -> HttpResponse:
    """One of the two files of a version: what the next one is made from."""
    found = get_object_or_404(Tariff, pk=pk)
    if sheet not in SHEETS:
        raise Http404("Un barème tient en deux fichiers, ses montants et ses seuils.")
    rows, row_form = SHEETS[sheet]
    name = f'attachment; filename="bareme-{found.code}-{sheet}.csv"'
    text = "\ufeff" + as_csv(rows(found), row_form)  # the mark by which a spreadsheet reads the accents
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})
