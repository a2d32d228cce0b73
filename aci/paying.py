"""Recording what the CPAM has paid, or what a CPTS has given back, on one line of the schedule."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from aci.contracts import Books, with_facts
from aci.ledger import Ledger, LedgerLine, ledger_of
from aci.models import Contract, Payment
from aci.money import in_euros
from aci.schedule import AFTER_DIALOGUE, DueKind
from projects.models import Project
from projects.workflow import lock


def pay(user: User, pk: int, payment: Payment) -> Payment:
    """Record a payment on the contract `pk`: its line, its day, its reference, its amount (negative: given back).

    Raises Contract.DoesNotExist out of scope, ValidationError when it is not possible. Nobody else pays meanwhile.
    """
    with transaction.atomic():
        contract = Contract.objects.for_user(user).get(pk=pk)
        lock(Project.objects.for_user(user), contract.project_id)
        if reasons := why_not_pay(ledger_now(contract), payment):
            raise ValidationError(reasons)
        payment.contract, payment.recorded_by = contract, user
        payment.save()
    return payment


def ledger_now(contract: Contract) -> Ledger:
    """Read again: what was fetched before the lock may have changed."""
    return ledger_of(with_facts(Contract.objects.filter(pk=contract.pk)).get(), Books(), timezone.localdate())


def why_not_pay(ledger: Ledger, payment: Payment) -> list[str]:
    """Why this payment cannot be recorded, in French; empty when it can. The ledger is today's."""
    line = ledger.line(payment.key)
    if line is None:
        return ["Cette échéance n'est pas dans l'échéancier du contrat : rien ne peut y être versé."]
    return [*_why_not_that_day(ledger, line, payment), *_why_not_that_amount(ledger, line, payment)]


def why_nothing_to_pay(line: LedgerLine) -> str:
    """Why nothing at all can be paid on this line today; empty when something can."""
    due = line.due
    if line.payable:
        return ""
    if not line.is_due:
        return f"Cette somme n'est due que le {due.due_on:%d/%m/%Y} : elle ne peut pas être versée avant."
    if line.left and line.validated:
        return f"{in_euros(line.validated)} sont validés, et déjà versés : le reste attend une autre validation."
    if line.left:
        return (
            "Cette somme dépend de résultats : elle ne peut être versée qu'une fois validée par un COPIL ou par le "
            "dialogue de gestion annuel."
        )
    if line.set_off:
        return f"Rien n'est à verser ni à rendre ici : {line.set_off_words}."
    return "Tout ce qui est dû sur cette ligne est déjà versé."


def _why_not_that_day(ledger: Ledger, line: LedgerLine, payment: Payment) -> Iterator[str]:
    contract, due, paid_on = ledger.contract, line.due, payment.paid_on
    if paid_on > ledger.day:
        yield "Un versement déjà fait ne peut pas être daté dans le futur."
    if paid_on < contract.signed_on:
        yield f"Rien n'est versé avant la signature du contrat, le {contract.signed_on:%d/%m/%Y}."
    elif paid_on < due.due_on:
        yield f"Cette somme n'est due que le {due.due_on:%d/%m/%Y} : elle ne peut pas être versée avant."
    if due.kind in AFTER_DIALOGUE and payment.amount > 0:
        validated_on = _validated_on(line, line.paid + payment.amount)
        if validated_on and paid_on < validated_on:
            yield f"Cette somme n'a été validée que le {validated_on:%d/%m/%Y} : elle ne peut pas être versée avant."


def _validated_on(line: LedgerLine, amount: Decimal) -> date | None:
    """The day on which meetings had validated that much of the line; None when they have not."""
    validated = Decimal(0)
    for validation in line.validations:
        validated += validation.amount
        if validated >= amount:
            return validation.decision.meeting.held_on
    return None


def _payable(ledger: Ledger, line: LedgerLine, paid_on: date) -> Decimal:
    """What that line could receive on that day: before the recovery that is set off against it, its whole advance."""
    recovery = ledger.line((line.due.year, line.due.mission, DueKind.RECOVERY))
    if line.set_off > 0 and recovery and paid_on < recovery.due.due_on:
        return line.payable + line.set_off
    return line.payable


def _why_not_that_amount(ledger: Ledger, line: LedgerLine, payment: Payment) -> Iterator[str]:
    payable = _payable(ledger, line, payment.paid_on)
    if not payment.reference.strip():
        yield "Donnez la référence du versement."
    if payment.amount == 0:
        yield "Un versement n'est pas nul."
    elif payable == 0:
        if line.is_due:
            yield why_nothing_to_pay(line)
    elif (payment.amount > 0) != (payable > 0):
        expected = "un reversement de la CPTS" if payable < 0 else "un versement"
        yield f"Cette ligne attend {expected}, de {in_euros(abs(payable))}."
    elif abs(payment.amount) > abs(payable):
        verb = "reverser" if payable < 0 else "verser"
        yield f"Il reste {in_euros(abs(payable))} à {verb} sur cette ligne : le montant les dépasse."
