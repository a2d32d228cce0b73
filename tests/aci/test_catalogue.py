"""The regional catalogue of indicators: who keeps it, what it shows, what it starts from."""

import re
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from aci.models import Indicator
from aci.proposals import mission_labels
from territories.models import Region
from tests.aci.acts import engage, indicator, retain
from tests.factories import ContractFactory, UserFactory

pytestmark = pytest.mark.django_db
SAID = {
    "label": "Patients en ALD sans médecin traitant",
    "mission": "acces_soins",
    "direction": "decrease",
    "nature": "result",
    "origin": "insurance",
    "priority": "1",
    "decimals": "0",
    "unit": "patients",
    "is_paying": "on",
    "definition": "Définition",
    "method": "Méthode",
    "source": "Requête",
    "since": "2020-01-01",
}


@pytest.fixture
def manager(department) -> User:
    """Of the whole region."""
    return UserFactory(role=User.Role.MANAGER, extent=User.Extent.REGION, region=department.region)


@pytest.fixture
def contract(department):
    contract = ContractFactory(project__lead_department=department)
    engage(contract, "acces_soins", date(2020, 6, 1))
    return contract


def loaded(page) -> dict:
    return {"loaded": page.context["form"]["loaded"].value()}


def text_of(page) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()).replace("&#x27;", "'"))


def test_a_manager_keeps_the_common_base(contract, manager, client_of):
    client = client_of(manager)
    page = client.get("/aci/indicateurs/nouveau")
    region = contract.project.lead_department.region
    added = client.post("/aci/indicateurs/nouveau", SAID | loaded(page) | {"region": region.pk})
    found = Indicator.objects.get()
    assert added.url == f"/aci/indicateurs/{found.pk}/"
    assert (found.region, found.project, found.code) == (region, None, "patients-en-ald-sans-medecin-trait")
    twice = client.post("/aci/indicateurs/nouveau", SAID | loaded(page) | {"region": region.pk})
    assert twice.status_code == 422
    assert "déjà au catalogue" in text_of(twice)


def test_a_region_that_one_does_not_keep_is_no_choice(contract, manager, far, client_of):
    page = client_of(manager).get("/aci/indicateurs/nouveau")
    refused = client_of(manager).post("/aci/indicateurs/nouveau", SAID | loaded(page) | {"region": far.region_id})
    assert refused.status_code == 422
    assert not Indicator.objects.exists()


def test_an_officer_adds_an_indicator_for_one_cpts_and_does_not_touch_the_common_base(contract, cpam, client_of):
    common = indicator(contract)
    assert client_of(cpam).get(f"/aci/indicateurs/{common.pk}/modifier").status_code == 403
    address = f"/aci/projets/{contract.project_id}/indicateurs/nouveau"
    page = client_of(cpam).get(address)
    assert client_of(cpam).post(address, SAID | loaded(page)).status_code == 302
    local = Indicator.objects.get(project=contract.project)
    assert client_of(cpam).get(f"/aci/indicateurs/{local.pk}/modifier").status_code == 200
    assert local in Indicator.objects.for_project(contract.project)
    assert local not in Indicator.objects.for_project(ContractFactory(project__lead_department__code="98").project)


@pytest.mark.parametrize("role", [User.Role.MANAGER, User.Role.ADMINISTRATOR])
def test_who_answers_for_departments_alone_does_not_change_what_the_region_uses(contract, department, client_of, role):
    client = client_of(UserFactory(role=role, departments=[department]))
    common = indicator(contract)
    assert client.get("/aci/indicateurs/").context["may_create"] is False
    for address in ("/aci/indicateurs/nouveau", f"/aci/indicateurs/{common.pk}/modifier"):
        assert client.get(address).status_code == 403
        assert client.post(address, SAID).status_code == 403
    local = indicator(contract, code="local", project=contract.project)
    assert client.get(f"/aci/indicateurs/{local.pk}/modifier").status_code == 200


def test_an_indicator_is_retired_not_erased(contract, manager, client_of):
    found = indicator(contract)
    address = f"/aci/indicateurs/{found.pk}/modifier"
    page = client_of(manager).get(address)
    early = client_of(manager).post(address, SAID | loaded(page) | {"since": "2020-01-01", "until": "2019-01-01"})
    assert early.status_code == 422
    assert client_of(manager).post(address, SAID | loaded(page) | {"until": "2021-01-01"}).status_code == 302
    assert "ALD" not in text_of(client_of(manager).get("/aci/indicateurs/"))
    assert "retiré le 1er janv. 2021" in text_of(client_of(manager).get("/aci/indicateurs/?etat=retires"))


def test_what_decides_the_money_no_longer_changes_under_a_contract(contract, manager, client_of):
    found = indicator(contract)
    retain(contract, 1, (found, [(None, 50, 35_000)]))
    address = f"/aci/indicateurs/{found.pk}/modifier"
    page = client_of(manager).get(address)
    changed = SAID | loaded(page) | {"direction": "increase", "decimals": "2", "label": "Autre intitulé"}
    assert client_of(manager).post(address, changed).status_code == 302
    found.refresh_from_db()
    assert (found.label, found.direction, found.decimals) == ("Autre intitulé", "decrease", 0)


def test_two_people_on_one_indicator(contract, manager, client_of):
    found = indicator(contract)
    address = f"/aci/indicateurs/{found.pk}/modifier"
    page = client_of(manager).get(address)
    Indicator.objects.update(source="Rezone")
    refused = client_of(manager).post(address, SAID | loaded(page))
    assert refused.status_code == 422
    assert "est devenu « Rezone »" in text_of(refused).replace("\u00a0", " ")


def test_the_page_of_an_indicator_shows_its_targets_across_the_cpts(contract, department, reader, client_of):
    found = indicator(contract)
    other = ContractFactory(project__lead_department=department)
    for each, target in ((contract, 50), (other, 80)):
        engage(each, "acces_soins", date(2020, 6, 2)) if each is other else None
        version = retain(each, 1, (found, [(None, target, 35_000)]), retained_on=date(2020, 6, 15))
        version.negotiated.update(target=target)
    abandoned = retain(other, 2, (found, [(None, 10, 35_000)]), number=1, retained_on=None)
    retain(other, 2, (indicator(contract, code="sas"), []), number=2, retained_on=None)
    page = text_of(client_of(reader).get(f"/aci/indicateurs/{found.pk}/")).replace("\u00a0", " ")
    assert "Utilisé dans 2 contrats sur 2 dans la région ; cibles de 50 à 80." in page
    assert f"en négociation, v{abandoned.number}" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("mission=parcours", ["RCP"]),
        ("nature=means", ["RCP"]),
        ("payant=non", ["Local"]),
        ("portee=local", ["Local"]),
        ("portee=socle", ["ALD", "RCP"]),
        ("priorite=1", ["ALD"]),
        ("sens=at_least", ["RCP"]),
        ("origine=declared", ["RCP"]),
        ("q=medecin", ["ALD"]),
    ],
)
def test_filters(contract, reader, client_of, query, found):
    indicator(contract, code="ald", label="ALD sans médecin", priority=1)
    said = {"direction": "at_least", "nature": "means", "origin": "declared"}
    indicator(contract, mission="parcours", code="rcp", label="RCP", **said)
    indicator(contract, code="local", label="Local", project=contract.project, is_paying=False)
    page = client_of(reader).get(f"/aci/indicateurs/?{query}")
    assert sorted(row.label.split()[0] for row, _ in page.context["rows"]) == found


def test_the_list_is_that_of_ones_region_and_is_exported(contract, far, reader, client_of):
    indicator(contract)
    elsewhere = ContractFactory(project__lead_department=far)
    indicator(elsewhere, code="far", label="D'une autre région")
    client = client_of(reader)
    for query in ("", "?format=csv", "?format=csv&colonnes=definition"):
        text = client.get(f"/aci/indicateurs/{query}").content.decode()
        assert "Indicateur ald" in text
        assert "autre région" not in text
    assert client.get("/aci/indicateurs/?format=xlsx").status_code == 200
    assert client.get("/aci/indicateurs/?nature=x").status_code == 400


def test_queries_do_not_grow_with_the_indicators(contract, reader, client_of):
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    client, found = client_of(reader), indicator(contract)
    retain(contract, 1, (found, [(None, 50, 35_000)]))
    addresses = ["/aci/indicateurs/", f"/aci/indicateurs/{found.pk}/"]
    before = [queries(address) for address in addresses]
    for number in range(3):
        indicator(contract, code=f"local-{number}", project=contract.project)
        other = ContractFactory(project__lead_department=contract.project.lead_department)
        retain(other, 1, (found, [(None, 50, 35_000)]))
    assert [queries(address) for address in addresses] == before


def test_the_kit_adds_what_is_missing_and_touches_nothing_else(department, tariffs):
    region = department.region
    call_command("load_indicators", region=region.pk, verbosity=0)
    everything = Indicator.objects.count()
    assert everything > 20
    ald = Indicator.objects.get(code="mt-ald")
    Indicator.objects.filter(pk=ald.pk).update(
        label="ALD, à notre façon", since=date(2020, 1, 1), until=date(2022, 1, 1)
    )
    Indicator.objects.get(code="mt-70-ans").delete()
    call_command("load_indicators", region=region.pk, verbosity=0)
    assert Indicator.objects.count() == everything
    ald.refresh_from_db()
    assert (ald.label, ald.until) == ("ALD, à notre façon", date(2022, 1, 1))


def test_the_kit_knows_the_missions_of_the_tariffs(department, tariffs):
    call_command("load_indicators", region=department.region_id, verbosity=0)
    assert set(Indicator.objects.values_list("mission", flat=True)) <= set(mission_labels())


def test_the_kit_says_which_indicators_were_read_in_contracts(department, tariffs):
    call_command("load_indicators", region=department.region_id, verbosity=0)
    read = Indicator.objects.filter(source__endswith="indicateur lu dans des annexes de contrats ACI signés (taille 3)")
    assert {each.code for each in read} == {"mt-ald", "depistage-sein"}
    others = Indicator.objects.exclude(code__in=("mt-ald", "depistage-sein"))
    assert all(each.source.endswith(" – indicateur d'usage relevé, non vérifié") for each in others)


def test_the_kit_is_loaded_for_a_known_region(db):
    with pytest.raises(CommandError, match="Aucune région"):
        call_command("load_indicators", region="00", verbosity=0)
    assert not Region.objects.filter(code="00").exists()
