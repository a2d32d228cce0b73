from collections import Counter
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models.institution import Side
from aci.accounts import TO_PAY_COLUMNS, Awaited, awaited, ledgers, unsettled
from aci.forms.accounts import ToPayForm
from aci.ledger import sums
from aci.ledger_pages import BookedLine
from aci.models import Contract
from aci.remuneration import total
from ground.lists import asked_format, asked_page, page_links
from ground.tables import download


def to_pay(request: HttpRequest) -> HttpResponse:
    """Every line due on `?date=` and not settled, one's own departments first; `?format=` exports it."""
    form = ToPayForm(request.GET, user=request.user)
    if not form.is_valid():
        return render(request, "aci/to_pay.html", {"form": form, "day": timezone.localdate()}, status=400)
    asked = form.cleaned_data
    contracts = Contract.objects.for_user(request.user)
    if asked["departement"]:
        contracts = contracts.filter(project__lead_department=asked["departement"])
    known = unsettled(ledgers(contracts, asked["date"]), request.user.own_departments)
    rows = form.kept(known)
    if file_format := asked_format(request):
        return download(TO_PAY_COLUMNS, rows, title=f"a payer {asked['date']}", file_format=file_format)
    page = asked_page(request, rows)
    context = {
        "form": form,
        "day": asked["date"],
        "is_filtered": any(asked[name] for name in asked if name != "date"),
        "states": states(form.kept(known, whatever_awaited=True)),
        "rows": [(row, awaited(row.line), may_pay(request, row)) for row in page],
        "sums": sums(row.line for row in rows),
        "payable": total(row.line.payable for row in rows),
        **page_links(page),
    }
    return render(request, "aci/to_pay.html", context)


def states(rows: list[BookedLine]) -> list[tuple[Awaited, int, Decimal]]:
    """How many lines wait for each thing, and how much."""
    count: Counter[Awaited] = Counter()
    left: Counter[Awaited] = Counter()
    for row in rows:
        count[awaited(row.line)] += 1
        left[awaited(row.line)] += row.line.left
    return [(state, count[state], Decimal(left[state])) for state in Awaited]


def may_pay(request: HttpRequest, row: BookedLine) -> bool:
    if row.line.day != timezone.localdate() or not row.line.payable or not request.user.acts_for(Side.INSURANCE):
        return False
    return request.user.can_write_in({row.ledger.contract.project.lead_department_id})
