"""Two people apply decisions at the same moment: truly at once on PostgreSQL, one after the other on SQLite."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from aci.decisions import apply
from aci.models import Engagement, Indicator, IndicatorSet, MeetingDecision
from tests.aci.acts import engage, indicator, retain
from tests.factories import ContractFactory, DepartmentFactory, MeetingFactory, UserFactory
from tests.together import at_once, meeting

pytestmark = pytest.mark.django_db(transaction=True)


def applying(user: User, decision: MeetingDecision) -> Callable[[], str]:
    def act() -> str:
        apply(user, decision.pk)
        return "applied"

    return act


def test_a_mission_decided_twice_or_applied_twice_is_engaged_once():
    own = DepartmentFactory()
    one, other = (UserFactory(role=User.Role.OFFICER, departments=[own]) for _ in range(2))
    copil = MeetingFactory(contract=ContractFactory(project__lead_department=own))
    said = {"kind": "engage", "mission": "acces_soins", "effective_on": date(2020, 6, 1)}
    first, second = copil.decisions.create(**said), copil.decisions.create(**said)
    with meeting(Engagement):
        refusal, done = sorted(at_once(applying(one, first), applying(other, second)))
    assert done == "applied"
    assert "est déjà engagée" in refusal
    applied = MeetingDecision.objects.exclude(applied_at=None).get()
    assert at_once(applying(one, applied), applying(other, applied)) == ["applied", "applied"]
    assert Engagement.objects.get().decision == applied


def test_an_indicator_does_not_change_under_a_version_that_is_being_retained():
    own = DepartmentFactory()
    officer = UserFactory(role=User.Role.OFFICER, departments=[own])
    contract = ContractFactory(project__lead_department=own)
    engage(contract, "acces_soins", date(2020, 6, 1))
    negotiated = indicator(contract)
    version = retain(contract, 1, (negotiated, [(None, 50, 35_000)]), retained_on=None)
    copil = MeetingFactory(contract=contract, held_on=date(2020, 9, 15))
    decision = copil.decisions.create(kind="indicators", indicator_set=version)
    keeper, url = Client(), reverse("indicator_edit", args=[negotiated.pk])
    keeper.force_login(UserFactory(role=User.Role.MANAGER))
    form = keeper.get(url).context["form"]
    sent = {field.name: field.value() for field in form if field.value() is not None} | {"mission": "parcours"}
    with meeting(IndicatorSet, Indicator):
        at_once(applying(officer, decision), lambda: keeper.post(url, sent))
    version.refresh_from_db()
    negotiated.refresh_from_db()
    assert (version.retained_on is None) == (negotiated.mission == "parcours")
