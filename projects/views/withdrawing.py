"""Removing what was entered by mistake, and saying why."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from projects.forms.withdrawing import WithdrawForm
from projects.views.access import readable_project, saved
from projects.withdrawing import NOT_YOURS, WITHDRAWABLE, may_withdraw, withdraw, withdrawable


def withdrawal(request: HttpRequest, pk: int, kind: str, row: int) -> HttpResponse:
    """Remove an opinion, a signature, a payment… entered by mistake, and say why."""
    project = readable_project(request, pk)
    if kind not in WITHDRAWABLE:
        raise Http404("Rien de tel ne se retire.")
    try:
        entered = withdrawable(project, kind, row)
    except ObjectDoesNotExist:
        raise Http404("Cette saisie n'existe pas ou a déjà été retirée.") from None
    if not may_withdraw(request.user, project, entered):
        raise PermissionDenied(NOT_YOURS)
    back = WITHDRAWABLE[kind].url_of(entered, pk)
    return why_withdrawn(
        request,
        entered,
        lambda reason: withdraw(request.user, pk, kind, row, reason),
        back,
        "projects/withdraw.html",
        {"project": project, "what": entered._meta.verbose_name, "back": back},
    )


def why_withdrawn(
    request: HttpRequest,
    entered: Model,
    withdraw_for: Callable[[str], Model],
    back: str,
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    """The page that asks why; once it is said, `withdraw_for` that reason and go `back`."""
    form = WithdrawForm(request.POST or None)
    try:
        is_done = saved(form, lambda: withdraw_for(form.cleaned_data["reason"]))
    except ObjectDoesNotExist:
        raise Http404("Cette saisie a déjà été retirée.") from None
    if is_done:
        messages.success(request, f"Retiré : {entered}. L'historique le garde, avec la raison.")
        return redirect(back)
    shown = {**context, "entered": entered, "form": form}
    return render(request, template, shown, status=422 if form.is_bound else 200)
