from collections import defaultdict

from django.db import migrations

COMPOSED = "composed"


def tell_changes(apps, schema_editor):
    """Perimeters composed before changes were kept get one change a day on which a zone came or left."""
    membership_model = apps.get_model("territories", "PerimeterZone")
    change_model = apps.get_model("territories", "PerimeterChange")
    changes = defaultdict(lambda: change_model(origin=COMPOSED, entered=[], left=[]))
    recorded = {}
    for row in membership_model.objects.select_related("zone").order_by("zone__code").iterator():
        zone = {
            "code": row.zone.code,
            "name": row.zone.name,
            "population": row.zone.population,
            "is_partial": row.is_partial,
        }
        changes[row.perimeter_id, row.since].entered.append(zone)
        changes[row.perimeter_id, row.since].recorded_by_id = row.recorded_by_id
        recorded[row.perimeter_id, row.since] = row.recorded_at
        if row.until:
            changes[row.perimeter_id, row.until].left.append(zone)
    for (perimeter, since), change in sorted(changes.items(), key=lambda item: item[0]):
        change.perimeter_id, change.since = perimeter, since
        change.save()
        if at := recorded.get((perimeter, since)):
            change_model.objects.filter(pk=change.pk).update(recorded_at=at)


class Migration(migrations.Migration):

    dependencies = [
        ("territories", "0002_territories"),
    ]

    operations = [
        migrations.RunPython(tell_changes, migrations.RunPython.noop, elidable=True),
    ]
