"""What several CPTS do together: recorded once, seen from each, written by those it concerns."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aci.models import SharedAction, SharedActionEntry
from aci.shared_actions import shared_actions_of, withdraw
from projects.states import State
from tests.factories import ContractFactory, ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db
NEW = reverse("shared_action_new")
LIST = reverse("shared_actions")
DAY = date(2024, 3, 1)


@pytest.fixture
def north(department):
    return ProjectFactory(name="CPTS Nord", lead_department=department)


@pytest.fixture
def south(neighbour):
    return ProjectFactory(name="CPTS Sud", lead_department=neighbour)


@pytest.fixture
def beyond(far):
    return ProjectFactory(name="CPTS Lointaine", lead_department=far)


def shared(*projects, **said) -> SharedAction:
    action = SharedAction.objects.create(**{"title": "Annuaire commun", "kind": "tool", "since": DAY} | said)
    action.projects.set(projects)
    return action


def typed(*projects, **said) -> dict:
    told = {"title": "Protocole plaies", "kind": "protocol", "since": "01/03/2024", "loaded": "{}"}
    return told | {"projects": [project.pk for project in projects]} | said


def loaded(client, action: SharedAction) -> str:
    return client.get(reverse("shared_action_edit", args=[action.pk])).context["form"]["loaded"].value()


def test_an_action_of_two_cpts_is_recorded_and_seen_from_each(client_of, cpam, north, south):
    sent = typed(north, south, partners="DAC 99\nHôpital", amount="12 500,50", funder="FIR", last_day="31/12/2024")
    page = client_of(cpam).post(NEW, sent, follow=True)
    action = SharedAction.objects.get()
    assert (str(action.amount), action.until, action.recorded_by) == ("12500.50", date(2025, 1, 1), cpam)
    assert [*shared_actions_of(north, DAY), *shared_actions_of(south, DAY)] == [action, action]
    for shown in ("CPTS Nord", "CPTS Sud", "DAC 99", "12\u202f500,50\u00a0€", "FIR", "31 décembre 2024"):
        assert shown in page.content.decode()


@pytest.mark.parametrize(
    ("said", "field", "told"),
    [
        ({"last_day": "28/02/2024"}, "last_day", "précéder le premier"),
        ({"since": "2014-01-01"}, "since", "n'existent que depuis"),
        ({"amount": "-5"}, "amount", "supérieur à zéro"),
        ({"amount": "beaucoup"}, "amount", "ne se lit pas"),
        ({"title": ""}, "title", "obligatoire"),
        ({"projects": []}, "projects", "Cochez les CPTS"),
        ({"projects": [999_999]}, "projects", "n'existe pas"),
        ({"projects": ["9" * 26]}, "projects", "n'existe pas"),
        ({"kind": "feast"}, "kind", "valide"),
    ],
)
def test_what_is_wrong_is_refused_with_its_reason(client_of, cpam, north, south, said, field, told):
    page = client_of(cpam).post(NEW, typed(north, south) | said)
    assert page.status_code == 422
    assert told in " ".join(page.context["form"].errors[field])
    assert not SharedAction.objects.exists()


def test_its_cpts_show_it_with_and_without_a_contract(client_of, reader, north, south):
    contract = ContractFactory(project=north, signed_on=DAY)
    shared(north, south)
    pages = [reverse("contract", args=[contract.pk]), reverse("contract_dialogue", args=[contract.pk])]
    for page in [*pages, reverse("project_aci", args=[south.pk])]:
        assert "Annuaire commun" in client_of(reader).get(page).content.decode(), page


def test_one_cpts_alone_shares_nothing_unless_it_meets_partners(client_of, cpam, north):
    client = client_of(cpam)
    assert client.post(NEW, typed(north)).status_code == 422
    assert client.post(NEW, typed(north, kind="exchange")).status_code == 422
    assert client.post(NEW, typed(north, kind="exchange", partners="DAC 99")).status_code == 302
    assert list(SharedAction.objects.get().projects.all()) == [north]


def test_a_cpts_out_of_scope_is_never_named(client_of, cpam, north, beyond):
    page = client_of(cpam).post(NEW, typed(north, beyond))
    assert page.status_code == 422
    assert "pas de votre région" in page.content.decode()
    assert "CPTS Lointaine" not in client_of(cpam).get(NEW).content.decode()


def test_who_records_writes_for_one_of_its_cpts(client_of, cpam, neighbour, south):
    other = ProjectFactory(lead_department=neighbour)
    page = client_of(cpam).post(NEW, typed(south, other))
    assert page.status_code == 422
    assert "une CPTS de vos départements" in page.content.decode()


def test_two_clicks_record_one_action(client_of, cpam, north, south):
    client = client_of(cpam)
    assert [client.post(NEW, typed(north, south)).status_code for _ in range(2)] == [302, 422]
    assert SharedAction.objects.count() == 1


def test_the_address_ticks_the_cpts_one_comes_from(client_of, cpam, north, south):
    form = client_of(cpam).get(NEW, {"projets": north.pk}).context["form"]
    ticked = {box.data["label"] for _, boxes, _ in form.by_department for box in boxes if box.data["selected"]}
    assert ticked == {"CPTS Nord"}
    assert client_of(cpam).get(NEW, {"projets": "nord"}).status_code == 400


def test_of_a_cpts_out_of_scope_only_the_name_and_the_department_are_shown(client_of, cpam, north, beyond):
    action = shared(north, beyond)
    page = client_of(cpam).get(action.get_absolute_url()).content.decode()
    assert "CPTS Lointaine" in page
    assert "97X" in page
    assert reverse("project_aci", args=[beyond.pk]) not in page
    assert reverse("project_aci", args=[north.pk]) in page


def test_a_change_keeps_the_cpts_that_its_author_cannot_see(client_of, cpam, north, south, beyond):
    action = shared(north, beyond)
    client = client_of(cpam)
    sent = typed(north, south, title="Annuaire", kind="tool", loaded=loaded(client, action))
    assert client.post(reverse("shared_action_edit", args=[action.pk]), sent).status_code == 302
    assert set(action.projects.all()) == {north, south, beyond}


def test_the_last_day_closes_an_action(client_of, cpam, north, south):
    action = shared(north, south)
    client = client_of(cpam)
    sent = typed(north, south, title=action.title, kind="tool", last_day="30/06/2024", loaded=loaded(client, action))
    client.post(reverse("shared_action_edit", args=[action.pk]), sent)
    shown = [client.get(LIST, {"date": day}).context["paginator"].count for day in ("2024-06-30", "2024-07-01")]
    assert shown == [1, 0]
    assert client.get(LIST, {"date": "2024-07-01", "etat": "terminees"}).context["paginator"].count == 1


def test_the_second_writer_is_told_what_the_first_has_changed(client_of, cpam, ars, north, south):
    action = shared(north, south)
    seen = loaded(client_of(ars), action)
    SharedAction.objects.filter(pk=action.pk).update(funder="Région")
    sent = typed(north, south, title="Autre titre", kind="tool", loaded=seen)
    page = client_of(ars).post(reverse("shared_action_edit", args=[action.pk]), sent)
    assert page.status_code == 422
    assert "Financé par" in page.content.decode()
    assert "Autre titre" in page.content.decode()
    action.refresh_from_db()
    assert action.title == "Annuaire commun"


def test_its_follow_up_is_dated_and_noted_once(client_of, cpam, north, south):
    action, client = shared(north, south), client_of(cpam)
    url = reverse("shared_action_entry", args=[action.pk])
    said = {"happened_on": "15/04/2024", "text": "Premier comité"}
    assert [client.post(url, said).status_code for _ in range(2)] == [302, 422]
    assert client.post(url, said | {"happened_on": "15/04/2199"}).status_code == 422
    assert "Premier comité" in client.get(action.get_absolute_url()).content.decode()


def test_a_mistake_is_withdrawn_with_a_reason_by_its_author(client_of, cpam, ars, north, south):
    action = shared(north, south, recorded_by=cpam)
    step = action.entries.create(happened_on=DAY, text="Erreur", recorded_by=cpam)
    url = reverse("shared_action_withdraw", args=[action.pk])
    of_step = reverse("shared_action_entry_withdraw", args=[action.pk, step.pk])
    assert client_of(ars).get(of_step).status_code == 403
    client = client_of(cpam)
    assert client.post(of_step, {"reason": " "}).status_code == 422
    assert client.post(url, {"reason": "Doublon"}).status_code == 422, "a step of its follow-up rests on it"
    assert client.post(of_step, {"reason": "Doublon"}).status_code == 302
    assert client.post(url, {"reason": "Doublon"}).url == LIST
    assert not SharedAction.objects.exists()
    assert SharedAction.history.filter(history_type="-").get().history_change_reason == "Doublon"
    assert client.get(of_step).status_code == 404


def test_a_step_numbered_zero_is_not_the_action(client_of, cpam, north, south):
    action = shared(north, south, recorded_by=cpam)
    address = reverse("shared_action_entry_withdraw", args=[action.pk, 0])
    assert client_of(cpam).post(address, {"reason": "Saisi par erreur"}).status_code == 404
    with pytest.raises(SharedActionEntry.DoesNotExist):
        withdraw(cpam, action.pk, "Saisi par erreur", 0)
    assert SharedAction.objects.get() == action


def test_who_writes_elsewhere_only_reads(client_of, neighbour, north):
    action = shared(north, ProjectFactory(lead_department=north.lead_department))
    client = client_of(UserFactory(role="officer", departments=[neighbour]))
    assert client.get(action.get_absolute_url()).status_code == 200
    assert client.get(reverse("shared_action_edit", args=[action.pk])).status_code == 403
    assert client.post(reverse("shared_action_entry", args=[action.pk]), {}).status_code == 403


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"Annuaire commun", "Réunion"}),
        ({"nature": "tool"}, {"Annuaire commun"}),
        ({"partenaire": "dac"}, {"Réunion"}),
        ({"partenaire": "conseil"}, {"Annuaire commun"}),
        ({"departement": "98"}, {"Annuaire commun"}),
        ({"departement": "99"}, {"Annuaire commun", "Réunion"}),
        ({"etat": "toutes"}, {"Annuaire commun", "Réunion", "À venir"}),
        ({"date": "2019-01-01"}, set()),
    ],
)
def test_the_list_is_filtered_and_adds_up_its_budgets(client_of, reader, north, south, asked, found):
    shared(north, south, amount=1000, funder="Conseil départemental")
    shared(north, title="Réunion", kind="exchange", partners="DAC 99", amount=500)
    shared(north, south, title="À venir", since=date(2190, 1, 1))
    page = client_of(reader).get(LIST, asked)
    assert {action.title for action, _ in page.context["rows"]} == found
    amounts = {"Annuaire commun": 1000, "Réunion": 500}
    assert (page.context["budget"] or 0) == sum(amounts.get(title, 0) for title in found)


def test_an_unreadable_filter_is_a_bad_request_and_the_export_says_the_same(client_of, reader, north, south, beyond):
    shared(north, south)
    shared(beyond, ProjectFactory(lead_department=beyond.lead_department), title="Ailleurs")
    client = client_of(reader)
    assert client.get(LIST, {"date": "demain"}).status_code == 400
    lines = client.get(LIST, {"format": "csv"}).content.decode().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("Annuaire commun;Outil commun;CPTS Nord, CPTS Sud;98, 99")


def test_queries_do_not_grow_with_the_actions(client_of, cpam, north, south):
    def queries(url: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        return len(seen)

    client = client_of(cpam)
    action = shared(north, south)
    client.get(LIST)
    one = queries(LIST), queries(action.get_absolute_url())
    for number in range(3):
        third = ProjectFactory(stages=[(State.ACI_SIGNED, DAY)])
        shared(north, third, title=f"Action {number}")
        action.projects.add(third)
        action.entries.create(happened_on=DAY, text=f"Étape {number}", recorded_by=cpam)
    assert (queries(LIST), queries(action.get_absolute_url())) == one
