"""Applying what a meeting has decided, in one click, so that the contract follows; and taking it back.

Deciding commits the money of the CPAM (offer of service of the Assurance Maladie, ARS and MSA): only it applies.
What is applied is undone as long as nothing rests on it.
"""

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.models.institution import Side
from aci.contracts import with_facts
from aci.decision_acts import ACTS, Reckoned
from aci.meeting_rules import why_not_decide
from aci.models import Contract, MeetingDecision
from aci.schedule import DueKind
from ground.templatetags.french import day, euros, quoted
from ground.text import digest
from projects.models import Project
from projects.withdrawing import check_reason
from projects.workflow import READS_ONLY, lock

Kind = MeetingDecision.Kind
CHANGED = "Cette décision a changé depuis que vous l'avez lue : relisez-la, puis appliquez-la."
CPAM_APPLIES = "Appliquer une décision engage l'argent de la CPAM : elle seule le fait."


def why_not_apply(decision: MeetingDecision, reckoned: Reckoned | None = None) -> list[str]:
    """Why a decision cannot act on its contract, in French; empty when it can."""
    refusals = why_not_decide(decision.meeting, decision.kind, timezone.localdate())
    if refusals or decision.applied_at or not is_to_apply(decision):
        return refusals
    return ACTS[Kind(decision.kind)].why_not(decision, reckoned or reckoned_of(decision))


def is_to_apply(decision: MeetingDecision) -> bool:
    """Whether it acts on the contract and has not yet."""
    return decision.kind in ACTS and decision.applied_at is None


def fingerprint(decision: MeetingDecision) -> str:
    """Differs as soon as what the page tells of the decision does: what was read is what is applied."""
    return digest([in_words(decision, {}), decision.text, decision.meeting.held_on])


def apply(user: User, pk: int, shown: str | None = None) -> MeetingDecision:
    """Make the contract follow; a second click changes nothing.

    `shown` is the fingerprint of what `user` has read on a page; None when nothing was read before.
    Raises MeetingDecision.DoesNotExist out of scope, PermissionDenied, ValidationError with every reason.
    """
    with transaction.atomic():
        decision = held(user, pk)
        if not is_to_apply(decision):
            return decision
        if shown is not None and shown != fingerprint(decision):
            raise ValidationError(CHANGED)
        reckoned = reckoned_of(decision)
        if reasons := why_not_apply(decision, reckoned):
            raise ValidationError(reasons)
        ACTS[Kind(decision.kind)].apply(decision, reckoned, user)
        decision.applied_at, decision.applied_by = timezone.now(), user
        decision.save(update_fields=["applied_at", "applied_by"])
    return decision


def undo(user: User, pk: int, reason: str) -> MeetingDecision:
    """Take back what was applied, and say why; the decision waits again. Raises as `apply` does."""
    with transaction.atomic():
        decision = held(user, pk)
        check_reason(reason)
        if decision.applied_at is None:
            return decision
        reckoned = reckoned_of(decision)
        if reasons := why_not_undo(decision, reckoned):
            raise ValidationError(reasons)
        ACTS[Kind(decision.kind)].undo(decision, reason)
        decision.applied_at = decision.applied_by = None
        decision._change_reason = reason
        decision.save(update_fields=["applied_at", "applied_by"])
    return decision


def why_not_undo(decision: MeetingDecision, reckoned: Reckoned) -> list[str]:
    return ACTS[Kind(decision.kind)].why_not_undo(decision, reckoned)


def held(user: User, pk: int) -> MeetingDecision:
    """The decision, its project held until the end of the transaction, for who commits the money of the CPAM."""
    decisions = MeetingDecision.objects.select_related("meeting__contract", "indicator_set")
    found = decisions.get(pk=pk, meeting__contract__project__in=Project.objects.for_user(user))
    project = lock(Project.objects, found.meeting.contract.project_id)
    if not user.can_write_in(project.department_codes()):
        raise PermissionDenied(READS_ONLY)
    if not user.acts_for(Side.INSURANCE):
        raise PermissionDenied(CPAM_APPLIES)
    return decisions.get(pk=pk)


def reckoned_of(decision: MeetingDecision) -> Reckoned:
    return Reckoned(with_facts(Contract.objects.filter(pk=decision.meeting.contract_id)).get())


def in_words(decision: MeetingDecision, labels: Mapping[str, str]) -> str:
    """What a decision says, as the minutes print it; `labels`: of the missions."""
    mission = quoted(labels.get(decision.mission, decision.mission))
    match decision.kind:
        case Kind.ENGAGE:
            return f"La mission {mission} démarre le {day(decision.effective_on)}."
        case Kind.STOP:
            return f"La mission {mission} s'arrête le {day(decision.effective_on)}."
        case Kind.PAY:
            line = DueKind(decision.line).label.lower()
            return f"{euros(decision.amount)} à verser pour {mission}, année {decision.year} ({line})."
        case Kind.INDICATORS:
            return f"Indicateurs retenus : {decision.indicator_set}."
        case Kind.AMEND:
            return f"Avenant signé le {day(decision.effective_on)}."
    return ""
