"""The contracts of the demonstration hold together: what they pay is what the rules say."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from aci.contracts import Books, agreed_of, envelopes_of, with_facts
from aci.demo.loading import load_contracts
from aci.indicators import Calculation, set_problems
from aci.ledger import ledger_of
from aci.models import Contract
from aci.schedule import AFTER_DIALOGUE
from aci.schedule_check import problems
from projects.states import State
from tests.factories import DepartmentFactory, ProjectFactory, ZoneFactory

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker, tmp_path_factory):
    """The region of four signed projects, the first one long ago enough for a renewal; taken back after the module."""
    chosen = override_settings(DEMO=True, MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), chosen, transaction.atomic():
        call_command("load_tariffs", verbosity=0)
        call_command("load_kit", verbosity=0)
        department = DepartmentFactory()
        for number, signed_on in enumerate((date(2020, 3, 1), date(2021, 6, 1), date(2022, 10, 1), date(2023, 5, 1))):
            ProjectFactory(
                name=f"CPTS signée {number}",
                lead_department=department,
                stages=[(State.VALIDATED, date(2019, 9, 1)), (State.ACI_SIGNED, signed_on)],
                zones=[ZoneFactory(department=department, population=60_000 + 40_000 * number)],
            )
        load_contracts([], department.region_id)
        yield department.region_id
        transaction.set_rollback(True)


@pytest.fixture
def contracts(loaded, db):
    return with_facts(Contract.objects.all())


def test_each_contract_can_be_reckoned_and_was_paid_no_more_than_its_due(contracts):
    books = Books()
    ledgers = [ledger_of(contract, books, DAY) for contract in contracts]
    ended = [ledger for ledger in ledgers if ledger.data.term <= timezone.localdate() and ledger.contract.number == 1]
    assert len(ledgers) == 4 + len(ended), "each contract that has ended is renewed"
    assert ended
    for ledger in ledgers:
        assert problems(ledger.data) == []
        assert all(line.paid in (0, line.due.amount) for line in ledger.lines)
    assert any(line.due.kind in AFTER_DIALOGUE and line.paid for ledger in ledgers for line in ledger.lines)


def test_retained_indicators_make_the_envelopes(contracts):
    books = Books()
    versions = 0
    for contract in contracts:
        ledger = ledger_of(contract, books, DAY)
        for version in contract.retained_sets:
            envelopes = envelopes_of(ledger.data, ledger.rules, version.year)
            agreed = [agreed_of(each) for each in version.negotiated.all()]
            assert set_problems(agreed, Calculation(version.calculation), envelopes) == []
            versions += 1
    assert versions > 4


def test_it_adds_nothing_the_second_time(contracts, loaded):
    before = contracts.count()
    assert load_contracts([], loaded) == 0
    assert contracts.count() == before


def test_it_is_never_loaded_into_a_real_base(settings, db):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("load_demo_contracts")
