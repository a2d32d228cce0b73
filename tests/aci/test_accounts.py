"""What is to be paid, and the accounts of departments and regions: every figure opens what makes it."""

import csv
import re
from datetime import date
from decimal import Decimal
from html import unescape
from io import BytesIO, StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from aci.accounts import Scale, all_sums, entries_of, sums_by
from aci.models import Contract
from tests.aci.acts import engage, hold_dialogue, indicator, ledger, measure, retain
from tests.factories import ContractFactory

pytestmark = pytest.mark.django_db
DAY = {"date": "2021-06-01"}


def lived(department, *, paid: int = 75_000, **said) -> Contract:
    """Signed on 1 March 2020, access engaged on 1 June; since 2 April 2021, 6 000 € of variable part await a COPIL."""
    contract = ContractFactory(project__lead_department=department, **said)
    engage(contract, "acces_soins", date(2020, 6, 1))
    version = retain(contract, 1, (indicator(contract), [(None, 50, 35_000), (51, 100, 6_000), (101, 219, 3_000)]))
    measure(version.negotiated.get(), 100, date(2021, 3, 10))
    hold_dialogue(contract, 1, date(2021, 4, 2))
    if paid:
        told = {"mission": "fonctionnement", "kind": "signature", "reference": "V-1"}
        contract.payments.create(year=1, amount=paid, paid_on=date(2020, 3, 15), **told)
    return contract


@pytest.fixture
def client(cpam, client_of):
    return client_of(cpam)


def rows_of(response) -> list[tuple[str, str, str]]:
    return [
        (row.line.due.mission, row.line.due.kind.value, f"{row.line.payable:.2f}")
        for row, *_ in response.context["rows"]
    ]


def lines(response) -> list[list[str]]:
    return list(csv.reader(StringIO(response.content.decode("utf-8-sig")), delimiter=";"))


# ---- What is to be paid ----


def test_every_line_due_and_not_settled(client, department):
    lived(department, paid=70_000)
    response = client.get(reverse("to_pay"), DAY)
    assert rows_of(response) == [
        ("fonctionnement", "signature", "5000.00"),
        ("acces_soins", "advance", "16828.77"),
        ("acces_soins", "balance", "5609.59"),
        ("fonctionnement", "advance", "56250.00"),
        ("acces_soins", "advance", "22500.00"),
        ("acces_soins", "variable", "0.00"),
    ]
    assert response.context["payable"] == Decimal("106188.36")
    states = {state.value: (count, f"{left:.2f}") for state, count, left in response.context["states"]}
    assert states == {"a-verser": (5, "106188.36"), "a-valider": (1, "6000.00"), "a-reverser": (0, "0.00")}


def test_only_what_was_due_and_paid_on_the_day_asked(client, department):
    lived(department)
    assert rows_of(client.get(reverse("to_pay"), {"date": "2020-03-10"})) == [
        ("fonctionnement", "signature", "75000.00")
    ]
    assert rows_of(client.get(reverse("to_pay"), {"date": "2020-03-15"})) == []
    assert rows_of(client.get(reverse("to_pay"), {"date": "2020-02-28"})) == []


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({"mission": "fonctionnement"}, 1),
        ({"echeance": "advance"}, 3),
        ({"etat": "a-valider"}, 1),
        ({"etat": "a-verser", "mission": "acces_soins"}, 3),
        ({"etat": "a-reverser"}, 0),
        ({"date": "2020-06-01"}, 1),
        ({"date": "2020-06-01", "retard": "on"}, 0),
        ({"date": "2020-06-02", "retard": "on"}, 1),
    ],
)
def test_filters(client, department, asked, kept):
    lived(department)
    assert len(rows_of(client.get(reverse("to_pay"), DAY | asked))) == kept


def test_ones_own_departments_come_first(client, department, neighbour, far):
    lived(neighbour, signed_on=date(2020, 1, 1), paid=0)
    own = lived(department)
    lived(far)
    response = client.get(reverse("to_pay"), DAY)
    departments = [row.ledger.contract.project.lead_department for row, *_ in response.context["rows"]]
    assert departments[:5] == [department] * 5
    assert set(departments) == {department, neighbour}
    one = client.get(reverse("to_pay"), DAY | {"departement": department.pk})
    assert {row.ledger.contract for row, *_ in one.context["rows"]} == {own}
    assert client.get(reverse("to_pay"), {"departement": far.pk}).status_code == 400


def test_the_cpam_pays_from_the_list_of_today_the_others_only_read(client, client_of, department, ars):
    lived(department)
    assert "Verser" in client.get(reverse("to_pay")).content.decode()
    assert "Verser<" not in client.get(reverse("to_pay"), DAY).content.decode()
    assert "Verser<" not in client_of(ars).get(reverse("to_pay")).content.decode()


# ---- The accounts ----


def test_entries_say_the_same_as_the_ledger(department):
    book = ledger(lived(department, paid=70_000), date(2021, 6, 1))
    entries = list(entries_of(book))
    assert all_sums(entries) == book.sums
    by_year = sums_by(entries, lambda entry: entry.year(Scale.CONTRACT))
    assert by_year == {number: book.sums_of_year(number) for number in range(1, 6)}
    civil = sums_by((entry for entry in entries if not entry.sums.granted), lambda entry: entry.year(Scale.CIVIL))
    assert civil == book.civil_years()


def test_totals_of_departments_and_regions(client, department, neighbour, far):
    lived(department)
    lived(department, paid=0)
    lived(neighbour, paid=1_000)
    lived(far)
    response = client.get(reverse("accounts_of_aci"), DAY | {"annee": 1})
    (region,) = response.context["regions"]
    assert [(row.department, row.contracts, row.sums.paid) for row in region.departments] == [
        (neighbour, 1, 1_000),
        (department, 2, 75_000),
    ]
    one = Decimal(75_000) + Decimal("22438.36")
    assert (region.sums.granted, region.sums.due) == (3 * (one + 35_000), 3 * (one + 6_000))
    assert region.sums.left == region.sums.due - 76_000
    assert response.context["sums"] == region.sums


def test_by_civil_year_nothing_is_granted(client, department):
    lived(department)
    response = client.get(reverse("accounts_of_aci"), DAY | {"par": "civile", "annee": 2020})
    sums = response.context["sums"]
    assert (sums.granted, sums.due, sums.paid) == (0, Decimal("91828.77"), 75_000)
    assert "Accordé" not in [amount.label for amount in response.context["amounts"]]
    assert list(response.context["years"]) == [2020, 2021, 2022, 2023, 2024, 2025]


@pytest.mark.parametrize("asked", [{}, {"annee": "1"}, {"par": "civile"}, {"par": "civile", "annee": "2021"}])
def test_every_figure_opens_the_lines_that_make_it(client, department, neighbour, asked):
    lived(department)
    lived(neighbour, paid=0)
    page = client.get(reverse("accounts_of_aci"), DAY | asked)
    (region,) = page.context["regions"]
    for row in region.departments:
        for amount in page.context["amounts"]:
            told = DAY | asked | {"colonne": amount.value, "departement": row.department.pk}
            opened = client.get(reverse("account_entries"), told)
            assert opened.context["sum"] == getattr(row.sums, amount), amount
            assert f"colonne={amount.value}&amp;departement={row.department.pk}" in page.content.decode()
    opened = client.get(reverse("account_entries"), DAY | asked | {"colonne": "due", "region": region.region.pk})
    assert opened.context["sum"] == region.sums.due


def test_the_links_of_the_page_open_their_lines(client, department, neighbour):
    """As they are written in the page: of each column, one of a department, of a region, of a year and of the total."""
    lived(department)
    lived(neighbour, paid=0)
    for asked in ({}, {"par": "civile"}, {"annee": "1"}):
        page = client.get(reverse("accounts_of_aci"), DAY | asked)
        links = [unescape(link) for link in re.findall(r'href="([^"]*colonne=[^"]*)"', page.content.decode())]
        of_what = [parse_qs(urlsplit(link).query) for link in links]
        for name in ("departement", "region", "annee"):
            assert any(name in said for said in of_what), name
        one_of_each = {(*said, *said["colonne"]): link for said, link in zip(of_what, links, strict=True)}.values()
        assert {link: client.get(link).status_code for link in one_of_each} == dict.fromkeys(one_of_each, 200)
        (region,) = page.context["regions"]
        (due,) = [link for link in links if "colonne=due" in link and f"region={region.region.pk}" in link]
        assert client.get(due).context["sum"] == region.sums.due


def test_files_hold_the_figures_of_the_page(client, department):
    lived(department)
    head, row = lines(client.get(reverse("accounts_of_aci"), DAY | {"annee": 1, "format": "csv"}))
    said = dict(zip(head, row, strict=True))
    assert (said["Contrats"], said["Dû (€)"], said["Versé (€)"]) == ("1", "103438.36", "75000.00")
    entries = lines(client.get(reverse("account_entries"), DAY | {"colonne": "due", "annee": 1, "format": "csv"}))
    assert sum(Decimal(row[entries[0].index("Dû (€)")]) for row in entries[1:]) == Decimal("103438.36")
    waiting = client.get(reverse("to_pay"), DAY | {"format": "xlsx"})
    sheet = load_workbook(BytesIO(waiting.content)).active
    assert sheet.max_row == 6
    assert sheet.cell(1, 8).value == "Dû (€)"


def test_sums_of_amounts_that_were_not_verified_say_so(client, department, neighbour):
    contract = lived(department)
    lived(neighbour, terms__tier=1)
    for verified, mark, said in (
        ("yes", "", "vérifié"),
        ("total only", "répartition non vérifiée", "total vérifié, répartition non vérifiée"),
        ("no", "non vérifié", "non vérifié"),
    ):
        contract.terms.get().tariff.lines.get(mission="acces_soins").amounts.filter(tier=2).update(verified=verified)
        page = client.get(reverse("accounts_of_aci"), DAY).content.decode()
        assert re.findall(r"fr-badge--warning\">([^<]*)<", page) == ([mark] if mark else [])
        head, *rows = lines(client.get(reverse("accounts_of_aci"), DAY | {"format": "csv"}))
        by_department = {row[head.index("Dép.")]: row[head.index("Vérification du barème")] for row in rows}
        assert by_department == {department.pk: said, neighbour.pk: "vérifié"}


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("to_pay", {"date": "hier"}),
        ("to_pay", {"etat": "perdu"}),
        ("to_pay", {"format": "pdf"}),
        ("accounts_of_aci", {"par": "mois"}),
        ("accounts_of_aci", {"annee": "0"}),
        ("accounts_of_aci", {"annee": "deux"}),
        ("account_entries", {"colonne": "perdu"}),
        ("account_entries", {"region": "00"}),
    ],
)
def test_an_address_that_does_not_read_is_a_400(client, name, asked):
    assert client.get(reverse(name), asked).status_code == 400


def test_queries_do_not_grow_with_the_contracts(client, department):
    def queries() -> list[int]:
        return [queries_of(name) for name in ("to_pay", "accounts_of_aci", "account_entries")]

    def queries_of(name: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(reverse(name), DAY).status_code == 200
        return len(seen)

    for _ in range(3):
        lived(department)
    few = queries()
    for _ in range(7):
        lived(department)
    assert queries() == few


def test_nothing_signed_says_so(client):
    assert "Rien à compter ici" in client.get(reverse("accounts_of_aci")).content.decode()
    assert "Rien n'est à payer à cette date" in client.get(reverse("to_pay")).content.decode()
    assert "Aucune ligne" in client.get(reverse("account_entries")).content.decode()
