"""The money of the demonstration: the COPIL validates what results have earned, the CPAM pays what is due."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from aci.contracts import Books
from aci.demo.contracts import decide
from aci.demo.indicators import fetched
from aci.demo.meetings import hold
from aci.ledger import LedgerLine, ledger_of
from aci.models import Meeting, MeetingDecision
from aci.schedule import AFTER_DIALOGUE

if TYPE_CHECKING:
    from aci.demo.contracts import Told

DELAY = timedelta(days=21)  # between what is due and its payment


def pay(told: "Told") -> None:
    """Every line due, three weeks after; the latest ones still wait, and so does one contract in six for a balance."""
    today = timezone.localdate()
    ledger = ledger_of(fetched(told.contract), Books(), today)
    for number, line in enumerate(ledger.lines):
        paid_on = line.due.due_on + DELAY
        if paid_on > today - timedelta(days=30) or (told.rank % 6 == 2 and number % 9 == 8):
            continue
        if line.due.kind in AFTER_DIALOGUE:
            validate(told, line)
        told.contract.payments.create(
            year=line.due.year,
            mission=line.due.mission,
            kind=line.due.kind,
            amount=line.due.amount,
            paid_on=paid_on,
            reference=reference(told, number),
            recorded_by=told.officer,
        )


def reference(told: "Told", number: int) -> str:
    return f"VIR-{told.contract.project.lead_department_id}-{told.contract.pk:04d}-{number:03d}"


def validate(told: "Told", line: LedgerLine) -> None:
    meeting = hold(told.contract, Meeting.Kind.COPIL, line.due.due_on + timedelta(days=10), told.officer)
    due = line.due
    said = {"year": due.year, "mission": due.mission, "line": due.kind, "amount": due.amount}
    decision = decide(meeting, MeetingDecision.Kind.PAY, told.officer, **said)
    told.contract.validations.create(
        year=due.year,
        mission=due.mission,
        kind=due.kind,
        amount=due.amount,
        decision=decision,
        recorded_by=told.officer,
    )
