"""What the migrations make of the tariffs that they find."""

from importlib import import_module

import pytest
from django.apps import apps

from aci.models import Tariff, TariffLine

pytestmark = pytest.mark.django_db
complete = import_module("aci.migrations.0003_calendar_and_approval").complete


def test_a_version_of_before_is_approved_and_has_its_calendar(tariffs):
    expected = set(
        TariffLine.objects.values_list("tariff__code", "mission", "starts_within", "deployed_within", "follows")
    )
    Tariff.objects.update(approved_at=None)
    TariffLine.objects.update(starts_within=None, deployed_within=None, calendar_source="", follows="")
    complete(apps, None)
    assert not Tariff.objects.filter(approved_at=None).exists()
    lines = TariffLine.objects.values_list("tariff__code", "mission", "starts_within", "deployed_within", "follows")
    assert set(lines) == expected


def test_what_an_administrator_has_said_stays(tariffs):
    TariffLine.objects.filter(mission="prevention").update(starts_within=9, deployed_within=None)
    complete(apps, None)
    line = TariffLine.objects.filter(mission="prevention").first()
    assert (line.starts_within, line.deployed_within) == (9, None)
