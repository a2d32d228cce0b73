"""Every stage « déposé » has its filing: those recorded before filings existed get theirs."""

from django.db import migrations
from django.db.models import Max, Q, Sum


def add_filings(apps, schema_editor):
    Stage, Filing = apps.get_model("projects", "Stage"), apps.get_model("projects", "Filing")
    for stage in Stage.objects.filter(state="filed", filing=None).order_by("since", "pk"):
        Filing.objects.create(
            stage=stage, rule="L1434-12/2019", follows=opposed_before(apps, stage), **deposited(apps, stage)
        )


def opposed_before(apps, stage):
    """The last filing before this one that an opposition has ended, if there was one."""
    before = (
        apps.get_model("projects", "Stage")
        .objects.filter(project=stage.project_id, since__lte=stage.since)
        .exclude(since=stage.since, pk__gte=stage.pk)
    )
    oppositions = before.filter(state="opposed").values("since")
    opposed = before.filter(state="filed", until__in=oppositions).order_by("since", "pk").last()
    return opposed and opposed.filing


def deposited(apps, stage):
    """The population of the perimeter as it is known to have been on the day of the filing."""
    known = apps.get_model("territories", "PerimeterZone").objects.filter(
        Q(until=None) | Q(until__gt=stage.since), since__lte=stage.since, perimeter=stage.project.perimeter_id
    )
    return known.aggregate(population=Sum("zone__population"), population_vintage=Max("zone__vintage"))


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_life")]
    operations = [migrations.RunPython(add_filings, migrations.RunPython.noop)]
