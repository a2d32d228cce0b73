"""A project absorbed by another: dated, explained, and readable from its successor."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from projects.models import Merger, Project
from projects.states import State
from projects.workflow import Step, take_step
from tests.factories import ProjectFactory, UserFactory, ZoneFactory

pytestmark = pytest.mark.django_db
DAY = date(2024, 5, 2)


@pytest.fixture
def absorbed():
    return ProjectFactory(name="CPTS du Canal", zones=[ZoneFactory(name="Bondy")])


@pytest.fixture
def successor():
    return ProjectFactory(name="CPTS de l'Est", zones=[ZoneFactory(name="Pavillons")])


def url(project: Project) -> str:
    return f"{project.get_absolute_url()}etapes/merge/"


def said(successor: Project, **more) -> dict:
    return {
        "effective_on": DAY.isoformat(),
        "successor": successor.pk,
        "comment": "Les deux équipes se rejoignent.",
        "reference": "",
    } | more


def merge(user, project: Project, into: Project, day: date = DAY) -> Project:
    return take_step(user, project.pk, Step("merge", day, comment="Union", details=Merger(successor=into)))


def test_a_merger_names_its_successor_and_each_page_leads_to_the_other(absorbed, successor, client_of, ars):
    page = client_of(ars).post(url(absorbed), said(successor), follow=True)
    assert absorbed.state_on_day(DAY) == State.MERGED
    assert f'Absorbé par <a href="{successor.get_absolute_url()}">' in page.text
    page = client_of(ars).get(successor.get_absolute_url())
    assert [merger.stage.project for merger in page.context["absorbed"]] == [absorbed]
    assert f"{absorbed.get_absolute_url()}?date=2024-05-01#territoire" in page.text


def test_what_the_absorbed_project_was_stays_readable(absorbed, successor, client_of, ars):
    merge(ars, absorbed, successor)
    page = client_of(ars).get(absorbed.get_absolute_url(), {"date": "2024-05-01"})
    assert "Bondy" in page.text
    for tab in ("documents", "historique"):
        assert client_of(ars).get(f"{absorbed.get_absolute_url()}{tab}").status_code == 200


def test_who_reads_the_successor_reads_what_it_absorbed(successor, client_of, ars, far):
    """Across regions too: the history of a territory does not stop at the border of an ARS."""
    elsewhere = ProjectFactory(name="CPTS d'ailleurs", lead_department=far)
    assert client_of(ars).get(elsewhere.get_absolute_url()).status_code == 404
    both = UserFactory(role=User.Role.OFFICER, departments=[far, successor.lead_department])
    merge(both, elsewhere, successor)
    assert client_of(ars).get(elsewhere.get_absolute_url()).status_code == 200
    assert client_of(ars).post(f"{elsewhere.get_absolute_url()}notes", {"text": "?"}).status_code == 403


def test_the_communes_come_along_when_asked(absorbed, successor, client_of, ars):
    client_of(ars).post(url(absorbed), said(successor, brings_zones="on"))
    assert {zone.name for zone in successor.perimeter.zones_on(DAY)} == {"Bondy", "Pavillons"}
    assert {zone.name for zone in successor.perimeter.zones_on(DAY - timedelta(days=1))} == {"Pavillons"}


def test_without_being_asked_the_perimeter_does_not_move(absorbed, successor, client_of, ars):
    client_of(ars).post(url(absorbed), said(successor))
    assert {zone.name for zone in successor.perimeter.zones_on(DAY)} == {"Pavillons"}


def test_when_the_communes_cannot_come_nothing_is_written(absorbed, successor, client_of, ars):
    successor.perimeter.set_zones([ZoneFactory(name="Livry")], date(2024, 8, 1))
    page = client_of(ars).post(url(absorbed), said(successor, brings_zones="on"))
    assert page.status_code == 422
    assert "Le périmètre a déjà changé le 1er août 2024" in page.text
    assert absorbed.state_on_day(timezone.localdate()) == State.INITIATIVE


def test_a_project_does_not_merge_into_itself_nor_into_one_that_has_ended(absorbed, successor, ars):
    with pytest.raises(ValidationError, match="dans lui-même"):
        merge(ars, absorbed, absorbed)
    take_step(ars, successor.pk, Step("abandon", date(2024, 4, 1), comment="Plus personne"))
    with pytest.raises(ValidationError, match="ne peut pas l'absorber"):
        merge(ars, absorbed, successor)
    assert absorbed.state_on_day(timezone.localdate()) == State.INITIATIVE


def test_a_project_does_not_merge_into_one_that_was_not_known_yet(absorbed, ars):
    late = ProjectFactory(stages=[(State.INITIATIVE, date(2025, 1, 6))])
    with pytest.raises(ValidationError, match="au 2 mai 2024, ce projet n'est pas suivi"):
        merge(ars, absorbed, late)


def test_a_successor_out_of_reach_is_not_offered(absorbed, client_of, ars, far):
    elsewhere = ProjectFactory(lead_department=far)
    page = client_of(ars).post(url(absorbed), said(elsewhere))
    assert page.status_code == 422
    assert absorbed.state_on_day(timezone.localdate()) == State.INITIATIVE


def test_resuming_says_why(client_of, ars):
    project = ProjectFactory()
    take_step(ars, project.pk, Step("abandon", date(2024, 4, 1), comment="Plus personne"))
    with pytest.raises(ValidationError, match="Un commentaire est nécessaire"):
        take_step(ars, project.pk, Step("resume", date(2024, 6, 1)))
    take_step(ars, project.pk, Step("resume", date(2024, 6, 1), comment="Une nouvelle équipe"))
    assert project.state_on_day(timezone.localdate()) == State.INITIATIVE


def test_a_chain_of_mergers_is_read_to_its_beginning(client_of, department, neighbour, far):
    """A in B in C, C in another region: who reads C reads B and A."""
    both = UserFactory(role=User.Role.OFFICER, departments=[department, far])
    first, second = ProjectFactory(name="CPTS A"), ProjectFactory(name="CPTS B")
    last = ProjectFactory(name="CPTS C", lead_department=far)
    merge(both, first, second)
    merge(both, second, last, day=date(2024, 9, 2))
    there = client_of(UserFactory(departments=[far]))
    for project in (last, second, first):
        assert there.get(project.get_absolute_url()).status_code == 200


def test_a_project_does_not_end_before_it_has_absorbed_another(absorbed, successor, ars):
    merge(ars, absorbed, successor)
    with pytest.raises(ValidationError, match=r"a absorbé .* le 2 mai 2024"):
        take_step(ars, successor.pk, Step("abandon", date(2024, 4, 1), comment="Plus personne"))


def test_taking_back_a_merger_says_what_becomes_of_the_communes(absorbed, successor, client_of, ars):
    client_of(ars).post(url(absorbed), said(successor, brings_zones="on"))
    page = client_of(ars).get(f"{absorbed.get_absolute_url()}annuler-etape")
    assert "reprenez ce périmètre" in page.text


def test_a_successor_that_has_just_ended_is_said_to_have(absorbed, successor, client_of, ars):
    take_step(ars, successor.pk, Step("abandon", date(2024, 6, 1), comment="Plus personne"))
    page = client_of(ars).post(url(absorbed), said(successor))
    assert "il vient de prendre fin ou d&#x27;être absorbé lui-même" in page.text
