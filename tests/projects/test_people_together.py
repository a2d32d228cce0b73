"""Two people arrange portfolios or absences at the same moment: each project keeps one referent, nobody is twice away.

On PostgreSQL truly at once; on SQLite one after the other.
"""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Institution, User
from accounts.models.institution import Side
from projects.models import Absence, Assignment, Project
from projects.people.handover import HandOver, Portfolio, hand_over
from tests.factories import DepartmentFactory, ProjectFactory, UserFactory
from tests.together import at_once, meeting

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2024, 5, 1)


@pytest.fixture
def team() -> list[User]:
    """Three officers of one delegation."""
    told = {"role": User.Role.OFFICER, "institution__kind": Institution.Kind.ARS_DELEGATION}
    return [UserFactory(departments=[DepartmentFactory()], **told) for _ in range(3)]


@pytest.fixture
def head() -> User:
    return UserFactory(
        role=User.Role.MANAGER, institution__kind=Institution.Kind.ARS_DELEGATION, departments=[DepartmentFactory()]
    )


def followed(count: int, by: User) -> list[Project]:
    projects = ProjectFactory.create_batch(count)
    for project in projects:
        project.assignments.create(side=Side.ARS, user=by, since=date(2020, 1, 1))
    return projects


def giving(by: User, giver: User, taker: User, projects: list[Project]) -> Callable[[], str]:
    act = HandOver(Portfolio(Side.ARS, giver, ""), [project.pk for project in projects], taker, DAY)

    def give() -> str:
        hand_over(by, act)
        return "given"

    return give


def test_of_two_hand_overs_of_one_portfolio_one_is_done_and_the_other_is_told(team, head):
    giver, one, other = team
    projects = followed(3, giver)
    with meeting(Assignment):
        given, refusal = sorted(
            at_once(giving(giver, giver, one, projects), giving(head, giver, other, projects[::-1])), key=len
        )
    assert given == "given"
    assert refusal.count("le référent est maintenant") == 3
    takers = {project.assignments.get(until=None).user for project in projects}
    assert len(takers) == 1
    assert takers < {one, other}
    assert Assignment.objects.count() == 6


def test_a_hand_over_sent_twice_at_once_is_done_once(team):
    giver, taker, _ = team
    projects = followed(3, giver)
    act = giving(giver, giver, taker, projects)
    assert at_once(act, act) == ["given", "given"]
    assert Assignment.objects.count() == 6


def test_of_two_absences_declared_at_once_one_is_kept(team, head):
    absent = team[0]
    clients = [Client(), Client()]
    for client, user in zip(clients, (absent, head), strict=True):
        client.force_login(user)
    url = reverse("absence_add")
    shown = clients[0].get(url).context["form"]["loaded"].value()

    def declare(client: Client, since: str) -> Callable[[], int]:
        return lambda: client.post(url, {"user": absent.pk, "since": since, "loaded": shown}).status_code

    with meeting(Absence):
        outcomes = at_once(*map(declare, clients, ("2024-05-01", "2024-05-02")))
    assert sorted(outcomes) == [302, 422]
    assert Absence.objects.count() == 1
