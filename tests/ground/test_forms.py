"""Fields that every form shares."""

import datetime

import pytest
from django.core.exceptions import BadRequest, ValidationError
from django.forms import ModelMultipleChoiceField
from django.test import RequestFactory

from ground.forms import CptsDayField, DayField, asked_day
from projects.models import Project
from tests.factories import ProjectFactory

ABSURD = ["9999-12-31", "2101-01-01", "0001-01-01", "31/12/1899"]


@pytest.mark.parametrize("typed", ABSURD)
@pytest.mark.parametrize("field", [DayField, CptsDayField])
def test_a_day_of_no_plausible_year_is_refused(field, typed):
    with pytest.raises(ValidationError, match="érifiez l'année"):
        field().clean(typed)
    assert DayField().clean("31/12/2100") == datetime.date(2100, 12, 31)


@pytest.mark.parametrize("typed", ABSURD)
def test_a_page_asked_for_such_a_day_is_a_bad_request(typed):
    with pytest.raises(BadRequest, match="1900 à 2100"):
        asked_day(RequestFactory().get("/", {"date": typed}))


@pytest.mark.parametrize("key", ["9" * 26, "-" + "9" * 26, "9223372036854775808"])
def test_a_box_ticked_with_an_impossible_number_is_no_choice(db, key):
    field = ModelMultipleChoiceField(Project.objects.all())
    known = ProjectFactory()
    assert list(field.clean([str(known.pk)])) == [known]
    with pytest.raises(ValidationError) as refusal:
        field.clean([str(known.pk), key])
    assert refusal.value.error_list[0].code == "invalid_choice"
    assert list(Project.objects.filter(pk__in=[known.pk, int(key)])) == [known]
    assert not Project.objects.filter(pk__in=[int(key)]).exists()
    assert list(Project.objects.exclude(pk__in=[int(key)])) == [known]
