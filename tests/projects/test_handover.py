"""A whole portfolio handed over in one action: every project ticked, or none."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Institution, User
from accounts.models.institution import Side
from projects.models import Assignment, Note, Project
from projects.people.handover import Portfolio
from projects.states import State
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Kind, Role = Institution.Kind, User.Role
PAGE = "/projets/passation/"
DAY, LONG_AGO = date(2024, 5, 1), date(2020, 1, 1)


@pytest.fixture
def taker(department) -> User:
    return colleague(department)


def colleague(*departments, kind: Kind = Kind.ARS_DELEGATION, role: Role = Role.OFFICER, **said: Any) -> User:
    return UserFactory(institution__kind=kind, role=role, departments=departments, **said)


def followed(*names: str, by: User | str, side: Side = Side.ARS, since: date = LONG_AGO, **said: Any) -> list[Project]:
    """New projects, whose referent is `by`: an account or a name."""
    projects = [ProjectFactory(name=name, **said) for name in names]
    for project in projects:
        told = {"name": by} if isinstance(by, str) else {"user": by}
        project.assignments.create(side=side, since=since, **told)
    return projects


def key(by: User | str, side: Side = Side.ARS) -> str:
    return Portfolio(side, None, by).key if isinstance(by, str) else Portfolio(side, by, "").key


def url_of(de: str = "") -> str:
    return f"{PAGE}?de={de}" if de else PAGE


def hand_over(client: Client, projects: list[Project], taker: User | None, /, *, de: str = "", **said: Any):
    typed = {"taker": taker.pk if taker else "", "day": DAY.isoformat(), "projects": [each.pk for each in projects]}
    return client.post(url_of(de), typed | said)


def referents(project: Project, side: Side = Side.ARS) -> list[tuple[str, date, date | None]]:
    assignments = project.assignments.filter(side=side).order_by("since", "pk")
    return [(str(each), each.since, each.until) for each in assignments]


# One action


def test_a_portfolio_is_handed_over_in_one_action(client_of: ClientOf, ars, cpam, taker):
    north, south, kept = followed("CPTS Nord", "CPTS Sud", "CPTS Gardée", by=ars)
    north.assignments.create(side=Side.INSURANCE, user=cpam, since=LONG_AGO)
    client = client_of(ars)
    rows = client.get(PAGE).context["rows"]
    assert [(each.project.name, is_ticked) for each, is_ticked in rows] == [
        ("CPTS Gardée", True),
        ("CPTS Nord", True),
        ("CPTS Sud", True),
    ]
    done = hand_over(client, [north, south], taker)
    assert done.url == f"{PAGE}{taker.pk}?date=2024-05-01"
    for project in (north, south):
        assert referents(project) == [(str(ars), LONG_AGO, DAY), (str(taker), DAY, None)]
    assert referents(kept) == [(str(ars), LONG_AGO, None)]
    assert referents(north, Side.INSURANCE) == [(str(cpam), LONG_AGO, None)]
    page = client.get(done.url)
    assert [(each.project, str(former)) for each, former in page.context["received"]] == [
        (north, str(ars)),
        (south, str(ars)),
    ]
    assert "2 projets passés" in page.text
    assert [each.project for each, _ in client.get(PAGE).context["rows"]] == [kept]


def test_a_note_goes_to_each_project_for_one_s_own_institution(client_of: ClientOf, ars, cpam, taker):
    projects = followed("CPTS Nord", "CPTS Sud", by=ars)
    hand_over(client_of(ars), projects, taker, note="Réunion à tenir en juin")
    for project in projects:
        note = project.notes.get()
        assert (note.side, note.recorded_by) == (Side.ARS, ars)
        assert note.text == f"Passation de {ars} à {taker} le 1er mai 2024 : Réunion à tenir en juin"
    assert "Réunion à tenir" not in client_of(cpam).get(projects[0].get_absolute_url()).text


def test_who_stands_on_no_side_leaves_a_shared_note(client_of: ClientOf, ars, taker, department):
    projects = followed("CPTS Nord", by=ars)
    technical = colleague(department, kind=Kind.OTHER, role=Role.ADMINISTRATOR)
    hand_over(client_of(technical), projects, taker, de=key(ars), note="Départ")
    assert projects[0].notes.get().side == ""


def test_without_note_none_is_written(client_of: ClientOf, ars, taker):
    hand_over(client_of(ars), followed("CPTS Nord", by=ars), taker)
    assert not Note.objects.exists()


def test_a_project_handed_over_the_day_it_was_received_was_only_passed_through(client_of: ClientOf, ars, taker):
    [project] = followed("CPTS Nord", by=ars, since=DAY)
    assert hand_over(client_of(ars), [project], taker).status_code == 302
    assert referents(project) == [(str(ars), DAY, DAY), (str(taker), DAY, None)]


# Whose portfolio


def test_an_officer_hands_over_its_own_and_those_without_account(client_of: ClientOf, ars, cpam, taker):
    followed("CPTS Nord", by=ars)
    followed("CPTS Sud", by=taker)
    [orphan] = followed("CPTS Est", by="Paul Ancien")
    followed("CPTS Ouest", by="Ana Cpam", side=Side.INSURANCE)
    client = client_of(ars)
    assert [str(each) for each in client.get(PAGE).context["offered"]] == [str(ars), "Paul Ancien (sans compte)"]
    assert client.get(url_of(key(taker))).status_code == 403
    assert client.get(url_of(key("Ana Cpam", Side.INSURANCE))).status_code == 403
    assert hand_over(client, [orphan], ars, de=key("Paul Ancien")).status_code == 302
    assert referents(orphan)[-1] == (str(ars), DAY, None)


def test_a_head_hands_over_those_of_its_team_even_of_who_has_left(client_of: ClientOf, ars, cpam, taker, department):
    [north] = followed("CPTS Nord", by=ars)
    followed("CPTS Sud", by=cpam, side=Side.INSURANCE)
    ars.is_active = False
    ars.save()
    head = colleague(department, kind=Kind.ARS_HEADQUARTERS, role=Role.MANAGER)
    client = client_of(head)
    assert [each.user for each in client.get(PAGE).context["offered"]] == [ars]
    assert client.get(url_of(key(cpam, Side.INSURANCE))).status_code == 403
    assert hand_over(client, [north], taker, de=key(ars)).status_code == 302
    administrator = colleague(department, kind=Kind.CPAM, role=Role.ADMINISTRATOR)
    offered = client_of(administrator).get(PAGE).context["offered"]
    assert {each.user for each in offered} == {cpam, taker}


def test_a_head_hands_over_what_an_account_of_the_country_follows_in_its_departments(
    client_of: ClientOf, taker, department
):
    national = UserFactory(institution__kind=Kind.ARS_HEADQUARTERS, role=Role.OFFICER)
    [project] = followed("CPTS Nord", by=national)
    head = colleague(department, role=Role.MANAGER)
    assert hand_over(client_of(head), [project], taker, de=key(national)).status_code == 302
    assert referents(project)[-1] == (str(taker), DAY, None)


def test_nothing_of_another_region_or_department_is_offered(client_of: ClientOf, ars, department, neighbour, far):
    followed("CPTS Voisine", by=ars, lead_department=neighbour)
    stranger = colleague(far)
    followed("CPTS Lointaine", by=stranger, lead_department=far)
    head = colleague(department, role=Role.MANAGER)
    for user in (ars, head):
        page = client_of(user).get(PAGE)
        assert page.context["offered"] == []
        assert "CPTS Voisine" not in page.text
        assert "CPTS Lointaine" not in page.text
    assert client_of(head).get(url_of(key(stranger))).status_code == 404


@pytest.mark.parametrize("de", ["perlimpinpin", "ars:1", "ars::", "ars:1:Paul", "urps::Paul", "ars:un:"])
def test_an_address_that_means_nothing_is_a_bad_request(de, client_of: ClientOf, ars):
    assert client_of(ars).get(url_of(de)).status_code == 400


def test_readers_hand_over_nothing(client_of: ClientOf, reader, department):
    assert client_of(reader).get(PAGE).status_code == 403
    assert client_of(colleague(department, role=Role.READER)).post(PAGE, {"sent": "yes"}).status_code == 403


# To whom, when


def test_it_goes_to_writers_of_the_same_side_and_departments(
    client_of: ClientOf, ars, cpam, department, neighbour, far
):
    followed("CPTS Nord", by=ars)
    people = {
        colleague(department): True,
        colleague(department, neighbour): True,
        ars: False,
        cpam: False,
        colleague(neighbour): False,
        colleague(far): False,
        colleague(department, role=Role.READER): False,
        colleague(department, is_active=False): False,
    }
    offered = client_of(ars).get(PAGE).context["form"].fields["taker"].queryset
    assert {user for user in people if user in offered} == {user for user, is_offered in people.items() if is_offered}


def test_each_project_that_cannot_be_handed_over_is_told_and_none_is(client_of: ClientOf, ars, department, neighbour):
    ars.departments.add(neighbour)
    [here] = followed("CPTS Ici", by=ars)
    [near] = followed("CPTS Voisine", by=ars, lead_department=neighbour)
    [late] = followed("CPTS Récente", by=ars, since=date(2024, 6, 1))
    taker = colleague(department)
    page = hand_over(client_of(ars), [here, near, late], taker, note="Gardée telle quelle")
    assert page.status_code == 422
    assert "CPTS Voisine : Camille" in page.text
    assert "écrit pas dans ses départements (98)" in page.text
    assert f"CPTS Récente : {ars} n&#x27;en est référent que depuis le 1er juin 2024" in page.text
    assert "Gardée telle quelle" in page.text
    assert all(len(referents(project)) == 1 for project in (here, near, late))
    assert not Note.objects.exists()
    assert hand_over(client_of(ars), [here], taker).status_code == 302
    assert len(referents(here)) == 2


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"taker": ""}, "Ce champ est obligatoire"),
        ({"day": "hier"}, "Cette date ne se lit pas"),
        ({"day": (timezone.localdate() + timedelta(days=1)).isoformat()}, "dans le futur"),
        ({"projects": []}, "Cochez au moins un projet"),
        ({"projects": ["un"]}, "Sélectionnez un choix valide"),
        ({"projects": [str(10**30)]}, "Sélectionnez un choix valide"),
        ({"note": "a" * 501}, "au plus 500 caractères"),
    ],
)
def test_what_cannot_be_is_refused_and_kept_as_typed(said, reason, client_of: ClientOf, ars, taker):
    projects = followed("CPTS Nord", "CPTS Sud", by=ars)
    page = hand_over(client_of(ars), projects[:1], taker, **said)
    assert page.status_code == 422
    assert reason in page.text
    if "projects" not in said:
        assert [is_ticked for _, is_ticked in page.context["rows"]] == [True, False]
    assert Assignment.objects.count() == 2


def test_a_project_that_is_not_in_the_portfolio_is_refused(client_of: ClientOf, ars, taker, far):
    [mine] = followed("CPTS Nord", by=ars)
    [other] = followed("CPTS Autre", by=taker)
    [away] = followed("CPTS Loin", by=colleague(far), lead_department=far)
    for intruder in (other, away):
        page = hand_over(client_of(ars), [mine, intruder], taker)
        assert page.status_code == 422
        assert "CPTS Loin" not in page.text
        assert len(referents(mine)) == len(referents(intruder)) == 1


# Twice, and meanwhile


def test_a_form_sent_twice_changes_nothing_more_and_shows_the_same_page(client_of: ClientOf, ars, taker):
    projects, client = followed("CPTS Nord", "CPTS Sud", by=ars), client_of(ars)
    first = hand_over(client, projects, taker)
    second = hand_over(client, projects, taker)
    assert first.status_code == second.status_code == 302
    assert first.url == second.url
    assert [len(referents(project)) for project in projects] == [2, 2]


def test_a_project_that_somebody_has_given_meanwhile_is_told(client_of: ClientOf, ars, taker, department):
    north, south = followed("CPTS Nord", "CPTS Sud", by=ars)
    head, other = colleague(department, role=Role.MANAGER), colleague(department)
    client = client_of(ars)
    hand_over(client_of(head), [north], other, de=key(ars))
    page = hand_over(client, [north, south], taker)
    assert page.status_code == 422
    assert f"CPTS Nord : le référent est maintenant {other}, depuis le 1er mai 2024, et non {ars}" in page.text
    assert len(referents(south)) == 1
    assert hand_over(client, [south], taker).status_code == 302
    assert referents(north)[-1][0] == str(other)
    assert referents(south)[-1][0] == str(taker)


# The page that tells it


def test_the_page_of_what_was_given_keeps_to_the_reader_s_region(client_of: ClientOf, ars, taker, far):
    [project] = followed("CPTS Nord", by=ars)
    hand_over(client_of(ars), [project], taker)
    url = f"{PAGE}{taker.pk}?date=2024-05-01"
    assert "CPTS Nord" in client_of(taker).get(url).text
    assert client_of(colleague(far)).get(url).status_code == 404
    assert client_of(ars).get(f"{PAGE}{taker.pk}?date=hier").status_code == 400
    assert "Aucun projet" in client_of(ars).get(f"{PAGE}{taker.pk}?date=2024-05-02").text


def test_a_first_referent_was_given_nothing(client_of: ClientOf, ars):
    followed("CPTS Nord", by=ars, since=DAY)
    assert client_of(ars).get(f"{PAGE}{ars.pk}?date=2024-05-01").context["received"] == []


def test_their_cost_does_not_grow_with_the_projects(client_of: ClientOf, ars, taker, neighbour):
    client, addresses = client_of(ars), (PAGE, f"{PAGE}{taker.pk}?date=2024-05-01")

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    def add(count: int) -> None:
        names = [f"CPTS {number}" for number in range(2 * count)]
        projects = followed(*names, by=ars, stages=[(State.ENGINEERING, date(2020, 1, 1))])
        for project in projects:
            project.other_departments.add(neighbour)
        hand_over(client, projects[:count], taker)

    add(3)
    with_three = [queries(address) for address in addresses]
    add(5)
    assert [queries(address) for address in addresses] == with_three
