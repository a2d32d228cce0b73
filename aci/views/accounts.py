from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from aci.accounts import (
    ENTRY_COLUMNS,
    DepartmentRow,
    Entry,
    Scale,
    all_sums,
    by_department,
    entries_of,
    ledgers,
    sums_by,
)
from aci.forms.accounts import AccountsForm, EntriesForm
from aci.ledger_pages import Amount, amount_columns, verification
from aci.models import Contract
from aci.remuneration import least_verified
from ground.lists import asked_format, asked_page, page_links
from ground.tables import Column, download

DEPARTMENT_COLUMNS = [
    Column("region", "Région", lambda row: row.department.region.name),
    Column("departement", "Dép.", lambda row: row.department.pk),
    Column("nom", "Département", lambda row: row.department.name),
    Column("contrats", "Contrats", lambda row: row.contracts, is_number=True),
    *amount_columns(lambda row: row.sums),
    verification(lambda row: row.verified),
]


def amounts_of(scale: Scale) -> list[Amount]:
    return [amount for amount in Amount if scale == Scale.CONTRACT or amount != Amount.GRANTED]


def accounts_of_aci(request: HttpRequest) -> HttpResponse:
    """Granted, due, validated, paid and to come by department and by year, on `?date=`; `?format=` exports it."""
    form = AccountsForm(request.GET)
    if not form.is_valid():
        return render(request, "aci/accounts.html", {"form": form, "day": timezone.localdate()}, status=400)
    asked = form.cleaned_data
    contracts = Contract.objects.for_user(request.user)
    known = [entry for ledger in ledgers(contracts, asked["date"]) for entry in entries_of(ledger)]
    entries = form.kept(known)
    regions = by_department(entries)
    if file_format := asked_format(request):
        shown = {amount.value for amount in amounts_of(asked["par"])}
        columns = [column for column in DEPARTMENT_COLUMNS if column.key not in set(Amount) - shown]
        rows: list[DepartmentRow] = [row for region in regions for row in region.departments]
        return download(columns, rows, title=f"comptes aci {asked['date']}", file_format=file_format)
    context = {
        "form": form,
        "day": asked["date"],
        "scale": asked["par"],
        "year": asked["annee"],
        "amounts": amounts_of(asked["par"]),
        "regions": regions,
        "contracts": sum(region.contracts for region in regions),
        "sums": all_sums(entries),
        "verified": least_verified(entry.verified for entry in entries),
        "years": years_of(known, asked["par"]),
    }
    return render(request, "aci/accounts.html", context)


def years_of(entries: list[Entry], scale: Scale) -> dict:
    told = [entry for entry in entries if scale == Scale.CONTRACT or not entry.sums.granted]
    return sums_by(told, lambda entry: entry.year(scale))


def account_entries(request: HttpRequest) -> HttpResponse:
    """The list behind a figure of the accounts: what was granted, due, validated or paid, and on which contract."""
    form = EntriesForm(request.GET, user=request.user)
    if not form.is_valid():
        return render(request, "aci/account_entries.html", {"form": form, "day": timezone.localdate()}, status=400)
    asked = form.cleaned_data
    contracts = Contract.objects.for_user(request.user)
    if asked["departement"]:
        contracts = contracts.filter(project__lead_department=asked["departement"])
    if asked["region"]:
        contracts = contracts.filter(project__lead_department__region=asked["region"])
    entries = form.kept(entry for ledger in ledgers(contracts, asked["date"]) for entry in entries_of(ledger))
    if file_format := asked_format(request):
        return download(ENTRY_COLUMNS, entries, title=f"lignes aci {asked['date']}", file_format=file_format)
    page = asked_page(request, entries)
    context = {
        "form": form,
        "day": asked["date"],
        "asked": asked,
        "rows": [(entry, getattr(entry.sums, asked["colonne"])) for entry in page],
        "sum": getattr(all_sums(entries), asked["colonne"]),
        **page_links(page),
    }
    return render(request, "aci/account_entries.html", context)
