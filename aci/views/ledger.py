from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models.institution import Side
from aci.contracts import Books
from aci.ledger import ledger_of
from aci.ledger_pages import LINE_COLUMNS, BookedLine, year_books
from aci.models import PaymentRules
from aci.tariff_page import source_of_rules, told_rules
from aci.views.access import contract_context, readable_contract
from aci.watch import end_of
from ground.forms import asked_day
from ground.lists import asked_format
from ground.tables import download
from projects.withdrawing import may_remove


def contract_ledger(request: HttpRequest, pk: int) -> HttpResponse:
    """What the contract grants, makes due, has validated and paid, line by line, on `?date=`; `?format=` exports it."""
    day = asked_day(request)
    contract = readable_contract(request, pk)
    ledger = ledger_of(contract, Books(), day)
    if file_format := asked_format(request):
        rows = [BookedLine(ledger, line) for line in ledger.lines]
        return download(LINE_COLUMNS, rows, title=f"echeancier {contract.project.name}", file_format=file_format)
    entered = PaymentRules.objects.on(contract.signed_on).first()
    context = contract_context(request, contract, "contract_ledger")
    context |= {
        "day": day,
        "ledger": ledger,
        "years": year_books(ledger),
        "rules": told_rules(entered),
        "source": source_of_rules(entered),
        "current_year": ledger.data.year_of(day) if day < end_of(contract, ledger.data, day) else None,
        "may_pay": context["may_write"] and request.user.acts_for(Side.INSURANCE) and day == timezone.localdate(),
        "withdrawable": {
            payment.pk
            for payment in contract.payments.all()
            if context["may_write"] and may_remove(request.user, payment.recorded_by)
        },
    }
    return render(request, "aci/contract_ledger.html", context)
