"""Actions: who does what by when, carried from one meeting to the next until they are closed."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from aci.models import Action, Contract
from tests.factories import ContractFactory, MeetingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract(department) -> Contract:
    return ContractFactory(project__lead_department=department)


@pytest.fixture
def agent(client_of, ars) -> Client:
    return client_of(ars)


def action(contract: Contract, text: str = "Envoyer les pièces", **said) -> Action:
    return contract.actions.create(**{"text": text, "owner": "CPAM", "due_on": date(2020, 9, 1)} | said)


def sent(agent: Client, url: str, **said: str) -> dict[str, str]:
    return {"loaded": agent.get(url).context["form"]["loaded"].value(), **said}


def text_of(answer) -> str:
    return answer.content.decode().replace("&#x27;", "'").replace("\u00a0", " ")


def test_an_action_decided_in_a_meeting_then_closed_then_opened_again(agent, ars, contract):
    meeting = MeetingFactory(contract=contract, held_on=date(2020, 5, 15))
    url = reverse("action_new", args=[contract.pk]) + f"?reunion={meeting.pk}"
    assert agent.get(url).context["form"].initial["raised_in"] == meeting.pk
    said = {"text": "Envoyer les pièces", "owner": "Dr Roux", "raised_in": meeting.pk}
    refused = agent.post(url, sent(agent, url, **said, due_on="2020-05-01"))
    assert refused.status_code == 422
    assert "L'échéance ne peut pas précéder la réunion, le 15 mai 2020." in text_of(refused)
    assert agent.post(url, sent(agent, url, **said, due_on="2020-09-01")).status_code == 302
    entered = contract.actions.get()
    assert (entered.raised_in, entered.recorded_by) == (meeting, ars)
    assert "En retard" in text_of(agent.get(reverse("contract_dialogue", args=[contract.pk])))

    url = reverse("action_close", args=[entered.pk])
    for closing, why in (
        ({"closed_on": "2020-10-01", "outcome": ""}, "obligatoire"),
        ({"closed_on": "2999-10-01", "outcome": "Fait"}, "dans le futur"),
        ({"closed_on": "2020-05-01", "outcome": "Fait"}, "décidée que le 15 mai 2020"),
    ):
        refused = agent.post(url, sent(agent, url, **closing))
        assert refused.status_code == 422
        assert why in text_of(refused)
    assert agent.post(url, sent(agent, url, closed_on="2020-10-01", outcome="Pièces reçues")).status_code == 302
    entered.refresh_from_db()
    assert (entered.closed_on, entered.outcome) == (date(2020, 10, 1), "Pièces reçues")

    for _ in range(2):
        assert agent.post(reverse("action_reopen", args=[entered.pk])).status_code == 302
    entered.refresh_from_db()
    assert (entered.closed_on, entered.outcome) == (None, "")
    assert Action.history.filter(id=entered.pk, outcome="Pièces reçues").exists()


def test_open_actions_are_carried_into_the_next_meetings(agent, contract):
    first, second, third = (
        MeetingFactory(contract=contract, held_on=day)
        for day in (date(2020, 5, 15), date(2020, 11, 3), date(2021, 5, 20))
    )
    done = {"closed_on": date(2020, 11, 3), "outcome": "Fait"}
    closed_before = action(contract, "A", raised_in=first, closed_on=date(2020, 10, 1), outcome="Fait")
    closed_then = action(contract, "B", raised_in=first, **done)
    still_open = action(contract, "C", raised_in=first)
    raised_then = action(contract, "D", raised_in=second)

    def carried(meeting) -> set[Action]:
        return set(agent.get(meeting.get_absolute_url()).context["carried"])

    assert carried(first) == set()
    assert carried(second) == {closed_then, still_open}
    assert carried(third) == {still_open, raised_then}
    assert closed_before not in carried(second)
    assert "Close le 3 nov. 2020, en réunion" in text_of(agent.get(second.get_absolute_url()))


def test_two_people_change_one_action(agent, contract):
    entered = action(contract)
    url = reverse("action_edit", args=[entered.pk])
    said = sent(agent, url, text="Relancer", owner="CPAM", due_on="2020-10-01")
    Action.objects.filter(pk=entered.pk).update(owner="ARS")
    answer = agent.post(url, said)
    assert answer.status_code == 422
    assert "est devenu « ARS »" in text_of(answer)


def test_the_list_shows_what_is_open_and_filters_it(agent, contract, neighbour, far):
    late = action(contract, owner="Dr Roux")
    later = action(contract, due_on=date(2999, 1, 1))
    closed = action(contract, closed_on=date(2020, 8, 1), outcome="Fait")
    beside = action(ContractFactory(project__lead_department=neighbour), due_on=date(2021, 1, 1))
    action(ContractFactory(project__lead_department=far))
    for query, expected in (
        ("", [late, beside, later]),
        ("retard=on", [late, beside]),
        ("responsable=roux", [late]),
        ("departement=98", [beside]),
        ("etat=closes", [closed]),
    ):
        listed = agent.get(f"{reverse('actions')}?{query}").context["object_list"]
        assert list(listed) == expected, query
    csv = agent.get(reverse("actions") + "?format=csv&etat=closes").content.decode()
    assert len(csv.splitlines()) == 2
    assert agent.get(reverse("actions") + "?etat=perdues").status_code == 400


def test_an_action_entered_by_mistake_is_withdrawn_by_its_author_alone(agent, client_of, cpam, ars, contract):
    entered = action(contract, recorded_by=ars)
    url = reverse("withdraw", args=[contract.project_id, "action", entered.pk])
    assert client_of(cpam).post(url, {"reason": "Erreur"}).status_code == 403
    assert agent.post(url, {"reason": "Erreur"}).status_code == 302
    assert not contract.actions.exists()


def test_who_reads_or_is_elsewhere_changes_nothing(client_of, reader, contract):
    entered = action(contract)
    for name in ("action_edit", "action_close", "action_reopen"):
        assert client_of(reader).post(reverse(name, args=[entered.pk])).status_code == 403
