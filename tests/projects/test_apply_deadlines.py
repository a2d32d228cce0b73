"""Silence validates on its day on every screen; the nightly command only writes it down."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from ground.templatetags.french import day as in_words
from projects import clock
from projects.examination.pieces import ask_pieces, receive_pieces
from projects.models import PieceRequest, Project, Stage
from projects.states import State
from projects.workflow import Step, take_step
from tests.acts import opposition
from tests.factories import DepartmentFactory, ProjectFactory, UserFactory
from tests.projects.test_workflow_together import at_once


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def unattended(day: date, name: str = "CPTS Nord") -> Project:
    """Filed on `day`; its stored state is what was written that day, no command having run since."""
    project = ProjectFactory(name=name, stages=[(State.ENGINEERING, date(2020, 1, 1)), (State.FILED, day)])
    Project.objects.filter(pk=project.pk).update(state=State.FILED)
    return Project.objects.get(pk=project.pk)


def stored(project: Project) -> str:
    return Project.objects.values_list("state", flat=True).get(pk=project.pk)


def run() -> list[str]:
    out = io.StringIO()
    call_command("apply_deadlines", stdout=out)
    return out.getvalue().splitlines()


# The command


def test_it_writes_the_legal_date_of_the_silence_once(department):
    project = unattended(date(2023, 5, 15))
    assert run() == ["CPTS Nord : validation tacite acquise le 16 juillet 2023 (dépôt reçu le 15 mai 2023)"]
    assert stored(project) == State.VALIDATED
    history = Project.history.filter(id=project.pk).count()
    assert run() == ["Rien à écrire."]
    assert Project.history.filter(id=project.pk).count() == history


def test_it_writes_each_project_and_leaves_the_others(department):
    late, recent = unattended(date(2023, 5, 15), "CPTS B"), unattended(days_ago(20), "CPTS C")
    unattended(date(2024, 2, 1), "CPTS A")
    assert [line.split(" :")[0] for line in run()] == ["CPTS A", "CPTS B"]
    assert (stored(late), stored(recent)) == (State.VALIDATED, State.FILED)


def test_the_last_day_is_not_yet_a_validation(department):
    received_on = min(day for day in map(days_ago, range(50, 70)) if clock.last_day(day) >= timezone.localdate())
    project = unattended(received_on)
    assert run() == ["Rien à écrire."]
    assert stored(project) == State.FILED


def test_an_awaited_piece_holds_it_back_and_a_received_one_dates_it(ars):
    project = unattended(days_ago(120))
    request = ask_pieces(ars, project.pk, indispensable(days_ago(110)))
    assert run() == ["Rien à écrire."]
    receive_pieces(ars, project.pk, request.pk, days_ago(100))
    Project.objects.filter(pk=project.pk).update(state=State.FILED)
    acquired = in_words(clock.acquired_on(days_ago(100)))
    assert run() == [f"CPTS Nord : validation tacite acquise le {acquired} (dépôt reçu le {in_words(days_ago(120))})"]


def test_it_says_so_when_it_writes_another_state(department):
    project = unattended(days_ago(20))
    Project.objects.filter(pk=project.pk).update(state=State.ENGINEERING)
    assert run() == [f"CPTS Nord : «\u00a0Projet déposé\u00a0» depuis le {in_words(days_ago(20))}"]
    assert stored(project) == State.FILED


# Every screen, without it


def indispensable(asked_on: date) -> PieceRequest:
    return PieceRequest(pieces="Budget", is_indispensable=True, basis="CSP, L.1434-12", asked_on=asked_on)


def shown_on_every_screen(client: Client, project: Project, day: date) -> set[str]:
    """The state of the project on the list, its exports, its page, and the photograph; one value when they agree."""
    on_that_day = {"date": day.isoformat()}
    ((listed, _),) = client.get(reverse("projects"), on_that_day).context["rows"]
    export = client.get(reverse("projects"), on_that_day | {"format": "csv"}).content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(export), delimiter=";")
    page = client.get(project.get_absolute_url(), on_that_day)
    photograph = client.get(reverse("photograph"), on_that_day | {"format": "csv"}).content.decode("utf-8-sig")
    *_, total = csv.reader(io.StringIO(photograph), delimiter=";")
    columns = next(csv.reader(io.StringIO(photograph), delimiter=";"))
    (counted,) = {column for column, count in zip(columns, total, strict=True) if count == "1"} - {"Total"}
    in_progress = {"ACI en cours": State.VALIDATED, "Ingénierie en cours": State.FILED}
    return {
        listed.state_on,
        State(next(state for state in State if state.label == row["État"])),
        page.context["stage"].state,
        in_progress[counted],
    }


def test_silence_is_true_on_every_screen_without_any_command(client_of, ars):
    project = unattended(days_ago(100))
    acquired = clock.acquired_on(days_ago(100))
    client = client_of(ars)
    assert shown_on_every_screen(client, project, timezone.localdate()) == {State.VALIDATED}
    assert shown_on_every_screen(client, project, acquired) == {State.VALIDATED}
    assert shown_on_every_screen(client, project, acquired - timedelta(days=1)) == {State.FILED}
    assert stored(project) == State.FILED, "looking writes nothing"


def test_pieces_are_true_on_every_screen_without_any_command(client_of, ars):
    project = unattended(days_ago(120))
    client = client_of(ars)
    request = ask_pieces(ars, project.pk, indispensable(days_ago(110)))
    assert shown_on_every_screen(client, project, timezone.localdate()) == {State.FILED}
    receive_pieces(ars, project.pk, request.pk, days_ago(100))
    Project.objects.filter(pk=project.pk).update(state=State.FILED)
    acquired = clock.acquired_on(days_ago(100))
    assert shown_on_every_screen(client, project, acquired - timedelta(days=1)) == {State.FILED}
    assert shown_on_every_screen(client, project, acquired) == {State.VALIDATED}
    assert shown_on_every_screen(client, project, timezone.localdate()) == {State.VALIDATED}


def test_after_the_silence_an_opposition_is_refused_though_nothing_was_written(ars):
    project = unattended(days_ago(100))
    with pytest.raises(ValidationError, match="réputé validé"):
        take_step(ars, project.pk, Step("oppose", timezone.localdate(), details=opposition()))


# At once


@pytest.fixture
def officer(transactional_db) -> User:
    return UserFactory(
        role=User.Role.OFFICER,
        institution__kind=Institution.Kind.ARS_DELEGATION,
        departments=[DepartmentFactory()],
    )


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_write_each_silence_once(officer):
    projects = [unattended(date(2023, 5, 15), f"CPTS {n}") for n in range(3)]
    before = Project.history.count()
    first, second = at_once(run, run)
    written = [line for line in first + second if line != "Rien à écrire."]
    assert sorted(written) == [
        f"CPTS {n} : validation tacite acquise le 16 juillet 2023 (dépôt reçu le 15 mai 2023)" for n in range(3)
    ]
    assert {stored(project) for project in projects} == {State.VALIDATED}
    assert Project.history.count() == before + len(projects)


@pytest.mark.django_db(transaction=True)
def test_an_opposition_in_time_holds_whether_typed_before_or_after_the_silence_is_written(officer):
    project = unattended(date(2023, 5, 15))

    def oppose() -> str:
        step = Step("oppose", date(2023, 7, 15), details=opposition())
        return take_step(officer, project.pk, step).state_on_day(timezone.localdate())

    opposed, told = at_once(oppose, run)
    assert opposed == State.OPPOSED
    silence = "CPTS Nord : validation tacite acquise le 16 juillet 2023 (dépôt reçu le 15 mai 2023)"
    assert told in ([silence], ["Rien à écrire."])
    assert stored(project) == State.OPPOSED
    assert not project.stages.filter(origin=Stage.Origin.SILENCE).exists()
