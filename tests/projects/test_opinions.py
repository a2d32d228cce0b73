"""The opinions of both institutions on the letter, the health project and the draft contract; their disagreements."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import Institution, User
from accounts.models.institution import Side
from projects.examination.opinions import (
    AGREED,
    close_escalation,
    current_opinions,
    disagree,
    give_opinion,
    joint_verdict,
    missing_opinions,
)
from projects.models import Escalation, Opinion, Project, Stage, Verdict
from projects.states import State
from projects.withdrawing import withdraw
from projects.workflow import Step, take_step
from tests.acts import take
from tests.factories import ProjectFactory, UserFactory
from tests.together import at_once

pytestmark = pytest.mark.django_db
YES, POINTS, NO = Verdict.FAVOURABLE, Verdict.WITH_POINTS, Verdict.UNFAVOURABLE
LETTER_ON = date(2026, 3, 2)


@pytest.fixture
def project(department) -> Project:
    """Its letter of intent is under examination since 2 March 2026."""
    return ProjectFactory(
        name="CPTS Nord", stages=[(State.INITIATIVE, date(2025, 1, 6)), (State.LETTER_FILED, LETTER_ON)]
    )


def examined(project: Project) -> Stage:
    return project.stages.get(state=State.LETTER_FILED)


def say(user: User, project: Project, verdict: Verdict, day: date = LETTER_ON, **said) -> Opinion:
    """What `user` says of the letter, for its own institution."""
    told = {"side": user.side, "verdict": verdict, "given_on": day, "reasons": "Territoire trop petit."}
    return give_opinion(user, project.pk, examined(project).pk, Opinion(**told | said))


def url(project: Project, side: Side = Side.ARS, stage: Stage | None = None) -> str:
    return reverse("opinion", args=[project.pk, (stage or examined(project)).pk, side])


def typed(page, **said) -> dict:
    """What a browser sends back of the form that this page shows."""
    sent = {"verdict": YES, "reasons": "", "given_on": LETTER_ON.isoformat()}
    return sent | {"loaded": page.context["form"]["loaded"].value()} | said


# The rules


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], False),
        ([NO], False),
        ([YES, YES], False),
        ([YES, POINTS], False),
        ([NO, NO], False),
        ([YES, NO], True),
        ([NO, POINTS], True),
    ],
)
def test_institutions_disagree_when_one_says_yes_and_the_other_no(verdicts, expected):
    assert disagree(verdicts) is expected


def test_together_they_say_the_most_reserved_of_their_opinions():
    assert joint_verdict([YES, POINTS]) == POINTS
    assert joint_verdict([YES, YES]) == YES
    assert joint_verdict([NO, NO]) == NO


# Giving an opinion


def test_each_institution_gives_its_own_opinion(project, ars, cpam):
    assert missing_opinions(examined(project)) == [Side.ARS, Side.INSURANCE]
    say(ars, project, YES)
    say(cpam, project, POINTS)
    told = current_opinions(examined(project))
    assert {side: (opinion.verdict, opinion.recorded_by) for side, opinion in told.items()} == {
        Side.ARS: (YES, ars),
        Side.INSURANCE: (POINTS, cpam),
    }
    assert missing_opinions(examined(project)) == []
    assert not Escalation.objects.exists()


def test_a_second_opinion_takes_the_place_of_the_first_which_stays_readable(project, ars, client_of):
    say(ars, project, NO, reasons="Aucun médecin engagé.")
    say(ars, project, YES, LETTER_ON + timedelta(days=9))
    assert current_opinions(examined(project))[Side.ARS].verdict == YES
    page = client_of(ars).get(reverse("project_examination", args=[project.pk]))
    [mine, _] = page.context["current"].voices
    assert [opinion.verdict for opinion in (mine.opinion, *mine.former)] == [YES, NO]
    assert "Aucun médecin engagé." in page.text


def test_an_opinion_does_not_precede_the_one_it_replaces(project, ars):
    say(ars, project, YES, LETTER_ON + timedelta(days=5))
    with pytest.raises(ValidationError, match="ne peut pas le précéder"):
        say(ars, project, NO, LETTER_ON)


def test_an_opinion_of_the_other_institution_is_refused(project, ars, cpam):
    with pytest.raises(PermissionDenied, match="Chaque institution parle pour elle-même"):
        say(ars, project, YES, side=Side.INSURANCE)
    with pytest.raises(PermissionDenied):
        say(cpam, project, YES, side=Side.ARS)
    assert not Opinion.objects.exists()


def test_an_administrator_of_neither_institution_gives_no_opinion(project):
    administrator = UserFactory(role=User.Role.ADMINISTRATOR, institution__kind=Institution.Kind.OTHER)
    for side in Side:
        with pytest.raises(PermissionDenied, match="ni de l'ARS ni de l'Assurance Maladie"):
            say(administrator, project, YES, side=side)


def test_who_reads_or_is_of_another_department_gives_none(project, reader, neighbour, far):
    kind = Institution.Kind.ARS_DELEGATION
    next_door = UserFactory(role=User.Role.OFFICER, institution__kind=kind, departments=[neighbour])
    elsewhere = UserFactory(role=User.Role.OFFICER, institution__kind=kind, departments=[far])
    for user in (reader, next_door):
        with pytest.raises(PermissionDenied):
            say(user, project, YES, side=Side.ARS)
    with pytest.raises(Project.DoesNotExist):
        say(elsewhere, project, YES)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"verdict": NO, "reasons": " "}, "reasons"),
        ({"verdict": POINTS, "reasons": ""}, "reasons"),
        ({"day": LETTER_ON - timedelta(days=1)}, "given_on"),
        ({"day": date(2999, 1, 1)}, "given_on"),
    ],
)
def test_what_is_missing_is_told_by_field(said, field, project, ars):
    with pytest.raises(ValidationError) as refused:
        say(ars, project, **{"verdict": YES} | said)
    assert list(refused.value.message_dict) == [field]
    assert not Opinion.objects.exists()


def test_with_points_needs_a_point_of_the_same_institution_or_words(project, ars):
    stage = examined(project)
    said = {"section": "Axes", "text": "À préciser", "raised_on": LETTER_ON, "stage": stage}
    project.vigilance_points.create(side=Side.INSURANCE, **said)
    with pytest.raises(ValidationError, match="soulevez d'abord"):
        say(ars, project, POINTS, reasons="")
    project.vigilance_points.create(side=Side.ARS, **said)
    assert say(ars, project, POINTS, reasons="").pk


def test_an_opinion_is_given_until_the_day_its_stage_ends(project, ars, cpam):
    end = LETTER_ON + timedelta(days=20)
    take_step(ars, project.pk, Step("return_letter", end, comment="À reprendre"))
    assert say(ars, project, NO, end).given_on == end
    with pytest.raises(ValidationError, match="a pris fin le 22 mars 2026"):
        say(cpam, project, NO, end + timedelta(days=1))


def test_only_what_is_examined_has_opinions(project, ars):
    initiative = project.stages.get(state=State.INITIATIVE)
    with pytest.raises(ValidationError, match="ne s'instruit pas"):
        give_opinion(ars, project.pk, initiative.pk, Opinion(side=Side.ARS, verdict=YES, given_on=LETTER_ON))
    other = ProjectFactory(stages=[(State.LETTER_FILED, LETTER_ON)])
    with pytest.raises(Stage.DoesNotExist):
        give_opinion(ars, project.pk, examined(other).pk, Opinion(side=Side.ARS, verdict=YES, given_on=LETTER_ON))


# Disagreement


def test_a_disagreement_opens_on_the_later_opinion_and_once(project, ars, cpam):
    say(ars, project, YES, LETTER_ON)
    say(cpam, project, NO, LETTER_ON + timedelta(days=4))
    say(cpam, project, NO, LETTER_ON + timedelta(days=6))
    escalation = Escalation.objects.get()
    assert (escalation.opened_on, escalation.closed_on) == (LETTER_ON + timedelta(days=4), None)


def test_institutions_that_agree_at_last_close_it(project, ars, cpam):
    say(ars, project, YES)
    say(cpam, project, NO, LETTER_ON + timedelta(days=4))
    say(cpam, project, POINTS, LETTER_ON + timedelta(days=8))
    escalation = Escalation.objects.get()
    assert (escalation.comment, escalation.outcome, escalation.level) == (AGREED, POINTS, "")
    assert (escalation.closed_on, escalation.closed_by) == (LETTER_ON + timedelta(days=8), cpam)


def decide(user: User, project: Project, **said) -> Escalation:
    told = {"level": "both", "outcome": POINTS, "comment": "", "closed_on": LETTER_ON + timedelta(days=30)}
    return close_escalation(user, project.pk, Escalation.objects.get().pk, **told | said)


@pytest.fixture
def disagreement(project, ars, cpam) -> Escalation:
    say(ars, project, YES)
    say(cpam, project, NO, LETTER_ON + timedelta(days=4))
    return Escalation.objects.get()


def test_those_above_decide_once(disagreement, project, ars, cpam):
    decided = decide(cpam, project)
    assert (decided.level, decided.outcome, decided.closed_by) == ("both", POINTS, cpam)
    with pytest.raises(ValidationError, match="a déjà pris fin le 1er avril 2026"):
        decide(ars, project)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"closed_on": date(2999, 1, 1)}, "closed_on"),
        ({"closed_on": LETTER_ON}, "closed_on"),
        ({"outcome": NO}, "comment"),
        ({"level": ""}, "level"),
        ({"outcome": ""}, "outcome"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(said, field, disagreement, project, ars):
    with pytest.raises(ValidationError) as refused:
        decide(ars, project, **said)
    assert list(refused.value.message_dict) == [field]
    assert Escalation.objects.get().closed_on is None


def test_a_reader_does_not_close_a_disagreement(disagreement, project, reader):
    with pytest.raises(PermissionDenied):
        decide(reader, project)


def test_what_was_decided_above_is_not_opened_again_by_an_older_opinion(disagreement, project, ars, cpam):
    decide(ars, project)
    say(cpam, project, NO, LETTER_ON + timedelta(days=10))
    assert Escalation.objects.count() == 1
    say(cpam, project, NO, LETTER_ON + timedelta(days=40))
    assert Escalation.objects.filter(closed_on=None).count() == 1


def test_a_disagreement_that_rested_on_a_mistake_goes_with_it(disagreement, project, cpam):
    withdraw(cpam, project.pk, "avis", examined(project).opinions.get(side=Side.INSURANCE).pk, "Mauvais projet")
    assert not Escalation.objects.exists()
    assert disagreement.history.first().history_change_reason == "Mauvais projet"


def test_a_decision_entered_by_mistake_is_withdrawn_and_the_disagreement_stands_again(disagreement, project, ars, cpam):
    decide(ars, project, outcome=YES)
    with pytest.raises(PermissionDenied):
        withdraw(cpam, project.pk, "desaccord", disagreement.pk, "Ce n'est pas moi qui l'ai saisie")
    withdraw(ars, project.pk, "desaccord", disagreement.pk, "Décision mal lue")
    assert [(row.closed_on, row.opened_on) for row in Escalation.objects.all()] == [
        (None, LETTER_ON + timedelta(days=4))
    ]


def test_an_agreement_goes_with_the_opinion_that_made_it(disagreement, project, cpam):
    agreed = say(cpam, project, YES, LETTER_ON + timedelta(days=8))
    disagreement.refresh_from_db()
    assert disagreement.closed_on == agreed.given_on
    withdraw(cpam, project.pk, "avis", agreed.pk, "Saisi trop tôt")
    again = Escalation.objects.get()
    assert (again.pk, again.opened_on) == (disagreement.pk, LETTER_ON + timedelta(days=4))
    assert (again.closed_on, again.closed_by, again.outcome, again.comment) == (None, None, "", "")
    assert again.history.first().history_change_reason == "Saisi trop tôt"


def test_an_older_agreement_stands_when_a_later_decision_is_withdrawn(disagreement, project, ars, cpam):
    say(cpam, project, YES, LETTER_ON + timedelta(days=8))
    say(cpam, project, NO, LETTER_ON + timedelta(days=12))
    second = Escalation.objects.get(closed_on=None)
    said = {"level": "both", "outcome": YES, "comment": "", "closed_on": LETTER_ON + timedelta(days=20)}
    close_escalation(ars, project.pk, second.pk, **said)
    withdraw(ars, project.pk, "desaccord", second.pk, "Décision mal lue")
    assert list(Escalation.objects.values_list("opened_on", "closed_on")) == [
        (LETTER_ON + timedelta(days=4), LETTER_ON + timedelta(days=8)),
        (LETTER_ON + timedelta(days=12), None),
    ]


def test_an_opinion_typed_once_its_stage_has_ended_opens_no_disagreement(project, ars, cpam, client_of):
    say(ars, project, YES)
    take_step(ars, project.pk, Step("return_letter", LETTER_ON + timedelta(days=20), comment="À reprendre"))
    say(cpam, project, NO, LETTER_ON + timedelta(days=4))
    assert not Escalation.objects.exists()
    page = client_of(cpam).get(reverse("project_examination", args=[project.pk]))
    assert "Territoire trop petit." in page.text
    assert "trancher" not in page.text.lower()


@pytest.mark.django_db(transaction=True)
def test_two_opinions_at_once_open_one_disagreement(project, ars, cpam):
    at_once(lambda: say(ars, project, YES), lambda: say(cpam, project, NO))
    assert Opinion.objects.count() == 2
    assert Escalation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_disagreement_decided_twice_at_once_is_decided_once(project, ars, cpam):
    say(ars, project, YES)
    say(cpam, project, NO)
    outcomes = at_once(lambda: decide(ars, project), lambda: decide(cpam, project))
    assert sum("a déjà pris fin" in str(outcome) for outcome in outcomes) == 1


# The pages


def test_an_opinion_given_on_its_page_is_shown_beside_the_other(project, ars, cpam, client_of):
    browser = client_of(ars)
    page = browser.get(url(project))
    assert escape("Avis de l'ARS sur la lettre d'intention") in page.text
    done = browser.post(url(project), typed(page, reasons="Bonne dynamique."), follow=True)
    assert done.redirect_chain == [(reverse("project_examination", args=[project.pk]), 302)]
    assert "Avis de l&#x27;ARS enregistré : Favorable." in done.text
    assert "Bonne dynamique." in done.text
    assert "N'a pas encore rendu son avis." in done.text


def test_the_wrong_institution_is_refused_on_the_page_too(project, ars, cpam, client_of):
    page = client_of(ars).get(url(project))
    assert client_of(cpam).get(url(project)).status_code == 403
    assert client_of(cpam).post(url(project), typed(page)).status_code == 403
    assert client_of(ars).post(url(project, Side.INSURANCE), typed(page)).status_code == 403
    assert not Opinion.objects.exists()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"verdict": NO}, "Un avis défavorable dit pourquoi."),
        ({"verdict": POINTS}, "soulevez d'abord un point de vigilance"),
        ({"verdict": ""}, "Ce champ est obligatoire"),
        ({"verdict": "maybe"}, "maybe"),
        ({"given_on": "2026-03-01", "reasons": "Un mot"}, "n'a commencé que le 2 mars 2026"),
        ({"given_on": "2999-01-01", "reasons": "Un mot"}, "Cette date est dans le futur"),
        ({"given_on": "hier", "reasons": "Un mot"}, "Cette date ne se lit pas"),
        ({"loaded": "", "reasons": "Un mot"}, "La page a été envoyée incomplète"),
    ],
)
def test_a_refused_opinion_comes_back_as_typed(said, reason, project, ars, client_of):
    browser = client_of(ars)
    page = browser.post(url(project), typed(browser.get(url(project)), **said))
    assert page.status_code == 422
    assert escape(reason) in page.text
    assert said.get("reasons", "") in page.text
    assert not Opinion.objects.exists()


def test_an_opinion_given_meanwhile_by_a_colleague_is_told(project, department, ars, client_of):
    browser = client_of(ars)
    opened = browser.get(url(project))
    colleague = UserFactory(role=User.Role.MANAGER, institution=ars.institution, departments=[department])
    say(colleague, project, NO)
    late = browser.post(url(project), typed(opened, reasons="Bonne dynamique."))
    assert late.status_code == 422
    assert (
        escape("« Avis ARS » est devenu « Défavorable, 2 mars 2026 »".replace("« ", "«\u00a0").replace(" »", "\u00a0»"))
        in late.text
    )
    assert "Bonne dynamique." in late.text
    assert browser.post(url(project), typed(late, reasons="Bonne dynamique.")).status_code == 302


def test_a_stage_that_is_not_examined_or_was_taken_back_is_not_found(project, ars, client_of):
    page = client_of(ars).get(url(project))
    assert client_of(ars).get(url(project, stage=project.stages.first())).status_code == 404
    assert client_of(ars).get(reverse("opinion", args=[project.pk, examined(project).pk, "msa"])).status_code == 404
    other = ProjectFactory(stages=[(State.LETTER_FILED, LETTER_ON)])
    assert client_of(ars).post(url(project, stage=examined(other)), typed(page)).status_code == 404


def test_the_planned_validation_by_silence_is_not_examined_yet(ars, client_of):
    project = ProjectFactory(stages=[(State.ENGINEERING, LETTER_ON), (State.FILED, timezone.localdate())])
    planned = project.stages.get(state=State.VALIDATED)
    assert client_of(ars).get(url(project, stage=planned)).status_code == 404


def test_a_missing_opinion_on_the_health_project_warns_and_blocks_nothing(department, ars, cpam, client_of):
    today = timezone.localdate()
    project = ProjectFactory(stages=[(State.ENGINEERING, today - timedelta(days=90)), (State.FILED, today)])
    filed = project.stages.get(state=State.FILED)
    give_opinion(ars, project.pk, filed.pk, Opinion(side=Side.ARS, verdict=YES, given_on=today))
    page = client_of(cpam).get(reverse("project_examination", args=[project.pk]))
    assert "Avis non rendu : Assurance Maladie." in page.text
    take(ars, project, "validate_health_project", today)
    assert project.state_on_day(today) == State.VALIDATED


def test_a_disagreement_is_decided_on_its_page(disagreement, project, cpam, client_of):
    browser, page = client_of(cpam), reverse("escalation", args=[project.pk, disagreement.pk])
    assert "Désaccord depuis le 6 mars 2026" in browser.get(reverse("project_examination", args=[project.pk])).text
    assert "Territoire trop petit." in browser.get(page).text
    said = {"level": "ars", "outcome": POINTS, "closed_on": "2026-03-20", "comment": "Sous réserve du calendrier."}
    refused = browser.post(page, said | {"closed_on": "2026-03-05"})
    assert (refused.status_code, "Sous réserve du calendrier." in refused.text) == (422, True)
    done = browser.post(page, said, follow=True)
    assert "Désaccord tranché (DG de l&#x27;ARS)" in done.text
    assert "Sous réserve du calendrier." in done.text
    again = browser.post(page, said | {"comment": "Une autre décision"})
    assert (again.status_code, "a déjà pris fin" in again.text, "Une autre décision" in again.text) == (422, True, True)
    assert browser.get(page, follow=True).redirect_chain


def test_former_examinations_stay_readable(ars, client_of):
    stages = [(State.LETTER_FILED, LETTER_ON), (State.ENGINEERING, LETTER_ON + timedelta(days=30))]
    project = ProjectFactory(stages=stages)
    say(ars, project, NO, reasons="Trop loin de tout.")
    page = client_of(ars).get(reverse("project_examination", args=[project.pk]))
    assert page.context["current"] is None
    assert "Trop loin de tout." in page.text
    assert "N'a pas rendu d'avis." in page.text


def test_nothing_to_examine_is_said(ars, client_of):
    page = client_of(ars).get(reverse("project_examination", args=[ProjectFactory().pk]))
    assert "Rien n'est encore à instruire" in page.text


def test_the_page_costs_the_same_whatever_it_shows(project, ars, cpam, client_of):
    browser, page = client_of(ars), reverse("project_examination", args=[project.pk])

    def fill(day: date) -> None:
        stage = examined(project)
        for user, verdict in ((ars, YES), (cpam, NO), (ars, NO)):
            say(user, project, verdict, day)
        stage.consultations.create(partner="elsm", asked_on=day, due_on=day, recorded_by=cpam)
        project.vigilance_points.create(
            stage=stage, side=Side.ARS, section="Axes", text="À préciser", raised_on=day, recorded_by=ars
        )

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(page)
        return len(captured)

    fill(LETTER_ON)
    once = queries()
    for days in range(1, 5):
        fill(LETTER_ON + timedelta(days=days))
    assert queries() == once
    assert once <= 16
