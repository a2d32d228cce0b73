import pytest
from django.core.management import call_command


@pytest.fixture
def tariffs(db):
    """The tariffs that the product ships, loaded as an installation loads them."""
    call_command("load_tariffs", verbosity=0)
