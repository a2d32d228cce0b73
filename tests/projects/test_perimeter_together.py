"""Two people change one perimeter at the same moment: nothing is overwritten unseen, and the second is told."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Institution, User
from projects.models import Project
from projects.perimeters import change_perimeter, last_change, take_back_change
from projects.states import State
from projects.workflow import lock
from territories.models import PerimeterChange, PerimeterZone, Zone
from tests.acts import take
from tests.factories import DepartmentFactory, ProjectFactory, UserFactory, ZoneFactory
from tests.together import at_once, meeting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def officer() -> User:
    return UserFactory(
        role=User.Role.OFFICER,
        institution__kind=Institution.Kind.ARS_DELEGATION,
        departments=[DepartmentFactory()],
    )


@pytest.fixture
def zones() -> list[Zone]:
    return ZoneFactory.create_batch(4)


def changing(officer: User, project: Project, zones: list[Zone]) -> Callable[[], str]:
    """Today's perimeter becomes `zones`, as the page records it."""

    def act() -> str:
        with transaction.atomic():
            held = lock(Project.objects.for_user(officer), project.pk)
            change_perimeter(held, zones, timezone.localdate(), reason="Délibération", by=officer)
        return "changed"

    return act


def test_of_two_amendments_of_one_day_one_is_recorded_and_the_other_is_told(officer, zones):
    validated = ProjectFactory(stages=[(State.VALIDATED, timezone.localdate() - timedelta(days=90))], zones=zones[:1])
    with meeting(PerimeterChange):
        outcomes = at_once(changing(officer, validated, zones[:2]), changing(officer, validated, zones[:3]))
    refusal, changed = sorted(outcomes)
    assert changed == "changed"
    assert "un avenant ne s'écrase pas" in refusal
    assert PerimeterZone.objects.on(timezone.localdate()).count() in (2, 3)
    assert validated.perimeter.changes.count() == 2


def test_two_compositions_of_one_day_leave_the_perimeter_of_the_last(officer, zones):
    project = ProjectFactory(zones=zones[:1])
    one, other = zones[:2], zones[2:]
    with meeting(PerimeterChange):
        outcomes = at_once(changing(officer, project, one), changing(officer, project, other))
    assert outcomes == ["changed", "changed"]
    last = last_change(project)
    held = set(project.perimeter.zones_on(timezone.localdate()))
    assert held in ({*one}, {*other})
    assert {zone["code"] for zone in last.entered} <= {zone.code for zone in held}


def test_a_perimeter_changed_while_its_project_is_validated_was_changed_before_or_not_at_all(officer, zones):
    today = timezone.localdate()
    project = ProjectFactory(stages=[(State.FILED, today - timedelta(days=20))], zones=zones[:1])

    def validate() -> str:
        take(officer, project, "validate_health_project", today)
        return "validated"

    *_, validated = sorted(at_once(validate, changing(officer, project, zones[:2])))
    assert validated == "validated"
    validation, change = project.stages.get(state=State.VALIDATED), last_change(project)
    if change.since == today:
        assert change.recorded_at < validation.recorded_at
    else:
        assert project.perimeter.zones_on(today).count() == 1


def test_a_change_taken_back_twice_at_once_is_taken_back_once(officer, zones):
    project = ProjectFactory(zones=zones[:1])
    changing(officer, project, zones[:3])()
    change = last_change(project)

    def take_back() -> str:
        take_back_change(officer, project.pk, change.pk, "Erreur")
        return "taken back"

    with meeting(PerimeterChange):
        refusal, taken_back = sorted(at_once(take_back, take_back))
    assert taken_back == "taken back"
    assert "déjà annulé" in refusal
    assert [zone.pk for zone in project.perimeter.zones_on(timezone.localdate())] == [zones[0].pk]
