"""Referents, contacts and notes of a project."""

from datetime import date

import pytest

from accounts.models import Institution
from accounts.models.institution import Side
from projects.models import Project
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(department) -> Project:
    return ProjectFactory(name="CPTS Nord")


def url(project: Project, page: str) -> str:
    return f"{project.get_absolute_url()}{page}"


# Referents


def name_referent(client, project: Project, side: str, **said):
    shown = client.get(url(project, f"referents/{side}")).context["form"].initial["loaded"]
    return client.post(url(project, f"referents/{side}"), {"user": "", "name": "", "loaded": shown, **said})


def test_a_new_referent_ends_the_period_of_the_former(project, client_of, ars):
    former = project.assignments.create(side=Side.ARS, name="Paul Ancien", since=date(2020, 1, 1))
    assert name_referent(client_of(ars), project, "ars", user=ars.pk, since="2024-05-01").status_code == 302
    former.refresh_from_db()
    assert former.until == date(2024, 5, 1)
    assert project.assignments.get(until=None).user == ars


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"user": "", "name": ""}, "Désignez un compte, ou à défaut un nom"),
        ({"user": "ars", "name": "Paul"}, "l&#x27;un des deux, pas les deux"),
        ({"name": "Paul", "since": "2019-01-01"}, "donnez une date plus récente"),
        ({"name": "Paul", "since": "0001-01-01"}, "Les CPTS n&#x27;existent que depuis"),
        ({"name": "Paul", "since": "2999-01-01"}, "dans le futur"),
        ({"user": "cpam"}, "Sélectionnez un choix valide"),
    ],
)
def test_a_referent_that_cannot_be_is_refused(said, reason, project, client_of, ars, cpam):
    project.assignments.create(side=Side.ARS, name="Paul Ancien", since=date(2020, 1, 1))
    accounts = {"ars": ars.pk, "cpam": cpam.pk, "": "", None: ""}
    typed = {"since": "2024-05-01", **said, "user": accounts[said.get("user")]}
    page = name_referent(client_of(ars), project, "ars", **typed)
    assert page.status_code == 422
    assert reason in page.text
    assert project.assignments.count() == 1


def test_a_referent_is_chosen_among_the_accounts_of_one_s_region(project, client_of, ars, neighbour, far):
    kind = Institution.Kind.ARS_DELEGATION
    near, _ = (UserFactory(institution__kind=kind, departments=[where]) for where in (neighbour, far))
    offered = client_of(ars).get(url(project, "referents/ars")).context["form"].fields["user"].queryset
    assert set(offered) == {ars, near}


def test_a_referent_named_meanwhile_is_told(project, client_of, ars):
    client = client_of(ars)
    shown = client.get(url(project, "referents/ars")).context["form"].initial["loaded"]
    name_referent(client, project, "ars", name="Paul Premier", since="2024-05-01")
    page = client.post(url(project, "referents/ars"), {"name": "Ana Seconde", "since": "2024-05-02", "loaded": shown})
    assert page.status_code == 422
    assert "est devenu «\u00a0Paul Premier\u00a0»" in page.text
    assert "Ana Seconde" in page.text
    assert str(project.assignments.get()) == "Paul Premier"


def test_each_side_names_its_own_referent(project, client_of, ars, cpam):
    assert client_of(cpam).get(url(project, "referents/ars")).status_code == 403
    assert client_of(ars).get(url(project, "referents/insurance")).status_code == 403
    assert client_of(ars).get(url(project, "referents/urps")).status_code == 404


# Contacts and notes


def write_contacts(client, project: Project, *, kept: int = 0, shown: str | None = None, **said):
    """Post the page of contacts: the first `kept` forms are those of stored contacts."""
    shown = client.get(url(project, "contacts")).context["guard"].initial["loaded"] if shown is None else shown
    counts = {"contacts-TOTAL_FORMS": "1", "contacts-INITIAL_FORMS": kept, "loaded": shown}
    typed = {f"contacts-0-{name}": value for name, value in said.items()}
    return client.post(url(project, "contacts"), counts | typed)


def test_contacts_are_added_then_taken_away(project, client_of, ars):
    client = client_of(ars)
    write_contacts(client, project, name="Dr Vasseur", email="v@a.fr")
    contact = project.contacts.get()
    assert (contact.name, contact.email) == ("Dr Vasseur", "v@a.fr")
    write_contacts(client, project, kept=1, id=contact.pk, name="Dr Vasseur", DELETE="on")
    assert not project.contacts.exists()
    assert project.contacts.model.history.filter(name="Dr Vasseur").exists()


def test_a_contact_of_another_project_cannot_be_changed_from_here(project, client_of, ars, far):
    theirs = ProjectFactory(lead_department=far).contacts.create(name="Dr Ailleurs")
    write_contacts(client_of(ars), project, kept=1, id=theirs.pk, name="Pris")
    theirs.refresh_from_db()
    assert theirs.name == "Dr Ailleurs"


def test_a_wrong_address_is_refused(project, client_of, ars):
    assert write_contacts(client_of(ars), project, name="Dr Vasseur", email="vasseur").status_code == 422


def test_contacts_changed_meanwhile_are_told_and_nothing_typed_is_lost(project, client_of, ars, cpam):
    contact = project.contacts.create(name="Dr Vasseur", phone="01 02 03 04 05")
    first, second = client_of(ars), client_of(cpam)
    shown = second.get(url(project, "contacts")).context["guard"].initial["loaded"]
    write_contacts(first, project, kept=1, id=contact.pk, name="Dr Vasseur", phone="06 07 08 09 10")
    typed = {"kept": 1, "id": contact.pk, "name": "Dr Vasseur", "email": "v@a.fr"}
    page = write_contacts(second, project, **typed, phone="01 02 03 04 05", shown=shown)
    assert page.status_code == 422
    assert "est devenu «\u00a0Dr Vasseur, 06 07 08 09 10\u00a0»" in page.text
    assert 'value="v@a.fr"' in page.text
    again = page.context["guard"].data["loaded"]
    assert write_contacts(second, project, **typed, phone="06 07 08 09 10", shown=again).status_code == 302
    contact.refresh_from_db()
    assert (contact.email, contact.phone) == ("v@a.fr", "06 07 08 09 10")


def test_contacts_without_what_the_page_showed_are_refused(project, client_of, ars):
    assert write_contacts(client_of(ars), project, name="Dr Vasseur", shown="").status_code == 422
    assert not project.contacts.exists()


def test_a_contact_taken_away_meanwhile_is_told(project, client_of, ars):
    contact = project.contacts.create(name="Dr Vasseur")
    project.contacts.all().delete()
    page = write_contacts(client_of(ars), project, kept=1, id=contact.pk, name="Dr Vasseur")
    assert page.status_code == 422
    assert "il a été retiré entre-temps" in page.text


def test_a_note_is_signed_and_shown(project, client_of, ars):
    page = client_of(ars).post(
        url(project, "notes"), {"text": "Vu les porteurs <b>hier</b>", "side": "shared"}, follow=True
    )
    assert "Vu les porteurs &lt;b&gt;hier&lt;/b&gt;" in page.text
    assert project.notes.get().recorded_by == ars


def test_an_empty_note_is_not_kept(project, client_of, ars):
    page = client_of(ars).post(url(project, "notes"), {"text": "  "})
    assert page.status_code == 422
    assert "Ce champ est obligatoire" in page.text
    assert not project.notes.exists()


def test_a_note_too_long_comes_back_whole(project, client_of, ars):
    text = "x" * 10_001
    page = client_of(ars).post(url(project, "notes"), {"text": text})
    assert page.status_code == 422
    assert "au plus 10000 caractères" in page.text.replace("\u202f", "").replace("\u00a0", "").replace(" 000", "000")
    assert text in page.text
    assert not project.notes.exists()
