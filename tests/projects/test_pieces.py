"""Missing pieces: asked by the ARS, received, and what they make of the two months."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution, User
from accounts.models.institution import Side
from ground.templatetags.french import day as in_words
from projects import clock
from projects.examination.filings import filings_of
from projects.examination.pieces import IN_THE_FUTURE, NO_FILING, ask_pieces, receive_pieces
from projects.models import Opinion, PieceRequest, Project, Stage
from projects.models.examination import Verdict
from projects.states import State
from projects.withdrawing import withdraw
from projects.workflow import Step, take_step
from tests.acts import opposition, take
from tests.factories import DepartmentFactory, ProjectFactory, UserFactory, ZoneFactory
from tests.projects.test_workflow_together import at_once


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def filed_on(day: date, **said) -> Project:
    return ProjectFactory(stages=[(State.ENGINEERING, date(2020, 1, 1)), (State.FILED, day)], **said)


@pytest.fixture
def filed(department) -> Project:
    """Received by the ARS twenty days ago."""
    return filed_on(days_ago(20))


def asked(**said) -> PieceRequest:
    told = {"pieces": "Budget", "is_indispensable": True, "basis": "CSP, L.1434-12", "asked_on": days_ago(10)}
    return PieceRequest(**told | said)


def tacit_day(project: Project) -> date | None:
    stage = project.stages.filter(origin=Stage.Origin.SILENCE).first()
    return stage.since if stage else None


def ask_url(project: Project) -> str:
    return reverse("piece_ask", args=[project.pk])


def receive_url(project: Project, request: PieceRequest) -> str:
    return reverse("piece_receive", args=[project.pk, request.pk])


def send(client: Client, url: str, follow: bool = True, **typed):
    """What a browser sends back of the form at `url`, with what was typed."""
    loaded = client.get(url).context["form"]["loaded"].value()
    return client.post(url, {"loaded": loaded} | typed, follow=follow)


def typed(**said) -> dict[str, str]:
    """The form of a request, filled in."""
    return {
        "pieces": "Budget prévisionnel\nStatuts signés",
        "is_indispensable": "yes",
        "basis": "CSP, art. L. 1434-12",
        "asked_on": str(days_ago(10)),
        "due_on": str(days_ago(-10)),
    } | said


# Asking and receiving, on their pages


def test_an_indispensable_piece_takes_the_term_away_until_it_is_received(client_of, ars, filed):
    client = client_of(ars)
    page = send(client, ask_url(filed), **typed())
    assert page.redirect_chain == [(f"{reverse('project_examination', args=[filed.pk])}#depots", 302)]
    request = PieceRequest.objects.get()
    assert (request.filing, request.recorded_by, request.asked_on) == (filed.last_filing(), ars, days_ago(10))
    assert tacit_day(filed) is None
    prudent = clock.acquired_on(days_ago(20))
    assert f"Lecture prudente : dernier jour le {in_words(clock.last_day(days_ago(20)))}" in page.text
    assert f"validation acquise le {in_words(prudent)}" in page.text
    assert "Lecture complète, en vigueur : pas de terme tant qu&#x27;une pièce indispensable est attendue" in page.text

    page = send(client, receive_url(filed, request), received_on=str(days_ago(5)))
    assert tacit_day(filed) == clock.acquired_on(days_ago(5))
    assert f"Lecture complète, en vigueur : dernier jour le {in_words(clock.last_day(days_ago(5)))}" in page.text


def test_a_useful_piece_changes_no_date(client_of, ars, filed):
    page = send(client_of(ars), ask_url(filed), **typed(is_indispensable="no", basis="", due_on=""))
    assert f"Le délai ne change pas : dernier jour le {in_words(clock.last_day(days_ago(20)))}" in page.text
    assert tacit_day(filed) == clock.acquired_on(days_ago(20))
    assert not PieceRequest.objects.get().is_indispensable


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"pieces": ""}, "Ce champ est obligatoire"),
        ({"is_indispensable": ""}, "ce qui décide si le délai change"),
        ({"basis": " "}, "une pièce n'est pas indispensable"),
        ({"due_on": ""}, "Fixez un délai au porteur"),
        ({"due_on": "bientôt"}, "Cette date ne se lit pas"),
        ({"due_on": 11}, "Ce délai finit avant la demande"),
        ({"asked_on": -1}, "Cette date est dans le futur"),
        ({"asked_on": 21}, "avant la réception du dossier"),
    ],
)
def test_a_request_that_cannot_be_is_refused_and_kept_as_typed(client_of, ars, filed, said, why):
    said = {name: str(days_ago(value)) if isinstance(value, int) else value for name, value in said.items()}
    page = send(client_of(ars), ask_url(filed), **typed(**said))
    assert page.status_code == 422
    assert why in " ".join(error for errors in page.context["form"].errors.values() for error in errors)
    assert page.context["form"]["pieces"].value() == typed(**said)["pieces"]
    assert not PieceRequest.objects.exists()
    assert tacit_day(filed) == clock.acquired_on(days_ago(20))


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (11, "elles ne peuvent pas être arrivées avant"),
        (-1, "Cette date est dans le futur"),
        (None, "Ce champ est obligatoire"),
    ],
)
def test_a_receipt_that_cannot_be_is_refused(client_of, ars, filed, days, why):
    request = ask_pieces(ars, filed.pk, asked())
    page = send(client_of(ars), receive_url(filed, request), received_on="" if days is None else str(days_ago(days)))
    assert page.status_code == 422
    assert why in page.context["form"].errors["received_on"][0]
    assert PieceRequest.objects.get().received_on is None


def test_pieces_belong_to_the_ars_of_the_department(client_of, ars, cpam, reader, far, filed):
    request = ask_pieces(ars, filed.pk, asked())
    stranger = UserFactory(role=User.Role.OFFICER, institution__kind=Institution.Kind.ARS_DELEGATION, departments=[far])
    for url in (ask_url(filed), receive_url(filed, request)):
        for user, status in ((cpam, 403), (reader, 403), (stranger, 404)):
            client = client_of(user)
            assert (client.get(url).status_code, client.post(url, typed()).status_code) == (status, status)
    assert PieceRequest.objects.get().received_on is None


def test_a_request_of_another_project_is_not_found(client_of, ars, filed):
    request = ask_pieces(ars, filed.pk, asked())
    assert client_of(ars).get(receive_url(ProjectFactory(), request)).status_code == 404


def test_without_a_filing_under_examination_the_page_says_so(client_of, ars, filed):
    take(ars, filed, "oppose", days_ago(0))
    client = client_of(ars)
    page = client.get(ask_url(filed))
    assert NO_FILING.replace("'", "&#x27;") in page.text
    assert "Enregistrer la demande" not in page.text
    assert client.post(ask_url(filed), typed()).status_code == 422
    assert not PieceRequest.objects.exists()


def test_pieces_already_received_are_not_received_again(client_of, ars, filed):
    request = ask_pieces(ars, filed.pk, asked())
    client = client_of(ars)
    loaded = client.get(receive_url(filed, request)).context["form"]["loaded"].value()
    receive_pieces(ars, filed.pk, request.pk, days_ago(6))
    page = client.post(receive_url(filed, request), {"loaded": loaded, "received_on": str(days_ago(5))})
    assert page.status_code == 422
    assert f"est devenu «\u00a0{in_words(days_ago(6))}\u00a0»" in page.context["form"].non_field_errors()[0]
    assert page.context["form"]["received_on"].value() == days_ago(5)
    assert PieceRequest.objects.get().received_on == days_ago(6)
    assert f"Ces pièces ont déjà été reçues le {in_words(days_ago(6))}." in client.get(page.request["PATH_INFO"]).text


def test_who_asks_second_is_told_what_was_asked_meanwhile_and_loses_nothing(client_of, ars, filed):
    client = client_of(ars)
    loaded = client.get(ask_url(filed)).context["form"]["loaded"].value()
    ask_pieces(ars, filed.pk, asked(pieces="Organigramme"))
    page = client.post(ask_url(filed), typed(loaded=loaded))
    assert page.status_code == 422
    assert "Organigramme" in page.context["form"].non_field_errors()[0]
    assert page.context["form"]["pieces"].value() == typed()["pieces"]
    again = client.post(ask_url(filed), typed(loaded=page.context["form"]["loaded"].value()))
    assert again.status_code == 302
    assert PieceRequest.objects.count() == 2


# What pieces make of the stages


@pytest.mark.parametrize(
    ("requests", "acquired"),
    [
        ([("2023-05-20", "2023-05-25", True)], "2023-07-26"),
        ([("2023-05-20", "2023-05-25", False)], "2023-07-16"),
        ([("2023-05-20", "2023-05-25", True), ("2023-05-22", "2023-05-27", True)], "2023-07-28"),
        ([("2023-05-20", "2023-05-25", True), ("2023-05-30", None, True)], None),
        ([("2023-07-15", "2023-08-10", True)], "2023-10-11"),
        ([("2023-07-20", "2023-07-25", True)], "2023-07-16"),
        ([("2023-05-20", "2023-05-20", True)], "2023-07-21"),
    ],
)
def test_what_was_recorded_gives_the_dates_of_the_rule(ars, requests, acquired):
    """Typed years later, in whichever order, the stages and the stored state are what the rule says."""
    project = filed_on(date(2023, 5, 15))
    for asked_on, received_on, is_indispensable in requests:
        piece = asked(asked_on=date.fromisoformat(asked_on), is_indispensable=is_indispensable)
        request = ask_pieces(ars, project.pk, piece)
        if received_on:
            receive_pieces(ars, project.pk, request.pk, date.fromisoformat(received_on))
    expected = date.fromisoformat(acquired) if acquired else None
    assert tacit_day(project) == expected == project.last_filing().deadline.acquired_on
    stored = Project.objects.get(pk=project.pk)
    assert stored.state == stored.state_on_day(days_ago(0)) == (State.VALIDATED if acquired else State.FILED)


def test_a_request_typed_late_does_not_undo_what_rests_on_the_silence(ars, filed):
    project = filed_on(days_ago(100))
    tacit = project.stages.get(origin=Stage.Origin.SILENCE)
    Opinion.objects.create(stage=tacit, side=Side.ARS, verdict=Verdict.FAVOURABLE, given_on=days_ago(5))
    with pytest.raises(ValidationError, match="1 avis"):
        ask_pieces(ars, project.pk, asked(asked_on=days_ago(90)))
    assert not PieceRequest.objects.exists()
    assert tacit_day(project) == tacit.since


def test_a_piece_asked_in_the_future_is_refused(ars, filed):
    with pytest.raises(ValidationError, match=IN_THE_FUTURE[:20]):
        ask_pieces(ars, filed.pk, asked(asked_on=days_ago(-1)))


def test_an_opposition_is_in_time_until_the_last_day_of_the_complete_reading(ars):
    project = filed_on(days_ago(100))
    request = ask_pieces(ars, project.pk, asked(asked_on=days_ago(90)))
    receive_pieces(ars, project.pk, request.pk, days_ago(30))
    take(ars, project, "oppose", days_ago(1))
    assert project.state_on_day(days_ago(0)) == State.OPPOSED


def test_a_request_that_a_decision_rests_on_is_not_withdrawn(ars, filed):
    request = ask_pieces(ars, filed.pk, asked())
    take(ars, filed, "oppose", days_ago(1))
    with pytest.raises(ValidationError, match="Ce dépôt est décidé"):
        withdraw(ars, filed.pk, "pieces", request.pk, "erreur")
    assert PieceRequest.objects.exists()


def test_a_request_withdrawn_gives_the_former_dates_back(ars, filed):
    request = ask_pieces(ars, filed.pk, asked())
    withdraw(ars, filed.pk, "pieces", request.pk, "demandée à un autre projet")
    assert tacit_day(filed) == clock.acquired_on(days_ago(20))


# On the pages


@pytest.mark.parametrize("page", ["project", "step"])
def test_both_readings_are_shown_with_the_days_left_and_what_is_awaited(client_of, ars, filed, page):
    request = ask_pieces(ars, filed.pk, asked(due_on=days_ago(-3)))
    url = filed.get_absolute_url() if page == "project" else reverse("step", args=[filed.pk, "oppose"])
    text = " ".join(client_of(ars).get(url).text.split())
    assert reverse("filing_count", args=[filed.pk, filed.last_filing().pk]) in text
    last_day = clock.last_day(days_ago(20))
    assert f"{in_words(last_day)} <span" in text
    assert f"dans {(last_day - days_ago(0)).days} jours" in text
    assert "Complète, en vigueur" in text
    assert "pas de terme tant qu'une pièce indispensable est attendue" in text
    assert f"Pièces indispensables attendues depuis le {in_words(days_ago(10))} : Budget (CSP, L.1434-12)." in text
    assert receive_url(filed, request) in text


def test_without_indispensable_piece_both_readings_are_the_same(client_of, ars, cpam, filed):
    text = client_of(cpam).get(filed.get_absolute_url()).text
    assert "la même : aucune pièce indispensable demandée à temps" in text
    assert text.count(f'<td class="cpts-nowrap">{in_words(clock.acquired_on(days_ago(20)))}</td>') == 2
    assert ask_url(filed) not in text, "the CPAM asks for no piece"
    assert ask_url(filed) in client_of(ars).get(filed.get_absolute_url()).text


def test_a_past_day_shows_no_days_left(client_of, ars):
    project = filed_on(date(2023, 5, 15))
    text = client_of(ars).get(project.get_absolute_url(), {"date": "2023-06-01"}).text
    assert "14 juillet 2023" in text
    assert "dépassé" not in text
    assert ask_url(project) not in text


def test_a_new_filing_says_what_changed_since_the_one_opposed(client_of, ars):
    stays, leaves, comes = ZoneFactory(name="Reste"), ZoneFactory(name="Part"), ZoneFactory(name="Arrive")
    project = filed_on(days_ago(50), zones=[stays, leaves])
    take(ars, project, "oppose", days_ago(40))
    project.perimeter.set_zones([stays, comes], days_ago(30))
    take(ars, project, "file_health_project", days_ago(20))
    new, former = filings_of(project, ars)
    assert (new.outcome, former.outcome) == ("à l'examen", f"opposition notifiée le {in_words(days_ago(40))}")
    names = [[row.zone.name for row in rows] for rows in (new.change.gained, new.change.lost, new.change.kept)]
    assert names == [["Arrive"], ["Part"], ["Reste"]]
    assert former.change is None
    text = " ".join(client_of(ars).get(reverse("project_examination", args=[project.pk])).text.split())
    assert (
        f"Fait suite au dépôt du {in_words(days_ago(50))}, opposé. Communes retirées : Part ; ajoutées : Arrive."
        in text
    )


def test_a_new_filing_on_the_same_perimeter_is_pointed_out(client_of, ars):
    project = filed_on(days_ago(50), zones=[ZoneFactory()])
    take(ars, project, "oppose", days_ago(40))
    take(ars, project, "file_health_project", days_ago(20))
    assert (
        "Le périmètre n'a pas changé depuis."
        in client_of(ars).get(reverse("project_examination", args=[project.pk])).text
    )


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        ("validate_health_project", "validation notifiée le"),
        ("withdraw_filing", "dépôt retiré le"),
        ("abandon", "projet abandonné le"),
    ],
)
def test_the_outcome_of_a_filing(ars, filed, act, outcome):
    take(ars, filed, act, days_ago(1))
    (row,) = filings_of(filed, ars)
    assert row.outcome == f"{outcome} {in_words(days_ago(1))}"
    assert not row.is_open


def test_silence_is_the_outcome_of_a_filing_nobody_opposed(client_of, ars):
    project = filed_on(date(2023, 5, 15))
    (row,) = filings_of(project, ars)
    assert row.outcome == "validation tacite acquise le 16 juillet 2023"
    page = client_of(ars).get(reverse("project_examination", args=[project.pk]))
    assert "Ajouter une demande faite à temps" in page.text


def test_each_act_on_a_request_is_offered_to_whom_it_belongs(client_of, ars, cpam, filed):
    request = ask_pieces(ars, filed.pk, asked())
    url = reverse("project_examination", args=[filed.pk])
    withdraw = reverse("withdraw", args=[filed.pk, "pieces", request.pk])
    of_the_ars, of_the_cpam = client_of(ars).get(url).text, client_of(cpam).get(url).text
    assert receive_url(filed, request) in of_the_ars
    assert withdraw in of_the_ars
    assert receive_url(filed, request) not in of_the_cpam
    assert withdraw not in of_the_cpam


def test_the_cost_of_the_list_does_not_grow(ars, filed):
    def queries() -> int:
        project = Project.objects.prefetch_related("stages", "other_departments").get(pk=filed.pk)
        with CaptureQueriesContext(connection) as captured:
            filings_of(project, ars)
        return len(captured)

    for _ in range(2):
        ask_pieces(ars, filed.pk, asked())
    take(ars, filed, "oppose", days_ago(8))
    take(ars, filed, "file_health_project", days_ago(8))
    once = queries()
    for _ in range(5):
        ask_pieces(ars, filed.pk, asked(asked_on=days_ago(7)))
    take(ars, filed, "oppose", days_ago(6))
    take(ars, filed, "file_health_project", days_ago(6))
    assert queries() == once <= 4


# At once


@pytest.fixture
def officer(transactional_db) -> User:
    return UserFactory(
        role=User.Role.OFFICER,
        institution__kind=Institution.Kind.ARS_DELEGATION,
        departments=[DepartmentFactory()],
    )


@pytest.mark.django_db(transaction=True)
def test_two_people_receive_the_same_pieces_at_once(officer):
    project = filed_on(days_ago(20))
    request = ask_pieces(officer, project.pk, asked())

    def receive(day: date):
        return lambda: receive_pieces(officer, project.pk, request.pk, day).received_on

    days = [days_ago(6), days_ago(5)]
    outcomes = at_once(*map(receive, days))
    (kept,) = [outcome for outcome in outcomes if outcome in days]
    (refusal,) = [outcome for outcome in outcomes if outcome not in days]
    assert refusal == f"Ces pièces ont déjà été reçues le {in_words(kept)}."
    assert PieceRequest.objects.get().received_on == kept
    assert tacit_day(project) == clock.acquired_on(kept)


@pytest.mark.django_db(transaction=True)
def test_a_piece_asked_while_an_opposition_is_recorded(officer):
    project = filed_on(days_ago(20))

    def oppose() -> str:
        return take_step(officer, project.pk, Step("oppose", days_ago(0), details=opposition())).state

    def ask() -> str:
        return ask_pieces(officer, project.pk, asked()).pieces

    opposed, answer = at_once(oppose, ask)
    assert opposed == State.OPPOSED
    assert answer in ("Budget", NO_FILING)
    assert PieceRequest.objects.count() == (answer == "Budget")
    stages = [(stage.state, stage.since, stage.until) for stage in project.stages.all()]
    assert stages[1:] == [(State.FILED, days_ago(20), days_ago(0)), (State.OPPOSED, days_ago(0), None)]
    assert Project.objects.get().state == State.OPPOSED
