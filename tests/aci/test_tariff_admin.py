"""An administrator of the country proposes a version without a release; approved, it is locked."""

from datetime import date
from decimal import Decimal

import pytest
import tablib
from django.contrib import admin
from django.urls import reverse, reverse_lazy

from accounts.models import User
from aci.admin import AmountResource
from aci.models import PaymentRules, Tariff, TariffAmount, TariffLine
from tests.factories import ContractFactory, DepartmentFactory, UserFactory

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


def test_a_version_added_by_hand_is_a_proposal(tariffs, administrator):
    assert administrator.post(ADD, VERSION).status_code == 302
    added = Tariff.objects.get(code="avenant-3")
    assert [tier.first for tier in added.data().tiers] == [0, 50_001]
    assert [line.mission for line in added.lines.all()] == ["parcours"]
    assert (added.proposed_by.pk, added.is_approved) == (int(administrator.session["_auth_user_id"]), False)
    assert Tariff.objects.get(code="avenant-2").until is None


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


def test_no_version_is_deleted_without_a_reason(tariffs, administrator):
    """Its page asks for one, and withdraws proposals alone."""
    chosen = Tariff.objects.get(code="avenant-2")
    data = {"action": "delete_selected", "_selected_action": [chosen.pk], "post": "yes"}
    administrator.post(reverse("admin:aci_tariff_changelist"), data)
    assert administrator.post(reverse("admin:aci_tariff_delete", args=[chosen.pk]), {"post": "yes"}).status_code == 403
    assert Tariff.objects.count() == 2


def sent_back(page, **changes):
    """What a browser sends of an admin form, with these changes."""
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    shown = {field.html_name: field.value() for form in forms for field in form if field.value() is not None}
    return shown | changes


def test_an_approved_version_changes_by_its_sources_and_checks_alone(tariffs, administrator):
    amount = TariffAmount.objects.get(line__tariff__code="2019", line__mission="parcours", tier=1)
    page = reverse("admin:aci_tariffamount_change", args=[amount.pk])
    assert set(administrator.get(page).context["adminform"].form.fields) == {"verified", "source"}
    said = {"fixed_eur": 1, "tier": 3, "verified": "yes", "source": "Journal officiel"}
    assert administrator.post(page, said).status_code == 302
    amount.refresh_from_db()
    assert (amount.fixed_eur, amount.tier) == (25_000, 1)
    assert (amount.verified, amount.source) == ("yes", "Journal officiel")
    assert (
        administrator.post(reverse("admin:aci_tariffamount_delete", args=[amount.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_the_tiers_and_missions_of_an_approved_version_stay(tariffs, administrator):
    tariff = Tariff.objects.get(code="2019")
    before = tariff.data()
    page = reverse("admin:aci_tariff_change", args=[tariff.pk])
    changes = {
        "since": "2018-01-01",
        "tiers-1-lower_bound": 50_000,
        "tiers-1-source": "Journal officiel",
        "tiers-3-DELETE": "on",
        "lines-0-kind": "optional",
        "lines-0-DELETE": "on",
    }
    assert administrator.post(page, sent_back(administrator.get(page), **changes)).status_code == 302
    tariff = Tariff.objects.get(code="2019")
    assert tariff.data() == before
    assert tariff.tiers.get(number=2).source == "Journal officiel"


def test_nothing_is_added_to_an_approved_version(tariffs, administrator):
    tariff = Tariff.objects.get(code="2019")
    line = {"tariff": tariff.pk, "mission": "pont", "label": "Pont", "kind": "socle", "first_year": 1, "order": 9}
    empty = {"amounts-TOTAL_FORMS": 0, "amounts-INITIAL_FORMS": 0}
    assert administrator.post(reverse("admin:aci_tariffline_add"), line | empty).status_code == 200
    amount = {"line": tariff.lines.first().pk, "tier": 9, "fixed_eur": 1, "variable_eur": 1, "verified": "yes"}
    assert administrator.post(reverse("admin:aci_tariffamount_add"), amount | {"source": "essai"}).status_code == 200
    assert not TariffLine.objects.filter(mission="pont").exists()
    assert not TariffAmount.objects.filter(tier=9).exists()


def test_who_changes_a_proposal_becomes_its_proposer(administrator):
    """Otherwise one person could write amounts under the name of another, then approve them."""
    administrator.post(ADD, VERSION)
    line = TariffLine.objects.get(mission="parcours")
    second = UserFactory(role=User.Role.ADMINISTRATOR)
    administrator.force_login(second)
    amount = {"line": line.pk, "tier": 1, "fixed_eur": 1, "variable_eur": 1, "verified": "no", "source": "essai"}
    assert administrator.post(reverse("admin:aci_tariffamount_add"), amount).status_code == 302
    assert Tariff.objects.get().proposed_by == second
    third = UserFactory(role=User.Role.ADMINISTRATOR)
    administrator.force_login(third)
    administrator.post(reverse("admin:aci_tariffamount_delete", args=[TariffAmount.objects.get().pk]), {"post": "yes"})
    assert Tariff.objects.get().proposed_by == third


def test_no_line_or_amount_leaves_a_proposal_for_another(tariffs, administrator):
    """The one left would still read as written by whoever wrote it before."""
    Tariff.objects.update(approved_at=None)
    left, other = Tariff.objects.all()
    line, elsewhere = left.lines.first(), other.lines.first()
    amount = line.amounts.first()
    page = reverse("admin:aci_tariffline_change", args=[line.pk])
    sent = sent_back(administrator.get(page), tariff=other.pk, mission="pont")
    assert administrator.post(page, sent).status_code == 302
    page = reverse("admin:aci_tariffamount_change", args=[amount.pk])
    sent = sent_back(administrator.get(page), line=elsewhere.pk, tier=9)
    assert administrator.post(page, sent).status_code == 302
    line.refresh_from_db()
    amount.refresh_from_db()
    assert (line.tariff, line.mission, amount.line, amount.tier) == (left, "pont", line, 9)


@pytest.mark.parametrize(
    "page",
    [
        "aci_tariff_changelist",
        "aci_tariff_add",
        "aci_tariffline_changelist",
        "aci_tariffamount_changelist",
        "aci_paymentrules_add",
    ],
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
CHECKED = ("2019", "parcours", "1", "25000", "25000", "yes", "Journal officiel")


@pytest.fixture
def proposal(tariffs) -> Tariff:
    """The version of 2019, as if nobody had approved it yet."""
    Tariff.objects.filter(code="2019").update(approved_at=None)
    return Tariff.objects.get(code="2019")


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
        (("2019", "parcours", "1", "30000000", "2", "yes", "essai"), "vérifiez-le"),
    ],
)
def test_wrong_amounts_are_refused(proposal, row, why):
    assert why in refusals([row])
    assert TariffAmount.objects.get(line__tariff__code="2019", line__mission="parcours", tier=1).fixed_eur == 25_000


def refusals(rows: list[tuple], headings: list[str] = AMOUNT_HEADINGS) -> str:
    dataset = tablib.Dataset(*rows, headers=headings)
    result = AmountResource().import_data(dataset, rollback_on_validation_errors=True)
    errors = [*result.base_errors, *result.invalid_rows, *(row for _, found in result.row_errors() for row in found)]
    return " ".join(str(error.error) for error in errors)


def test_a_sheet_checks_an_approved_version_and_does_not_change_its_money(tariffs):
    assert refusals([CHECKED]) == ""
    assert TariffAmount.objects.get(source="Journal officiel").verified == "yes"
    for row in (AMOUNT, ("2019", "parcours", "9", "0", "0", "yes", "essai")):
        assert "est approuvé : seules sa vérification et ses sources changent encore" in refusals([row])


def test_a_sheet_that_changes_a_proposal_is_a_proposal_of_who_sends_it(proposal):
    sender = UserFactory(role=User.Role.ADMINISTRATOR)
    dataset = tablib.Dataset(AMOUNT, headers=AMOUNT_HEADINGS)
    AmountResource().import_data(dataset, rollback_on_validation_errors=True, user=sender)
    proposal.refresh_from_db()
    assert proposal.proposed_by == sender


def test_a_sheet_of_amounts_without_a_heading_or_with_a_line_twice_is_refused_whole(proposal):
    before = list(TariffAmount.objects.values())
    assert refusals([AMOUNT[:-1]], AMOUNT_HEADINGS[:-1]) == "['Colonnes absentes : source.']"
    assert "Ligne en double : Parcours" in refusals([AMOUNT, AMOUNT])
    assert list(TariffAmount.objects.values()) == before
    assert refusals([AMOUNT]) == ""


def test_rules_of_payment_end_when_the_next_ones_begin(administrator):
    said = {"advance": "0.7", "proration": "months", "ending": "kept", "source": "Avenant 3"}
    for since in ("2027-01-01", "2019-01-01"):
        assert administrator.post(reverse("admin:aci_paymentrules_add"), said | {"since": since}).status_code == 302
    first, last = PaymentRules.objects.order_by("since")
    assert (first.until, last.until) == (last.since, None)
    data = {"action": "delete_selected", "_selected_action": [last.pk], "post": "yes"}
    administrator.post(reverse("admin:aci_paymentrules_changelist"), data)
    assert PaymentRules.objects.get().until is None


def rules_of_2020() -> PaymentRules:
    return PaymentRules.objects.create(since=date(2020, 1, 1), source="Avenant imaginé")


def test_rules_under_which_a_contract_is_signed_stay(administrator):
    rules = rules_of_2020()
    page = reverse("admin:aci_paymentrules_change", args=[rules.pk])
    said = {"since": "2020-02-01", "advance": "0.6", "proration": "months", "ending": "kept", "source": "JO"}
    ContractFactory(signed_on=date(2020, 3, 1))
    assert administrator.post(page, said | {"is_verified": "on"}).status_code == 302
    kept = PaymentRules.objects.get()
    assert kept.as_rules() == rules.as_rules()
    assert (kept.since, kept.source, kept.is_verified) == (rules.since, "JO", True)
    data = {"action": "delete_selected", "_selected_action": [rules.pk], "post": "yes"}
    administrator.post(reverse("admin:aci_paymentrules_changelist"), data)
    delete = reverse("admin:aci_paymentrules_delete", args=[rules.pk])
    assert administrator.post(delete, {"post": "yes"}).status_code == 403
    assert PaymentRules.objects.exists()


def test_rules_under_which_none_is_signed_change(administrator):
    ContractFactory(signed_on=date(2019, 12, 31))
    page = reverse("admin:aci_paymentrules_change", args=[rules_of_2020().pk])
    said = {"since": "2020-02-01", "advance": "0.6", "proration": "months", "ending": "kept", "source": "JO"}
    assert administrator.post(page, said).status_code == 302
    assert PaymentRules.objects.get().advance == Decimal("0.6")


def test_new_rules_begin_after_the_contracts_signed_under_the_former_ones(administrator):
    rules_of_2020()
    ContractFactory(signed_on=date(2020, 3, 1))
    ContractFactory(signed_on=date(2019, 10, 1))
    add = reverse("admin:aci_paymentrules_add")
    said = {"advance": "0.6", "proration": "months", "ending": "kept", "source": "JO"}
    refused = administrator.post(add, said | {"since": "2020-03-01"})
    assert "en relèvent déjà et les gardent" in refused.text
    assert administrator.post(add, said | {"since": "2020-03-02"}).status_code == 302
    moved = reverse("admin:aci_paymentrules_change", args=[PaymentRules.objects.last().pk])
    assert "en relèvent déjà" in administrator.post(moved, said | {"since": "2020-02-01"}).text
    assert administrator.post(add, said | {"since": "2019-08-25"}).status_code == 302
    assert [rules.since.year for rules in PaymentRules.objects.all()] == [2019, 2020, 2020]


def test_amounts_are_written_all_or_none(tariffs, administrator):
    """The library checks nothing again when a preview is confirmed, unless asked."""
    amount_admin = admin.site.get_model_admin(TariffAmount)
    assert amount_admin.get_import_data_kwargs()["rollback_on_validation_errors"]
