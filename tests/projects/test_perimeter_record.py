"""Recording what was composed: from a day on, with its reason, whatever others do at the same moment."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from projects.composing import begun, draft_of, keep, take
from projects.models import PerimeterDraft, Project
from projects.states import State
from territories.models import PerimeterChange, Zone
from tests.factories import ProjectFactory, ZoneFactory
from tests.projects.editor import act, composed, held, record, url
from tests.together import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def zones(department) -> list[Zone]:
    named = {"99901": "Aubeville", "99902": "Saint-Cyr-sur-Aube", "99903": "Grand-Pré"}
    return [ZoneFactory(code=code, name=name) for code, name in named.items()]


@pytest.fixture
def project(zones) -> Project:
    return ProjectFactory(name="CPTS Nord", zones=[zones[0]])


@pytest.fixture
def client(client_of, ars) -> Client:
    return client_of(ars)


def test_what_was_composed_is_recorded_from_a_day_on(project, client, ars):
    act(client, project, add="communes:99902")
    act(client, project, partial="communes:99902")
    assert record(client, project, since="2024-03-01").status_code == 302
    assert held(project) == [("99901", False), ("99902", True)]
    assert held(project, date(2024, 2, 29)) == [("99901", False)]
    change = PerimeterChange.objects.latest("pk")
    assert (change.reason, change.recorded_by, change.since) == ("Accord des porteurs", ars, date(2024, 3, 1))
    assert not PerimeterDraft.objects.exists()


def test_sent_twice_it_is_recorded_once(project, client):
    act(client, project, add="communes:99902")
    seen = client.get(url(project)).context["seal"]
    assert record(client, project, seen=seen).status_code == 302
    again = client.post(url(project), {"since": timezone.localdate(), "reason": "Accord", "seen": seen}, follow=True)
    assert "Rien à enregistrer" in again.text
    assert project.perimeter.changes.count() == 2


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"reason": " "}, "Ce champ est obligatoire"),
        ({"since": ""}, "Ce champ est obligatoire"),
        ({"since": "2999-01-01"}, "dans le futur"),
        ({"since": "31/02/2024"}, "ne se lit pas"),
        ({"since": "2018-01-01"}, "Le périmètre a déjà changé le 1er janvier 2019"),
        ({"seen": "autre"}, "a changé dans une autre fenêtre"),
    ],
)
def test_what_cannot_be_recorded_is_told_and_nothing_is_lost(said, reason, project, client):
    act(client, project, add="communes:99902")
    page = record(client, project, **{"reason": "Motif tapé"} | said)
    assert page.status_code == 422
    assert reason in page.text
    assert "reason" in said or "Motif tapé" in page.text
    assert composed(project) == {"99901": False, "99902": False}
    assert held(project) == [("99901", False)]


def test_after_validation_it_is_an_amendment(project, client):
    project.stages.all().delete()
    validated = ProjectFactory(stages=[(State.VALIDATED, date(2024, 1, 10))], zones=[Zone.objects.get(code="99903")])
    assert "ce changement sera un <strong>avenant</strong>" in client.get(url(validated)).text
    act(client, validated, add="communes:99902")
    page = record(client, validated, since="2024-01-10")
    assert page.status_code == 422
    assert "daté d&#x27;un jour plus récent" in page.text
    assert record(client, validated, since="2024-02-01").status_code == 302
    assert validated.perimeter.changes.latest("pk").origin == PerimeterChange.Origin.AMENDMENT
    assert held(validated, date(2024, 1, 31)) == [("99903", False)]


def test_an_empty_perimeter_is_confirmed_before_the_letter(project, client):
    act(client, project, remove="communes:99901")
    page = record(client, project)
    assert page.status_code == 422
    assert "cochez la case qui le confirme" in page.text
    confirmation = page.text[page.text.index('id="record-empty"') :].split("</div>")[0]
    assert 'name="is_empty_meant"' in confirmation
    assert "Optionnel" not in confirmation
    assert record(client, project, is_empty_meant="on").status_code == 302
    assert held(project) == []


def test_a_project_whose_letter_is_filed_has_a_territory(zones, client):
    project = ProjectFactory(stages=[(State.LETTER_FILED, date(2024, 1, 1))], zones=[zones[0]])
    act(client, project, remove="communes:99901")
    composed_page = client.get(url(project)).text
    assert "is_empty_meant" not in composed_page
    assert "dont la lettre d&#x27;intention est déposée a un territoire" in composed_page
    page = record(client, project, is_empty_meant="on")
    assert page.status_code == 422
    assert "un projet dont la lettre d&#x27;intention est déposée a un territoire" in page.text
    assert held(project) == [("99901", False)]


def test_a_zone_that_vanished_meanwhile_is_told(project, zones, client):
    act(client, project, add="communes:99902")
    Zone.objects.filter(code="99902").update(until=timezone.localdate() - timedelta(days=1))
    page = record(client, project)
    assert page.status_code == 422
    assert held(project) == [("99901", False)]


def test_the_pages_of_the_project_recall_what_is_not_recorded(project, client, client_of, cpam):
    act(client, project, add="communes:99902")
    told = "Vous avez une composition du périmètre non enregistrée"
    for page in (project.get_absolute_url(), f"{project.get_absolute_url()}territoire"):
        assert told in client.get(page).text
        assert told not in client_of(cpam).get(page).text


# Two people, two windows


@pytest.fixture
def moved(project, zones, client) -> Project:
    """Somebody records Grand-Pré instead of Aubeville while the ARS adds Saint-Cyr."""
    act(client, project, add="communes:99902")
    project.perimeter.set_zones([zones[2]], date(2024, 1, 1))
    return project


def test_a_perimeter_recorded_meanwhile_is_told_and_the_draft_is_kept(moved, client):
    page = client.get(url(moved))
    assert page.context["moved"].gained.names == ["Grand-Pré"]
    assert page.context["moved"].lost.names == ["Aubeville"]
    assert record(client, moved).status_code == 422
    assert composed(moved) == {"99901": False, "99902": False}
    assert held(moved) == [("99903", False)]


def test_one_takes_one_s_changes_again_on_the_perimeter_of_now(moved, client):
    act(client, moved, rebase="yes")
    assert composed(moved) == {"99902": False, "99903": False}
    assert client.get(url(moved)).context["moved"] is None
    assert record(client, moved).status_code == 302
    assert held(moved) == [("99902", False), ("99903", False)]


def test_or_one_abandons_the_draft(moved, client):
    act(client, moved, abandon="yes")
    assert not PerimeterDraft.objects.exists()
    assert {line.zone.code for line in client.get(url(moved)).context["lines"]} == {"99903"}


def test_everybody_has_a_draft_of_one_s_own(project, client, client_of, cpam):
    act(client, project, add="communes:99902")
    theirs = client_of(cpam)
    page = theirs.get(url(project))
    assert "compose aussi ce périmètre" in page.text
    assert [line.zone.code for line in page.context["lines"]] == ["99901"]
    act(theirs, project, add="communes:99903")
    assert draft_of(project, cpam).zones == {"99901": False, "99903": False}


@pytest.mark.django_db(transaction=True)
def test_two_windows_at_once_lose_nothing(project, client, client_of, ars):
    other = client_of(ars)
    codes = at_once(
        lambda: client.post(url(project, "/composer"), {"add": "communes:99902"}).status_code,
        lambda: other.post(url(project, "/composer"), {"add": "communes:99903"}).status_code,
    )
    assert codes == [302, 302]
    assert composed(project) == {"99901": False, "99902": False, "99903": False}
    assert len(draft_of(project, ars).steps) == 2


@pytest.mark.django_db(transaction=True)
def test_two_recordings_at_once_are_one(project, client, client_of, ars):
    act(client, project, add="communes:99902")
    seen = client.get(url(project)).context["seal"]
    other = client_of(ars)
    sent = {"since": timezone.localdate().isoformat(), "reason": "Accord", "seen": seen}
    codes = at_once(*(lambda who=who: who.post(url(project), sent).status_code for who in (client, other)))
    assert codes == [302, 302]
    assert project.perimeter.changes.count() == 2


# Who, and on which project


def test_a_reader_composes_nothing(project, client_of, reader):
    client = client_of(reader)
    assert client.get(url(project)).status_code == 403
    assert client.post(url(project, "/composer"), {"add": "communes:99902"}).status_code == 403
    assert not PerimeterDraft.objects.exists()


def test_the_perimeter_of_a_project_that_ended_is_not_composed(zones, client, ars):
    ended = [(State.INITIATIVE, date(2019, 1, 1)), (State.ABANDONED, date(2020, 1, 1))]
    project = ProjectFactory(stages=ended, zones=[zones[0]])
    page = client.get(url(project))
    assert "Le projet est abandonné depuis le 1er janvier 2020" in page.text
    assert 'id="composer"' not in page.text
    assert client.post(url(project, "/composer"), {"add": "communes:99902"}).status_code == 422
    draft = begun(project, ars)
    take(draft, {"99902": False}, "avant l'abandon")
    keep(draft)
    assert record(client, project).status_code == 422
    assert held(project) == [("99901", False)]
