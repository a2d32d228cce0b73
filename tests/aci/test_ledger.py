"""Granted, due, validated, paid: four different things."""

import csv
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aci.contracts import Books, with_facts
from aci.ledger import ledger_of
from aci.models import Contract, Engagement, Meeting, MeetingDecision, Validation
from aci.schedule import DueKind
from projects.states import State
from tests.aci.acts import engage, hold_dialogue, indicator, ledger, measure, retain
from tests.factories import ContractFactory, MeetingFactory

pytestmark = pytest.mark.django_db


def test_the_variable_part_is_due_after_the_dialogue_and_validated_by_the_copil():
    contract = ContractFactory()
    engage(contract, "acces_soins", date(2020, 6, 1))
    version = retain(contract, 1, (indicator(contract), [(None, 50, 35_000), (51, 100, 6_000), (101, 219, 3_000)]))
    measure(version.negotiated.get(), 100, date(2021, 3, 10))
    before = ledger(contract, date(2021, 3, 31))
    hold_dialogue(contract, 1, date(2021, 4, 2))
    after = ledger(contract, date(2021, 4, 2))
    key = (1, "acces_soins", DueKind.VARIABLE)
    assert before.line(key) is None
    line = after.line(key)
    assert (line.due.due_on, line.due.amount, line.validated) == (date(2021, 4, 2), Decimal(6_000), 0)
    assert after.sums_of_year(1).granted == Decimal(75_000) + Decimal("22438.36") + 35_000


def test_queries_do_not_grow_with_the_contracts():
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            books = Books()
            for contract in with_facts(Contract.objects.all()):
                ledger_of(contract, books, date(2021, 6, 1))
        return len(seen)

    def live() -> None:
        contract = ContractFactory()
        engage(contract, "acces_soins", date(2020, 6, 1))
        version = retain(contract, 1, (indicator(contract), [(None, 50, 35_000)]))
        measure(version.negotiated.get(), 10, date(2021, 3, 10))

    live()
    one = queries()
    live()
    live()
    assert queries() == one


def test_more_contracts_than_sqlite_takes_in_one_question():
    first, count, day = ContractFactory(), 1_001, date(2020, 6, 1)
    same = {"project": first.project, "signed_on": first.signed_on, "starts_on": first.starts_on}
    contracts = Contract.objects.bulk_create([Contract(number=number, **same) for number in range(2, count + 2)])
    meetings = Meeting.objects.bulk_create([Meeting(kind="copil", contract=each, held_on=day) for each in contracts])
    decisions = MeetingDecision.objects.bulk_create([MeetingDecision(meeting=each, kind="engage") for each in meetings])
    Engagement.objects.bulk_create(
        [
            Engagement(contract=contract, mission="acces_soins", starts_on=day, decision=decision)
            for contract, decision in zip(contracts, decisions, strict=True)
        ]
    )
    told = {"year": 1, "mission": "acces_soins", "kind": "variable", "amount": 1}
    Validation.objects.bulk_create(
        [
            Validation(contract=contract, decision=decision, **told)
            for contract, decision in zip(contracts, decisions, strict=True)
        ]
    )
    assert len(with_facts(Contract.objects.all())) == count + 1


def paid(contract: Contract, line: tuple[int, str, str], amount: str, on: date, reference: str = "V-1"):
    year, mission, kind = line
    told = {"year": year, "mission": mission, "kind": kind, "paid_on": on, "reference": reference}
    return contract.payments.create(amount=Decimal(amount), **told)


def test_granted_due_validated_and_paid_are_four_sums():
    contract = ContractFactory()
    engage(contract, "acces_soins", date(2020, 6, 1))
    paid(contract, (1, "fonctionnement", "signature"), "70000", date(2020, 3, 10))
    sums = ledger(contract, date(2020, 6, 1)).sums_of_year(1)
    assert (sums.granted, sums.due, sums.paid) == (Decimal("132438.36"), Decimal("91828.77"), Decimal(70_000))
    assert (sums.validated, sums.to_come, sums.left) == (
        Decimal("97438.36"),
        Decimal("5609.59"),
        Decimal("21828.77"),
    )


def test_each_day_tells_what_was_known_then():
    contract = ContractFactory()
    engage(contract, "acces_soins", date(2020, 6, 1), decided_on=date(2020, 5, 15))
    paid(contract, (1, "fonctionnement", "signature"), "75000", date(2020, 3, 10))
    assert ledger(contract, date(2020, 2, 28)).sums.due == 0
    assert ledger(contract, date(2020, 3, 9)).sums.paid == 0
    assert ledger(contract, date(2020, 3, 10)).sums.paid == 75_000
    decided = {day: ledger(contract, date(2020, 5, day)).granted_in(1) for day in (14, 15)}
    assert decided == {14: Decimal(75_000), 15: Decimal("132438.36")}


def test_civil_years_follow_the_days_of_dues_and_of_payments():
    contract = ContractFactory()
    paid(contract, (1, "fonctionnement", "signature"), "75000", date(2021, 1, 5))
    years = ledger(contract, date(2021, 6, 1)).civil_years()
    assert {year: (sums.due, sums.paid) for year, sums in years.items() if year < 2022} == {
        2020: (75_000, 0),
        2021: (56_250, 75_000),
    }
    assert years[2022].to_come == 18_750 + 56_250


def test_a_contract_terminated_before_it_takes_effect_owes_nothing():
    lived = [(State.ACI_SIGNED, date(2020, 3, 1)), (State.TERMINATED, date(2020, 4, 1))]
    contract = ContractFactory(project__stages=lived, starts_on=date(2020, 9, 1))
    paid(contract, (1, "fonctionnement", "signature"), "75000", date(2020, 3, 10))
    assert ledger(contract, date(2020, 3, 31)).sums.left == 0
    (line,) = ledger(contract, date(2020, 4, 1)).lines
    assert (line.is_overpaid, line.payable) == (True, -75_000)


def test_a_termination_makes_a_recovery_from_its_day_on():
    lived = [(State.ACI_SIGNED, date(2020, 3, 1)), (State.TERMINATED, date(2020, 3, 11))]
    contract = ContractFactory(project__stages=lived)
    paid(contract, (1, "fonctionnement", "signature"), "75000", date(2020, 3, 5))
    before, after = (ledger(contract, date(2020, 3, day)).sums for day in (10, 11))
    assert (before.due, before.left) == (75_000, 0)
    assert (after.granted, after.due, after.left) == (
        Decimal("2054.79"),
        Decimal("2054.79"),
        Decimal("-72945.21"),
    )


def test_the_page_shows_each_line_with_its_formula_and_who_validated_it(cpam, client_of, department):
    contract = ContractFactory(project__lead_department=department)
    engagement = engage(contract, "acces_soins", date(2020, 6, 1), decided_on=date(2020, 5, 15))
    payment = paid(contract, (1, "fonctionnement", "signature"), "75000", date(2020, 3, 10), "MANDAT-12")
    version = retain(contract, 1, (indicator(contract), [(None, 50, 35_000), (51, 100, 6_000), (101, 219, 3_000)]))
    measure(version.negotiated.get(), 100, date(2021, 3, 10))
    hold_dialogue(contract, 1, date(2021, 4, 2))
    copil = MeetingFactory(contract=contract, held_on=date(2021, 5, 1))
    decision = copil.decisions.create(kind=MeetingDecision.Kind.PAY, applied_at=copil.recorded_at)
    contract.validations.create(year=1, mission="acces_soins", kind="variable", amount=6_000, decision=decision)
    response = client_of(cpam).get(reverse("contract_ledger", args=[contract.pk]), {"date": "2021-06-01"})
    page = response.content.decode()
    assert "75\u00a0% × 30\u202f000,00\u00a0€ × 273/365 = 16\u202f828,77\u00a0€" in page
    assert engagement.decision.meeting.get_absolute_url() in page
    assert copil.get_absolute_url() in page
    assert "MANDAT-12" in page
    assert "Vous regardez la situation au" in page
    assert "Verser<" not in page  # nothing is recorded from a past day
    assert response.context["years"][0].missions[1].sums.due == Decimal("22438.36") + 6_000
    assert (
        reverse("aci_payment_new", args=[contract.pk, 1, "acces_soins", "advance"])
        in client_of(cpam).get(reverse("contract_ledger", args=[contract.pk])).content.decode()
    )
    assert payment.pk not in response.context["withdrawable"]  # its author alone, or a manager


def test_amounts_that_were_not_verified_are_marked(cpam, client_of, department):
    contract = ContractFactory(project__lead_department=department)
    engage(contract, "acces_soins", date(2020, 6, 1))
    address = reverse("contract_ledger", args=[contract.pk])
    parameters = client_of(cpam).get(address).content.decode().count("non vérifié")
    tariff = contract.terms.get().tariff
    tariff.lines.get(mission="acces_soins").amounts.update(verified="no")
    assert client_of(cpam).get(address).content.decode().count("non vérifié") == parameters + 5


def test_the_file_has_every_line(reader, client_of, department):
    contract = ContractFactory(project__lead_department=department)
    paid(contract, (1, "fonctionnement", "signature"), "70000", date(2020, 3, 10), "V-7")
    asked = {"date": "2021-03-01", "format": "csv"}
    response = client_of(reader).get(reverse("contract_ledger", args=[contract.pk]), asked)
    head, first, *others = csv.reader(StringIO(response.content.decode("utf-8-sig")), delimiter=";")
    said = dict(zip(head, first, strict=True))
    assert (said["Dû (€)"], said["Versé (€)"], said["Écart, dû moins versé (€)"]) == ("75000.00", "70000.00", "5000.00")
    assert said["Versements"] == "70\u202f000,00\u00a0€ le 10 mars 2020 (V-7)"
    assert len(others) == 8
    assert client_of(reader).get(reverse("contract_ledger", args=[contract.pk]), {"date": "x"}).status_code == 400


def test_queries_of_the_page_do_not_grow_with_its_lines(cpam, client_of, department):
    contract = ContractFactory(project__lead_department=department)
    client = client_of(cpam)

    def live(mission: str) -> None:
        engage(contract, mission, date(2020, 6, 1))
        paid(contract, (1, mission, "advance"), "100", date(2020, 7, 1))

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(reverse("contract_ledger", args=[contract.pk])).status_code == 200
        return len(seen)

    live("acces_soins")
    one = queries()
    live("parcours")
    live("qualite")
    assert queries() == one
