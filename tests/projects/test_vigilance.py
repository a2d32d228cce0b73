"""Vigilance points: raised on a section of what is examined, open across the stages until somebody lifts them."""

from datetime import date, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import Institution, User
from accounts.models.institution import Side
from projects.examination.vigilance import open_points, sections_of
from projects.models import Grid, Project, Stage, VigilancePoint
from projects.states import State
from projects.workflow import Step, take_step
from tests.acts import take
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db
LETTER_ON = date(2026, 3, 2)
TYPED = {"section": "Calendrier", "other_section": "", "text": "Aucune échéance.", "raised_on": "2026-03-10"}


@pytest.fixture
def project(department) -> Project:
    return ProjectFactory(name="CPTS Nord", stages=[(State.LETTER_FILED, LETTER_ON)])


@pytest.fixture(autouse=True)
def grid(db: None) -> Grid:
    """A grid of the letter with two sections, of three questions; a former version had another."""
    former = Grid.objects.create(kind=Grid.Kind.LETTER, version="2019", since="2019-01-01", until="2024-01-01")
    former.items.create(position=1, section="Ancienne rubrique", text="?")
    grid = Grid.objects.create(kind=Grid.Kind.LETTER, version="2024", since="2024-01-01")
    for position, section in enumerate(["Porteur", "Calendrier", "Porteur"]):
        grid.items.create(position=position, section=section, text="?")
    return grid


@pytest.fixture
def point(project, ars) -> VigilancePoint:
    return project.vigilance_points.create(
        stage=project.stages.get(),
        side=Side.ARS,
        section="Calendrier",
        text="Aucune échéance.",
        raised_on=date(2026, 3, 10),
        recorded_by=ars,
    )


def raising(project: Project, stage: Stage | None = None) -> str:
    return reverse("vigilance_new", args=[project.pk, (stage or project.stages.get()).pk])


def send(browser: Client, address: str, **said: str) -> HttpResponse:
    """Open the form, then send it back as typed."""
    return browser.post(address, TYPED | {"loaded": browser.get(address).context["form"]["loaded"].value()} | said)


def lifting(project: Project, point: VigilancePoint) -> str:
    return reverse("vigilance_lift", args=[project.pk, point.pk])


def test_sections_are_those_of_the_grid_in_force(project):
    stage = project.stages.get()
    assert sections_of(stage, date(2026, 3, 2)) == ["Porteur", "Calendrier"]
    assert sections_of(stage, date(2023, 3, 2)) == ["Ancienne rubrique"]
    assert sections_of(stage, date(2018, 3, 2)) == []
    stage.state = State.VALIDATED
    assert sections_of(stage, date(2026, 3, 2)) == []


def test_a_point_is_raised_on_a_section_in_the_name_of_ones_institution(project, cpam, client_of):
    browser = client_of(cpam)
    assert 'value="Porteur"' in browser.get(raising(project)).text
    told = send(browser, raising(project))
    done = browser.get(told.url)
    assert "Point de vigilance soulevé : «\u00a0Calendrier\u00a0»" in done.text
    point = VigilancePoint.objects.get()
    assert (point.side, point.section, point.stage, point.recorded_by) == (
        Side.INSURANCE,
        "Calendrier",
        project.stages.get(),
        cpam,
    )
    for page in (done, browser.get(project.get_absolute_url())):
        assert "Aucune échéance." in page.text
        assert lifting(project, point) in page.text


def test_another_section_is_typed(project, ars, client_of):
    browser = client_of(ars)
    refused = send(browser, raising(project), section="autre")
    assert (refused.status_code, "Nommez cette rubrique." in refused.text) == (422, True)
    send(browser, raising(project), section="autre", other_section="Locaux")
    assert VigilancePoint.objects.get().section == "Locaux"


def test_the_draft_contract_has_no_grid(ars, client_of):
    project = ProjectFactory(stages=[(State.VALIDATED, LETTER_ON)])
    page = client_of(ars).get(raising(project))
    assert [value for value, _ in page.context["form"]["section"].field.choices] == ["autre"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"text": "  "}, "Ce champ est obligatoire"),
        ({"section": "Rubrique inventée"}, "Rubrique inventée"),
        ({"raised_on": "2026-03-01"}, "n'a commencé que le 2 mars 2026"),
        ({"raised_on": "2999-01-01"}, "Cette date est dans le futur"),
        ({"text": "a" * 10_001}, "10000"),
    ],
)
def test_a_refused_point_comes_back_as_typed(said, reason, project, ars, client_of):
    page = send(client_of(ars), raising(project), **said)
    assert page.status_code == 422
    assert escape(reason) in page.text
    assert (TYPED | said)["text"].strip() in page.text
    assert not VigilancePoint.objects.exists()


def test_who_speaks_for_no_institution_of_the_department_raises_none(project, reader, neighbour, far, client_of):
    kind = Institution.Kind.CPAM
    administrator = UserFactory(role=User.Role.ADMINISTRATOR, institution__kind=Institution.Kind.OTHER)
    next_door = UserFactory(role=User.Role.OFFICER, institution__kind=kind, departments=[neighbour])
    elsewhere = UserFactory(role=User.Role.OFFICER, institution__kind=kind, departments=[far])
    for user, status in ((administrator, 403), (reader, 403), (next_door, 403), (elsewhere, 404)):
        assert client_of(user).get(raising(project)).status_code == status
        assert client_of(user).post(raising(project), TYPED).status_code == status
    assert not VigilancePoint.objects.exists()


def test_a_point_stays_open_across_the_stages(point, project, ars, client_of):
    take(ars, project, "validate_letter", date(2026, 4, 1))
    take_step(ars, project.pk, Step("file_health_project", timezone.localdate()))
    assert list(open_points(project, timezone.localdate())) == [point]
    for page in ("project_examination", "project"):
        shown = client_of(ars).get(reverse(page, args=[project.pk])).text
        assert "Aucune échéance." in shown
        assert escape("Lettre d'intention reçue") in shown


def test_the_points_of_a_day_are_those_open_that_day(point, project, ars, client_of):
    point.lifted_on, point.lifted_by = date(2026, 5, 4), ars
    point.save()
    open_on = {
        day: list(open_points(project, day)) == [point] for day in (LETTER_ON, date(2026, 5, 3), date(2026, 5, 4))
    }
    assert list(open_on.values()) == [False, True, False]
    page = client_of(ars).get(project.get_absolute_url(), {"date": "2026-05-03"})
    assert "Aucune échéance." in page.text
    assert lifting(project, point) not in page.text


def test_a_point_survives_the_stage_it_was_raised_on(project, ars):
    stage = project.stages.create(state=State.LETTER_FILED, since=LETTER_ON, until=LETTER_ON)
    point = project.vigilance_points.create(
        stage=stage, side=Side.ARS, section="Axes", text="À préciser", raised_on=LETTER_ON
    )
    stage.delete()
    assert list(open_points(project, LETTER_ON)) == [point]


# Lifting


def test_a_point_is_lifted_by_somebody_who_says_what_lifted_it(point, project, cpam, client_of):
    browser = client_of(cpam)
    assert "Aucune échéance." in browser.get(lifting(project, point)).text
    said = {"lifted_on": "2026-04-20", "lifting": "Calendrier reçu."}
    done = browser.post(lifting(project, point), said, follow=True)
    assert "Point de vigilance levé : «\u00a0Calendrier\u00a0»" in done.text
    assert "Calendrier reçu." in done.text
    point.refresh_from_db()
    assert (point.lifted_on, point.lifted_by, point.lifting) == (date(2026, 4, 20), cpam, "Calendrier reçu.")
    assert not open_points(project, timezone.localdate())


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"lifted_on": "2026-03-09"}, "a été soulevé le 10 mars 2026"),
        ({"lifted_on": "2999-01-01"}, "Cette date est dans le futur"),
        ({"lifting": ""}, "Ce champ est obligatoire"),
    ],
)
def test_a_refused_lifting_comes_back_as_typed(said, reason, point, project, ars, client_of):
    page = client_of(ars).post(lifting(project, point), {"lifted_on": "2026-04-20", "lifting": "Reçu hier"} | said)
    assert page.status_code == 422
    assert escape(reason) in page.text
    assert "lifting" in said or "Reçu hier" in page.text
    point.refresh_from_db()
    assert point.lifted_on is None


def test_who_lifts_second_is_told_and_keeps_what_was_typed(point, project, ars, cpam, client_of):
    client_of(ars).post(lifting(project, point), {"lifted_on": "2026-04-20", "lifting": "Calendrier reçu."})
    late = client_of(cpam).post(lifting(project, point), {"lifted_on": "2026-04-21", "lifting": "Vu en réunion."})
    assert late.status_code == 422
    assert f"a déjà été levé le 20 avril 2026 par {ars}" in late.text
    assert "Vu en réunion." in late.text
    point.refresh_from_db()
    assert (point.lifted_by, point.lifting) == (ars, "Calendrier reçu.")
    assert client_of(cpam).get(lifting(project, point), follow=True).redirect_chain


def test_a_reader_lifts_nothing_and_another_project_has_not_this_point(point, project, reader, ars, client_of):
    said = {"lifted_on": "2026-04-20", "lifting": "Reçu"}
    assert client_of(reader).post(lifting(project, point), said).status_code == 403
    assert client_of(ars).post(lifting(ProjectFactory(), point), said).status_code == 404
    point.refresh_from_db()
    assert point.lifted_on is None


def test_a_point_is_raised_on_a_former_stage_at_a_date_of_that_stage(project, ars, client_of):
    letter = project.stages.get()
    end = LETTER_ON + timedelta(days=30)
    take(ars, project, "validate_letter", end)
    page = client_of(ars).get(raising(project, letter))
    assert page.context["form"]["raised_on"].value() is None
    late = send(client_of(ars), raising(project, letter), raised_on="2026-05-01")
    assert (late.status_code, "a pris fin le 1er avril 2026" in late.text) == (422, True)
    assert send(client_of(ars), raising(project, letter)).status_code == 302


def test_a_point_sent_twice_is_raised_once(project, ars, client_of):
    browser = client_of(ars)
    loaded = browser.get(raising(project)).context["form"]["loaded"].value()
    sent = [browser.post(raising(project), TYPED | {"loaded": loaded}) for _ in range(2)]
    assert [page.status_code for page in sent] == [302, 422]
    assert "Calendrier : Aucune échéance." in sent[1].text
    assert VigilancePoint.objects.count() == 1


# Withdrawing


def test_a_point_raised_by_mistake_is_withdrawn_by_who_may(point, project, department, ars, cpam, client_of):
    address = reverse("withdraw", args=[project.pk, "vigilance", point.pk])
    head = UserFactory(role=User.Role.MANAGER, institution=ars.institution, departments=[department])
    pages = [reverse(page, args=[project.pk]) for page in ("project_examination", "project")]
    for user, may in ((ars, True), (head, True), (cpam, False)):
        assert all((address in client_of(user).get(page).text) == may for page in pages)
    assert client_of(cpam).post(address, {"reason": "Erreur"}).status_code == 403
    assert client_of(ars).post(address, {"reason": " "}).status_code == 422
    assert client_of(ars).post(address, {"reason": "Mauvais projet"}).url == f"{pages[0]}#points"
    assert not VigilancePoint.objects.exists()
    assert point.history.first().history_change_reason == "Mauvais projet"


def test_a_lifted_point_is_withdrawn_too(point, project, ars, client_of):
    point.lifted_on, point.lifted_by = date(2026, 5, 4), ars
    point.save()
    address = reverse("withdraw", args=[project.pk, "vigilance", point.pk])
    assert address in client_of(ars).get(reverse("project_examination", args=[project.pk])).text
