"""A perimeter in force names a snapshot: those there were are frozen as they stand."""

import hashlib

import django.db.models.deletion
import orjson
from django.conf import settings
from django.db import migrations, models


def freeze(apps, schema_editor):
    snapshots = apps.get_model("records", "Snapshot").objects
    for perimeter in apps.get_model("territory", "Perimeter").objects.exclude(status="draft"):
        parts = list(perimeter.parts.select_related("commune").order_by("commune_id"))
        record = {
            "number": perimeter.number,
            "since": perimeter.in_force_since.isoformat(),
            "communes": [
                {
                    "code": part.commune_id,
                    "name": part.commune.name,
                    "share": str(part.share),
                    "source": part.share_source,
                    "population": part.commune.population,
                }
                for part in parts
            ],
            "population": sum(round((part.commune.population or 0) * part.share) for part in parts),
        }
        text = orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode()
        perimeter.snapshot = snapshots.create(
            cpts_id=perimeter.cpts_id,
            shape="territory.perimeter",
            number=1,
            content=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            taken_at=perimeter.created_at,
            taken_by_name="Maillage",
        )
        perimeter.save(update_fields=["snapshot"])
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):

    dependencies = [
        ('cpts', '0002_approval'),
        ('records', '0003_drafts'),
        ('territory', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='perimeter',
            name='snapshot',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.snapshot'),
        ),
        migrations.RunPython(freeze, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='perimeter',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('snapshot', None), ('status', 'draft')), models.Q(models.Q(('status', 'draft'), _negated=True), ('snapshot__isnull', False)), _connector='OR'), name='perimeter_is_frozen_once_in_force'),
        ),
    ]
