"""The regional view of the ACI: what is granted, due and paid, and every figure opens what it counts."""

import csv
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aci.models import Contract, TariffAmount
from aci.watch import Watch
from pilotage.aci_picture import Picture, picture
from projects.states import State
from territories.models import Department
from tests.aci.acts import engage, hold_dialogue, indicator, measure, retain
from tests.factories import ContractFactory, ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGE = reverse("aci_region")
DAY = date(2021, 6, 1)


def contract_in(department: Department, signed_on: date = date(2020, 3, 1), *, end: date | None = None, **said):
    stages = [(State.ACI_SIGNED, signed_on), *([(State.TERMINATED, end)] if end else [])]
    project = ProjectFactory(lead_department=department, stages=stages)
    return ContractFactory(project=project, signed_on=signed_on, **said)


def measured(contract: Contract, value: int, *, code: str = "ald", best: int = 35_000) -> Contract:
    """Access to care engaged from June 2020, its year 1 measured and closed by a dialogue."""
    engage(contract, "acces_soins", date(2020, 6, 1))
    version = retain(contract, 1, (indicator(contract, code=code), [(None, 50, best), (51, 100, 6_000)]))
    version.negotiated.update(target=50, baseline=219)
    measure(version.negotiated.get(), value, date(2021, 3, 10))
    hold_dialogue(contract, 1, date(2021, 4, 2))
    return contract


def shown(*departments: Department, day: date = DAY) -> Picture:
    return picture(Department.objects.filter(pk__in=[each.pk for each in departments]), day)


def lines_of(client, url: str, **asked: str) -> list[dict[str, str]]:
    text = client.get(url, {"format": "csv", "date": DAY.isoformat()} | asked).content.decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text), delimiter=";"))


def test_granted_due_validated_and_paid_are_added_up_by_department(paris, plaine):
    one = measured(contract_in(paris), 100)
    contract_in(plaine, date(2021, 1, 4))
    said = {"year": 1, "mission": "fonctionnement", "kind": "signature", "reference": "V1"}
    one.payments.create(amount=70_000, paid_on=date(2020, 3, 20), **said)
    first, second = shown(paris, plaine).by_department
    # year 1: running costs, access from June with its balance, the variable part; year 2: two advances of 75 %
    due = 75_000 + Decimal("22438.36") + 6_000 + 56_250 + 22_500
    assert (first.sums.due, first.sums.paid, first.sums.left) == (due, 70_000, due - 70_000)
    assert first.sums.validated == due - 6_000 + first.sums.to_come, "the variable part waits for its COPIL"
    assert (second.sums.due, second.sums.paid) == (75_000, 0)
    assert shown(paris, plaine).total.sums == first.sums + second.sums


def test_a_contract_counts_at_its_tier_and_year_from_its_signature_until_it_ends(paris):
    contract_in(paris, terms__tier=1)
    contract_in(paris, date(2019, 9, 1), end=date(2021, 2, 1))
    picture_ = shown(paris)
    assert [(known.tier, known.year) for known in picture_.under_way] == [(1, 2)]
    assert [(group.code, len(group.contracts)) for group in picture_.by_signature] == [("2019", 1), ("2020", 1)]
    assert len(shown(paris, day=date(2021, 1, 31)).under_way) == 2
    assert shown(paris, day=date(2019, 8, 31)).contracts == []


def test_the_rate_of_a_mission_is_what_it_earned_over_its_envelopes(paris, plaine):
    measured(contract_in(paris), 40)
    measured(contract_in(plaine), 100)
    unfinished = contract_in(plaine)
    engage(unfinished, "acces_soins", date(2020, 6, 1))
    retain(unfinished, 1, (indicator(unfinished), [(None, 50, 35_000)]))
    (row,) = shown(paris, plaine).rates
    assert (row.label, len(row.measured), row.envelope, row.earned) == ("Accès aux soins", 2, 70_000, 41_000)
    assert row.percent == 59
    assert shown(paris, plaine, day=date(2021, 3, 9)).rates == [], "not measured yet"


def test_a_mission_whose_envelope_is_nothing_has_no_rate(paris):
    contract = measured(contract_in(paris), 100)
    amounts = TariffAmount.objects.filter(line__tariff=contract.terms.get().tariff, line__mission="acces_soins")
    amounts.update(variable_eur=0)
    assert shown(paris).rates == []


def test_indicators_are_told_by_how_many_contracts_follow_them(paris, plaine):
    measured(contract_in(paris), 40)
    measured(contract_in(plaine), 40, best=25_000)
    alone = measured(contract_in(plaine), 40, code="local", best=30_000)
    indicator(alone, code="jamais")
    rows = {row.indicator.code: row for row in shown(paris, plaine).indicators}
    ald = rows["ald"].amounts
    assert (ald.lowest, ald.middle, ald.highest) == (25_000, 30_000, 35_000)
    assert rows["ald"].targets.middle == 50
    assert [len(rows[code].uses) for code in ("ald", "local", "jamais")] == [2, 1, 0]
    assert [rows[code].is_alone for code in ("ald", "local", "jamais")] == [False, True, False]
    assert rows["jamais"].amounts is None


def test_what_is_late_is_told_and_opens_its_list(client_of, delegation, paris, plaine):
    contract_in(paris)
    page = client_of(delegation).get(PAGE, {"date": "2021-06-01"})
    watched = {kind: (late, ahead) for kind, late, ahead in page.context["watched"]}
    late, _ = watched[Watch.MISSION_START]
    assert late.count == 3, "access and the crisis plan within 6 months, care paths within 12"
    assert len(client_of(delegation).get(late.url).context["rows"]) == 3
    assert watched[Watch.DIALOGUE][0].count == 1


def test_every_figure_counts_the_rows_of_its_list(client_of, delegation, paris, plaine):
    measured(contract_in(paris), 40)
    contract_in(plaine, date(2021, 1, 4), terms__tier=1)
    contract_in(plaine, date(2019, 9, 1), end=date(2021, 2, 1))
    client = client_of(delegation)
    context = client.get(PAGE, {"date": DAY.isoformat()}).context
    counts = [figure for name in ("standing", "signatures") for _, row in context[name].rows for figure in row]
    figures = [(figure.count, figure.url) for figure in counts + context["standing"].total]
    figures += [(len(row.measured), url) for row, url in context["rates"]]
    figures += [(len(row.uses), url) for row, url in context["indicators"]]
    figures += [(figure.count, figure.url) for _, *both in context["watched"] for figure in both]
    assert len(figures) > 30
    wrong = [(count, url) for count, url in figures if len(client.get(url).context["rows"]) != count]
    assert wrong == []


def test_every_amount_is_the_sum_of_its_lines(client_of, delegation, paris, plaine):
    measured(contract_in(paris), 100)
    one = contract_in(plaine)
    one.payments.create(
        year=1, mission="fonctionnement", kind="signature", reference="V1", amount=80_000, paid_on=date(2020, 3, 20)
    )
    client = client_of(delegation)
    context = client.get(PAGE, {"date": DAY.isoformat()}).context
    amounts = [*context["total"], *(each for _, row in context["accounts"] for each in row)]
    assert len(amounts) == 18
    assert [value for _, value, _ in amounts] == [client.get(url).context["sum"] for *_, url in amounts]


def test_one_department_is_chosen_and_another_region_never_seen(client_of, delegation, paris, plaine, elsewhere):
    contract_in(paris)
    contract_in(elsewhere)
    client = client_of(delegation)
    assert len(client.get(PAGE, {"date": "2021-06-01"}).context["shown"].contracts) == 1
    assert client.get(PAGE, {"date": "2021-06-01", "departement": "A2"}).context["shown"].contracts == []
    assert client.get(PAGE, {"departement": "B1"}).status_code == 400
    assert client.get(reverse("aci_region_list", args=["contrats"]), {"departement": "B1"}).status_code == 400


def test_each_table_is_a_file(client_of, delegation, paris):
    measured(contract_in(paris), 100)
    client = client_of(delegation)
    by_table = {
        table: lines_of(client, PAGE, table=table)
        for table in ("contrats", "signatures", "comptes", "volet-variable", "indicateurs", "vigilance")
    }
    assert by_table["contrats"][-1]["Département"] == "TOTAL"
    assert by_table["signatures"] == [
        {"Signés en": "2020", "Contrats signés": "1", "Taille 2": "1", "Encore en cours": "1"}
    ]
    assert by_table["comptes"][0]["Dû (€)"] == "182188.36"
    assert by_table["volet-variable"][0]["Taux atteint (%)"] == "17.1"
    assert by_table["indicateurs"][0]["Montant maximal (€), médiane"] == "35000.00"
    assert {row["Vigilance"] for row in by_table["vigilance"]} >= {"COPIL à tenir"}
    (behind,) = lines_of(client, reverse("aci_region_list", args=["contrats"]))
    assert behind["Accordé (€)"] == by_table["comptes"][-1]["Accordé (€)"]
    xlsx = client.get(PAGE, {"format": "xlsx", "table": "comptes"})
    assert xlsx.content.startswith(b"PK")


def test_amounts_that_were_not_verified_are_marked_on_the_page_and_in_each_file(client_of, delegation, paris):
    contract = measured(contract_in(paris), 100)
    client, column = client_of(delegation), "Vérification du barème"

    def told() -> tuple[int, set[str]]:
        files = [lines_of(client, PAGE, table=table) for table in ("comptes", "volet-variable", "indicateurs")]
        behind = ("contrats", "volet-variable", "indicateurs")
        files += [lines_of(client, reverse("aci_region_list", args=[slug])) for slug in behind]
        page = client.get(PAGE, {"date": DAY.isoformat()}).content.decode()
        return page.count("fr-badge--warning"), {rows[0][column] for rows in files}

    marks, said = told()
    assert said == {"vérifié"}
    contract.terms.get().tariff.lines.get(mission="acces_soins").amounts.update(verified="no")
    assert told() == (marks + 4, {"non vérifié"}), "the sums, the accounts, the rate of the mission, the indicators"


@pytest.mark.parametrize(
    "asked",
    [{"date": "hier"}, {"format": "pdf"}, {"format": "csv", "table": "tout"}, {"departement": "ZZ"}, {"region": "?"}],
)
def test_an_unreadable_question_is_a_bad_request(client_of, delegation, asked):
    assert client_of(delegation).get(PAGE, asked).status_code == 400


@pytest.mark.parametrize("asked", [{"taille": "deux"}, {"alerte": "rien"}, {"delai": "tôt"}, {"date": "hier"}])
def test_an_unreadable_list_is_a_bad_request(client_of, delegation, asked):
    client = client_of(delegation)
    assert client.get(reverse("aci_region_list", args=["contrats"]), asked).status_code == 400
    assert client.get(reverse("aci_region_list", args=["autre"])).status_code == 404


def test_without_contract_the_page_says_so(client_of, paris):
    reader = UserFactory(departments=[paris])
    assert "Aucun contrat ACI" in client_of(reader).get(PAGE, {"date": "2019-01-01"}).content.decode()


def test_queries_do_not_grow_with_the_contracts(client_of, delegation, paris, plaine):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(PAGE, {"date": DAY.isoformat()})
        return len(seen)

    client = client_of(delegation)
    for department in (paris, plaine):
        measured(contract_in(department), 100)
    client.get(PAGE)
    two = queries()
    for number in range(4):
        measured(contract_in(plaine), 40, code=f"code-{number}")
    assert queries() == two
