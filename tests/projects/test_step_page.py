"""Recording a step on its page."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import escape

from projects.examination.pieces import ask_pieces
from projects.models import Filing, PieceRequest, Project
from projects.states import State
from projects.workflow import Step, step_kinds, take_step
from tests.acts import opposition, take
from tests.factories import ProjectFactory, ZoneFactory

pytestmark = pytest.mark.django_db


OPPOSITION = {
    "grounds": ["territory_not_pertinent"],
    "motivation": "Le territoire est déjà celui d'une autre CPTS.",
    "signatory": "Anne Vidal",
    "signatory_title": "Directrice générale",
}


@pytest.fixture
def project():
    return ProjectFactory(name="CPTS Nord", stages=[(State.ENGINEERING, date(2023, 1, 2))])


def url(project: Project, name: str) -> str:
    return f"{project.get_absolute_url()}etapes/{name}/"


def answer(day: date, **said) -> dict:
    return {"effective_on": day.isoformat(), "comment": "", "reference": "", **said}


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


def test_the_message_names_the_state_that_the_step_has_opened(client_of, ars):
    signed = ProjectFactory(stages=[(State.VALIDATED, date(2020, 1, 1)), (State.ACI_SIGNED, date(2020, 3, 1))])
    said = answer(date(2022, 9, 30), comment="Courrier de la CPTS")
    page = client_of(ars).post(url(signed, "terminate"), said, follow=True)
    assert "Étape enregistrée : «\u00a0Résilié\u00a0», au 30 septembre 2022." in page.text


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
        ("file_health_project", {"seen_stage": "0"}, "changé d&#x27;état depuis l&#x27;ouverture"),
        ("terminate", {}, "cette étape part de « ACI signé »"),
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
    page = client_of(ars).get(url(project, "terminate"))
    assert page.status_code == 200
    assert "Cette étape n'est pas possible" in page.text
    assert 'name="effective_on"' not in page.text


def test_a_step_possible_at_an_earlier_date_only_lets_its_author_say_which(project, client_of, ars):
    take_step(ars, project.pk, Step("file_health_project", date(2023, 5, 15)))
    page = client_of(ars).get(url(project, "oppose"))
    assert page.context["form"]["effective_on"].value() is None
    assert "le 15 juillet 2023 au plus tard" in page.text
    untold = answer(date.min, comment="Territoire non pertinent") | {"effective_on": ""}
    assert client_of(ars).post(url(project, "oppose"), untold).status_code == 422
    said = answer(date(2023, 7, 15), **OPPOSITION)
    assert client_of(ars).post(url(project, "oppose"), said).status_code == 302
    assert project.state_on_day(timezone.localdate()) == State.OPPOSED


def test_the_cpam_does_not_decide_for_the_ars(project, client_of, ars, cpam):
    take_step(ars, project.pk, Step("file_health_project", timezone.localdate() - timedelta(days=1)))
    assert client_of(cpam).get(url(project, "oppose")).status_code == 403
    said = answer(timezone.localdate(), comment="Non")
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


# What some steps need besides


def test_the_date_of_a_step_is_called_what_it_is(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.FILED, timezone.localdate())])
    assert "Notifiée le" in client_of(ars).get(url(project, "oppose")).text
    other = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2))])
    assert "Reçu par l&#x27;ARS le" in client_of(ars).get(url(other, "file_health_project")).text


def test_an_opposition_keeps_its_grounds_its_motivation_and_its_signatory(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.FILED, date(2023, 5, 15))])
    said = answer(date(2023, 7, 15), **OPPOSITION, reference="DG-2023-14")
    page = client_of(ars).post(url(project, "oppose"), said, follow=True)
    stage = project.stages.get(state=State.OPPOSED)
    assert (stage.since, stage.reference) == (date(2023, 7, 15), "DG-2023-14")
    assert (stage.decision.signatory, stage.decision.territory_not_pertinent, stage.decision.breaks_health_plan) == (
        "Anne Vidal",
        True,
        False,
    )
    assert "Absence de pertinence du territoire d&#x27;action" in page.text
    assert escape(OPPOSITION["motivation"]) in page.text


@pytest.mark.parametrize(
    ("left_out", "reason"),
    [
        ("grounds", "Cochez au moins l&#x27;un des deux motifs de la loi"),
        ("motivation", "Ce champ est obligatoire"),
        ("signatory", "Ce champ est obligatoire"),
    ],
)
def test_an_opposition_without_its_grounds_or_its_signatory_is_refused(left_out, reason, client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.FILED, timezone.localdate())])
    said = {name: value for name, value in OPPOSITION.items() if name != left_out}
    page = client_of(ars).post(url(project, "oppose"), answer(timezone.localdate(), **said))
    assert page.status_code == 422
    assert reason in page.text
    assert not project.stages.filter(state=State.OPPOSED).exists()


def test_no_other_ground_than_those_of_the_law(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.FILED, timezone.localdate())])
    said = answer(timezone.localdate(), **OPPOSITION) | {"grounds": ["incomplete_file"]}
    assert client_of(ars).post(url(project, "oppose"), said).status_code == 422


def test_the_workflow_itself_refuses_an_opposition_without_ground(ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.FILED, timezone.localdate())])
    for details, reason in (
        (None, "Il manque : décision"),
        (opposition(territory_not_pertinent=False), "deux motifs d'opposition"),
        (opposition(motivation="  "), "Une opposition est motivée"),
    ):
        with pytest.raises(ValidationError, match=reason):
            take_step(ars, project.pk, Step("oppose", timezone.localdate(), details=details))
    assert [stage.state for stage in project.stages.all()] == [State.ENGINEERING, State.FILED, State.VALIDATED]


def test_an_express_validation_is_dated_by_its_notification(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.FILED, date(2023, 5, 15))])
    said = answer(date(2023, 6, 1), signatory="Anne Vidal")
    assert client_of(ars).post(url(project, "validate_health_project"), said).status_code == 302
    stage = project.stages.get(state=State.VALIDATED)
    assert (stage.since, stage.is_tacit, stage.decision.signatory) == (date(2023, 6, 1), False, "Anne Vidal")


def test_the_day_the_cpam_received_the_filing_is_kept_and_starts_nothing(project, client_of, ars):
    said = answer(date(2023, 5, 15), insurance_received_on="2023-05-02")
    client_of(ars).post(url(project, "file_health_project"), said)
    filing = project.last_filing()
    assert (filing.received_on, filing.insurance_received_on) == (date(2023, 5, 15), date(2023, 5, 2))
    assert project.stages.get(state=State.VALIDATED).since == date(2023, 7, 16)


def test_a_filing_freezes_the_population_of_its_perimeter(client_of, ars):
    zone = ZoneFactory(population=12_345, vintage=2023)
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2))], zones=[zone])
    client_of(ars).post(url(project, "file_health_project"), answer(date(2023, 5, 15)))
    zone.population = 1
    zone.save()
    assert (project.last_filing().population, project.last_filing().population_vintage) == (12_345, 2023)


def test_a_new_filing_after_an_opposition_is_linked_to_the_opposed_one(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.FILED, date(2023, 5, 15))])
    opposed = project.last_filing()
    take(ars, project, "oppose", date(2023, 7, 1))
    page = client_of(ars).get(url(project, "file_health_project"))
    assert "fait suite à l'opposition du 1er juillet 2023" in page.text
    client_of(ars).post(url(project, "file_health_project"), answer(date(2023, 9, 4)))
    assert project.last_filing().follows == opposed


def test_a_second_filing_while_one_is_open_is_refused(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.FILED, timezone.localdate())])
    page = client_of(ars).post(url(project, "file_health_project"), answer(timezone.localdate()))
    assert page.status_code == 422
    assert Filing.objects.filter(stage__project=project).count() == 1


def test_a_filing_taken_back_says_which_pieces_go_with_it_and_keeps_why(client_of, ars):
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2))])
    take_step(ars, project.pk, Step("file_health_project", timezone.localdate() - timedelta(days=5)))
    request = PieceRequest(pieces="Statuts", asked_on=timezone.localdate() - timedelta(days=2))
    ask_pieces(ars, project.pk, request)
    page = client_of(ars).get(f"{project.get_absolute_url()}annuler-etape")
    assert "1 demande de pièces" in page.text
    said = {"seen_stage": page.context["form"].initial["seen_stage"], "reason": "Mauvais projet"}
    client_of(ars).post(f"{project.get_absolute_url()}annuler-etape", said)
    assert not PieceRequest.objects.exists()
    assert PieceRequest.history.get(history_type="-").history_change_reason == "Mauvais projet"
