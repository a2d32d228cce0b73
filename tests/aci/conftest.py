"""The tariffs as they ship, one department with its binôme and a reader, and browsers that are logged in."""

import pytest
from django.core.management import call_command

from tests.projects.conftest import ars, client_of, cpam, department, far, neighbour, reader

__all__ = ["ars", "client_of", "cpam", "department", "far", "neighbour", "reader"]


@pytest.fixture
def tariffs(db):
    """The tariffs that the product ships, loaded as an installation loads them."""
    call_command("load_tariffs", verbosity=0)
