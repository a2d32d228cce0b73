"""Referents, contacts, notes and the typed perimeter of a project."""

from datetime import date

import pytest
from django.utils import timezone

from accounts.models.institution import Side
from projects.models import Project
from tests.factories import ProjectFactory, ZoneFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(department) -> Project:
    return ProjectFactory(name="CPTS Nord")


def url(project: Project, page: str) -> str:
    return f"{project.get_absolute_url()}{page}"


# Referents


def test_a_new_referent_ends_the_period_of_the_former(project, client_of, ars):
    former = project.assignments.create(side=Side.ARS, name="Paul Ancien", since=date(2020, 1, 1))
    said = {"user": ars.pk, "name": "", "since": "2024-05-01"}
    assert client_of(ars).post(url(project, "referents/ars"), said).status_code == 302
    former.refresh_from_db()
    assert former.until == date(2024, 5, 1)
    assert project.assignments.get(until=None).user == ars


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"user": "", "name": ""}, "Désignez un compte, ou à défaut un nom"),
        ({"user": "ars", "name": "Paul"}, "l&#x27;un des deux, pas les deux"),
        ({"name": "Paul", "since": "2019-01-01"}, "donnez une date plus récente"),
        ({"name": "Paul", "since": "2999-01-01"}, "dans le futur"),
        ({"user": "cpam"}, "Sélectionnez un choix valide"),
    ],
)
def test_a_referent_that_cannot_be_is_refused(said, reason, project, client_of, ars, cpam):
    project.assignments.create(side=Side.ARS, name="Paul Ancien", since=date(2020, 1, 1))
    accounts = {"ars": ars.pk, "cpam": cpam.pk, "": "", None: ""}
    typed = {"name": "", "since": "2024-05-01", **said, "user": accounts[said.get("user")]}
    page = client_of(ars).post(url(project, "referents/ars"), typed)
    assert page.status_code == 422
    assert reason in page.text
    assert project.assignments.count() == 1


def test_each_side_names_its_own_referent(project, client_of, ars, cpam):
    assert client_of(cpam).get(url(project, "referents/ars")).status_code == 403
    assert client_of(ars).get(url(project, "referents/insurance")).status_code == 403
    assert client_of(ars).get(url(project, "referents/urps")).status_code == 404


# Contacts and notes


def contacts(**said) -> dict:
    return {"contacts-TOTAL_FORMS": "1", "contacts-INITIAL_FORMS": "0"} | said


def test_contacts_are_added_then_taken_away(project, client_of, ars):
    client = client_of(ars)
    client.post(url(project, "contacts"), contacts(**{"contacts-0-name": "Dr Vasseur", "contacts-0-email": "v@a.fr"}))
    contact = project.contacts.get()
    assert (contact.name, contact.email) == ("Dr Vasseur", "v@a.fr")
    said = {"contacts-0-id": contact.pk, "contacts-0-name": "Dr Vasseur", "contacts-0-DELETE": "on"}
    client.post(url(project, "contacts"), contacts(**{"contacts-INITIAL_FORMS": "1"}, **said))
    assert not project.contacts.exists()
    assert project.contacts.model.history.filter(name="Dr Vasseur").exists()


def test_a_contact_of_another_project_cannot_be_changed_from_here(project, client_of, ars, far):
    theirs = ProjectFactory(lead_department=far).contacts.create(name="Dr Ailleurs")
    said = {"contacts-INITIAL_FORMS": "1", "contacts-0-id": theirs.pk, "contacts-0-name": "Pris"}
    client_of(ars).post(url(project, "contacts"), contacts(**said))
    theirs.refresh_from_db()
    assert theirs.name == "Dr Ailleurs"


def test_a_wrong_address_is_refused(project, client_of, ars):
    said = contacts(**{"contacts-0-name": "Dr Vasseur", "contacts-0-email": "vasseur"})
    assert client_of(ars).post(url(project, "contacts"), said).status_code == 422


def test_a_note_is_signed_and_shown(project, client_of, ars):
    page = client_of(ars).post(url(project, "notes"), {"text": "Vu les porteurs <b>hier</b>"}, follow=True)
    assert "Vu les porteurs &lt;b&gt;hier&lt;/b&gt;" in page.text
    assert project.notes.get().recorded_by == ars


def test_an_empty_note_is_not_kept(project, client_of, ars):
    page = client_of(ars).post(url(project, "notes"), {"text": "  "}, follow=True)
    assert "La note est vide" in page.text
    assert not project.notes.exists()


# Perimeter


@pytest.fixture
def zones(department):
    return [ZoneFactory(code="99901", name="Aubeville"), ZoneFactory(code="99902", name="Saint-Cyr-sur-Aube")]


def write(client, project: Project, text: str, **said):
    shown = client.get(url(project, "perimetre")).context["form"].initial["loaded"]
    typed = {"zones_text": text, "since": "2024-03-01", "reason": "", "loaded": shown, **said}
    return client.post(url(project, "perimetre"), typed)


def held(project: Project, day: date | None = None) -> list[tuple[str, bool]]:
    memberships = project.perimeter.memberships.on(day or timezone.localdate()).order_by("zone__code")
    return list(memberships.values_list("zone__code", "is_partial"))


@pytest.mark.parametrize(
    "text",
    [
        "Aubeville\nSaint-Cyr-sur-Aube",
        "aubeville, ST CYR SUR AUBE",
        "99901; 99902",
        "Aubeville (99901)\nSaint-Cyr-sur-Aube (99902)",
        "Aubeville (99901), Saint-Cyr-sur-Aube (99902)",
    ],
)
def test_communes_are_typed_by_name_or_code(text, project, zones, client_of, ars):
    assert write(client_of(ars), project, text).status_code == 302
    assert held(project) == [("99901", False), ("99902", False)]
    assert project.perimeter.memberships.first().recorded_by == ars


def test_what_the_page_shows_is_read_back_as_it_is(project, zones, client_of, ars):
    project.perimeter.set_zones([zones[0]], date(2020, 1, 1), partial=[zones[1]])
    client = client_of(ars)
    shown = client.get(url(project, "perimetre")).context["form"].initial["zones_text"]
    assert shown == "Aubeville (99901)\nSaint-Cyr-sur-Aube (99902) en partie"
    assert write(client, project, shown).status_code == 302
    assert list(project.perimeter.memberships.values_list("since", flat=True).distinct()) == [date(2020, 1, 1)]


def test_the_perimeter_of_before_stays_readable(project, zones, client_of, ars):
    project.perimeter.set_zones(zones, date(2020, 1, 1))
    write(client_of(ars), project, "Aubeville", reason="Saint-Cyr rejoint une autre CPTS")
    assert held(project) == [("99901", False)]
    assert len(held(project, date(2024, 2, 29))) == 2
    assert project.notes.get().text == "Périmètre au 1er mars 2024 : Saint-Cyr rejoint une autre CPTS"


@pytest.mark.parametrize(
    ("text", "said", "reason"),
    [
        ("Perlimpinpin-les-Bains", {}, "commune introuvable"),
        ("Aubeville", {"since": "2019-01-01"}, "Le périmètre a déjà changé le 1er janvier 2020"),
        ("Aubeville", {"since": "2999-01-01"}, "dans le futur"),
    ],
)
def test_what_is_not_understood_is_told_and_kept(text, said, reason, project, zones, client_of, ars):
    project.perimeter.set_zones([zones[1]], date(2020, 1, 1))
    page = write(client_of(ars), project, text, **said)
    assert page.status_code == 422
    assert reason in page.text
    assert text in page.text
    assert held(project) == [("99902", False)]


def test_a_perimeter_changed_meanwhile_is_told(project, zones, client_of, ars, cpam):
    first, second = client_of(ars), client_of(cpam)
    shown = second.get(url(project, "perimetre")).context["form"].initial["loaded"]
    write(first, project, "Aubeville")
    page = second.post(
        url(project, "perimetre"), {"zones_text": "Saint-Cyr-sur-Aube", "since": "2024-04-01", "loaded": shown}
    )
    assert page.status_code == 422
    assert "Pendant que vous écriviez" in page.text
    assert held(project) == [("99901", False)]
