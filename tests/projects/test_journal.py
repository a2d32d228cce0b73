"""The journal of a project: one line an exchange, attached to the step of its day."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from projects.models import JournalEntry, Project
from projects.states import State
from tests.factories import ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(department) -> Project:
    return ProjectFactory(
        name="CPTS Nord",
        stages=[(State.INITIATIVE, date(2023, 1, 2)), (State.ENGINEERING, date(2024, 1, 2))],
    )


def add(client: Client, project: Project, **said):
    typed = {"kind": "call", "happened_on": "2024-02-01", "people": "Dr Vasseur", "stage": "", "text": "Point d'étape"}
    return client.post(reverse("project_journal", args=[project.pk]), typed | said)


def entry_of(project: Project, **said) -> JournalEntry:
    told = {"kind": "mail", "happened_on": date(2024, 2, 1), "text": "Relance"}
    return project.journal.create(**told | said)


def test_a_line_belongs_to_the_step_of_its_day(project, client_of, ars):
    response = add(client_of(ars), project, happened_on="2023-06-01")
    assert response.url == f"{project.get_absolute_url()}#journal"
    entry = project.journal.get()
    assert (entry.kind, entry.people, entry.text) == ("call", "Dr Vasseur", "Point d'étape")
    assert (entry.stage.state, entry.recorded_by) == (State.INITIATIVE, ars)
    page = client_of(ars).get(project.get_absolute_url()).text
    assert "avec Dr Vasseur" in page
    assert f"saisi par {ars}" in page


def test_a_line_belongs_to_the_step_one_says(project, client_of, ars):
    add(client_of(ars), project, happened_on="2023-12-20", stage=project.stages.last().pk)
    assert project.journal.get().stage.state == State.ENGINEERING


def test_a_line_older_than_the_project_belongs_to_no_step(project, client_of, ars):
    add(client_of(ars), project, happened_on="2022-12-20")
    assert project.journal.get().stage is None


def test_a_step_of_another_project_is_refused(project, client_of, ars):
    assert add(client_of(ars), project, stage=ProjectFactory().stages.last().pk).status_code == 422
    assert not project.journal.exists()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"happened_on": (timezone.localdate() + timedelta(days=1)).isoformat()}, "dans le futur"),
        ({"happened_on": "hier"}, "Cette date ne se lit pas"),
        ({"happened_on": "0204-02-01"}, "Les CPTS n&#x27;existent que depuis"),
        ({"kind": "pigeon"}, "Sélectionnez un choix valide"),
        ({"kind": ""}, "Ce champ est obligatoire"),
        ({"text": "a" * 301}, "au plus 300 caractères"),
    ],
)
def test_what_cannot_be_is_refused_and_kept_as_typed(said, reason, project, client_of, ars):
    page = add(client_of(ars), project, people="Mme Gardée", **said)
    assert page.status_code == 422
    assert reason in page.text
    assert "L'échange n'a pas été enregistré" in page.text
    assert 'value="Mme Gardée"' in page.text
    assert not project.journal.exists()


def test_a_form_sent_twice_writes_one_line(project, client_of, ars):
    client = client_of(ars)
    assert add(client, project).status_code == 302
    again = add(client, project)
    assert again.status_code == 422
    assert "déjà dans le journal" in again.text
    assert project.journal.count() == 1


def test_who_only_reads_writes_no_line(project, client_of, reader, far):
    assert add(client_of(reader), project).status_code == 403
    stranger = UserFactory(role=User.Role.OFFICER, departments=[far])
    assert add(client_of(stranger), project).status_code == 404
    assert "Ajouter au journal" not in client_of(reader).get(project.get_absolute_url()).text


def test_it_is_read_from_the_newest_and_folds_after_twenty(project, client_of, reader):
    for number in range(23):
        entry_of(project, text=f"Échange n° {number}", happened_on=date(2024, 2, 1) + timedelta(days=number))
    page = client_of(reader).get(project.get_absolute_url())
    shown = [entry.text for entry, _ in page.context["journal"]]
    assert shown[0] == "Échange n° 22"
    folded = page.text.split("Les 3 plus anciens")
    assert "Échange n° 3" in folded[0]
    assert "Échange n° 2<" not in folded[0]
    assert "Échange n° 0" in folded[1]


def test_what_is_typed_is_shown_as_text(project, client_of, ars):
    add(client_of(ars), project, text="Appel <script>alert(1)</script>")
    assert "&lt;script&gt;alert(1)" in client_of(ars).get(project.get_absolute_url()).text


def withdraw(client: Client, project: Project, entry: JournalEntry, reason: str = "mauvais projet"):
    return client.post(reverse("withdraw", args=[project.pk, "journal", entry.pk]), {"reason": reason})


def test_its_author_withdraws_a_line_and_says_why(project, client_of, ars, cpam):
    entry = entry_of(project, recorded_by=ars)
    link = reverse("withdraw", args=[project.pk, "journal", entry.pk])
    assert link in client_of(ars).get(project.get_absolute_url()).text
    assert link not in client_of(cpam).get(project.get_absolute_url()).text
    assert withdraw(client_of(cpam), project, entry).status_code == 403
    assert withdraw(client_of(ars), project, entry, reason="").status_code == 422
    assert withdraw(client_of(ars), project, entry).url == f"{project.get_absolute_url()}#journal"
    assert not project.journal.exists()
    history = client_of(ars).get(reverse("project_history", args=[project.pk])).text
    assert "Échange du 1er févr. 2024" in history
    assert "mauvais projet" in history


def test_a_line_of_another_project_is_not_withdrawn_from_here(project, client_of, ars, far):
    theirs = entry_of(ProjectFactory(lead_department=far), recorded_by=ars)
    assert withdraw(client_of(ars), project, theirs).status_code == 404


def test_the_cost_does_not_grow_with_the_lines(project, client_of, ars, cpam):
    client = client_of(ars)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(project.get_absolute_url()).status_code == 200
        return len(captured)

    stage = project.stages.first()
    for number in range(3):
        entry_of(project, text=str(number), recorded_by=cpam, stage=stage)
    with_three = queries()
    for number in range(5):
        entry_of(project, text=f"{number} encore", recorded_by=UserFactory(), stage=stage)
    assert queries() == with_three
