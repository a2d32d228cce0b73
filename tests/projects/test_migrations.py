"""What the migrations make of the data that they find."""

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps

from projects.models import Filing, Project
from projects.states import State
from tests.acts import take
from tests.factories import ProjectFactory, ZoneFactory

pytestmark = pytest.mark.django_db
add_filings = import_module("projects.migrations.0003_filings_of_former_stages").add_filings
FILED, OPPOSED, FILED_AGAIN = date(2024, 2, 1), date(2024, 3, 1), date(2024, 6, 1)


def filings_made_again(project: Project) -> list[Filing]:
    Filing.objects.all().delete()
    add_filings(apps, None)
    return list(Filing.objects.filter(stage__project=project))


def test_a_former_stage_gets_its_filing_with_the_perimeter_of_its_day_and_the_one_it_follows(ars):
    project = ProjectFactory(stages=[(State.FILED, FILED), (State.OPPOSED, OPPOSED), (State.FILED, FILED_AGAIN)])
    zones = [ZoneFactory(population=600, vintage=2022), ZoneFactory(population=50)]
    project.perimeter.set_zones(zones[:1], date(2024, 5, 1))
    project.perimeter.set_zones(zones, date(2024, 7, 1))
    first, second = filings_made_again(project)
    assert (first.received_on, first.population, first.population_vintage, first.follows) == (FILED, None, None, None)
    assert (second.received_on, second.population, second.population_vintage) == (FILED_AGAIN, 600, 2022)
    assert second.follows == first


@pytest.mark.parametrize(("ends", "follows"), [("oppose", True), ("withdraw_filing", False)])
def test_only_an_opposed_filing_is_followed_even_by_a_project_that_had_resumed(ars, ends, follows):
    project = ProjectFactory(stages=[(State.FILED, FILED)])
    for name, day in ((ends, OPPOSED), ("abandon", date(2024, 4, 1)), ("resume", date(2024, 5, 1))):
        take(ars, project, name, day)
    take(ars, project, "file_health_project", FILED_AGAIN)
    first, second = filings_made_again(project)
    assert second.follows == (first if follows else None)


def test_a_filing_that_is_there_stays_as_it_is():
    project = ProjectFactory(stages=[(State.FILED, FILED)])
    Filing.objects.update(rule="L1434-12/2031")
    add_filings(apps, None)
    assert project.last_filing().rule == "L1434-12/2031"
