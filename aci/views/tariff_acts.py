"""Proposing a version of the barème, approving it, withdrawing it, taking it up again."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from aci.approval import ALREADY_APPROVED, approve, check_decides, reopen, why_not_reopen, withdraw_proposal
from aci.forms.tariffs import TariffFilesForm
from aci.models import Tariff
from aci.tariff_files import AmountRow, TierRow
from aci.views.tariffs import tariff_page
from ground.templatetags.french import day, quoted
from projects.forms.withdrawing import WithdrawForm
from projects.views.access import atomic_when_sent, saved

Act = Callable[..., Tariff]


@atomic_when_sent
def tariff_new(request: HttpRequest) -> HttpResponse:
    check_decides(request.user)
    form = TariffFilesForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if proposal := saved(form, lambda: form.save(request.user)):
        messages.success(request, f"Barème {quoted(proposal)} proposé : un autre administrateur peut l'approuver.")
        return redirect(proposal)
    columns = [list(row.base_fields) for row in (AmountRow, TierRow)]
    context = {"form": form, "columns": columns, "optional": AmountRow.CALENDAR}
    return render(request, "aci/tariff_new.html", context, status=422 if form.is_bound else 200)


@require_POST
def tariff_approve(request: HttpRequest, pk: int) -> HttpResponse:
    check_decides(request.user)
    get_object_or_404(Tariff, pk=pk)
    try:
        approved = approve(request.user, pk, request.POST.get("shown", ""))
    except ValidationError as refusal:
        return tariff_page(request, pk, refusals=refusal.messages)
    messages.success(request, f"Barème {quoted(approved)} approuvé : il vaut à partir du {day(approved.since)}.")
    return redirect(approved)


@atomic_when_sent
def tariff_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    check_decides(request.user)
    tariff = get_object_or_404(Tariff, pk=pk)
    obstacles = [ALREADY_APPROVED] if tariff.is_approved else []
    words = ("Retirer la proposition", "Retirer", "Proposition retirée")
    return why(request, tariff, withdraw_proposal, obstacles, words, after="tariffs")


@atomic_when_sent
def tariff_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    check_decides(request.user)
    tariff = get_object_or_404(Tariff, pk=pk)
    words = ("Revenir à l'état de proposition", "Revenir à l'état de proposition", "Redevenu une proposition")
    return why(request, tariff, reopen, why_not_reopen(tariff), words)


def why(
    request: HttpRequest, tariff: Tariff, act: Act, obstacles: list[str], words: tuple[str, str, str], after: str = ""
) -> HttpResponse:
    """The page that asks for a reason, then does `act`; `words`: its title, its button, what is said once done."""
    title, button, done = words
    form = WithdrawForm(request.POST or None)
    if saved(form, lambda: act(request.user, tariff.pk, form.cleaned_data["reason"])):
        messages.success(request, f"{done} : {tariff}. L'historique garde la raison.")
        return redirect(after or tariff)
    context = {"tariff": tariff, "form": form, "title": title, "button": button, "obstacles": obstacles}
    return render(request, "aci/tariff_reason.html", context, status=422 if form.is_bound else 200)
