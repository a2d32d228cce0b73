"""The opinions of a commission on the difficulties of a CPTS."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from aci.forms.meeting_opinions import CommissionOpinionForm
from aci.meeting_rules import COMMISSIONS, is_planned
from aci.models import CommissionOpinion, Meeting
from aci.views.meeting_access import form_page, writable_meeting
from projects.models import Project
from projects.views.access import atomic_when_sent
from projects.workflow import lock


@atomic_when_sent
def commission_opinion_new(request: HttpRequest, pk: int) -> HttpResponse:
    meeting = writable_meeting(request, pk)
    if meeting.kind not in COMMISSIONS:
        raise Http404("Seule une commission rend ces avis.")
    return opinion_page(request, CommissionOpinion(meeting=meeting), "Avis sur une difficulté")


@atomic_when_sent
def commission_opinion_edit(request: HttpRequest, pk: int) -> HttpResponse:
    readable = Meeting.objects.for_user(request.user)
    found = get_object_or_404(CommissionOpinion, pk=pk, meeting__in=readable)
    meeting = writable_meeting(request, found.meeting_id)
    if request.method == "POST":
        lock(Project.objects, found.project_id)  # held too by who withdraws the opinion
    opinion = get_object_or_404(meeting.opinions.select_related("project"), pk=pk)
    opinion.meeting = meeting
    return opinion_page(request, opinion, f"Avis sur une difficulté : {opinion.project}")


def opinion_page(request: HttpRequest, opinion: CommissionOpinion, title: str) -> HttpResponse:
    meeting = opinion.meeting
    form = CommissionOpinionForm(request.POST or None, instance=opinion, user=request.user)
    obstacles = []
    if meeting.called_off or is_planned(meeting, timezone.localdate()):
        obstacles = ["Cette commission ne s'est pas tenue : ses avis se notent une fois rendus."]
    if not obstacles and form.is_valid():
        form.save_by(request.user)
        messages.success(request, f"Avis noté : {opinion.project}.")
        return redirect(f"{meeting.get_absolute_url()}#avis")
    return form_page(request, form, title=title, parent=meeting, back=meeting.get_absolute_url(), obstacles=obstacles)
