"""Days that no calendar holds and numbers that no table holds, on the pages of the ACI: refused, never a crash."""

from datetime import date

import pytest
from django.urls import reverse

from tests.aci.acts import engage, indicator, retain
from tests.factories import ContractFactory, ProjectFactory

pytestmark = pytest.mark.django_db
HUGE = "9" * 26


@pytest.fixture
def contract(department):
    contract = ContractFactory(project__lead_department=department)
    engage(contract, "acces_soins", date(2020, 6, 1))
    return contract


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
@pytest.mark.parametrize(
    ("name", "of_a_contract"),
    [
        ("contract", True),
        ("contract_ledger", True),
        ("contract_results", True),
        ("contracts", False),
        ("to_pay", False),
        ("accounts_of_aci", False),
        ("shared_actions", False),
        ("tariffs", False),
        ("aci_region", False),
        ("photograph", False),
    ],
)
def test_a_page_asked_for_a_day_of_no_calendar(client_of, cpam, contract, name, of_a_contract, day):
    address = reverse(name, args=[contract.pk] if of_a_contract else [])
    assert client_of(cpam).get(address, {"date": day}).status_code == 400


def test_a_contract_that_would_start_in_the_year_9999(client_of, cpam, department):
    project = ProjectFactory(lead_department=department)
    said = {"signed_on": "2020-03-01", "starts_on": "9999-12-31"}
    page = client_of(cpam).post(reverse("contract_new", args=[project.pk]), said)
    assert page.status_code == 422
    assert page.context["form"].errors["starts_on"] == ["Vérifiez l'année de cette date : de 1900 à 2100."]


def test_an_indicator_ticked_by_an_impossible_number(client_of, cpam, contract):
    version = retain(contract, 1, (indicator(contract), [(None, 50, 35_000)]), retained_on=None)
    page = client_of(cpam).post(reverse("negotiated_add", args=[version.pk]), {"indicators": [HUGE]})
    assert page.status_code == 422
    assert version.negotiated.count() == 1


@pytest.mark.parametrize("name", ["contracts", "indicators", "shared_actions", "meetings", "actions", "projects"])
@pytest.mark.parametrize("key", ["region", "departement"])
def test_a_list_asked_for_an_impossible_number(client_of, cpam, contract, name, key):
    assert client_of(cpam).get(reverse(name), {key: HUGE}).status_code in (200, 400)
