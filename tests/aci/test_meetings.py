"""Meetings of a contract: planned, held, written up; what money rests on does not move."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from aci.models import Contract, Meeting
from tests.aci.acts import hold_dialogue
from tests.factories import ContractFactory, MeetingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract(department) -> Contract:
    return ContractFactory(project__lead_department=department)


@pytest.fixture
def agent(client_of, cpam) -> Client:
    return client_of(cpam)


def loaded(agent: Client, url: str) -> dict[str, str]:
    """What the form of a page shows, as a browser sends it back."""
    form = agent.get(url).context["form"]
    return {field.name: field.value() for field in form if field.value() is not None}


def text_of(answer) -> str:
    return answer.content.decode().replace("&#x27;", "'").replace("\u00a0", " ")


def test_a_copil_is_planned_with_the_points_of_the_offer_of_service(agent, cpam, contract):
    url = reverse("meeting_new", args=[contract.pk, "copil"])
    sent = loaded(agent, url)
    assert "Engagement de nouvelles missions" in sent["agenda"]
    to_come = timezone.localdate() + timedelta(days=40)
    answer = agent.post(url, sent | {"held_on": to_come.isoformat(), "place": "Bobigny"}, follow=True)
    meeting = contract.meetings.get()
    assert (meeting.kind, meeting.held_on, meeting.recorded_by) == ("copil", to_come, cpam)
    assert "À venir" in text_of(answer)
    assert "Les décisions se notent une fois la réunion tenue." in text_of(answer)
    assert "Décisions : " not in text_of(agent.get(reverse("contract_dialogue", args=[contract.pk])))


def test_the_yearly_dialogue_is_about_a_year_of_the_contract(agent, contract):
    url = reverse("meeting_new", args=[contract.pk, "dialogue"])
    sent = loaded(agent, url) | {"held_on": "2021-04-02", "minutes": "Bilan.", "minutes_on": "2021-04-20"}
    for year, why in (
        ("", "Ce champ est obligatoire"),
        ("6", "6 n’en fait pas partie"),
        ("3", "ne commence que le 1er mars 2022"),
    ):
        answer = agent.post(url, sent | {"year": year})
        assert answer.status_code == 422
        assert why in text_of(answer), year
    assert not contract.meetings.exists()
    assert agent.post(url, sent | {"year": "1"}).status_code == 302
    assert contract.meetings.get().has_minutes


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"minutes": "Bilan."}, "Datez le compte rendu."),
        ({"minutes_on": "2021-04-20"}, "Écrivez le compte rendu"),
        ({"minutes": "Bilan.", "minutes_on": "2021-04-01"}, "ne peut pas précéder la réunion, le 2 avril 2021"),
        ({"minutes": "Bilan.", "minutes_on": "2999-04-01"}, "dans le futur"),
        ({"held_on": "2099-04-02"}, "Cette date est trop loin"),
        ({"held_on": "le printemps"}, "Cette date ne se lit pas"),
    ],
)
def test_what_a_meeting_cannot_be(agent, contract, said, why):
    url = reverse("meeting_new", args=[contract.pk, "cotech"])
    answer = agent.post(url, loaded(agent, url) | {"held_on": "2021-04-02"} | said)
    assert answer.status_code == 422
    assert why in text_of(answer)
    assert not contract.meetings.exists()


def test_a_meeting_is_not_recorded_twice(agent, contract):
    url = reverse("meeting_new", args=[contract.pk, "copil"])
    sent = loaded(agent, url) | {"held_on": "2021-05-20"}
    assert agent.post(url, sent).status_code == 302
    first = contract.meetings.get()
    refused = agent.post(url, loaded(agent, url) | sent | {"loaded": loaded(agent, url)["loaded"]})
    assert refused.status_code == 422
    told = f'déjà enregistrée (<a href="{first.get_absolute_url()}">COPIL stratégique, 20/05/2021</a>)'
    assert told in refused.content.decode()

    cotech = reverse("meeting_new", args=[contract.pk, "cotech"])
    assert agent.post(cotech, loaded(agent, cotech) | {"held_on": "2021-05-20"}).status_code == 302
    edit = reverse("meeting_edit", args=[first.pk])
    assert agent.post(edit, loaded(agent, edit) | {"called_off": "Grève"}).status_code == 302
    assert agent.post(url, sent | {"loaded": loaded(agent, url)["loaded"]}).status_code == 302
    reopened = agent.post(edit, loaded(agent, edit) | {"called_off": ""})
    assert "déjà enregistrée" in text_of(reopened)
    assert agent.post(edit, loaded(agent, edit) | {"agenda": "Un point"}).status_code == 302


def test_two_dialogues_of_one_day_examine_two_years(agent, contract):
    hold_dialogue(contract, 1, date(2022, 4, 2))
    url = reverse("meeting_new", args=[contract.pk, "dialogue"])
    said = {"held_on": "2022-04-02", "year": "1"}
    assert "déjà enregistrée" in text_of(agent.post(url, loaded(agent, url) | said))
    assert agent.post(url, loaded(agent, url) | said | {"year": "2"}).status_code == 302


def test_a_copil_held_before_a_renewal_is_of_the_contract_of_that_day(agent, contract):
    said = {"project": contract.project, "number": 2, "signed_on": date(2025, 2, 1), "starts_on": date(2025, 3, 1)}
    renewal = ContractFactory(**said)
    url = reverse("meeting_new", args=[renewal.pk, "copil"])
    refused = agent.post(url, loaded(agent, url) | {"held_on": "2025-01-31"})
    assert refused.status_code == 422
    assert f'du précédent (<a href="{contract.get_absolute_url()}">' in refused.content.decode()
    assert agent.post(url, loaded(agent, url) | {"held_on": "2025-02-01"}).status_code == 302


def test_a_meeting_that_prepares_the_first_contract_decides_nothing(agent, contract):
    url = reverse("meeting_new", args=[contract.pk, "copil"])
    assert agent.post(url, loaded(agent, url) | {"held_on": "2020-02-20"}).status_code == 302
    copil = contract.meetings.get()
    for kind, status in (("engage", 422), ("arbitrate", 302)):
        decision = reverse("decision_new", args=[copil.pk, kind])
        said = {"mission": "acces_soins", "effective_on": "2020-06-01", "text": "Le local est partagé."}
        form = agent.get(decision).context["form"]
        answer = agent.post(decision, said | {"loaded": form["loaded"].value()})
        assert answer.status_code == status
    other = MeetingFactory(contract=contract)
    other.decisions.create(kind="engage", mission="acces_soins", effective_on=date(2020, 6, 1))
    edit = reverse("meeting_edit", args=[other.pk])
    moved = agent.post(edit, loaded(agent, edit) | {"held_on": "2020-02-19", "minutes_on": "2020-02-19"})
    assert "signé que le 1er mars 2020" in text_of(moved)
    version = contract.indicator_sets.create(year=1, number=1, sender="insurance", sent_on=date(2020, 5, 15))
    other.decisions.create(kind="indicators", indicator_set=version)
    moved = agent.post(edit, loaded(agent, edit) | {"held_on": "2020-05-14"})
    assert "Elle retient une version envoyée le 15 mai 2020" in text_of(moved)


def test_a_kind_of_meeting_that_does_not_exist(agent, contract):
    for kind in ("cpl", "fete"):
        assert agent.get(reverse("meeting_new", args=[contract.pk, kind])).status_code == 404


def test_a_meeting_is_called_off_with_a_reason_unless_it_has_decided(agent, contract):
    meeting = MeetingFactory(contract=contract, minutes="", minutes_on=None)
    url = reverse("meeting_edit", args=[meeting.pk])
    answer = agent.post(url, loaded(agent, url) | {"called_off": "Grève des transports"}, follow=True)
    assert "Annulée : Grève des transports" in text_of(answer)
    assert not Meeting.objects.held(date(2021, 1, 1)).exists()

    other = MeetingFactory(contract=contract, minutes="", minutes_on=None)
    other.decisions.create(kind="arbitrate", text="Le local est partagé.")
    url = reverse("meeting_edit", args=[other.pk])
    answer = agent.post(url, loaded(agent, url) | {"called_off": "Grève"})
    assert answer.status_code == 422
    assert "elle a eu lieu" in text_of(answer)


def test_a_dialogue_that_has_paid_keeps_its_date_and_corrects_its_minutes(agent, contract):
    meeting = hold_dialogue(contract, 1, date(2021, 4, 2))
    said = {"year": 1, "mission": "acces_soins", "kind": "variable", "paid_on": date(2021, 6, 1), "reference": "V1"}
    contract.payments.create(amount=6_000, **said)
    url = reverse("meeting_edit", args=[meeting.pk])
    sent = loaded(agent, url)
    for change in (
        {"held_on": "2021-04-03", "minutes_on": "2021-04-03"},
        {"year": "2"},
        {"minutes": "", "minutes_on": ""},
    ):
        answer = agent.post(url, sent | change)
        assert answer.status_code == 422
    assert "Des volets variables de l'année 1 ont été versés" in text_of(answer)
    assert agent.post(url, sent | {"minutes": "Relevé corrigé."}).status_code == 302
    meeting.refresh_from_db()
    assert (meeting.held_on, meeting.year, meeting.minutes) == (date(2021, 4, 2), 1, "Relevé corrigé.")


def test_a_dialogue_that_a_copil_relied_on_is_neither_moved_after_it_nor_undone(agent, contract):
    meeting = hold_dialogue(contract, 1, date(2021, 4, 2))
    copil = MeetingFactory(contract=contract, held_on=date(2021, 5, 20))
    said = {"year": 1, "mission": "acces_soins", "amount": 6_000}
    decision = copil.decisions.create(kind="pay", line="variable", **said)
    contract.validations.create(kind="variable", decision=decision, **said)
    url = reverse("meeting_edit", args=[meeting.pk])
    sent = loaded(agent, url)
    for change in ({"held_on": "2021-06-01", "minutes_on": "2021-06-01"}, {"minutes": "", "minutes_on": ""}):
        answer = agent.post(url, sent | change)
        assert answer.status_code == 422
        assert "annulez d'abord cette décision" in text_of(answer)
    assert agent.post(url, sent | {"held_on": "2021-04-01"}).status_code == 302
    url = reverse("meeting_edit", args=[copil.pk])
    answer = agent.post(url, loaded(agent, url) | {"held_on": "2021-03-20"})
    assert "ne peut pas précéder le dialogue annuel" in text_of(answer)


def test_a_stale_page_is_told_what_has_changed_and_loses_nothing(agent, contract):
    meeting = MeetingFactory(contract=contract)
    url = reverse("meeting_edit", args=[meeting.pk])
    sent = loaded(agent, url)
    Meeting.objects.filter(pk=meeting.pk).update(place="Bobigny")
    answer = agent.post(url, sent | {"place": "Pantin"})
    assert answer.status_code == 422
    assert "Pendant que vous écriviez, « Lieu » est devenu « Bobigny »" in text_of(answer)
    assert 'value="Pantin"' in text_of(answer)


def test_a_meeting_entered_by_mistake_is_withdrawn_unless_something_rests_on_it(agent, cpam, contract):
    meeting = MeetingFactory(contract=contract, recorded_by=cpam)
    decision = meeting.decisions.create(kind="arbitrate", text="Le local est partagé.")
    url = reverse("withdraw", args=[contract.project_id, "reunion", meeting.pk])
    answer = agent.post(url, {"reason": "Erreur"})
    assert answer.status_code == 422
    assert "Des décisions y sont notées" in text_of(answer)
    decision.delete()
    assert agent.post(url, {"reason": "Erreur"}).url == reverse("contract_dialogue", args=[contract.pk])
    assert not contract.meetings.exists()


def test_each_contract_year_tells_its_copils_and_its_dialogue(agent, contract):
    for day in (date(2020, 5, 15), date(2020, 11, 3), date(2021, 5, 20)):
        MeetingFactory(contract=contract, held_on=day)
    MeetingFactory(contract=contract, held_on=date(2021, 9, 1), called_off="Grève")
    hold_dialogue(contract, 1, date(2021, 4, 2))
    page = agent.get(reverse("contract_dialogue", args=[contract.pk]))
    first, second = page.context["years"][:2]
    assert (len(first.copils), first.missing_copils, first.dialogue.held_on) == (2, 0, date(2021, 4, 2))
    assert (len(second.copils), second.missing_copils, second.dialogue) == (1, 1, None)
    assert "1 manquant" in text_of(page)


def test_the_list_shows_the_next_ones_first_and_nothing_of_elsewhere(agent, contract, neighbour, far):
    today = timezone.localdate()
    nearest, further = (MeetingFactory(contract=contract, held_on=today + timedelta(days=n)) for n in (5, 30))
    last, before = (MeetingFactory(contract=contract, held_on=date(2021, month, 1)) for month in (9, 2))
    MeetingFactory(contract=ContractFactory(project__lead_department=far))
    listed = agent.get(reverse("meetings")).context["object_list"]
    assert list(listed) == [nearest, further, last, before]
    seen = MeetingFactory(contract=ContractFactory(project__lead_department=neighbour), kind="cotech")
    for query, expected in (
        ("etat=a-venir", [nearest, further]),
        ("etat=tenues&departement=99", [last, before]),
        ("type=cotech", [seen]),
        ("depuis=2021-03-01&jusqu_au=2021-12-31", [last]),
        ("departement=98", [seen]),
    ):
        assert list(agent.get(f"{reverse('meetings')}?{query}").context["object_list"]) == expected, query
    csv = agent.get(reverse("meetings") + "?format=csv&type=cotech").content.decode()
    assert csv.count("COTECH") == 1
    assert agent.get(reverse("meetings") + "?depuis=2021-03-01&jusqu_au=2020-01-01").status_code == 400
    assert agent.get(reverse("meetings") + "?type=fete").status_code == 400


def test_queries_do_not_grow_with_the_meetings(agent, contract):
    def queries(url: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert agent.get(url).status_code == 200
        return len(seen)

    def live() -> Meeting:
        meeting = MeetingFactory(contract=contract, held_on=date(2020, 5, 15))
        meeting.decisions.create(kind="engage", mission="parcours", effective_on=date(2020, 6, 1))
        contract.actions.create(text="Relancer", owner="CPAM", due_on=date(2020, 9, 1), raised_in=meeting)
        project = contract.project
        commission = MeetingFactory(kind="cpl", contract=None, department=project.lead_department)
        commission.opinions.create(project=project, difficulty="Locaux")
        return meeting

    meeting = live()
    pages = [reverse("contract_dialogue", args=[contract.pk]), reverse("meetings"), meeting.get_absolute_url()]
    pages += [reverse("actions")]
    for url in pages:
        agent.get(url)
    before = [queries(url) for url in pages]
    live()
    live()
    assert [queries(url) for url in pages] == before
