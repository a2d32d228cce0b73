"""The dialogue de gestion of a contract: its meetings by contract year, what waits to be applied, who does what."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from aci.contracts import Books, without_results
from aci.meeting_rules import OF_A_CONTRACT, is_planned, years_of_meetings
from aci.views.access import contract_context, readable_contract
from aci.views.actions import actions_of
from aci.views.decisions import decision_lines, waiting
from aci.watch import SEEN_TO_IN_MEETINGS, alerts_of
from projects.withdrawing import may_withdraw


def contract_dialogue(request: HttpRequest, pk: int) -> HttpResponse:
    contract = readable_contract(request, pk)
    today = timezone.localdate()
    meetings = list(contract.meetings.annotate(decided=Count("decisions")).order_by("-held_on", "-pk"))
    actions = actions_of(request, contract)
    opinions = contract.project.commission_opinions.select_related(
        "meeting__department", "meeting__region", "recorded_by__institution"
    )
    alerts = alerts_of(contract, without_results(contract, Books(), today), today)
    context = contract_context(request, contract, "contract_dialogue")
    context |= {
        "kinds": OF_A_CONTRACT,
        "alerts": [alert for alert in alerts if alert.kind in SEEN_TO_IN_MEETINGS],
        "years": years_of_meetings(contract, meetings, today),
        "planned": [meeting for meeting in reversed(meetings) if is_planned(meeting, today)],
        "past": [meeting for meeting in meetings if not is_planned(meeting, today)],
        "waiting": decision_lines(request, contract, waiting(contract)),
        "open_actions": [action for action in actions if action.closed_on is None],
        "closed_actions": [action for action in actions if action.closed_on],
        "opinions": [(each, may_withdraw(request.user, contract.project, each)) for each in opinions],
    }
    return render(request, "aci/contract_dialogue.html", context)
