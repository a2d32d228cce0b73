"""What meetings decide: noting it, applying it to the contract in one click, undoing it."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.models.institution import Side
from aci.decision_acts import Reckoned
from aci.decisions import CPAM_APPLIES, apply, fingerprint, in_words, is_to_apply, undo, why_not_apply, why_not_undo
from aci.forms.meeting_decisions import DecisionForm
from aci.meeting_rules import why_not_decide, why_not_withdraw_decision
from aci.models import Contract, Meeting, MeetingDecision
from aci.remuneration import Verified
from aci.schedule import DueKind
from aci.views.meeting_access import form_page, writable_meeting
from projects.forms.withdrawing import WithdrawForm
from projects.views.access import atomic_when_sent, may_write, saved
from projects.withdrawing import may_withdraw


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """A decision with its words, why it cannot be applied (if it waits), and what its reader may do with it."""

    decision: MeetingDecision
    words: str
    waits: bool
    why_not: list[str]
    may_apply: bool
    may_change: bool
    may_withdraw: bool
    verified: Verified  # of the amount that it pays

    @property
    def shown(self) -> str:
        return fingerprint(self.decision)


def decision_lines(
    request: HttpRequest, contract: Contract, decisions: QuerySet[MeetingDecision]
) -> list[DecisionLine]:
    """Needs the contract with its facts, and its project."""
    reckoned = Reckoned(contract)
    writes = may_write(request, contract.project)
    related = ("meeting__contract", "indicator_set", "applied_by__institution", "recorded_by__institution")
    return [
        DecisionLine(
            decision,
            in_words(decision, reckoned.labels),
            is_to_apply(decision),
            why_not_apply(decision, reckoned) if is_to_apply(decision) else [],
            writes and request.user.acts_for(Side.INSURANCE),
            writes and not decision.applied_at,
            not decision.applied_at and may_withdraw(request.user, contract.project, decision),
            _verified(decision, reckoned),
        )
        for decision in decisions.select_related(*related)
    ]


def _verified(decision: MeetingDecision, reckoned: Reckoned) -> Verified:
    if decision.kind != MeetingDecision.Kind.PAY:
        return Verified.YES
    line = reckoned.ledger.line((decision.year, decision.mission, DueKind(decision.line)))
    return line.due.verified if line else Verified.YES


@atomic_when_sent
def decision_new(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Note what a meeting has decided; `?ligne=` names the line of the schedule that a payment is about."""
    meeting = writable_meeting(request, pk)
    if kind not in MeetingDecision.Kind or not meeting.contract_id:
        raise Http404("Aucune décision de ce nom.")
    decision = MeetingDecision(meeting=meeting, kind=kind)
    return decision_page(request, decision, f"Décision : {decision.get_kind_display()}")


@atomic_when_sent
def decision_edit(request: HttpRequest, pk: int) -> HttpResponse:
    decision = writable_decision(request, pk)
    return decision_page(request, decision, f"Modifier la décision : {decision.get_kind_display()}")


def decision_page(request: HttpRequest, decision: MeetingDecision, title: str) -> HttpResponse:
    meeting = decision.meeting
    form = DecisionForm(request.POST or None, instance=decision, asked_line=request.GET.get("ligne", ""))
    applied = why_not_withdraw_decision(decision)
    obstacles = [applied] if applied else why_not_decide(meeting, decision.kind, timezone.localdate())
    if not obstacles and (nothing := form.nothing_to_decide()):
        obstacles = [nothing]
    if not obstacles and form.is_valid():
        form.save_by(request.user)
        messages.success(request, f"Décision notée : {decision.get_kind_display()}.")
        return redirect(f"{meeting.get_absolute_url()}#decisions")
    return form_page(request, form, title=title, parent=meeting, back=meeting.get_absolute_url(), obstacles=obstacles)


def writable_decision(request: HttpRequest, pk: int) -> MeetingDecision:
    """The decision with its meeting and its contract; held, once a form is sent."""
    readable = Meeting.objects.for_user(request.user)
    found = get_object_or_404(MeetingDecision, pk=pk, meeting__in=readable)
    meeting = writable_meeting(request, found.meeting_id)
    decision = get_object_or_404(meeting.decisions, pk=pk)
    decision.meeting = meeting
    return decision


def decision_of_the_cpam(request: HttpRequest, pk: int) -> MeetingDecision:
    decision = writable_decision(request, pk)
    if not request.user.acts_for(Side.INSURANCE):
        raise PermissionDenied(CPAM_APPLIES)
    return decision


@require_POST
@atomic_when_sent
def decision_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """One click, and the contract follows."""
    decision = decision_of_the_cpam(request, pk)
    try:
        decision = apply(request.user, pk, request.POST.get("shown", ""))
    except ValidationError as refusal:
        meeting = decision.meeting
        told = {"title": f"Décision non appliquée : {decision.get_kind_display()}", "obstacles": refusal.messages}
        told |= {"parent": meeting, "back": meeting.get_absolute_url()}
        return render(request, "aci/meeting_form.html", told, status=422)
    messages.success(request, f"Décision appliquée au contrat : {decision.get_kind_display()}.")
    return redirect(f"{decision.meeting.get_absolute_url()}#decisions")


@atomic_when_sent
def decision_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what was applied by mistake, and say why."""
    decision = decision_of_the_cpam(request, pk)
    meeting = decision.meeting
    form = WithdrawForm(request.POST or None)
    if saved(form, lambda: undo(request.user, pk, form.cleaned_data["reason"])):
        messages.success(request, "Application annulée : la décision attend de nouveau. L'historique garde la raison.")
        return redirect(f"{meeting.get_absolute_url()}#decisions")
    reckoned = Reckoned(meeting.contract)
    obstacles = why_not_undo(decision, reckoned) if decision.applied_at else ["Cette décision attend encore."]
    return form_page(
        request,
        form,
        title="Annuler l'application d'une décision",
        lead=f"{decision.get_kind_display()} : {in_words(decision, reckoned.labels)}",
        parent=meeting,
        back=meeting.get_absolute_url(),
        obstacles=[] if form.is_bound else obstacles,
        button="Annuler l'application",
    )


def waiting(contract: Contract) -> QuerySet[MeetingDecision]:
    """The decisions of a contract that still have to act on it."""
    decisions = MeetingDecision.objects.filter(meeting__contract=contract, applied_at=None)
    return decisions.exclude(kind=MeetingDecision.Kind.ARBITRATE).order_by("meeting__held_on", "pk")
