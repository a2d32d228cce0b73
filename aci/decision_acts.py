"""What each kind of decision does to its contract, why it cannot, and how it is taken back."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from accounts.models import User
from aci.contracts import Books, data_of
from aci.establishing import why_not_terms
from aci.ledger import Ledger, LedgerLine, ledger_of
from aci.models import Amendment, Contract, Engagement, MeetingDecision, Validation
from aci.negotiation import release, retain, why_not_release, why_not_retain
from aci.schedule import AFTER_DIALOGUE, RUNNING_COSTS, ContractData, DueKind
from aci.schedule import Engagement as EngagementData
from aci.schedule_check import engagement_problems
from ground.templatetags.french import day as in_words
from ground.templatetags.french import euros, quoted
from projects.stages import remove

Kind = MeetingDecision.Kind


def mission_labels(data: ContractData) -> dict[str, str]:
    return {code: label for terms in data.terms for code, label in terms.tariff.missions.items()}


class Standing:
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
    def mission_labels(self) -> dict[str, str]:
        return mission_labels(self.data)

    def engagement(self, mission: str) -> Engagement | None:
        return next((each for each in self.contract.engagements.all() if each.mission == mission), None)


# To engage a mission


def missions_to_engage(standing: Standing) -> dict[str, str]:
    """The missions of its tariff that may still be engaged, with their labels."""
    engaged = {each.mission for each in standing.contract.engagements.all()}
    lines = [line for terms in standing.data.terms for line in terms.tariff.lines.get(terms.tier, ())]
    return {
        line.mission: line.label for line in lines if line.mission not in engaged | {RUNNING_COSTS} and not line.follows
    }


def _why_not_engage(decision: MeetingDecision, standing: Standing) -> list[str]:
    label = quoted(standing.mission_labels.get(decision.mission, decision.mission))
    if standing.engagement(decision.mission):
        return [f"La mission {label} est déjà engagée."]
    asked = EngagementData(decision.mission, decision.effective_on)
    return [f"Mission {label} : {why}" for why in engagement_problems(standing.data, asked)]


def _engage(decision: MeetingDecision, standing: Standing, user: User) -> None:
    Engagement.objects.create(
        contract=standing.contract,
        mission=decision.mission,
        starts_on=decision.effective_on,
        decision=decision,
        recorded_by=user,
    )


def _why_not_disengage(decision: MeetingDecision, standing: Standing) -> list[str]:
    if decision.engagement.end_decision_id:
        return ["Cette mission a été arrêtée par une décision : annulez d'abord celle-ci."]
    paid = missions_paid_with(decision.mission, standing.data)
    if any(row.mission in paid for row in (*standing.contract.payments.all(), *standing.contract.validations.all())):
        return ["Des montants de cette mission sont validés ou versés : retirez-les d'abord."]
    return []


def missions_paid_with(mission: str, data: ContractData) -> set[str]:
    """What the engagement of a mission makes due: its own lines and those that follow it."""
    lines = (line for terms in data.terms for line in terms.tariff.lines.get(terms.tier, ()))
    return {mission} | {line.mission for line in lines if line.follows == mission}


# To stop one


def missions_to_stop(standing: Standing) -> dict[str, str]:
    running = (each.mission for each in standing.contract.engagements.all() if each.ends_on is None)
    return {mission: standing.mission_labels.get(mission, mission) for mission in running}


def _why_not_stop(decision: MeetingDecision, standing: Standing) -> list[str]:
    engagement = standing.engagement(decision.mission)
    if engagement is None:
        return ["Cette mission n'est pas engagée."]
    if engagement.ends_on:
        return [f"Cette mission s'arrête déjà le {in_words(engagement.ends_on)}."]
    if decision.effective_on <= engagement.starts_on:
        return [f"Elle ne peut s'arrêter qu'après avoir démarré, le {in_words(engagement.starts_on)}."]
    if decision.effective_on >= standing.contract.term:
        return [
            f"Le contrat se termine avant, le {in_words(standing.contract.year(standing.contract.years).last_day)}."
        ]
    return []


def _stop(decision: MeetingDecision, standing: Standing, user: User) -> None:
    engagement = standing.engagement(decision.mission)
    engagement.ends_on, engagement.end_decision = decision.effective_on, decision
    engagement.save(update_fields=["ends_on", "end_decision"])


def _why_not_resume(decision: MeetingDecision, standing: Standing) -> list[str]:
    taken_back = [
        row for row in standing.contract.payments.all() if row.key[1:] == (decision.mission, DueKind.RECOVERY)
    ]
    return ["La CPTS a déjà rendu de l'argent pour cette mission : retirez d'abord cette reprise."] * bool(taken_back)


def _resume(decision: MeetingDecision, reason: str) -> None:
    engagement = decision.ended
    engagement.ends_on = engagement.end_decision = None
    engagement._change_reason = reason
    engagement.save(update_fields=["ends_on", "end_decision"])


# To validate a payment


def lines_to_validate(standing: Standing) -> list[LedgerLine]:
    """What the yearly dialogue has settled and no meeting has validated yet."""
    return [
        line
        for line in standing.ledger.lines
        if line.due.kind in AFTER_DIALOGUE and line.due.amount and not line.meeting
    ]


def _why_not_validate(decision: MeetingDecision, standing: Standing) -> list[str]:
    line = standing.ledger.line((decision.year, decision.mission, DueKind(decision.line)))
    if line is None or not line.due.amount:
        return ["Cette ligne n'attend aucun paiement : rien n'est dû avant le dialogue annuel et ses résultats."]
    if line.meeting:
        return [f"Cette ligne est déjà validée ({line.meeting})."]
    found = []
    if decision.amount > line.due.amount:
        found.append(f"{euros(decision.amount)}, c'est plus que ce qui est dû : {euros(line.due.amount)}.")
    dialogue = standing.ledger.data.dialogues[decision.year]
    if decision.meeting.held_on < dialogue:
        found.append(f"Un volet variable se valide une fois tenu le dialogue annuel, le {in_words(dialogue)}.")
    return found


def _validate(decision: MeetingDecision, standing: Standing, user: User) -> None:
    Validation.objects.create(
        contract=standing.contract,
        year=decision.year,
        mission=decision.mission,
        kind=decision.line,
        amount=decision.amount,
        decision=decision,
        recorded_by=user,
    )


def _why_not_devalidate(decision: MeetingDecision, standing: Standing) -> list[str]:
    paid = any(payment.key == decision.validation.key for payment in standing.contract.payments.all())
    return ["Un versement a été fait sur cette ligne : retirez-le d'abord."] if paid else []


# To retain indicators, to conclude an amendment


def _why_not_amend(decision: MeetingDecision, standing: Standing) -> list[str]:
    signed_on = decision.effective_on
    if signed_on < standing.contract.signed_on:
        return [f"Un avenant ne précède pas le contrat, signé le {in_words(standing.contract.signed_on)}."]
    if signed_on > timezone.localdate():
        return ["Un avenant s'enregistre une fois signé : cette date est dans le futur."]
    last = standing.contract.amendments.last()
    if last and signed_on < last.signed_on:
        return [f"L'avenant n° {last.number} a été signé après, le {in_words(last.signed_on)}."]
    return []


def _amend(decision: MeetingDecision, standing: Standing, user: User) -> None:
    last = standing.contract.amendments.last()
    Amendment.objects.create(
        contract=standing.contract,
        number=last.number + 1 if last else 1,
        signed_on=decision.effective_on,
        purpose=decision.text,
        decision=decision,
        recorded_by=user,
    )


def _why_not_unamend(decision: MeetingDecision, standing: Standing) -> list[str]:
    amendment = decision.amendment
    last = standing.contract.amendments.last()
    if amendment != last:
        return [f"L'avenant n° {last.number} a suivi celui-ci : annulez d'abord celui-là."]
    return why_not_terms(standing.contract, None, amendment)


@dataclass(frozen=True, slots=True)
class Act:
    """What a decision does to its contract, and how it is taken back."""

    why_not: Callable[[MeetingDecision, Standing], list[str]]
    apply: Callable[[MeetingDecision, Standing, User], None]
    why_not_undo: Callable[[MeetingDecision, Standing], list[str]]
    undo: Callable[[MeetingDecision, str], None]


ACTS = {
    Kind.ENGAGE: Act(_why_not_engage, _engage, _why_not_disengage, lambda each, why: remove(each.engagement, why)),
    Kind.STOP: Act(_why_not_stop, _stop, _why_not_resume, _resume),
    Kind.PAY: Act(_why_not_validate, _validate, _why_not_devalidate, lambda each, why: remove(each.validation, why)),
    Kind.INDICATORS: Act(
        lambda each, _: why_not_retain(each.indicator_set),
        lambda each, *_: retain(each.indicator_set, each.meeting.held_on),
        lambda each, _: [why] if (why := why_not_release(each.indicator_set)) else [],
        lambda each, _: release(each.indicator_set),
    ),
    Kind.AMEND: Act(_why_not_amend, _amend, _why_not_unamend, lambda each, why: remove(each.amendment, why)),
}
"""Every kind but the arbitration, which is only kept."""
