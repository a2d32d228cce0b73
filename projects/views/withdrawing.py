from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from projects.forms.withdrawing import WithdrawForm
from projects.views.access import readable_project
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
    shown = WITHDRAWABLE[kind]
    back = reverse(shown.page, args=[pk]) + shown.anchor
    form = WithdrawForm(request.POST or None)
    if form.is_valid():
        try:
            withdraw(request.user, pk, kind, row, form.cleaned_data["reason"])
        except ValidationError as refusal:
            form.add_error(None, refusal)
        except ObjectDoesNotExist:
            raise Http404("Cette saisie a déjà été retirée.") from None
        else:
            messages.success(request, f"Retiré : {entered}. L'historique le garde, avec la raison.")
            return redirect(back)
    context = {"project": project, "entered": entered, "what": entered._meta.verbose_name, "form": form, "back": back}
    return render(request, "projects/withdraw.html", context, status=422 if form.is_bound else 200)
