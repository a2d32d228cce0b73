"""Corrections of the reference data, through the admin and through spreadsheets."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from import_export.results import Result
from tablib import Dataset

from accounts.models import User
from territories.models import Department, FormerZone, Region, Zone
from territories.resources import CodedResource, DepartmentResource, FormerZoneResource, ZoneResource
from tests.factories import DepartmentFactory, RegionFactory, ZoneFactory

ZONE_HEADINGS = [
    "code INSEE",
    "nom",
    "nature",
    "département",
    "EPCI",
    "commune découpée",
    "population municipale",
    "millésime de la population",
]

pytestmark = pytest.mark.django_db


def take(resource: type[CodedResource], headings: list[str], *rows: tuple) -> Result:
    return resource().import_data(Dataset(*rows, headers=headings), rollback_on_validation_errors=True)


def messages(result: Result) -> str:
    errors = [str(error.error) for error in result.base_errors]
    return " ".join(errors + [str(row.error) for row in result.invalid_rows])


def test_an_export_can_be_imported_again_and_changes_nothing():
    commune = ZoneFactory(name="L'Île-Rouge")
    ZoneFactory(parent=commune, name="L'Île-Rouge 1er Arrondissement")
    rows = ZoneResource().export(Zone.objects.filter(department="99"))
    assert rows.headers == ZONE_HEADINGS
    assert set(rows["nature"]) == {"Commune", "Arrondissement municipal"}
    result = ZoneResource().import_data(rows)
    assert (result.totals["skip"], messages(result)) == (2, "")


def test_a_commune_is_split_by_a_file():
    ZoneFactory(code="99001", name="Grandville", population=3_000)
    result = take(
        ZoneResource,
        ZONE_HEADINGS,
        ("990010101", "Quartier des Ormes", "Partie de commune", 99, "", 99001, 1_800, 2023),
        ("990010102", "Quartier du Port", "Partie de commune", 99, "", 99001, 1_200, 2023),
    )
    assert messages(result) == ""
    assert [(part.name, part.search_name) for part in Zone.objects.filter(parent__code="99001")] == [
        ("Quartier des Ormes", "quartier des ormes"),
        ("Quartier du Port", "quartier du port"),
    ]


def test_codes_that_became_numbers_find_their_zeros_again():
    RegionFactory(code="0A")
    DepartmentFactory(code="09", region__code="99")
    result = take(DepartmentResource, ["code INSEE", "nom", "région"], (9, "Ariège", "0A"))
    assert (result.totals["update"], messages(result)) == (1, "")
    assert str(Department.objects.get(code="09")) == "09 – Ariège"


def test_one_wrong_row_refuses_the_file_and_says_why():
    result = take(
        ZoneResource,
        ZONE_HEADINGS,
        ("99001", "Grandville", "Commune", DepartmentFactory().code, "", "", 3_000, 2023),
        ("99002", "Petiteville", "Commune", "98", "", "", 10, 2023),
        ("99003", "Nulleville", "Commune", "99", "", "", -5, 2023),
    )
    assert "Le code « 98 » ne correspond à aucune entrée (département)." in messages(result)
    assert "supérieure ou égale à 0" in messages(result)
    assert not Zone.objects.filter(code="99001").exists()


@pytest.mark.parametrize(
    ("headings", "rows", "message"),
    [
        (["code INSEE", "nom"], [("99", "Essai")], "Colonnes absentes : région."),
        (["code INSEE", "nom", "région"], [("09", "Un", "99"), (9, "Deux", "99")], "Ligne en double : 09."),
    ],
)
def test_files_that_cannot_be_read_safely_are_refused(headings, rows, message):
    RegionFactory()
    assert message in messages(take(DepartmentResource, headings, *rows))
    assert not Department.objects.filter(name="Un").exists()


def test_former_zones_are_known_by_code_name_and_successor():
    zone = ZoneFactory(code="99001")
    headings = ["ancien code", "ancien nom", "zone actuelle", "partagée"]
    rows = [("99800", "Vieuxbourg", "99001", 0), ("99800", "Vieux-Bourg", "99001", 0)]
    assert take(FormerZoneResource, headings, *rows).totals["new"] == 2
    assert take(FormerZoneResource, headings, *rows).totals["skip"] == 2
    assert FormerZone.objects.filter(successor=zone, search_name="vieux bourg").exists()


@pytest.fixture
def regional_administrator() -> User:
    user = User.objects.create_superuser("regional")
    user.is_superuser, user.extent, user.region = False, User.Extent.REGION, RegionFactory()
    user.save()
    return user


@pytest.mark.parametrize("model", ["region", "department", "epci", "zone", "formerzone"])
def test_reference_data_are_read_by_all_administrators_and_changed_by_the_countrys(
    client, regional_administrator, model
):
    listed, imported = reverse(f"admin:territories_{model}_changelist"), reverse(f"admin:territories_{model}_import")
    ZoneFactory()
    client.force_login(regional_administrator)
    assert client.get(listed).status_code == 200
    assert client.get(imported).status_code == 403
    client.force_login(User.objects.create_superuser("country"))
    assert client.get(imported).status_code == 200


def test_a_zone_is_found_whatever_the_accents(client):
    ZoneFactory(code="99001", name="L'Île-Saint-Denis")
    client.force_login(User.objects.create_superuser("country"))
    page = client.get(reverse("admin:territories_zone_changelist"), {"q": "ile st denis"})
    assert "99001" in page.content.decode()


def test_a_file_is_previewed_then_confirmed(client):
    ZoneFactory(code="99001", name="Grandville")
    rows = ZoneResource().export(Zone.objects.filter(code="99001")).csv.replace("Grandville", "Grandville-sur-Mer")
    client.force_login(User.objects.create_superuser("country"))
    preview = client.post(
        reverse("admin:territories_zone_import"),
        {"import_file": SimpleUploadedFile("zones.csv", rows.encode()), "format": "1"},
    )
    assert Zone.objects.get(code="99001").name == "Grandville"
    confirmed = client.post(
        reverse("admin:territories_zone_process_import"), preview.context["confirm_form"].initial, follow=True
    )
    assert confirmed.status_code == 200
    assert Zone.objects.get(code="99001").name == "Grandville-sur-Mer"


def test_a_file_become_wrong_since_its_preview_is_written_not_at_all(client):
    DepartmentFactory(code="98", region=RegionFactory(code="98"))
    rows = "code INSEE,nom,région\n9A,Nouveau,99\n98,Renommé,98\n"
    DepartmentFactory()
    client.force_login(User.objects.create_superuser("country"))
    preview = client.post(
        reverse("admin:territories_department_import"),
        {"import_file": SimpleUploadedFile("departements.csv", rows.encode()), "format": "1"},
    )
    Department.objects.filter(code="98").update(region="99")
    Region.objects.get(code="98").delete()
    confirmed = reverse("admin:territories_department_process_import")
    answer = client.post(confirmed, preview.context["confirm_form"].initial, follow=True)
    assert "Rien n&#x27;a été écrit" in answer.text
    assert "Importation terminée" not in answer.text
    assert not Department.objects.filter(code="9A").exists()
