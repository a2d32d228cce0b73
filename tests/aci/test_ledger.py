"""Granted, due, validated, paid: four different things."""

import csv
import re
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.models.institution import Side
from aci.contracts import Books, with_facts
from aci.ledger import ledger_of
from aci.models import Contract, Engagement, Meeting, MeetingDecision, PaymentRules, Validation
from aci.schedule import AFTER_DIALOGUE, DueKind
from projects.states import State
from tests.aci.acts import engage, hold_dialogue, indicator, ledger, measure, retain
from tests.factories import ContractFactory, MeetingFactory, UserFactory

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


def measured(contract: Contract, *, on: date = date(2021, 3, 10), ars_on: date | None = None) -> None:
    """Access to care engaged in June 2020; its only indicator, measured on a day, earns 6 000 €."""
    engage(contract, "acces_soins", date(2020, 6, 1))
    version = retain(contract, 1, (indicator(contract), [(None, 50, 35_000), (51, 100, 6_000), (101, 219, 3_000)]))
    result = measure(version.negotiated.get(), 100, on)
    result.validations.filter(side=Side.ARS).update(validated_on=ars_on or on)


@pytest.mark.parametrize(
    ("minutes_on", "ars_on", "due_on"),
    [
        (date(2021, 4, 2), date(2021, 3, 10), date(2021, 4, 2)),
        (date(2021, 4, 20), date(2021, 3, 10), date(2021, 4, 20)),  # the dialogue was held on the 2nd
        (date(2021, 4, 2), date(2021, 5, 6), date(2021, 5, 6)),  # the second institution validated after it
    ],
)
def test_the_variable_part_is_due_with_the_minutes_and_the_last_validation(minutes_on, ars_on, due_on):
    contract = ContractFactory()
    measured(contract, ars_on=ars_on)
    hold_dialogue(contract, 1, date(2021, 4, 2), minutes_on=minutes_on)
    key = (1, "acces_soins", DueKind.VARIABLE)
    assert ledger(contract, date(2021, 6, 1)).line(key).due.due_on == due_on
    assert ledger(contract, due_on).line(key).due_amount == 6_000
    assert ledger(contract, due_on - timedelta(1)).line(key) is None


def test_of_two_dialogues_the_first_minutes_make_the_year_due():
    contract = ContractFactory()
    measured(contract)
    hold_dialogue(contract, 1, date(2021, 4, 2), minutes_on=date(2021, 6, 1))
    hold_dialogue(contract, 1, date(2021, 5, 3), minutes_on=date(2021, 5, 4))
    line = ledger(contract, date(2021, 7, 1)).line((1, "acces_soins", DueKind.VARIABLE))
    assert line.due.due_on == date(2021, 5, 4)


def validate(contract: Contract, amount: int, held_on: date) -> Meeting:
    copil = MeetingFactory(contract=contract, held_on=held_on)
    decision = copil.decisions.create(kind=MeetingDecision.Kind.PAY, applied_at=copil.recorded_at)
    contract.validations.create(year=1, mission="acces_soins", kind="variable", amount=amount, decision=decision)
    return copil


def test_a_line_validated_in_two_times_adds_them_up_and_tells_both_meetings():
    contract = ContractFactory()
    measured(contract)
    hold_dialogue(contract, 1, date(2021, 4, 2))
    second, first = (validate(contract, 2_000, date(2021, 6, 1)), validate(contract, 4_000, date(2021, 5, 1)))
    key = (1, "acces_soins", DueKind.VARIABLE)
    between, after = (ledger(contract, date(2021, month, 2)).line(key) for month in (5, 6))
    assert (between.validated, between.payable, between.meetings) == (4_000, 4_000, (first,))
    assert (after.validated, after.payable, after.meetings, after.meeting) == (6_000, 6_000, (first, second), second)
    assert after.validated_by == f"{first} ; {second}"


def test_a_recognised_crisis_is_granted_before_it_is_due(cpam, client_of, department):
    contract = ContractFactory(project__lead_department=department)
    engage(contract, "crise_plan", date(2020, 6, 1))
    contract.crises.create(recognised_on=date(2020, 10, 1), name="Canicule")
    before, after = (ledger(contract, date(2020, month, day)) for month, day in ((9, 30), (10, 1)))
    assert after.granted_in(1) - before.granted_in(1) == 67_500
    assert after.sums.granted - before.sums.granted == 67_500
    assert {line.due.kind for line in after.lines} & AFTER_DIALOGUE == set()
    address, asked = reverse("contract_ledger", args=[contract.pk]), {"date": "2020-10-01"}
    books = {book.label: book.sums for book in client_of(cpam).get(address, asked).context["years"][0].missions}
    assert books["Crise reconnue"].granted == 67_500


def test_a_stop_decided_ahead_lowers_what_is_granted_on_its_day():
    contract = ContractFactory()
    engagement = engage(contract, "acces_soins", date(2020, 6, 1))
    copil = MeetingFactory(contract=contract, held_on=date(2020, 7, 1))
    engagement.end_decision = copil.decisions.create(kind=MeetingDecision.Kind.STOP, mission="acces_soins")
    engagement.ends_on = date(2020, 9, 1)
    engagement.save()
    before, after = (ledger(contract, day).sums_of_year(1) for day in (date(2020, 8, 31), date(2020, 9, 1)))
    assert (before.granted, before.due) == (Decimal("132438.36"), Decimal("91828.77"))
    assert (after.granted - 75_000 - 35_000, after.due - 75_000) == (Decimal("7561.64"), Decimal("7561.64"))


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


@pytest.mark.parametrize("end", [State.TERMINATED, State.MERGED])
def test_a_termination_or_a_merger_makes_a_recovery_from_its_day_on(end):
    lived = [(State.ACI_SIGNED, date(2020, 3, 1)), (end, date(2020, 3, 11))]
    contract = ContractFactory(project__stages=lived)
    paid(contract, (1, "fonctionnement", "signature"), "75000", date(2020, 3, 5))
    before, after = (ledger(contract, date(2020, 3, day)).sums for day in (10, 11))
    assert (before.due, before.left) == (75_000, 0)
    assert (after.granted, after.due, after.left) == (
        Decimal("2054.79"),
        Decimal("2054.79"),
        Decimal("-72945.21"),
    )


@pytest.mark.parametrize(
    ("was_paid", "advance", "recovery"),
    [
        (None, "49726.03", "0"),  # nothing to give back: the net amount is to be paid, once
        ("40000", "9726.03", "0"),
        ("49726.03", "0", "0"),
        ("52000", "0", "-2273.97"),
        ("56250", "0", "-6523.97"),
    ],
)
def test_a_recovery_takes_back_no_more_than_was_paid(was_paid, advance, recovery):
    lived = [(State.ACI_SIGNED, date(2020, 3, 1)), (State.TERMINATED, date(2021, 10, 29))]
    contract = ContractFactory(project__stages=lived)
    paid(contract, (1, "fonctionnement", "signature"), "75000", date(2020, 3, 10))
    if was_paid:
        paid(contract, (2, "fonctionnement", "advance"), was_paid, date(2021, 3, 10))
    book = ledger(contract, date(2021, 11, 1))
    first, back = (book.line((2, "fonctionnement", kind)) for kind in (DueKind.ADVANCE, DueKind.RECOVERY))
    assert (first.due.amount, back.due.amount) == (56_250, Decimal("-6523.97"))
    assert (first.payable, back.payable) == (Decimal(advance), Decimal(recovery))
    assert first.left + back.left == book.sums_of_year(2).left == book.sums.left
    assert bool(first.set_off_words) == bool(back.set_off_words) == (was_paid != "56250")


def test_what_is_set_off_is_told_on_the_page(cpam, client_of, department):
    lived = [(State.ACI_SIGNED, date(2020, 3, 1)), (State.TERMINATED, date(2021, 10, 29))]
    contract = ContractFactory(project__lead_department=department, project__stages=lived)
    paid(contract, (1, "fonctionnement", "signature"), "75000", date(2020, 3, 10))
    pages = [
        client_of(cpam).get(address).content.decode()
        for address in (reverse("contract_ledger", args=[contract.pk]), reverse("to_pay"))
    ]
    for page in pages:
        assert "6\u202f523,97\u00a0€ compensés avec la reprise de la même année" in page
        assert "49\u202f726,03\u00a0€" in page
        assert ">Reversement<" not in page


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


@pytest.mark.parametrize(("is_verified", "marks"), [(True, 0), (False, 4)])
def test_the_rules_of_payment_are_those_that_were_entered(reader, client_of, department, is_verified, marks):
    contract = ContractFactory(project__lead_department=department)

    def told() -> str:
        html = client_of(reader).get(reverse("contract_ledger", args=[contract.pk])).content.decode()
        return html[html.index("Règles de versement") :]

    usual = told()
    assert (usual.count("non vérifié"), "aucun texte trouvé pour le reste" in usual) == (3, True)
    source = "Instruction de la Cnam du 3 février 2020"
    PaymentRules.objects.create(since=date(2020, 1, 1), source=source, is_verified=is_verified, advance="0.6")
    entered = told()
    assert (entered.count("non vérifié"), source in entered, "60\u00a0%" in entered) == (marks, True, True)
    assert "aucun texte trouvé" not in entered


def test_a_year_is_unfolded_when_it_runs_or_has_something_to_settle(reader, client_of, department):
    contract = ContractFactory(project__lead_department=department)
    address = reverse("contract_ledger", args=[contract.pk])

    def unfolded(day: str) -> list[bool]:
        html = client_of(reader).get(address, {"date": day}).content.decode()
        years = re.findall(r"<details class=\"cpts-more\"\s*(open)?>\s*<summary>\s*Accordé", html)
        assert html.count("75\u00a0% × 75\u202f000,00\u00a0€") == 4, "once a line, on paper as on a screen"
        return [year == "open" for year in years]

    assert unfolded("2021-06-01") == [True, True, False, False, False]
    paid(contract, (1, "fonctionnement", "signature"), "75000", date(2020, 3, 10))
    assert unfolded("2021-06-01") == [False, True, False, False, False]
    assert unfolded("2020-03-01") == [True, False, False, False, False]


def test_the_file_has_every_line(reader, client_of, department):
    contract = ContractFactory(project__lead_department=department)
    paid(contract, (1, "fonctionnement", "signature"), "70000", date(2020, 3, 10), "V-7")
    asked = {"date": "2021-03-01", "format": "csv"}
    response = client_of(reader).get(reverse("contract_ledger", args=[contract.pk]), asked)
    head, first, *others = csv.reader(StringIO(response.content.decode("utf-8-sig")), delimiter=";")
    said = dict(zip(head, first, strict=True))
    assert (said["Dû (€)"], said["Versé (€)"], said["Écart (€)"]) == ("75000.00", "70000.00", "5000.00")
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


def test_queries_of_the_page_do_not_grow_with_its_payments(cpam, client_of, department):
    """For a manager, who may withdraw what their colleagues entered."""
    contract = ContractFactory(project__lead_department=department)
    manager = UserFactory(institution=cpam.institution, departments=[department], role=User.Role.MANAGER)
    client = client_of(manager)

    def pay(first: int, last: int) -> None:
        for number in range(first, last + 1):
            payment = paid(contract, (1, "fonctionnement", "signature"), "100", date(2020, 3, number), f"V-{number}")
            payment.recorded_by = UserFactory(institution=cpam.institution, departments=[department])
            payment.save()

    def page() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as seen:
            response = client.get(reverse("contract_ledger", args=[contract.pk]))
        return len(seen), len(response.context["withdrawable"])

    pay(1, 2)
    two, shown = page()
    pay(3, 6)
    assert shown == 2
    assert page() == (two, 6)
