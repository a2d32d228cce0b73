"""The history page tells every part of a project, and what was withdrawn with its reason."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from projects.changes import changes_of
from projects.models import Filing, JournalEntry, Opinion, PieceRequest, Project, VigilancePoint
from projects.stages import last_recorded
from projects.states import State
from projects.taking_back import take_back
from projects.withdrawing import withdraw
from tests.acts import take
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return ProjectFactory(stages=[(State.FORMALISING, date(2024, 1, 2)), (State.LETTER_FILED, date(2024, 3, 1))])


def told(project: Project) -> list[tuple[str, str, str]]:
    return [(change.subject, change.act, change.reason) for change in changes_of(project)]


def opinion_on(project: Project, **said) -> Opinion:
    known = {"side": "ars", "verdict": "favourable", "given_on": date(2024, 3, 4)} | said
    return Opinion.objects.create(stage=project.stage_on(timezone.localdate()), **known)


def test_what_hangs_on_the_project_and_on_its_stages_is_told(project, ars):
    opinion_on(project, recorded_by=ars)
    JournalEntry.objects.create(project=project, kind="call", happened_on=date(2024, 3, 2), text="Appel")
    point = {"side": "ars", "section": "Territoire", "text": "À préciser", "raised_on": date(2024, 3, 4)}
    VigilancePoint.objects.create(project=project, **point)
    subjects = {subject for subject, act, _ in told(project) if act.startswith("ajouté")}
    assert {
        "Avis ARS du 4 mars 2024",
        "Échange du 2 mars 2024",
        "Point de vigilance «\u00a0Territoire\u00a0»",
    } <= subjects


def test_a_change_of_a_part_is_told_field_by_field(project):
    opinion = opinion_on(project)
    opinion.reasons = "Dossier solide"
    opinion.save()
    change = next(change for change in changes_of(project) if change.act == "modifié")
    assert [(field.label, field.old, field.new) for field in change.fields] == [("Motifs", "", "Dossier solide")]


def test_what_was_withdrawn_is_told_with_its_reason_even_once_its_stage_is_gone(project, ars):
    opinion = opinion_on(project, recorded_by=ars)
    withdraw(ars, project.pk, "avis", opinion.pk, "Mauvais projet")
    assert ("Avis ARS du 4 mars 2024", "retiré", "Mauvais projet") in told(project)
    take(ars, project, "validate_letter", date(2024, 3, 20))
    take_back(ars, project.pk, "Pas signée", seen_stage=last_recorded(project).pk)
    assert any(subject.startswith("Signature «") and act == "retirée" for subject, act, _ in told(project))


def test_pieces_asked_of_a_filing_that_a_migration_made_are_told(ars):
    project = ProjectFactory(stages=[(State.FILED, date(2024, 3, 1))])
    filing = project.last_filing()
    Filing.history.all().delete()
    PieceRequest.objects.create(filing=filing, pieces="Statuts", asked_on=date(2024, 3, 8))
    assert ("Demande de pièces du 8 mars 2024", "ajoutée", "") in told(project)


def test_another_project_s_changes_stay_out(project):
    other = ProjectFactory()
    opinion_on(project)
    assert not [subject for subject, _, _ in told(other) if subject.startswith("Avis")]


def test_the_cost_of_the_page_does_not_grow(project, client_of, ars):
    client = client_of(ars)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{project.get_absolute_url()}historique")
        return len(captured)

    opinion_on(project, recorded_by=ars)
    once = queries()
    for _ in range(8):
        opinion_on(project, recorded_by=ars)
    assert queries() == once
