"""An administrator of the country adds a version without a release; the others only read."""

import pytest
import tablib
from django.contrib import admin
from django.urls import reverse, reverse_lazy

from accounts.models import User
from aci.admin import AmountResource
from aci.models import Tariff, TariffAmount
from tests.factories import DepartmentFactory, UserFactory

TIERS = {
    "tiers-0-number": 1,
    "tiers-0-lower_bound": 0,
    "tiers-0-includes_bound": "on",
    "tiers-0-source": "essai",
    "tiers-1-number": 2,
    "tiers-1-lower_bound": 50_000,
    "tiers-1-source": "essai",
}
VERSION = {
    "code": "avenant-3",
    "label": "Avenant 3",
    "since": "2027-01-01",
    "source": "essai",
    "tiers-TOTAL_FORMS": 2,
    "tiers-INITIAL_FORMS": 0,
    **TIERS,
    "lines-TOTAL_FORMS": 1,
    "lines-INITIAL_FORMS": 0,
    "lines-0-mission": "parcours",
    "lines-0-label": "Parcours",
    "lines-0-kind": "socle",
    "lines-0-first_year": 1,
    "lines-0-order": 1,
}
ADD = reverse_lazy("admin:aci_tariff_add")


@pytest.fixture
def administrator(client, db):
    client.force_login(UserFactory(role=User.Role.ADMINISTRATOR))
    return client


def test_a_version_is_added_by_hand(tariffs, administrator):
    assert administrator.post(ADD, VERSION).status_code == 302
    added = Tariff.objects.get(code="avenant-3")
    assert [tier.first for tier in added.data().tiers] == [0, 50_001]
    assert [line.mission for line in added.lines.all()] == ["parcours"]
    assert Tariff.objects.get(code="avenant-2").until == added.since


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"tiers-1-number": 3}, "Les tailles doivent se suivre"),
        ({"tiers-TOTAL_FORMS": 0}, "Les tailles doivent se suivre"),
        ({"tiers-0-lower_bound": 7}, "La taille 1 commence à 0"),
    ],
)
def test_tiers_that_make_no_scale_are_refused(administrator, change, why):
    response = administrator.post(ADD, VERSION | change)
    assert response.status_code == 200
    assert why in response.text
    assert not Tariff.objects.exists()


def test_deleting_a_selection_lets_the_version_before_take_over(tariffs, administrator):
    chosen = Tariff.objects.get(code="avenant-2")
    data = {"action": "delete_selected", "_selected_action": [chosen.pk], "post": "yes"}
    administrator.post(reverse("admin:aci_tariff_changelist"), data)
    assert list(Tariff.objects.values_list("code", "until")) == [("2019", None)]


@pytest.mark.parametrize(
    "page", ["aci_tariff_changelist", "aci_tariff_add", "aci_tariffline_changelist", "aci_tariffamount_changelist"]
)
def test_pages_open_for_an_administrator_and_not_for_an_officer(tariffs, administrator, page):
    assert administrator.get(reverse(f"admin:{page}")).status_code == 200
    administrator.force_login(UserFactory(role=User.Role.OFFICER))
    assert administrator.get(reverse(f"admin:{page}")).status_code == 302


def test_an_administrator_of_departments_reads_and_changes_nothing(tariffs, client):
    client.force_login(UserFactory(role=User.Role.ADMINISTRATOR, departments=[DepartmentFactory()]))
    tariff = Tariff.objects.get(code="2019")
    assert "Enregistrer" not in client.get(reverse("admin:aci_tariff_change", args=[tariff.pk])).text
    assert client.post(ADD, VERSION).status_code == 403
    assert client.get(reverse("admin:aci_tariffamount_import")).status_code == 403


def test_an_administrator_of_departments_restores_no_past_amount(tariffs, client):
    client.force_login(UserFactory(role=User.Role.ADMINISTRATOR, departments=[DepartmentFactory()]))
    amount = TariffAmount.objects.first()
    version = reverse("admin:aci_tariffamount_simple_history", args=[amount.pk, amount.history.first().pk])
    sent = {"line": amount.line_id, "tier": amount.tier, "fixed_eur": 1, "variable_eur": 1, "verified": "yes"}
    assert client.get(version).status_code == 200
    assert client.post(version, sent | {"source": "essai"}).status_code == 403
    assert TariffAmount.objects.get(pk=amount.pk).fixed_eur == amount.fixed_eur


AMOUNT_HEADINGS = ["version", "mission", "tier", "fixed_eur", "variable_eur", "verified", "source"]
AMOUNT = ("2019", "parcours", "1", "3", "2", "yes", "essai")


def test_amounts_go_out_and_come_back_unchanged(tariffs):
    sheet = AmountResource().export()
    assert sheet.headers == AMOUNT_HEADINGS
    assert AmountResource().import_data(sheet).totals["skip"] == TariffAmount.objects.count()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (("2019", "parcours", "1", "-3", "2", "yes", "essai"), "Un montant ne peut pas être négatif"),
        (("2019", "pont", "1", "3", "2", "yes", "essai"), "Le barème « 2019 » n'a pas de mission « pont »"),
        (("2019", "parcours", "1", "3", "2", "peut-être", "essai"), "peut-être"),
    ],
)
def test_wrong_amounts_are_refused(tariffs, row, why):
    assert why in refusals([row])
    assert TariffAmount.objects.get(line__tariff__code="2019", line__mission="parcours", tier=1).fixed_eur == 25_000


def refusals(rows: list[tuple], headings: list[str] = AMOUNT_HEADINGS) -> str:
    dataset = tablib.Dataset(*rows, headers=headings)
    result = AmountResource().import_data(dataset, rollback_on_validation_errors=True)
    errors = [*result.base_errors, *result.invalid_rows, *(row for _, found in result.row_errors() for row in found)]
    return " ".join(str(error.error) for error in errors)


def test_a_sheet_of_amounts_without_a_heading_or_with_a_line_twice_is_refused_whole(tariffs):
    before = list(TariffAmount.objects.values())
    assert refusals([AMOUNT[:-1]], AMOUNT_HEADINGS[:-1]) == "['Colonnes absentes : source.']"
    assert "Ligne en double : Parcours" in refusals([AMOUNT, AMOUNT])
    assert list(TariffAmount.objects.values()) == before
    assert refusals([AMOUNT]) == ""


def test_amounts_are_written_all_or_none(tariffs, administrator):
    """The library checks nothing again when a preview is confirmed, unless asked."""
    amount_admin = admin.site.get_model_admin(TariffAmount)
    assert amount_admin.get_import_data_kwargs()["rollback_on_validation_errors"]
