"""The commissions paritaires: the portfolio that each sees, and its opinions on difficulties."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aci.models import Meeting
from tests.factories import ContractFactory, MeetingFactory, ProjectFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client_of, cpam) -> Client:
    return client_of(cpam)


@pytest.fixture
def cpl(department) -> Meeting:
    return MeetingFactory(kind="cpl", contract=None, department=department, held_on=date(2021, 6, 10))


def text_of(answer) -> str:
    return answer.content.decode().replace("&#x27;", "'").replace("\u00a0", " ")


def test_a_cpl_is_recorded_by_a_writer_of_its_department(agent, client_of, reader, department, neighbour):
    url = reverse("commission_new", args=["cpl"])
    form = agent.get(url).context["form"]
    sent = {"held_on": "2021-06-10", "loaded": form["loaded"].value()}
    assert form.initial["body"] == department.pk
    assert agent.post(url, sent | {"body": neighbour.pk}).status_code == 422
    assert agent.post(url, sent | {"body": department.pk}).status_code == 302
    assert Meeting.objects.get().department == department
    assert client_of(reader).get(url).status_code == 403


def test_a_cpr_is_recorded_by_a_writer_of_one_of_its_departments(agent, client_of, ars, department, far):
    url = reverse("commission_new", args=["cpr"])
    sent = {"held_on": "2021-06-10", "loaded": agent.get(url).context["form"]["loaded"].value()}
    assert agent.post(url, sent | {"body": far.region_id}).status_code == 422
    assert agent.post(url, sent | {"body": department.region_id}).status_code == 302
    cpr = Meeting.objects.get()
    assert client_of(ars).get(reverse("meeting_edit", args=[cpr.pk])).status_code == 200


def test_the_portfolio_is_that_of_the_day_and_of_the_territory(agent, cpl, department, neighbour):
    contract = ContractFactory(project__lead_department=department)
    said = {"year": 1, "mission": "fonctionnement", "kind": "signature", "reference": "V1"}
    contract.payments.create(amount=50_000, paid_on=date(2020, 4, 1), **said)
    contract.payments.create(amount=25_000, paid_on=date(2021, 7, 1), **said)
    unsigned = ProjectFactory(lead_department=department)
    later = ContractFactory(project__lead_department=department, signed_on=date(2022, 1, 1)).project
    beside = ContractFactory(project__lead_department=neighbour).project
    seen = {each.project: each for each in agent.get(cpl.get_absolute_url()).context["portfolio"]}
    assert set(seen) == {contract.project, unsigned, later}
    assert (seen[unsigned].contract, seen[later].contract) == (None, None)
    money = seen[contract.project].sums
    assert (seen[contract.project].tier, money.granted, money.due, money.paid) == (
        2,
        Decimal(375_000),
        Decimal(131_250),
        Decimal(50_000),
    )
    assert "COPIL de l'année 1 : 0 tenu sur 2" in text_of(agent.get(cpl.get_absolute_url()))
    cpr = MeetingFactory(kind="cpr", contract=None, region=department.region, held_on=date(2021, 6, 10))
    assert beside in {each.project for each in agent.get(cpr.get_absolute_url()).context["portfolio"]}


def test_queries_do_not_grow_with_the_portfolio(agent, cpl, department):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            agent.get(cpl.get_absolute_url())
        return len(seen)

    def live() -> None:
        project = ContractFactory(project__lead_department=department).project
        cpl.opinions.create(project=project, difficulty="Locaux")

    live()
    agent.get(cpl.get_absolute_url())
    one = queries()
    live()
    live()
    assert queries() == one


def test_an_opinion_is_shown_on_both_pages_changed_and_withdrawn(agent, cpam, cpl, department, neighbour):
    contract = ContractFactory(project__lead_department=department)
    elsewhere = ContractFactory(project__lead_department=neighbour).project
    url = reverse("commission_opinion_new", args=[cpl.pk])
    sent = {"difficulty": "Plus de coordinatrice", "loaded": agent.get(url).context["form"]["loaded"].value()}
    assert agent.post(url, sent | {"project": elsewhere.pk}).status_code == 422
    assert agent.post(url, sent | {"project": contract.project_id}).status_code == 302
    opinion = cpl.opinions.get()
    assert opinion.recorded_by == cpam
    assert "Plus de coordinatrice" in text_of(agent.get(reverse("contract_dialogue", args=[contract.pk])))

    edit = reverse("commission_opinion_edit", args=[opinion.pk])
    said = {"difficulty": "Plus de coordinatrice", "opinion": "Recruter", "loaded": ""}
    assert agent.post(edit, said).status_code == 422
    said["loaded"] = agent.get(edit).context["form"]["loaded"].value()
    assert agent.post(edit, said).url == f"{cpl.get_absolute_url()}#avis"
    assert "Recruter" in text_of(agent.get(cpl.get_absolute_url()))

    withdraw = reverse("withdraw", args=[contract.project_id, "avis-de-commission", opinion.pk])
    assert agent.post(withdraw, {"reason": "Erreur"}).url == cpl.get_absolute_url()
    assert not cpl.opinions.exists()


def test_a_commission_to_come_has_no_opinion_and_a_copil_never(agent, department):
    to_come = MeetingFactory(
        kind="cpl", contract=None, department=department, held_on=date(2999, 1, 1), minutes_on=None
    )
    answer = agent.post(reverse("commission_opinion_new", args=[to_come.pk]), {"difficulty": "Locaux"})
    assert answer.status_code == 422
    assert "ne s'est pas tenue" in text_of(answer)
    copil = MeetingFactory(contract__project__lead_department=department)
    assert agent.get(reverse("commission_opinion_new", args=[copil.pk])).status_code == 404
    assert agent.get(reverse("decision_new", args=[to_come.pk, "engage"])).status_code == 404


def test_a_neighbour_reads_a_commission_and_does_not_write_it(client_of, cpl, neighbour, far):
    beside, stranger = (UserFactory(role="officer", departments=[each]) for each in (neighbour, far))
    assert client_of(beside).get(cpl.get_absolute_url()).status_code == 200
    assert client_of(beside).post(reverse("meeting_edit", args=[cpl.pk]), {}).status_code == 403
    assert client_of(stranger).get(cpl.get_absolute_url()).status_code == 404
