"""The money of the country's contracts, beside the bare rows that it is reckoned from."""

from datetime import date

from django.test import Client
from django.utils import timezone

from accounts.models import User
from aci.contracts import Books, with_facts
from aci.demo.contracts import engage_missions, write_contracts
from aci.ledger import Ledger, ledger_of
from aci.models import Contract, Engagement, Payment
from bench.timing import Measure, bare_sql, replayed

ROWS = """
    SELECT c.id, p.year, p.mission, p.kind, SUM(p.amount)
    FROM aci_contract c LEFT JOIN aci_payment p ON p.contract_id = c.id GROUP BY 1, 2, 3, 4"""


def invent() -> int:
    """A contract, its missions and its payments for each signed project; returns how many."""
    contracts = list(write_contracts([]))
    for told in contracts:
        engage_missions(told)
    paid = (
        Payment(
            contract=ledger.contract,
            year=line.due.year,
            mission=line.due.mission,
            kind=line.due.kind,
            amount=line.due.amount,
            paid_on=line.due.due_on,
            reference="VIR",
        )
        for ledger in ledgers(timezone.localdate())
        for line in ledger.lines[:-3]
        if line.is_due
    )
    Payment.objects.bulk_create(paid)
    return len(contracts)


def forget() -> None:
    Engagement.objects.all().delete()
    Contract.objects.all().delete()


def ledgers(day: date) -> list[Ledger]:
    books = Books()
    return [ledger_of(contract, books, day) for contract in with_facts(Contract.objects.all())]


def measures() -> list[Measure]:
    """On the contracts that are in the database now."""
    day = timezone.localdate()
    client = Client()
    client.force_login(User.objects.get(username="bench"))
    last = Contract.objects.order_by("pk").last()

    def page(address: str):
        def visit() -> None:
            assert client.get(address).status_code == 200, address

        return visit

    pages = {
        "échéancier d'un contrat": f"/aci/contrats/{last.pk}/echeancier",
        "contrats de la France": "/aci/",
        "comptes de la France": "/aci/comptes/",
        "à payer en France": "/aci/a-payer/",
    }
    return [
        Measure("tous les comptes / leurs versements sommés par la base", lambda: ledgers(day), bare_sql(ROWS)),
        *(Measure(name, page(address), replayed(page(address))) for name, address in pages.items()),
    ]
