"""Recording a step on its page."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from django.utils.html import escape

from projects.models import Project
from projects.states import State
from projects.workflow import Step, step_kinds, take_step
from tests.acts import take
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return ProjectFactory(name="CPTS Nord", stages=[(State.ENGINEERING, date(2023, 1, 2))])


def url(project: Project, name: str) -> str:
    return f"{project.get_absolute_url()}etapes/{name}/"


def answer(day: date, seen: State = State.ENGINEERING, **said) -> dict:
    return {"effective_on": day.isoformat(), "comment": "", "reference": "", "seen_state": seen, **said}


def test_it_says_what_the_step_means_and_proposes_today(project, client_of, ars):
    page = client_of(ars).get(url(project, "file_health_project"))
    assert escape(step_kinds()["file_health_project"].meaning) in page.text
    assert page.context["form"].initial["effective_on"] == timezone.localdate()


def test_a_filing_is_recorded_and_its_three_dates_told(project, client_of, ars):
    today = timezone.localdate()
    said = answer(today, reference="DD-2026-12")
    page = client_of(ars).post(url(project, "file_health_project"), said, follow=True)
    assert page.redirect_chain == [(project.get_absolute_url(), 302)]
    assert "Dernier jour sûr pour notifier une opposition" in page.text
    stage = project.stages.get(state=State.FILED)
    assert (stage.since, stage.reference, stage.recorded_by) == (today, "DD-2026-12", ars)


def test_a_filing_of_long_ago_says_that_silence_has_validated(project, client_of, ars):
    page = client_of(ars).post(url(project, "file_health_project"), answer(date(2023, 5, 15)), follow=True)
    assert "le silence de l&#x27;ARS a validé ce projet de santé le 16 juillet 2023" in page.text
    assert page.context["stage"].state == State.VALIDATED


def test_a_date_typed_the_french_way_is_understood(project, client_of, ars):
    client_of(ars).post(url(project, "file_health_project"), {**answer(date.min), "effective_on": "15/05/2023"})
    assert project.stages.get(state=State.FILED).since == date(2023, 5, 15)


@pytest.mark.parametrize(
    ("name", "said", "reason"),
    [
        ("abandon", {"comment": ""}, "Ce champ est obligatoire"),
        ("abandon", {"comment": "   "}, "Ce champ est obligatoire"),
        ("file_health_project", {"effective_on": "2022-01-01"}, "n&#x27;est suivi que depuis le 2 janvier 2023"),
        ("file_health_project", {"effective_on": "2999-01-01"}, "Cette date est dans le futur"),
        ("file_health_project", {"effective_on": "1900-01-01"}, "Les CPTS n&#x27;existent que depuis"),
        ("file_health_project", {"effective_on": "hier"}, "Cette date ne se lit pas"),
        ("file_health_project", {"seen_state": "filed"}, "changé d&#x27;état depuis l&#x27;ouverture"),
        ("sign_aci", {}, "cette étape part de « Projet validé »"),
    ],
)
def test_a_refused_step_comes_back_as_typed_with_its_reason(name, said, reason, project, client_of, ars):
    typed = {**answer(timezone.localdate(), comment="Un mot", reference="Réf. 7"), **said}
    page = client_of(ars).post(url(project, name), typed)
    assert page.status_code == 422
    assert "Cette étape n'a pas été enregistrée" in page.text
    assert reason in page.text
    assert "Réf. 7" in page.text
    assert project.stages.count() == 1


def test_a_step_that_is_not_possible_says_why_and_has_no_form(project, client_of, ars):
    page = client_of(ars).get(url(project, "sign_aci"))
    assert page.status_code == 200
    assert "Cette étape n'est pas possible" in page.text
    assert 'name="effective_on"' not in page.text


def test_a_step_possible_at_an_earlier_date_only_lets_its_author_say_which(project, client_of, ars):
    take_step(ars, project.pk, Step("file_health_project", date(2023, 5, 15)))
    page = client_of(ars).get(url(project, "oppose"))
    assert page.context["form"]["effective_on"].value() is None
    assert "le 15 juillet 2023 au plus tard" in page.text
    untold = answer(date.min, seen=State.VALIDATED, comment="Territoire non pertinent") | {"effective_on": ""}
    assert client_of(ars).post(url(project, "oppose"), untold).status_code == 422
    said = answer(date(2023, 7, 15), seen=State.VALIDATED, comment="Territoire non pertinent")
    assert client_of(ars).post(url(project, "oppose"), said).status_code == 302
    assert project.state_on_day(timezone.localdate()) == State.OPPOSED


def test_the_cpam_does_not_decide_for_the_ars(project, client_of, ars, cpam):
    take_step(ars, project.pk, Step("file_health_project", timezone.localdate() - timedelta(days=1)))
    assert client_of(cpam).get(url(project, "oppose")).status_code == 403
    said = answer(timezone.localdate(), seen=State.FILED, comment="Non")
    assert client_of(cpam).post(url(project, "oppose"), said).status_code == 403
    assert project.state_on_day(timezone.localdate()) == State.FILED


def test_an_unknown_step_is_not_found(project, client_of, ars):
    assert client_of(ars).get(url(project, "settle")).status_code == 404


def test_a_step_entered_by_mistake_is_taken_back_with_its_reason(project, client_of, ars):
    take_step(ars, project.pk, Step("file_health_project", timezone.localdate()))
    browser = client_of(ars)
    page = browser.get(f"{project.get_absolute_url()}annuler-etape")
    assert "le délai de deux mois" not in page.text
    said = {"seen_stage": page.context["form"].initial["seen_stage"]}
    refused = browser.post(f"{project.get_absolute_url()}annuler-etape", said)
    assert refused.status_code == 422
    assert project.stages.filter(state=State.FILED).exists()
    done = browser.post(f"{project.get_absolute_url()}annuler-etape", {**said, "reason": "Mauvais projet"}, follow=True)
    assert "Étape annulée : «\u00a0Projet déposé\u00a0»" in done.text
    assert [stage.state for stage in project.stages.all()] == [State.ENGINEERING]
    assert "Mauvais projet" in browser.get(f"{project.get_absolute_url()}historique").text


def test_taking_back_the_signature_tells_that_silence_had_validated(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.FILED, date(2023, 5, 15))])
    take(ars, project, "sign_aci", date(2024, 1, 10))
    page = client_of(ars).get(f"{project.get_absolute_url()}annuler-etape")
    assert (page.context["before"].state, page.context["before"].since) == (State.VALIDATED, date(2023, 7, 16))
    assert "le délai de deux mois de ce dépôt court de nouveau" not in page.text
    said = {"seen_stage": page.context["form"].initial["seen_stage"], "reason": "Pas encore signé"}
    client_of(ars).post(f"{project.get_absolute_url()}annuler-etape", said)
    assert [(stage.state, stage.until) for stage in project.stages.all()][-1] == (State.VALIDATED, None)
