"""Notes of a project: shared, or for one side of the binôme, which nobody of the other then reads anywhere."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from accounts.models.institution import Side
from projects.models import Note, Project
from tests.factories import ProjectFactory, UserFactory
from tests.projects.sheets import written, xlsx

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
SECRET = "Réserves du directeur"


@pytest.fixture
def project(department) -> Project:
    return ProjectFactory(name="CPTS Nord")


def write(client: Client, project: Project, **said):
    return client.post(reverse("project_note", args=[project.pk]), {"text": SECRET, "side": "shared", **said})


def administrator(kind: Institution.Kind, department) -> User:
    return UserFactory(role=User.Role.ADMINISTRATOR, institution__kind=kind, departments=[department])


@pytest.mark.parametrize(("author", "other"), [("ars", "cpam"), ("cpam", "ars")])
def test_a_reserved_note_is_read_by_one_side_only(author, other, project, client_of: ClientOf, request, department):
    author, other = request.getfixturevalue(author), request.getfixturevalue(other)
    assert write(client_of(author), project, side=author.side).status_code == 302
    colleague = UserFactory(institution=author.institution, departments=[department])
    for who in (author, colleague):
        page = client_of(who).get(project.get_absolute_url()).text
        assert SECRET in page
        assert f"Réservée à l'{author.side.label}" in page
    partner = UserFactory(institution__kind=Institution.Kind.URPS, departments=[department])
    technical = UserFactory(role=User.Role.ADMINISTRATOR, institution__kind=Institution.Kind.OTHER)
    theirs = administrator(other.institution.kind, department)
    for who in (other, partner, technical, theirs):
        for page in ("project", "project_history"):
            assert SECRET not in client_of(who).get(reverse(page, args=[project.pk])).text


@pytest.mark.parametrize(
    ("side", "kind", "is_read"),
    [
        (Side.ARS, Institution.Kind.ARS_HEADQUARTERS, True),
        (Side.ARS, Institution.Kind.CPAM, False),
        (Side.ARS, Institution.Kind.OTHER, False),
        (Side.INSURANCE, Institution.Kind.DCGDR, True),
        (Side.INSURANCE, Institution.Kind.ARS_DELEGATION, False),
        ("", Institution.Kind.OTHER, True),
    ],
)
def test_the_admin_keeps_the_reservation(side, kind, is_read, project, client_of: ClientOf, department):
    project.notes.create(text=SECRET, side=side)
    client = client_of(administrator(kind, department))
    page = client.get(reverse("admin:projects_project_change", args=[project.pk]))
    assert page.status_code == 200
    assert (SECRET in page.text) == is_read


def test_a_shared_note_is_read_by_all_and_bears_no_mark(project, client_of: ClientOf, ars, cpam, reader):
    write(client_of(ars), project)
    assert project.notes.get().side == ""
    for who in (ars, cpam, reader):
        page = client_of(who).get(project.get_absolute_url()).text
        assert SECRET in page
        assert "Réservée à l'ARS" not in page


@pytest.mark.parametrize("side", [Side.INSURANCE, "", "tous"])
def test_a_note_is_shared_or_of_one_s_own_side_and_nothing_else(side, project, client_of: ClientOf, ars):
    page = write(client_of(ars), project, side=side)
    assert page.status_code == 422
    assert SECRET in page.text  # as typed
    assert not Note.objects.exists()


def test_a_note_sent_twice_is_kept_once_and_another_day_is_another_note(project, client_of: ClientOf, ars, cpam):
    client = client_of(ars)
    sent = [write(client, project) for _ in range(2)]
    assert [page.status_code for page in sent] == [302, 422]
    assert "Cette note est déjà là." in sent[1].text
    assert SECRET in sent[1].text  # as typed
    assert write(client, project, side=Side.ARS).status_code == 302
    assert write(client_of(cpam), project).status_code == 302
    Note.objects.update(recorded_at=timezone.now() - timedelta(days=2))
    assert write(client, project).status_code == 302
    assert project.notes.count() == 4


def test_who_stands_on_no_side_only_writes_shared_notes(project, client_of: ClientOf, department):
    client = client_of(administrator(Institution.Kind.OTHER, department))
    assert "Réservée à mon institution" not in client.get(project.get_absolute_url()).text
    write(client, project, side=Side.ARS)
    assert project.notes.get().side == ""


def test_the_exports_hold_no_note(project, client_of: ClientOf, cpam):
    project.notes.create(text=SECRET, side=Side.ARS)
    assert SECRET not in client_of(cpam).get(reverse("projects"), {"format": "csv"}).content.decode()


def test_a_sheet_adds_its_remark_although_one_side_keeps_the_same_words_for_itself(project):
    project.notes.create(text=SECRET, side=Side.ARS)
    sheet = xlsx(["CPTS Nord", "99", SECRET], headers=["Nom du projet", "Département", "Observations"])
    written(sheet)
    assert [note.side for note in project.notes.order_by("pk")] == [Side.ARS, ""]
    assert written(sheet).counts["updated"] == 0
    assert project.notes.count() == 2
