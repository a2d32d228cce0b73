"""The directory: who to call in a department or for some of its communes, and what a project shows of it."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import User
from projects.models import DirectoryEntry, Project
from territories.models import Department, Zone
from tests.factories import ProjectFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
LIST = "/projets/annuaire/"
Function = DirectoryEntry.Function


@pytest.fixture
def zones(department) -> list[Zone]:
    return [ZoneFactory(code="99901", name="Aubeville"), ZoneFactory(code="99902", name="Saint-Cyr-sur-Aube")]


def known(department: Department, name: str, function: str = Function.DAM, **said: Any) -> DirectoryEntry:
    return DirectoryEntry.objects.create(
        department=department, name=name, function=function, **{"since": date(2024, 1, 1)} | said
    )


def names(response) -> list[str]:
    return [entry.name for entry, _ in response.context["rows"]]


def write(client: Client, entry: DirectoryEntry | None = None, *, shown: str | None = None, **said: Any):
    url = reverse("directory_edit", args=[entry.pk]) if entry else reverse("directory_add")
    shown = client.get(url).context["form"]["loaded"].value() if shown is None else shown
    typed = {"department": "99", "function": "dam", "name": "Léa Roux", "since": "2024-01-01", "loaded": shown}
    return client.post(url, typed | said)


# The list


def test_it_is_read_by_department_then_function(client_of: ClientOf, reader, department, neighbour, far):
    known(neighbour, "Zoé", Function.DAM)
    known(department, "Coordinatrice", Function.CLS)
    known(department, "Déléguée", Function.DAM)
    known(department, "Référente", Function.ROC_MEDICAL)
    known(far, "Ailleurs")
    assert names(client_of(reader).get(LIST)) == ["Zoé", "Référente", "Déléguée", "Coordinatrice"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"departement": "98"}, ["Zoé Élan"]),
        ({"fonction": ["dam", "cls"]}, ["Zoé Élan", "Paul Roux"]),
        ({"q": "zoe elan"}, ["Zoé Élan"]),
        ({"q": "cpam"}, ["Paul Roux"]),
        ({"q": "st cyr"}, ["Ana Bel"]),
        ({"anciens": "on"}, ["Zoé Élan", "Ana Bel", "Jean Parti", "Paul Roux"]),
        ({"departement": "98", "fonction": "msa"}, []),
    ],
)
def test_its_filters_stand_in_its_address(query, expected, client_of: ClientOf, reader, department, neighbour, zones):
    known(neighbour, "Zoé Élan", Function.DAM)
    known(department, "Paul Roux", Function.CLS, organisation="CPAM du 99")
    known(department, "Ana Bel", Function.ROC_MEDICAL).zones.set(zones)
    known(department, "Jean Parti", Function.MSA, until=date(2024, 6, 1))
    assert names(client_of(reader).get(LIST, query)) == expected


@pytest.mark.parametrize("query", [{"departement": "97X"}, {"fonction": "maire"}, {"format": "pdf"}])
def test_a_filter_that_means_nothing_is_told(query, client_of: ClientOf, reader, department, far):
    known(department, "Paul Roux")
    assert client_of(reader).get(LIST, query).status_code == 400


def test_who_leaves_today_is_no_longer_called(client_of: ClientOf, reader, department):
    today = timezone.localdate()
    known(department, "Part demain", until=today + timedelta(days=1))
    known(department, "Est parti", until=today)
    assert names(client_of(reader).get(LIST)) == ["Part demain"]


def test_its_exports_hold_what_is_filtered_and_no_formula(client_of: ClientOf, reader, department, far, zones):
    known(department, "=Paul()", organisation="CPAM", phone="01 02 03 04 05").zones.set(zones[:1])
    known(department, "Autre", Function.CLS)
    known(far, "Ailleurs")
    query = {"fonction": "dam", "format": "csv", "colonnes": ["nom", "communes"]}
    csv = client_of(reader).get(LIST, query).content.decode("utf-8-sig")
    assert csv == "Dép.;Nom;Communes suivies\r\n99;'=Paul();Aubeville\r\n"
    book = client_of(reader).get(LIST, query | {"format": "xlsx"}).content
    sheet = load_workbook(BytesIO(book)).active
    assert list(sheet.values)[1] == ("99", "=Paul()", "Aubeville")
    assert sheet["B2"].data_type == "s"


def test_its_cost_does_not_grow_with_the_contacts(client_of: ClientOf, ars, department, zones):
    client = client_of(ars)

    def queries(query: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST + query).status_code == 200
        return len(captured)

    def add(count: int) -> None:
        for number in range(count):
            known(department, f"Contact {number}").zones.set(zones)

    add(3)
    addresses = ("", "?q=contact", "?format=csv")
    with_three = [queries(address) for address in addresses]
    add(5)
    assert [queries(address) for address in addresses] == with_three


# Writing


def test_a_contact_is_added_for_a_whole_department(client_of: ClientOf, ars, department):
    response = write(client_of(ars), email="lea@cpam.fr", organisation="CPAM")
    assert response.url == "/projets/annuaire/?departement=99"
    entry = DirectoryEntry.objects.get()
    assert (entry.name, entry.function, entry.email) == ("Léa Roux", "dam", "lea@cpam.fr")
    assert not entry.zones.exists()


def test_communes_are_typed_by_name_or_code(client_of: ClientOf, ars, zones):
    write(client_of(ars), zones_text="aubeville ; Saint-Cyr-sur-Aube (99902)")
    assert list(DirectoryEntry.objects.get().zones.order_by("code")) == zones


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"name": ""}, "Ce champ est obligatoire"),
        ({"department": "98"}, "Sélectionnez un choix valide"),
        ({"function": "maire"}, "Sélectionnez un choix valide"),
        ({"email": "lea"}, "adresse de courriel valide"),
        ({"zones_text": "Perlimpinpin-les-Bains"}, "commune introuvable"),
        ({"since": "2999-01-01"}, "dans le futur"),
        ({"until": "2023-12-31"}, "La fin ne peut pas précéder le début"),
    ],
)
def test_what_cannot_be_is_refused_and_kept_as_typed(said, reason, client_of: ClientOf, ars, neighbour):
    page = write(client_of(ars), comment="Le matin seulement", **said)
    assert page.status_code == 422
    assert reason in page.text.replace("adresse e-mail valide", "adresse de courriel valide")
    assert "Le matin seulement" in page.text
    assert not DirectoryEntry.objects.exists()


def test_a_form_sent_twice_adds_one_contact(client_of: ClientOf, ars, department):
    client = client_of(ars)
    assert write(client).status_code == 302
    page = write(client, name="léa roux")
    assert page.status_code == 422
    assert "déjà dans l&#x27;annuaire" in page.text
    assert DirectoryEntry.objects.count() == 1


def test_only_writers_of_the_department_write(client_of: ClientOf, ars, reader, department, neighbour, far):
    here, near, away = known(department, "Ici"), known(neighbour, "À côté"), known(far, "Loin")
    edit = {entry: reverse("directory_edit", args=[entry.pk]) for entry in (here, near, away)}
    assert [client_of(ars).get(edit[entry]).status_code for entry in (here, near, away)] == [200, 403, 404]
    sent = {"sent": "yes"}
    assert [client_of(ars).post(edit[entry], sent).status_code for entry in (here, near, away)] == [422, 403, 404]
    assert client_of(reader).get(edit[here]).status_code == 403
    assert client_of(reader).get(reverse("directory_add")).status_code == 403
    page = client_of(ars).get(LIST).text
    assert edit[here] in page
    assert edit[near] not in page


def test_who_leaves_is_ended_not_deleted(client_of: ClientOf, ars, department):
    entry = known(department, "Léa Roux")
    assert write(client_of(ars), entry, until="2024-06-01").status_code == 302
    assert names(client_of(ars).get(LIST)) == []
    assert names(client_of(ars).get(LIST, {"anciens": "on"})) == ["Léa Roux"]
    assert entry.history.count() == 2


def test_a_contact_changed_meanwhile_is_told_and_nothing_typed_is_lost(client_of: ClientOf, ars, cpam, zones):
    entry = known(zones[0].department, "Léa Roux")
    second = client_of(cpam)
    shown = second.get(reverse("directory_edit", args=[entry.pk])).context["form"]["loaded"].value()
    write(client_of(ars), entry, phone="06 07 08 09 10", zones_text="Aubeville")
    page = write(second, entry, email="lea@cpam.fr", shown=shown)
    assert page.status_code == 422
    assert "est devenu «\u00a006 07 08 09 10\u00a0»" in page.text
    assert "est devenu «\u00a0Aubeville (99901)\u00a0»" in page.text
    assert 'value="lea@cpam.fr"' in page.text
    entry.refresh_from_db()
    assert (entry.phone, entry.email) == ("06 07 08 09 10", "")


# On the page of a project


def shown_on(client: Client, project: Project, day: str = "") -> list[str]:
    page = client.get(project.get_absolute_url(), {"date": day} if day else {})
    return [entry.name for entry in page.context["directory"]]


def test_a_project_shows_who_follows_its_territory(client_of: ClientOf, reader, department, neighbour, far, zones):
    project = ProjectFactory(zones=zones[:1])
    project.other_departments.add(neighbour, far)
    known(department, "Partout", Function.ROC_ADMINISTRATIVE)
    known(department, "D'Aubeville").zones.set(zones)
    known(department, "De Saint-Cyr").zones.set(zones[1:])
    known(neighbour, "Voisine")
    known(far, "D'une autre région")
    known(department, "Parti", until=date(2024, 6, 1))
    client = client_of(reader)
    assert shown_on(client, project) == ["Voisine", "Partout", "D'Aubeville"]
    assert "Parti" in shown_on(client, project, "2024-05-31")
    assert "Parti" not in shown_on(client, project, "2024-06-01")
    assert "À qui s'adresser" in client.get(project.get_absolute_url()).text


def test_an_arrondissement_is_followed_with_its_city(client_of: ClientOf, ars, department):
    city = ZoneFactory(name="Grandville")
    parts = [ZoneFactory(parent=city, name=f"Grandville {rank}") for rank in (1, 2)]
    write(client_of(ars), zones_text="Grandville")
    assert set(DirectoryEntry.objects.get().zones.all()) == set(parts)
    assert shown_on(client_of(ars), ProjectFactory(zones=parts[:1])) == ["Léa Roux"]


def test_a_project_costs_the_same_whatever_its_directory(client_of: ClientOf, ars, department, zones):
    project, client = ProjectFactory(zones=zones), client_of(ars)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(project.get_absolute_url())
        return len(captured)

    for number in range(3):
        known(department, f"Contact {number}").zones.set(zones)
    with_three = queries()
    for number in range(5):
        known(department, f"Autre {number}").zones.set(zones)
    assert queries() == with_three


def test_a_stranger_reads_nothing_of_it(client_of: ClientOf, department, far):
    known(department, "Ici")
    stranger = UserFactory(role=User.Role.OFFICER, departments=[far])
    assert names(client_of(stranger).get(LIST)) == []
