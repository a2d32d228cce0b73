from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.models.institution import Side
from aci.forms.payment import PaymentForm
from aci.ledger import LedgerLine
from aci.models import Contract, Payment
from aci.paying import ledger_now, pay, why_nothing_to_pay
from aci.schedule import DueKind
from aci.views.access import writable_contract
from ground.templatetags.french import day as in_words
from ground.templatetags.french import euros
from projects.views.access import atomic_when_sent, saved

OF_THE_CPAM = "Les versements de l'ACI relèvent de la CPAM : elle seule les enregistre."


@atomic_when_sent
def payment_new(request: HttpRequest, pk: int, year: int, mission: str, kind: str) -> HttpResponse:
    contract = writable_contract(request, pk, side=Side.INSURANCE, why=OF_THE_CPAM)
    line = line_asked(contract, year, mission, kind)
    payment = Payment(contract=contract, year=year, mission=mission, kind=kind)
    form = PaymentForm(request.POST or None, instance=payment, line=line)
    if saved(form, lambda: pay(request.user, pk, payment)):
        told = "Reversement reçu" if payment.amount < 0 else "Versement enregistré"
        messages.success(request, f"{told} : {euros(abs(payment.amount))}, le {in_words(payment.paid_on)}.")
        return redirect(f"{reverse('contract_ledger', args=[pk])}#annee-{year}")
    context = {
        "project": contract.project,
        "contract": contract,
        "line": line,
        "form": form,
        "title": "Reversement reçu" if form.gives_back else "Nouveau versement",
        "obstacle": why_nothing_to_pay(line),
    }
    return render(request, "aci/payment_form.html", context, status=422 if form.is_bound else 200)


def line_asked(contract: Contract, year: int, mission: str, kind: str) -> LedgerLine:
    """The line that the address names; 404 when the schedule has none."""
    if kind not in set(DueKind):
        raise Http404(f"No such kind: {kind}")
    line = ledger_now(contract).line((year, mission, DueKind(kind)))
    if line is None:
        raise Http404("Not in the schedule")
    return line
