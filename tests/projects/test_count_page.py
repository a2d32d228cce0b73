"""The printable count of a filing: what a judge who never saw the application would read."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from ground.templatetags.french import day as in_words
from projects import clock
from projects.examination.filings import conclusion, deadline_of, stage_after
from projects.examination.pieces import ask_pieces, receive_pieces
from projects.models import PieceRequest, Project
from projects.states import State
from tests.acts import take
from tests.factories import ProjectFactory


def filed_on(day: date) -> Project:
    return ProjectFactory(stages=[(State.ENGINEERING, date(2020, 1, 1)), (State.FILED, day)])


def ask(user, project: Project, asked_on: date, received_on: date | None = None, **said) -> PieceRequest:
    told = {"pieces": "Budget\nStatuts", "is_indispensable": True, "basis": "CSP, L.1434-12", "asked_on": asked_on}
    request = ask_pieces(user, project.pk, PieceRequest(**told | said))
    return receive_pieces(user, project.pk, request.pk, received_on) if received_on else request


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def url_of(project: Project) -> str:
    return reverse("filing_count", args=[project.pk, project.last_filing().pk])


def concluded(project: Project) -> str:
    project = Project.objects.get(pk=project.pk)
    filing = project.last_filing()
    followed_by = stage_after(project, filing)
    return conclusion(deadline_of(filing, followed_by), followed_by)


def test_it_tells_each_fact_its_effect_and_its_basis_then_both_readings(client_of, ars, reader):
    project = filed_on(date(2023, 5, 15))
    ask(ars, project, date(2023, 5, 20), date(2023, 5, 25))
    page = client_of(reader).get(url_of(project))
    deadline = page.context["deadline"]
    for line in deadline.lines:
        for told in (in_words(line.day), line.fact, line.effect, line.basis):
            assert told.replace("'", "&#x27;") in page.text
    assert page.text.count("<em>") == 0
    assert page.text.count("Budget ; Statuts (CSP, L.1434-12)") == 2, "which pieces: when asked, when received"
    for reading in (deadline.prudent, deadline.complete):
        for day in (reading.start, reading.last_day, reading.acquired_on):
            assert in_words(day) in page.text
    assert "Complète, en vigueur" in page.text
    assert "Règle L1434-12/2019 : code de la santé publique, article L. 1434-12" in page.text
    assert f"Établi le {in_words(timezone.localdate())} par {reader}" in page.text
    assert "Nom, qualité et signature" in page.text


def test_it_is_read_where_the_project_is_and_for_its_own_filings(client_of, ars, cpam, reader, far):
    project, other = filed_on(date(2023, 5, 15)), filed_on(date(2023, 6, 15))
    elsewhere = ProjectFactory(lead_department=far, stages=[(State.FILED, date(2023, 5, 15))])
    for user in (ars, cpam, reader):
        assert client_of(user).get(url_of(project)).status_code == 200
        assert client_of(user).get(url_of(elsewhere)).status_code == 404
    of_another = reverse("filing_count", args=[project.pk, other.last_filing().pk])
    assert client_of(ars).get(of_another).status_code == 404


def test_it_keeps_the_rule_the_filing_was_counted_with(client_of, ars):
    project = filed_on(date(2023, 5, 15))
    filing = project.last_filing()
    filing.rule = "L1434-12/2031"
    filing.save()
    assert "Règle L1434-12/2031." in client_of(ars).get(url_of(project)).text


def test_it_says_what_the_deposit_at_the_cpam_does_not_do(client_of, ars):
    project = filed_on(date(2023, 5, 15))
    filing = project.last_filing()
    filing.insurance_received_on = date(2023, 5, 12)
    filing.save()
    page = client_of(ars).get(url_of(project))
    assert "12 mai 2023, sans effet sur le délai" in page.text
    assert page.context["deadline"].received_on == date(2023, 5, 15)


def test_the_result_before_the_term(ars):
    project = filed_on(days_ago(20))
    last_day, acquired = in_words(clock.last_day(days_ago(20))), in_words(clock.acquired_on(days_ago(20)))
    assert concluded(project) == (
        f"Sans opposition notifiée le {last_day} au plus tard, le projet de santé sera réputé validé le {acquired}."
    )


def test_the_result_while_a_piece_is_awaited(ars):
    project = filed_on(days_ago(20))
    ask(ars, project, days_ago(10))
    assert "En lecture complète, aucun terme ne court" in concluded(project)
    assert f"validation acquise le {in_words(clock.acquired_on(days_ago(20)))}." in concluded(project)


def test_the_result_after_the_silence(ars):
    assert concluded(filed_on(date(2023, 5, 15))) == (
        "Aucune opposition n'a été notifiée le 15 juillet 2023 au plus tard : le projet de santé est réputé validé "
        "depuis le 16 juillet 2023."
    )


def test_the_result_after_an_opposition(ars):
    project = filed_on(date(2023, 5, 15))
    ask(ars, project, date(2023, 5, 20), date(2023, 5, 25))
    take(ars, project, "oppose", date(2023, 7, 20))
    assert concluded(project) == (
        "Opposition notifiée le 20 juillet 2023, dans le délai : le dernier jour était le 25 juillet 2023. "
        "En lecture prudente, le dernier jour était le 15 juillet 2023."
    )


def test_the_result_after_an_opposition_while_a_piece_was_awaited(ars):
    project = filed_on(date(2023, 5, 15))
    ask(ars, project, date(2023, 5, 20))
    take(ars, project, "oppose", date(2023, 7, 10))
    assert concluded(project) == "Opposition notifiée le 10 juillet 2023, avant tout terme."


def test_what_was_asked_or_received_after_the_decision_is_not_counted(client_of, ars):
    project = filed_on(date(2023, 5, 15))
    ask(ars, project, date(2023, 6, 20), date(2023, 6, 25))
    take(ars, project, "oppose", date(2023, 6, 10))
    assert concluded(project) == (
        "Opposition notifiée le 10 juin 2023, dans le délai : le dernier jour était le 15 juillet 2023."
    )
    deadline = client_of(ars).get(url_of(project)).context["deadline"]
    assert deadline.requests == ()
    assert deadline.complete == deadline.prudent
    waiting = filed_on(date(2023, 5, 15))
    ask(ars, waiting, date(2023, 6, 1), date(2023, 6, 25))
    take(ars, waiting, "oppose", date(2023, 6, 10))
    assert concluded(waiting) == "Opposition notifiée le 10 juin 2023, avant tout terme."


def test_what_was_asked_after_the_silence_is_still_listed(client_of, ars):
    project = filed_on(date(2023, 5, 15))
    ask(ars, project, date(2023, 8, 1))
    assert "Demandée après le terme" in client_of(ars).get(url_of(project)).text


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("validate_health_project", "Validation notifiée le 1er juin 2023 : le délai s'est arrêté ce jour."),
        ("withdraw_filing", "Dépôt retiré le 1er juin 2023 : le délai s'est arrêté ce jour."),
    ],
)
def test_the_result_after_another_act(ars, act, told):
    project = filed_on(date(2023, 5, 15))
    take(ars, project, act, date(2023, 6, 1))
    assert concluded(project) == told
