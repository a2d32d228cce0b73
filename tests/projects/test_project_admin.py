"""Projects in the admin: what an administrator sees of them and may repair."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.models.institution import Side
from projects.models import Project, Promoter
from projects.states import State
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def administrator(department) -> User:
    return UserFactory(role=User.Role.ADMINISTRATOR, departments=[department])


@pytest.fixture
def of_the_country(db) -> User:
    return UserFactory(role=User.Role.ADMINISTRATOR)


def change(instance: Project | Promoter) -> str:
    return reverse(f"admin:projects_{instance._meta.model_name}_change", args=[instance.pk])


def test_an_administrator_sees_the_life_of_a_project(client_of: ClientOf, administrator, neighbour):
    project = ProjectFactory(lead_department=neighbour, stages=[(State.FORMALISING, date(2024, 1, 2))])
    project.assignments.create(side=Side.ARS, name="Jeanne Référente", since=date(2024, 1, 2))
    project.contacts.create(name="Dr Vasseur")
    project.notes.create(text="Réunion publique")
    page = client_of(administrator).get(change(project)).text
    for told in (State.FORMALISING.label, "Jeanne Référente", "Dr Vasseur", "Réunion publique"):
        assert told in page
    assert 'name="_save"' not in page, "the project is of another department: it is only read"


def test_the_list_shows_and_filters_by_the_stage_of_today(client_of: ClientOf, of_the_country):
    """The silence of the ARS validates a project without anybody touching its working copy."""
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.VALIDATED, date(2023, 7, 16))])
    Project.objects.filter(pk=project.pk).update(state=State.FILED)
    client, url = client_of(of_the_country), reverse("admin:projects_project_changelist")

    def listed(**query) -> list[tuple[str, str]]:
        changes = client.get(url, query).context["cl"]
        return [(row.name, changes.model_admin.state_today(row)) for row in changes.result_list]

    assert listed() == [(project.name, State.VALIDATED.label)]
    assert listed(etat="validated") == listed()
    assert listed(etat="filed") == listed(etat="engineering") == []
    assert listed(etat="perlimpinpin") == []
    assert f'<div class="readonly">{State.VALIDATED.label}</div>' in client.get(change(project)).text


def test_a_promoter_is_changed_by_who_writes_on_all_it_carries(
    client_of: ClientOf, administrator, of_the_country, department, neighbour
):
    promoter = Promoter.objects.create(name="Association")
    sent = {"name": "Association du Nord", "legal_form": "", "siret": "", "rna": ""}

    def answer(user: User) -> int:
        return client_of(user).post(change(promoter), sent).status_code

    assert (answer(administrator), answer(of_the_country)) == (403, 302)
    ProjectFactory(lead_department=department, promoter=promoter)
    assert answer(administrator) == 302
    ProjectFactory(lead_department=neighbour, promoter=promoter)
    assert (answer(administrator), answer(of_the_country)) == (403, 302)


def test_only_a_promoter_without_project_is_deleted_and_by_the_country(
    client_of: ClientOf, administrator, of_the_country, department
):
    alone = Promoter.objects.create(name="Association")
    carrying = ProjectFactory(lead_department=department, promoter=Promoter.objects.create(name="Autre")).promoter

    def delete(user: User, promoter: Promoter) -> bool:
        url = reverse("admin:projects_promoter_delete", args=[promoter.pk])
        client_of(user).post(url, {"post": "yes"})
        return not Promoter.objects.filter(pk=promoter.pk).exists()

    assert not delete(administrator, alone)
    assert not delete(administrator, carrying)
    assert not delete(of_the_country, carrying)
    assert delete(of_the_country, alone)
