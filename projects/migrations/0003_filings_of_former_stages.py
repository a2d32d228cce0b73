"""Every stage « déposé » has its filing: those recorded before filings existed get theirs."""

from django.db import migrations


def add_filings(apps, schema_editor):
    Stage, Filing = apps.get_model("projects", "Stage"), apps.get_model("projects", "Filing")
    filed = Stage.objects.filter(state="filed", filing=None)
    Filing.objects.bulk_create(Filing(stage=stage, rule="L1434-12/2019") for stage in filed)


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_life")]
    operations = [migrations.RunPython(add_filings, migrations.RunPython.noop)]
