"""What a contract lives through in tests, as rows: missions engaged, indicators retained, results, dialogues."""

from datetime import date
from decimal import Decimal

from accounts.models.institution import Side
from aci.contracts import Books, with_facts
from aci.ledger import Ledger, ledger_of
from aci.models import Contract, Engagement, Indicator, IndicatorSet, Meeting, MeetingDecision, Result
from projects.models import Document, DocumentType, Project
from tests.factories import MeetingFactory


def engage(contract: Contract, mission: str, starts_on: date, *, decided_on: date | None = None, **said) -> Engagement:
    """A mission engaged by a COPIL held on `decided_on` (the day it starts, when it is not told)."""
    meeting = MeetingFactory(contract=contract, held_on=decided_on or starts_on)
    told = {"kind": MeetingDecision.Kind.ENGAGE, "mission": mission, "effective_on": starts_on}
    decision = meeting.decisions.create(**told, applied_at=meeting.recorded_at)
    return contract.engagements.create(mission=mission, starts_on=starts_on, decision=decision, **said)


def indicator(contract: Contract, mission: str = "acces_soins", code: str = "ald", **said) -> Indicator:
    """In the catalogue of the contract's region: to decrease, paying."""
    told = {"label": f"Indicateur {code}", "mission": mission, "nature": "result", "origin": "insurance"}
    told |= {"direction": "decrease", "since": date(2019, 1, 1), "definition": "…", "method": "…", "source": "AM"}
    region = contract.project.lead_department.region
    return Indicator.objects.get_or_create(region=region, code=code, defaults=told | said)[0]


def retain(contract: Contract, year: int, *indicators: tuple[Indicator, list[tuple]], **said) -> IndicatorSet:
    """A version retained for a contract year: each indicator with its steps (low, high, amount)."""
    day = contract.year(year).since
    told = {"number": 1, "sender": "insurance", "sent_on": day, "retained_on": day}
    version = IndicatorSet.objects.create(contract=contract, year=year, **told | said)
    for position, (each, steps) in enumerate(indicators):
        negotiated = version.negotiated.create(indicator=each, position=position, is_paying=each.is_paying)
        for low, high, amount in steps:
            negotiated.steps.create(low=low, high=high, amount=Decimal(amount))
    return version


def measure(negotiated, value: int | str, on: date, *, validated_by: tuple[Side, ...] = tuple(Side)) -> Result:
    """A final result with its piece, validated the same day by these institutions."""
    result = negotiated.results.create(kind=Result.Kind.FINAL, measured_on=on, value=Decimal(value))
    result.documents.add(piece(negotiated.indicator_set.contract.project))
    for side in validated_by:
        result.validations.create(side=side, validated_on=on)
    return result


def piece(project: Project, title: str = "Pièce") -> Document:
    """A document of the project, without a file on the disk."""
    type_, _ = DocumentType.objects.get_or_create(name="Pièce justificative")
    told = {"filename": "piece.pdf", "content_type": "application/pdf", "size": 8, "file": "documents/piece"}
    return Document.objects.create(project=project, type=type_, title=title, sha256="0" * 64, **told)


def hold_dialogue(contract: Contract, year: int, on: date, **said) -> Meeting:
    return MeetingFactory(contract=contract, kind=Meeting.Kind.DIALOGUE, year=year, held_on=on, **said)


def ledger(contract: Contract, day: date) -> Ledger:
    fetched = with_facts(Contract.objects.filter(pk=contract.pk)).get()
    return ledger_of(fetched, Books(), day)
