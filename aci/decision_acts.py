"""What each kind of decision does to its contract, why it cannot, and how it is taken back."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from accounts.models import User
from aci.contracts import Books, data_of
from aci.establishing import why_not_terms
from aci.ledger import Ledger, LedgerLine, ledger_of
from aci.models import Amendment, Contract, Engagement, Meeting, MeetingDecision, Validation
from aci.negotiation import release, retain, why_not_release, why_not_retain
from aci.remuneration import total
from aci.schedule import AFTER_DIALOGUE, RUNNING_COSTS, ContractData, DueKind, ready_on
from aci.schedule import Engagement as EngagementData
from aci.schedule_check import engagement_problems
from ground.templatetags.french import day as in_words
from ground.templatetags.french import euros, quoted
from projects.stages import remove

Kind = MeetingDecision.Kind


class Reckoned:
    """A contract as it stands today, reckoned once for all the decisions about it; needs `with_facts`."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract

    @cached_property
    def books(self) -> Books:
        return Books()

    @cached_property
    def data(self) -> ContractData:
        return data_of(self.contract, self.books)

    @cached_property
    def ledger(self) -> Ledger:
        return ledger_of(self.contract, self.books, timezone.localdate())

    @cached_property
    def labels(self) -> dict[str, str]:
        """Of its missions, by code."""
        return self.data.labels

    def engagement(self, mission: str) -> Engagement | None:
        return next((each for each in self.contract.engagements.all() if each.mission == mission), None)


# To engage a mission


def missions_to_engage(reckoned: Reckoned) -> dict[str, str]:
    """The missions of its tariff that may still be engaged, with their labels."""
    engaged = {each.mission for each in reckoned.contract.engagements.all()}
    lines = [line for terms in reckoned.data.terms for line in terms.tariff.lines.get(terms.tier, ())]
    return {
        line.mission: line.label for line in lines if line.mission not in engaged | {RUNNING_COSTS} and not line.follows
    }


def _why_not_engage(decision: MeetingDecision, reckoned: Reckoned) -> list[str]:
    label = quoted(reckoned.labels.get(decision.mission, decision.mission))
    if reckoned.engagement(decision.mission):
        return [f"La mission {label} est déjà engagée."]
    asked = EngagementData(decision.mission, decision.effective_on)
    return [f"Mission {label} : {why}" for why in engagement_problems(reckoned.data, asked)]


def _engage(decision: MeetingDecision, reckoned: Reckoned, user: User) -> None:
    Engagement.objects.create(
        contract=reckoned.contract,
        mission=decision.mission,
        starts_on=decision.effective_on,
        decision=decision,
        recorded_by=user,
    )


def _why_not_disengage(decision: MeetingDecision, reckoned: Reckoned) -> list[str]:
    if decision.engagement.end_decision_id:
        return ["Cette mission a été arrêtée par une décision : annulez d'abord celle-ci."]
    paid = missions_paid_with(decision.mission, reckoned.data)
    if any(row.mission in paid for row in (*reckoned.contract.payments.all(), *reckoned.contract.validations.all())):
        return ["Des montants de cette mission sont validés ou versés : retirez-les d'abord."]
    return []


def missions_paid_with(mission: str, data: ContractData) -> set[str]:
    """What the engagement of a mission makes due: its own lines and those that follow it."""
    lines = (line for terms in data.terms for line in terms.tariff.lines.get(terms.tier, ()))
    return {mission} | {line.mission for line in lines if line.follows == mission}


# To stop one


def missions_to_stop(reckoned: Reckoned) -> dict[str, str]:
    running = (each.mission for each in reckoned.contract.engagements.all() if each.ends_on is None)
    return {mission: reckoned.labels.get(mission, mission) for mission in running}


def _why_not_stop(decision: MeetingDecision, reckoned: Reckoned) -> list[str]:
    engagement = reckoned.engagement(decision.mission)
    if engagement is None:
        return ["Cette mission n'est pas engagée."]
    if engagement.ends_on:
        return [f"Cette mission s'arrête déjà le {in_words(engagement.ends_on)}."]
    if decision.effective_on <= engagement.starts_on:
        return [f"Elle ne peut s'arrêter qu'après avoir démarré, le {in_words(engagement.starts_on)}."]
    if decision.effective_on >= reckoned.contract.term:
        return [
            f"Le contrat se termine avant, le {in_words(reckoned.contract.year(reckoned.contract.years).last_day)}."
        ]
    return []


def _stop(decision: MeetingDecision, reckoned: Reckoned, user: User) -> None:
    engagement = reckoned.engagement(decision.mission)
    engagement.ends_on, engagement.end_decision = decision.effective_on, decision
    engagement.save(update_fields=["ends_on", "end_decision"])


def _why_not_resume(decision: MeetingDecision, reckoned: Reckoned) -> list[str]:
    paid = missions_paid_with(decision.mission, reckoned.data)
    if any(row.mission in paid and row.kind == DueKind.RECOVERY for row in reckoned.contract.payments.all()):
        return ["La CPTS a déjà rendu de l'argent pour cette mission : retirez d'abord cette reprise."]
    return []


def _resume(decision: MeetingDecision, reason: str) -> None:
    engagement = decision.ended
    engagement.ends_on = engagement.end_decision = None
    engagement._change_reason = reason
    engagement.save(update_fields=["ends_on", "end_decision"])


# To validate a payment


def lines_to_validate(reckoned: Reckoned) -> list[LedgerLine]:
    """What the yearly dialogue has settled and meetings have not validated whole yet."""
    lines = (line for line in reckoned.ledger.lines if line.due.kind in AFTER_DIALOGUE)
    return [line for line in lines if left_to_validate(line) > 0]


def left_to_validate(line: LedgerLine) -> Decimal:
    return line.due.amount - line.validated


def share_validated(line: LedgerLine) -> str:
    """What meetings have already validated of a line, in words; empty when they have validated nothing."""
    return f"{euros(line.validated)} validés sur {euros(line.due.amount)}" if line.validated else ""


def _why_not_validate(decision: MeetingDecision, reckoned: Reckoned) -> list[str]:
    line = reckoned.ledger.line((decision.year, decision.mission, DueKind(decision.line)))
    if line is None or not line.due.amount:
        return ["Cette ligne n'attend aucun paiement : rien n'est dû avant le dialogue annuel et ses résultats."]
    left, already = left_to_validate(line), share_validated(line)
    if left <= 0:
        return [f"Cette ligne est déjà validée ({line.validated_by}) : {already}."]
    found = []
    if decision.amount > left:
        cap = f"ce qui reste à valider : {euros(left)} ({already})" if already else f"ce qui est dû : {euros(left)}"
        found.append(f"{euros(decision.amount)}, c'est plus que {cap}.")
    meeting, ready = decision.meeting, ready_on(reckoned.ledger.data, decision.year, decision.mission)
    is_its_dialogue = (meeting.kind, meeting.year) == (Meeting.Kind.DIALOGUE, decision.year)
    if meeting.held_on < ready and not is_its_dialogue:
        found.append(
            "Cette ligne se valide une fois daté le compte rendu du dialogue annuel et validés les résultats, le "
            f"{in_words(ready)}."
        )
    return found


def _validate(decision: MeetingDecision, reckoned: Reckoned, user: User) -> None:
    Validation.objects.create(
        contract=reckoned.contract,
        year=decision.year,
        mission=decision.mission,
        kind=decision.line,
        amount=decision.amount,
        decision=decision,
        recorded_by=user,
    )


def _why_not_devalidate(decision: MeetingDecision, reckoned: Reckoned) -> list[str]:
    """Each payment of the line stays covered by what the other meetings had validated by its day."""
    key = decision.validation.key
    payments = [each for each in reckoned.contract.payments.all() if each.key == key]
    others = [each for each in reckoned.contract.validations.all() if each.key == key and each.decision != decision]
    for payment in payments:
        paid = total(each.amount for each in payments if each.paid_on <= payment.paid_on)
        if paid > total(each.amount for each in others if each.decision.meeting.held_on <= payment.paid_on):
            return ["Un versement a été fait sur cette ligne : retirez-le d'abord."]
    return []


# To retain indicators, to conclude an amendment


def _why_not_amend(decision: MeetingDecision, reckoned: Reckoned) -> list[str]:
    signed_on = decision.effective_on
    if signed_on < reckoned.contract.signed_on:
        return [f"Un avenant ne précède pas le contrat, signé le {in_words(reckoned.contract.signed_on)}."]
    if signed_on > timezone.localdate():
        return ["Un avenant s'enregistre une fois signé : cette date est dans le futur."]
    last = reckoned.contract.amendments.last()
    if last and signed_on < last.signed_on:
        return [f"L'avenant n° {last.number} a été signé après, le {in_words(last.signed_on)}."]
    return []


def _amend(decision: MeetingDecision, reckoned: Reckoned, user: User) -> None:
    last = reckoned.contract.amendments.last()
    Amendment.objects.create(
        contract=reckoned.contract,
        number=last.number + 1 if last else 1,
        signed_on=decision.effective_on,
        purpose=decision.text,
        decision=decision,
        recorded_by=user,
    )


def _why_not_unamend(decision: MeetingDecision, reckoned: Reckoned) -> list[str]:
    amendment = decision.amendment
    last = reckoned.contract.amendments.last()
    if amendment != last:
        return [f"L'avenant n° {last.number} a suivi celui-ci : annulez d'abord celui-là."]
    return why_not_terms(reckoned.contract, None, amendment)


@dataclass(frozen=True, slots=True)
class Act:
    """What a decision does to its contract, and how it is taken back."""

    why_not: Callable[[MeetingDecision, Reckoned], list[str]]
    apply: Callable[[MeetingDecision, Reckoned, User], None]
    why_not_undo: Callable[[MeetingDecision, Reckoned], list[str]]
    undo: Callable[[MeetingDecision, str], None]


ACTS = {
    Kind.ENGAGE: Act(_why_not_engage, _engage, _why_not_disengage, lambda each, why: remove(each.engagement, why)),
    Kind.STOP: Act(_why_not_stop, _stop, _why_not_resume, _resume),
    Kind.PAY: Act(_why_not_validate, _validate, _why_not_devalidate, lambda each, why: remove(each.validation, why)),
    Kind.INDICATORS: Act(
        lambda each, _: why_not_retain(each.indicator_set, each.meeting.held_on),
        lambda each, *_: retain(each.indicator_set, each.meeting.held_on),
        lambda each, _: [why] if (why := why_not_release(each.indicator_set)) else [],
        lambda each, _: release(each.indicator_set, each),
    ),
    Kind.AMEND: Act(_why_not_amend, _amend, _why_not_unamend, lambda each, why: remove(each.amendment, why)),
}
"""Every kind but the arbitration, which is only kept."""
