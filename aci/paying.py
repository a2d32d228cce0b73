"""Recording what the CPAM has paid, or what a CPTS has given back, on one line of the schedule."""

from collections.abc import Iterator
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from aci.contracts import Books, with_facts
from aci.ledger import Ledger, LedgerLine, ledger_of
from aci.models import Contract, Payment
from aci.money import in_euros
from aci.schedule import AFTER_DIALOGUE
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
    return [*_why_not_that_day(ledger, line, payment.paid_on), *_why_not_that_amount(line, payment)]


def why_nothing_to_pay(line: LedgerLine) -> str:
    """Why nothing at all can be paid on this line today; empty when something can."""
    due = line.due
    if line.payable:
        return ""
    if not line.is_due:
        return f"Cette somme n'est due que le {due.due_on:%d/%m/%Y} : elle ne peut pas être versée avant."
    if line.left and line.validated:
        return f"Le COPIL a validé {in_euros(line.validated)}, déjà versés : le reste attend une autre validation."
    if line.left:
        return "Cette somme dépend de résultats : elle ne peut être versée qu'une fois validée par un COPIL."
    return "Tout ce qui est dû sur cette ligne est déjà versé."


def _why_not_that_day(ledger: Ledger, line: LedgerLine, paid_on: date) -> Iterator[str]:
    contract, due = ledger.contract, line.due
    if paid_on > ledger.day:
        yield "Un versement déjà fait ne peut pas être daté dans le futur."
    if paid_on < contract.signed_on:
        yield f"Rien n'est versé avant la signature du contrat, le {contract.signed_on:%d/%m/%Y}."
    elif paid_on < due.due_on:
        yield f"Cette somme n'est due que le {due.due_on:%d/%m/%Y} : elle ne peut pas être versée avant."
    if due.kind in AFTER_DIALOGUE and line.meeting and paid_on < line.meeting.held_on:
        yield f"Elle n'a été validée que le {line.meeting.held_on:%d/%m/%Y} : elle ne peut pas être versée avant."


def _why_not_that_amount(line: LedgerLine, payment: Payment) -> Iterator[str]:
    if not payment.reference.strip():
        yield "Donnez la référence du versement."
    if payment.amount == 0:
        yield "Un versement n'est pas nul."
    elif line.payable == 0:
        if line.is_due:
            yield why_nothing_to_pay(line)
    elif (payment.amount > 0) != (line.payable > 0):
        expected = "un reversement de la CPTS" if line.payable < 0 else "un versement"
        yield f"Cette ligne attend {expected}, de {in_euros(abs(line.payable))}."
    elif abs(payment.amount) > abs(line.payable):
        verb = "reverser" if line.payable < 0 else "verser"
        yield f"Il reste {in_euros(abs(line.payable))} à {verb} sur cette ligne : le montant les dépasse."
