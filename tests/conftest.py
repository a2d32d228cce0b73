"""What every test may ask for."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from territories.models import Zone

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what depends on the database is run: the rest has passed on SQLite and would pass the same."""
    if connection.vendor == "sqlite":
        return
    depending = [item for item in items if depends_on_the_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not depends_on_the_database(item)])
    items[:] = depending


def depends_on_the_database(item: pytest.Item) -> bool:
    """What is marked `alike` reads and writes, but its subject is elsewhere: who may open a page, what a file says."""
    if item.get_closest_marker("alike"):
        return False
    return item.get_closest_marker("django_db") is not None or not DATABASE_FIXTURES.isdisjoint(item.fixturenames)


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
