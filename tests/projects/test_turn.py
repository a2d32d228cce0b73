"""Whose turn it is, to do what, since when: the rule case by case, then as read from what is recorded."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Institution
from accounts.models.institution import Side
from projects.clock import Request
from projects.models import ExchangedVersion, Party, Project, RolloutEvent, Verdict
from projects.states import ENDED, State
from projects.turn import Actor, Escalation, Facts, Opinion, Rollout, Turn, turns
from projects.turns import Standing, actors_of, turns_of
from projects.workflow import Step, take_step
from tests.factories import ProjectFactory, UserFactory

ARS, CPAM, PROMOTER, DIRECTION = Actor.ARS, Actor.INSURANCE, Actor.PROMOTER, Actor.DIRECTION
OPINION_ON_LETTER = "rendre l'avis sur la lettre d'intention"
OPINION = "rendre l'avis sur le projet de santé"
DECIDE = "décider : valider, s'opposer, ou laisser le délai valider"


def may(day: int) -> date:
    return date(2026, 5, day)


def awaited(state: State, **told) -> list[tuple[str, str, int]]:
    """Who is awaited, for what, since which day of May: the stage began on the first."""
    return [(turn.names, turn.what, turn.since.day) for turn in turns(Facts(state, may(1), **told))]


def yes(day: int) -> Opinion:
    return Opinion(is_favourable=True, given_on=may(day))


def no(day: int) -> Opinion:
    return Opinion(is_favourable=False, given_on=may(day))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.INITIATIVE, [("Porteur", "écrire la lettre d'intention", 1)]),
        (State.FORMALISING, [("Porteur", "écrire la lettre d'intention", 1)]),
        (State.LETTER_VALIDATED, [("ARS", "engager l'ingénierie", 1)]),
        (State.ENGINEERING, [("Porteur", "rédiger et déposer le projet de santé", 1)]),
        (State.OPPOSED, [("Porteur", "déposer un projet amendé", 1)]),
        (State.ACI_SIGNED, []),
        *((state, []) for state in sorted(ENDED)),
    ],
)
def test_the_stage_alone_tells(state: State, expected: list) -> None:
    assert awaited(state) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, [("ARS et CPAM", OPINION_ON_LETTER, 1)]),
        ({"opinions": {ARS: yes(4)}}, [("CPAM", OPINION_ON_LETTER, 1)]),
        ({"opinions": {CPAM: no(4)}}, [("ARS", OPINION_ON_LETTER, 1)]),
        ({"opinions": {ARS: yes(4), CPAM: yes(6)}}, [("ARS et CPAM", "signer le courrier conjoint", 6)]),
        (
            {"opinions": {ARS: yes(4), CPAM: yes(6)}, "signed": {ARS: may(9)}},
            [("CPAM", "signer le courrier conjoint", 9)],
        ),
        ({"opinions": {ARS: yes(4)}, "signed": {CPAM: may(9)}}, [("ARS", "signer le courrier conjoint", 9)]),
        ({"opinions": {ARS: no(4), CPAM: no(6)}}, [("ARS et CPAM", "renvoyer la lettre à retravailler", 6)]),
        (
            {"opinions": {ARS: yes(4), CPAM: no(6)}, "escalation": Escalation(may(7))},
            [("DG de l'ARS et DCGDR", "trancher le désaccord", 7)],
        ),
        (
            {"opinions": {ARS: yes(4), CPAM: no(6)}, "escalation": Escalation(may(7), may(12), is_favourable=True)},
            [("ARS et CPAM", "signer le courrier conjoint", 12)],
        ),
        (
            {"opinions": {ARS: yes(4), CPAM: no(6)}, "escalation": Escalation(may(7), may(12))},
            [("ARS et CPAM", "renvoyer la lettre à retravailler", 12)],
        ),
        (  # they agreed in the end, whatever was decided before
            {"opinions": {ARS: yes(4), CPAM: yes(20)}, "escalation": Escalation(may(7), may(12))},
            [("ARS et CPAM", "signer le courrier conjoint", 20)],
        ),
    ],
)
def test_letter_of_intent(told: dict, expected: list) -> None:
    assert awaited(State.LETTER_FILED, **told) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, [("ARS et CPAM", OPINION, 1)]),
        ({"opinions": {CPAM: yes(9)}}, [("ARS", OPINION, 1)]),
        # a missing opinion of the CPAM never blocks: the ARS has the clock
        ({"opinions": {ARS: yes(9)}}, [("CPAM", OPINION, 1), ("ARS", DECIDE, 9)]),
        ({"opinions": {ARS: yes(9), CPAM: yes(14)}}, [("ARS", DECIDE, 14)]),
        ({"requests": (Request(may(5), None),)}, [("Porteur", "fournir les pièces demandées", 5)]),
        (
            {"requests": (Request(may(3), may(4)), Request(may(6), None), Request(may(5), None))},
            [("Porteur", "fournir les pièces demandées", 5)],
        ),
        ({"requests": (Request(may(5), None, is_indispensable=False),)}, [("ARS et CPAM", OPINION, 1)]),
        ({"requests": (Request(may(5), may(20)),)}, [("ARS et CPAM", OPINION, 20)]),
        (
            {"requests": (Request(may(5), may(20)),), "opinions": {ARS: yes(4), CPAM: yes(6)}},
            [("ARS", DECIDE, 20)],
        ),
        (
            {"opinions": {ARS: no(4), CPAM: yes(6)}, "escalation": Escalation(may(7))},
            [("ARS", DECIDE, 6), ("DG de l'ARS et DCGDR", "trancher le désaccord", 7)],
        ),
        (
            {"opinions": {ARS: no(4), CPAM: yes(6)}, "escalation": Escalation(may(7), may(12))},
            [("ARS", DECIDE, 12)],
        ),
    ],
)
def test_health_project(told: dict, expected: list) -> None:
    assert awaited(State.FILED, **told) == expected


MEETINGS = {"restitution_on": may(2), "decision_sent_on": may(3), "has_finess": True}
DRAFT = {**MEETINGS, "indicator_meetings": (may(8), may(12)), "draft_sent_on": may(20)}


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ({}, [("ARS", "organiser la réunion de restitution", 1)]),
        ({"restitution_on": may(2)}, [("ARS", "envoyer la décision", 2)]),
        (
            {"restitution_on": may(2), "decision_sent_on": may(3)},
            [("ARS", "délivrer le numéro FINESS", 3), ("CPAM", "tenir la première réunion sur les indicateurs", 3)],
        ),
        (
            {"decision_sent_on": may(3), "has_finess": True},
            [("CPAM", "tenir la première réunion sur les indicateurs", 3)],
        ),
        (MEETINGS, [("CPAM", "tenir la première réunion sur les indicateurs", 3)]),
        (
            {**MEETINGS, "indicator_meetings": (may(8),)},
            [("CPAM", "tenir la seconde réunion sur les indicateurs", 8)],
        ),
        (
            {**MEETINGS, "indicator_meetings": (may(8),), "last_sender": CPAM, "last_sent_on": may(7)},
            [("CPAM", "tenir la seconde réunion sur les indicateurs", 8)],
        ),
        (
            {**MEETINGS, "indicator_meetings": (may(8),), "last_sender": CPAM, "last_sent_on": may(9)},
            [("Porteur", "répondre à la version envoyée par la CPAM", 9)],
        ),
        (
            {**MEETINGS, "indicator_meetings": (may(8), may(12))},
            [("CPAM", "envoyer les indicateurs amendés à la CPTS", 12)],
        ),
        (
            {**MEETINGS, "indicator_meetings": (may(8), may(12)), "last_sender": CPAM, "last_sent_on": may(14)},
            [("Porteur", "répondre à la version envoyée par la CPAM", 14)],
        ),
        (
            {**MEETINGS, "indicator_meetings": (may(8), may(12)), "last_sender": PROMOTER, "last_sent_on": may(16)},
            [("CPAM", "répondre à la version reçue, ou envoyer le projet de contrat", 16)],
        ),
        (DRAFT, [("ARS, CPAM et Porteur", "signer l'ACI", 20)]),
        (
            {**DRAFT, "last_sender": PROMOTER, "last_sent_on": may(22)},
            [("CPAM", "répondre aux commentaires sur le projet de contrat", 22)],
        ),
        ({**DRAFT, "last_sender": PROMOTER, "last_sent_on": may(16)}, [("ARS, CPAM et Porteur", "signer l'ACI", 20)]),
        ({**DRAFT, "last_sender": CPAM, "last_sent_on": may(24)}, [("ARS, CPAM et Porteur", "signer l'ACI", 24)]),
    ],
)
def test_rollout_of_the_aci(done: dict, expected: list) -> None:
    assert awaited(State.VALIDATED, rollout=Rollout(**done)) == expected


def test_the_contract_waits_for_who_has_not_signed() -> None:
    signed = {PROMOTER: may(25)}
    assert awaited(State.VALIDATED, rollout=Rollout(**DRAFT), signed=signed) == [("ARS et CPAM", "signer l'ACI", 25)]
    signed[CPAM] = may(27)
    assert awaited(State.VALIDATED, rollout=Rollout(**DRAFT), signed=signed) == [("ARS", "signer l'ACI", 27)]


def test_nobody_signs_a_contract_that_the_institutions_dispute() -> None:
    told = {"opinions": {ARS: no(22), CPAM: yes(21)}, "escalation": Escalation(may(22))}
    expected = [("DG de l'ARS et DCGDR", "trancher le désaccord", 22)]
    assert awaited(State.VALIDATED, rollout=Rollout(**DRAFT), **told) == expected


def test_nothing_is_awaited_since_before_the_stage() -> None:
    earlier = date(2026, 3, 1)
    done = Rollout(restitution_on=earlier, decision_sent_on=earlier, has_finess=True)
    assert awaited(State.VALIDATED, rollout=done) == [("CPAM", "tenir la première réunion sur les indicateurs", 1)]


# ---- On the pages of a project


TABS = ("project", "project_examination", "project_documents", "project_funding", "project_rollout", "project_history")


@pytest.mark.parametrize("tab", TABS)
def test_every_page_of_a_project_says_whose_turn_it_is(tab: str, filed: Project, client_of, cpam) -> None:
    give(filed, Side.ARS, Verdict.FAVOURABLE, 6)
    told = re.sub(r"<[^>]+>|\s+", " ", client_of(cpam).get(reverse(tab, args=[filed.pk])).text)
    words = " ".join(told.split()).replace("&#x27;", "'")
    assert f"À qui est-ce ? CPAM – {OPINION}, depuis 30 jours · ARS – {DECIDE}, depuis 6 jours" in words


def test_a_past_day_of_the_page_says_nothing_of_it(filed: Project, client_of, cpam) -> None:
    page = client_of(cpam).get(filed.get_absolute_url(), {"date": ago(10).isoformat()})
    assert "À qui est-ce ?" not in page.text


def test_a_signed_project_waits_for_nobody(client_of, cpam) -> None:
    project = ProjectFactory(stages=[(State.ACI_SIGNED, ago(20))])
    assert "À qui est-ce ?" not in client_of(cpam).get(project.get_absolute_url()).text


# ---- As read from what is recorded


def found(project: Project, day: date | None = None) -> tuple[Turn, ...]:
    day = day or timezone.localdate()
    return turns_of([Standing.of(Project.objects.get(pk=project.pk).stage_on(day))], day)[project.pk]


def ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


@pytest.fixture
def filed(ars) -> Project:
    """A health project received thirty days ago."""
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2))])
    return take_step(ars, project.pk, Step("file_health_project", ago(30)))


def give(project: Project, side: Side, verdict: Verdict, days: int) -> None:
    project.stage_on(timezone.localdate()).opinions.create(side=side, verdict=verdict, given_on=ago(days))


def test_the_current_opinion_of_each_institution_counts(filed: Project) -> None:
    give(filed, Side.ARS, Verdict.UNFAVOURABLE, 20)
    give(filed, Side.INSURANCE, Verdict.WITH_POINTS, 15)
    escalation = filed.stage_on(ago(0)).escalations.create(opened_on=ago(15))
    assert {turn.who for turn in found(filed)} == {(ARS,), (DIRECTION,)}
    give(filed, Side.ARS, Verdict.FAVOURABLE, 5)
    assert found(filed) == (Turn((ARS,), DECIDE, ago(5)),)
    escalation.closed_on = ago(3)
    escalation.save()
    assert found(filed) == (Turn((ARS,), DECIDE, ago(3)),)


def test_pieces_give_the_pen_to_the_promoters_until_they_come(filed: Project) -> None:
    request = filed.last_filing().piece_requests.create(pieces="Statuts", is_indispensable=True, asked_on=ago(12))
    filed.last_filing().piece_requests.create(pieces="Une carte", asked_on=ago(11))
    assert found(filed) == (Turn((PROMOTER,), "fournir les pièces demandées", ago(12)),)
    request.received_on = ago(2)
    request.save()
    assert found(filed) == (Turn((ARS, CPAM), OPINION, ago(2)),)


def test_any_past_day_is_told_as_it_was_known(filed: Project) -> None:
    request = filed.last_filing().piece_requests.create(pieces="Statuts", is_indispensable=True, asked_on=ago(25))
    request.received_on = ago(20)
    request.save()
    give(filed, Side.ARS, Verdict.FAVOURABLE, 10)
    assert found(filed, ago(28)) == (Turn((ARS, CPAM), OPINION, ago(30)),)
    assert found(filed, ago(21)) == (Turn((PROMOTER,), "fournir les pièces demandées", ago(25)),)
    assert found(filed, ago(15)) == (Turn((ARS, CPAM), OPINION, ago(20)),)
    assert found(filed) == (Turn((CPAM,), OPINION, ago(20)), Turn((ARS,), DECIDE, ago(10)))


@pytest.mark.django_db
def test_the_roll_out_passes_from_hand_to_hand() -> None:
    project = ProjectFactory(stages=[(State.ENGINEERING, date(2023, 1, 2)), (State.VALIDATED, ago(200))])
    kinds, senders = RolloutEvent.Kind, ExchangedVersion.Sender

    def done(kind: RolloutEvent.Kind, days: int) -> list[tuple[str, int]]:
        project.rollout.create(kind=kind, happened_on=ago(days))
        return told()

    def sent(sender: ExchangedVersion.Sender, days: int) -> list[tuple[str, int]]:
        project.versions.create(subject=ExchangedVersion.Subject.INDICATORS, sender=sender, sent_on=ago(days))
        return told()

    def told() -> list[tuple[str, int]]:
        return [(turn.names, (timezone.localdate() - turn.since).days) for turn in found(project)]

    assert told() == [("ARS", 200)]
    assert done(kinds.RESTITUTION, 190) == [("ARS", 190)]
    assert done(kinds.DECISION_SENT, 180) == [("ARS", 180), ("CPAM", 180)]
    assert done(kinds.FINESS, 170) == [("CPAM", 180)]
    assert done(kinds.INDICATOR_MEETING, 150) == [("CPAM", 150)]
    assert done(kinds.INDICATOR_MEETING, 120) == [("CPAM", 120)]
    assert sent(senders.INSURANCE, 110) == [("Porteur", 110)]
    assert sent(senders.CPTS, 100) == [("CPAM", 100)]
    assert sent(senders.INSURANCE, 90) == [("Porteur", 90)]
    assert done(kinds.DRAFT_SENT, 60) == [("ARS, CPAM et Porteur", 60)]
    project.stage_on(ago(0)).signatures.create(party=Party.CPTS, signatory="Le président", signed_on=ago(30))
    assert told() == [("ARS et CPAM", 30)]


@pytest.mark.django_db
def test_what_was_done_before_the_last_filing_does_not_count() -> None:
    project = ProjectFactory(stages=[(State.FILED, ago(90)), (State.VALIDATED, ago(60))])
    for kind in RolloutEvent.Kind:
        project.rollout.create(kind=kind, happened_on=ago(100))
    project.versions.create(subject=ExchangedVersion.Subject.INDICATORS, sender="cpts", sent_on=ago(95))
    assert found(project) == (Turn((ARS,), "organiser la réunion de restitution", ago(60)),)
    project.rollout.create(kind=RolloutEvent.Kind.RESTITUTION, happened_on=ago(80))
    assert found(project) == (Turn((ARS,), "envoyer la décision", ago(60)),)


@pytest.mark.django_db
def test_a_finess_number_on_the_project_is_enough() -> None:
    project = ProjectFactory(stages=[(State.VALIDATED, ago(20))], finess="990000018")
    project.rollout.create(kind=RolloutEvent.Kind.DECISION_SENT, happened_on=ago(10))
    assert [turn.names for turn in found(project)] == ["CPAM"]


@pytest.mark.django_db
def test_facts_of_many_projects_come_in_one_query(django_assert_num_queries) -> None:
    today = timezone.localdate()
    states = [State.LETTER_FILED, State.FILED, State.VALIDATED, State.ENGINEERING]
    projects = [ProjectFactory(stages=[(state, ago(20))]) for state in states * 3]
    for project in projects:
        project.stage_on(today).opinions.create(side=Side.ARS, verdict=Verdict.FAVOURABLE, given_on=ago(10))
        project.rollout.create(kind=RolloutEvent.Kind.RESTITUTION, happened_on=ago(5))
    standings = [Standing.of_listed(project) for project in Project.objects.with_state_on(today)]
    with django_assert_num_queries(1):
        told = turns_of(standings, today)
    assert [told[project.pk][0].names for project in projects] == ["CPAM", "CPAM", "ARS", "Porteur"] * 3
    with django_assert_num_queries(0):
        turns_of([standing for standing in standings if standing.state == State.ENGINEERING], today)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Institution.Kind.ARS_DELEGATION, (ARS,)),
        (Institution.Kind.CPAM, (CPAM,)),
        (Institution.Kind.ARS_HEADQUARTERS, (ARS, DIRECTION)),
        (Institution.Kind.DCGDR, (CPAM, DIRECTION)),
        (Institution.Kind.URPS, ()),
    ],
)
def test_whom_each_institution_acts_for(kind: Institution.Kind, expected: tuple[Actor, ...]) -> None:
    assert actors_of(UserFactory(institution__kind=kind)) == expected
