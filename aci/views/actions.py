"""Actions: their list, adding one, closing it with what was done, opening it again."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from aci.action_list import ACTION_COLUMNS, ActionFilter
from aci.forms.meeting_actions import ActionForm, ClosingForm
from aci.models import Action, Contract
from aci.views.access import writable_contract
from aci.views.meeting_access import form_page
from ground.forms import asked_other_day
from ground.lists import ScopedListView
from projects.views.access import atomic_when_sent
from projects.withdrawing import may_withdraw


class ActionList(ScopedListView):
    """The actions one reads: those that are open, the most pressing first."""

    model = Action
    filterset_class = ActionFilter
    columns = ACTION_COLUMNS
    export_title = "Actions"
    template_name = "aci/actions.html"
    usual_tri = "echeance"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"today": timezone.localdate()}


def actions_of(request: HttpRequest, contract: Contract) -> list[Action]:
    """Every action of a contract, each knowing whether this user may withdraw it (`may_withdraw`)."""
    found = list(contract.actions.select_related("raised_in", "recorded_by__institution"))
    for action in found:
        action.may_withdraw = may_withdraw(request.user, contract.project, action)
    return found


@atomic_when_sent
def action_new(request: HttpRequest, pk: int) -> HttpResponse:
    """`?reunion=` names the meeting that has decided it."""
    contract = writable_contract(request, pk)
    raised_in = contract.meetings.filter(pk=asked_meeting(request)).first()
    form = ActionForm(
        request.POST or None, instance=Action(contract=contract), initial={"raised_in": raised_in and raised_in.pk}
    )
    return action_page(request, form, "Nouvelle action", "Action enregistrée")


@atomic_when_sent
def action_edit(request: HttpRequest, pk: int) -> HttpResponse:
    action = writable_action(request, pk)
    return action_page(request, ActionForm(request.POST or None, instance=action), "Modifier l'action", "Modifiée")


@atomic_when_sent
def action_close(request: HttpRequest, pk: int) -> HttpResponse:
    """`?le=` is the day of the meeting that closes it; today without it."""
    action = writable_action(request, pk)
    day = action.closed_on or asked_other_day(request, "le") or timezone.localdate()
    form = ClosingForm(request.POST or None, instance=action, initial={"closed_on": day})
    return action_page(request, form, "Clore l'action", "Action close", lead=f"{action.text} – {action.owner}")


@require_POST
@atomic_when_sent
def action_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """What had been said of its end stays in the field history; a second click changes nothing."""
    action = writable_action(request, pk)
    if action.closed_on:
        action.closed_on, action.outcome = None, ""
        action.save(update_fields=["closed_on", "outcome"])
        messages.success(request, f"Action rouverte : {action}.")
    return redirect(page_of(action))


def action_page(
    request: HttpRequest, form: ActionForm | ClosingForm, title: str, done: str, *, lead: str = ""
) -> HttpResponse:
    action = form.instance
    if form.is_valid():
        form.save_by(request.user)
        messages.success(request, f"{done} : {action}.")
        return redirect(page_of(action))
    return form_page(request, form, title=title, parent=action.contract.project, back=page_of(action), lead=lead)


def writable_action(request: HttpRequest, pk: int) -> Action:
    found = get_object_or_404(Action.objects.for_user(request.user), pk=pk)
    contract = writable_contract(request, found.contract_id)
    action = get_object_or_404(contract.actions.select_related("raised_in"), pk=pk)
    action.contract = contract
    return action


def asked_meeting(request: HttpRequest) -> int | None:
    asked = request.GET.get("reunion", "")
    return int(asked) if asked.isdecimal() and len(asked) < 10 else None


def page_of(action: Action) -> str:
    return reverse("contract_dialogue", args=[action.contract_id]) + "#actions"
