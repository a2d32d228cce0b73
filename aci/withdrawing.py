"""What the app below asks of this one: which rows can be withdrawn, and what rests on a signature or on a document."""

from django.core.exceptions import ValidationError
from django.dispatch import receiver

from aci.establishing import page_of_contract, what_rests_on_contract, why_amendment_stays, why_crisis_stays
from aci.meeting_rules import page_of_meetings, why_not_withdraw_decision, why_not_withdraw_meeting
from aci.models import (
    Action,
    Amendment,
    CommissionOpinion,
    Contract,
    Crisis,
    CrisisPlan,
    IndicatorSet,
    Meeting,
    MeetingDecision,
    Payment,
    Result,
    ResultValidation,
)
from aci.negotiation import page_of, why_not_withdraw
from aci.results import page_of_results, why_settled
from ground.templatetags.french import quoted
from projects.models import Document, Stage
from projects.states import State
from projects.taking_back import stage_leaves
from projects.withdrawing import WITHDRAWABLE, Kind, document_leaves

WITHDRAWABLE |= {
    "versement-aci": Kind(Payment, "contract__project", "project_aci"),
    "contrat": Kind(Contract, "project", "project_aci", why_not=what_rests_on_contract),
    "avenant": Kind(
        Amendment, "contract__project", "project_aci", why_not=why_amendment_stays, address=page_of_contract
    ),
    "crise": Kind(Crisis, "contract__project", "project_aci", why_not=why_crisis_stays, address=page_of_contract),
    "plan-de-crise": Kind(CrisisPlan, "contract__project", "project_aci", address=page_of_contract),
    "version-indicateurs": Kind(
        IndicatorSet, "contract__project", "project_aci", why_not=why_not_withdraw, address=page_of
    ),
    "resultat": Kind(
        Result,
        "negotiated__indicator_set__contract__project",
        "project_aci",
        why_not=lambda row: why_settled(row.negotiated) if row.kind == Result.Kind.FINAL else "",
        address=lambda row: page_of_results(row.negotiated),
    ),
    "validation-de-resultat": Kind(
        ResultValidation,
        "result__negotiated__indicator_set__contract__project",
        "project_aci",
        why_not=lambda row: why_settled(row.result.negotiated),
        address=lambda row: page_of_results(row.result.negotiated),
    ),
    "reunion": Kind(
        Meeting, "contract__project", "project_aci", why_not=why_not_withdraw_meeting, address=page_of_meetings
    ),
    "decision": Kind(
        MeetingDecision,
        "meeting__contract__project",
        "project_aci",
        why_not=why_not_withdraw_decision,
        address=lambda row: row.meeting.get_absolute_url(),
    ),
    "action": Kind(Action, "contract__project", "project_aci", address=page_of_meetings),
    "avis-de-commission": Kind(
        CommissionOpinion, "project", "project_aci", address=lambda row: row.meeting.get_absolute_url()
    ),
}


@receiver(stage_leaves, dispatch_uid="contract_rests_on_its_signature")
def refuse_to_lose_the_signature(stage: Stage, **_: object) -> None:
    """The signature of an ACI is not taken back under its contract."""
    if stage.state == State.ACI_SIGNED and Contract.objects.filter(project=stage.project_id).exists():
        raise ValidationError(
            "Un contrat ACI est enregistré : sa signature ne peut pas être annulée. Retirez d'abord le contrat, dans "
            "l'onglet « Contrat ACI »."
        )


@receiver(document_leaves, dispatch_uid="settled_result_rests_on_its_piece")
def refuse_to_lose_the_last_piece(document: Document, **_: object) -> None:
    """A final result whose money is validated or paid keeps a piece: without one, the money would be asked back."""
    final = Result.objects.filter(kind=Result.Kind.FINAL, documents=document)
    for result in final.select_related("negotiated__indicator", "negotiated__indicator_set"):
        others = result.documents.filter(withdrawn_at=None).exclude(pk=document.pk)
        if not others.exists() and (settled := why_settled(result.negotiated)):
            year = result.negotiated.indicator_set.year
            raise ValidationError(
                [
                    f"C'est la dernière pièce du résultat final {quoted(result.negotiated)} de l'année {year} : "
                    "joignez d'abord une autre pièce à ce résultat.",
                    settled,
                ]
            )
