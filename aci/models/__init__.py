from aci.models.contract import Amendment, Contract, ContractTerms, Crisis, CrisisPlan, Engagement
from aci.models.indicator import Indicator, IndicatorSet, NegotiatedIndicator, PayingStep, Result, ResultValidation
from aci.models.ledger import Payment, Validation
from aci.models.meeting import Action, CommissionOpinion, Meeting, MeetingDecision
from aci.models.rules import PaymentRules
from aci.models.sharing import SharedAction, SharedActionEntry
from aci.models.tariff import Tariff, TariffAmount, TariffLine, TariffTier

__all__ = [
    "Action",
    "Amendment",
    "CommissionOpinion",
    "Contract",
    "ContractTerms",
    "Crisis",
    "CrisisPlan",
    "Engagement",
    "Indicator",
    "IndicatorSet",
    "Meeting",
    "MeetingDecision",
    "NegotiatedIndicator",
    "PayingStep",
    "Payment",
    "PaymentRules",
    "Result",
    "ResultValidation",
    "SharedAction",
    "SharedActionEntry",
    "Tariff",
    "TariffAmount",
    "TariffLine",
    "TariffTier",
    "Validation",
]
