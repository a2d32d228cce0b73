"""Meetings: their list, their page, planning one, writing its minutes."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from aci.forms.meeting_opinions import CommissionForm
from aci.forms.meetings import MeetingForm
from aci.meeting_list import MEETING_COLUMNS, MeetingFilter
from aci.meeting_rules import (
    AGENDA_OF_A_COPIL,
    COMMISSIONS,
    OF_A_CONTRACT,
    carried_into,
    decisions_open_to,
    is_planned,
    projects_seen_by,
)
from aci.models import Meeting
from aci.portfolio import portfolio, sums_of
from aci.views.access import contract_context, writable_contract
from aci.views.actions import actions_of
from aci.views.decisions import decision_lines
from aci.views.meeting_access import form_page, may_write_in, readable_meeting, writable_meeting
from ground.lists import ScopedListView
from ground.templatetags.french import day as in_words
from projects.views.access import atomic_when_sent
from projects.withdrawing import may_remove, may_withdraw


class MeetingList(ScopedListView):
    """All the meetings one reads: the next ones first, then the last ones held."""

    model = Meeting
    filterset_class = MeetingFilter
    columns = MEETING_COLUMNS
    export_title = "Réunions"
    template_name = "aci/meetings.html"
    usual_tri = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"today": timezone.localdate()}


def meeting_page(request: HttpRequest, pk: int) -> HttpResponse:
    meeting = readable_meeting(request, pk)
    today = timezone.localdate()
    context = {
        "meeting": meeting,
        "today": today,
        "is_planned": is_planned(meeting, today),
        "may_write": may_write_in(request, meeting),
    }
    if meeting.kind in COMMISSIONS:
        return render(request, "aci/commission.html", context | commission_context(request, meeting))
    contract = meeting.contract
    actions = actions_of(request, contract)
    context = contract_context(request, contract, "contract_dialogue") | context
    context |= {
        "decisions": decision_lines(request, contract, meeting.decisions.all()),
        "open_decisions": decisions_open_to(meeting.kind),
        "raised": [action for action in actions if action.raised_in_id == meeting.pk],
        "carried": [] if meeting.called_off else carried_into(meeting, actions),
        "may_withdraw": may_withdraw(request.user, contract.project, meeting),
    }
    return render(request, "aci/meeting.html", context)


def commission_context(request: HttpRequest, meeting: Meeting) -> dict[str, Any]:
    """The portfolio that the commission sees on its day (today, as long as it is to come), and its opinions."""
    day = min(meeting.held_on, timezone.localdate())
    seen = portfolio(projects_seen_by(meeting, request.user), day)
    opinions = meeting.opinions.select_related("project__lead_department", "recorded_by__institution")
    may_write = may_write_in(request, meeting)
    return {
        "day": day,
        "portfolio": seen,
        "sums": sums_of(seen),
        "opinions": [(each, may_write and may_remove(request.user, each.recorded_by)) for each in opinions],
    }


@atomic_when_sent
def meeting_new(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Plan a meeting about a contract, or record one that was held."""
    contract = writable_contract(request, pk)
    if kind not in OF_A_CONTRACT:
        raise Http404("Aucune réunion de ce nom.")
    meeting = Meeting(contract=contract, kind=kind)
    initial = {"agenda": AGENDA_OF_A_COPIL} if kind == Meeting.Kind.COPIL else {}
    form = MeetingForm(request.POST or None, instance=meeting, initial=initial)
    return meeting_form_page(request, form, back=reverse("contract_dialogue", args=[pk]), parent=contract.project)


@atomic_when_sent
def commission_new(request: HttpRequest, kind: str) -> HttpResponse:
    """Plan or record a CPL (of a department) or a CPR (of a region)."""
    if kind not in COMMISSIONS:
        raise Http404("Aucune commission de ce nom.")
    if not request.user.is_writer:
        raise PermissionDenied("Seuls les chargés de suivi enregistrent une commission.")
    form = CommissionForm(request.POST or None, instance=Meeting(kind=kind), user=request.user)
    return meeting_form_page(request, form, back=reverse("meetings"))


@atomic_when_sent
def meeting_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change its date, call it off, write its minutes."""
    meeting = writable_meeting(request, pk)
    form = MeetingForm(request.POST or None, instance=meeting)
    return meeting_form_page(request, form, back=meeting.get_absolute_url(), parent=meeting)


def meeting_form_page(
    request: HttpRequest, form: MeetingForm, *, back: str, parent: Model | None = None
) -> HttpResponse:
    act = "Modifier" if form.instance.pk else "Planifier ou enregistrer"
    title = f"{act} : {form.instance.get_kind_display()}"
    if form.is_valid():
        meeting = form.save_by(request.user)
        done = (
            "annulée"
            if meeting.called_off
            else "planifiée"
            if is_planned(meeting, timezone.localdate())
            else "enregistrée"
        )
        messages.success(request, f"Réunion {done} : {meeting.get_kind_display()}, le {in_words(meeting.held_on)}.")
        return redirect(meeting)
    return form_page(request, form, title=title, back=back, parent=parent)
