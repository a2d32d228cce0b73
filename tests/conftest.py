"""What every test may ask for."""

from io import StringIO

import pytest
from django.core.management import call_command
from pytest_django.plugin import DjangoDbBlocker

from territories.models import Zone


def load_geography() -> None:
    call_command("load_geography", stdout=StringIO())


@pytest.fixture(scope="session")
def _geography_of_the_session(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        load_geography()


@pytest.fixture
def geography(_geography_of_the_session: None, db: None) -> None:
    """All of France's regions, departments, EPCI and zones, loaded once (3 s) and kept for the whole session.

    So a test that does not ask for it may find it there: it counts its own rows, never all of a table, and takes
    invented codes (tests.factories does). A transactional test (live server…) empties the tables when it ends: the next
    one that asks has it loaded again; better to build the few zones it needs with the factories.
    """
    if not Zone.objects.filter(code="75056").exists():
        load_geography()
