"""Two people act on one project at the same moment: one wins, the other is told."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.utils import timezone

from accounts.models import Institution, User
from projects.workflow import Step, take_step
from tests.factories import DepartmentFactory, ProjectFactory, UserFactory


@pytest.mark.django_db(transaction=True)
def test_of_two_simultaneous_steps_only_one_is_recorded():
    """On PostgreSQL, where the row lock makes the second wait, truly at once; on SQLite one after the other."""
    officer = UserFactory(
        role=User.Role.OFFICER,
        institution__kind=Institution.Kind.ARS_DELEGATION,
        departments=[DepartmentFactory()],
    )
    project = ProjectFactory()
    can_share_the_database = connection.vendor != "sqlite"  # the tests' SQLite lives in the memory of one thread
    together = Barrier(2 if can_share_the_database else 1, timeout=10)

    def act() -> str:
        try:
            together.wait()
            take_step(officer, project.pk, Step("receive_letter", timezone.localdate()))
            return "recorded"
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        finally:
            connections.close_all()

    if can_share_the_database:
        with ThreadPoolExecutor(2) as pool:
            outcomes = [attempt.result(timeout=30) for attempt in [pool.submit(act), pool.submit(act)]]
    else:
        outcomes = [act(), act()]
    refusal, recorded = sorted(outcomes)
    assert recorded == "recorded"
    assert "cette étape part de" in refusal
    assert project.stages.count() == 2
