"""A version of the statuts or of the règlement intérieur names a snapshot: those there were are frozen as they stand."""

import hashlib

import django.db.models.deletion
import orjson
from django.db import migrations, models


def freeze(apps, schema_editor):
    snapshots = apps.get_model("records", "Snapshot").objects
    for version in apps.get_model("meetings", "GoverningText").objects.select_related("attachment", "meeting"):
        record = {
            "kind": version.kind,
            "number": version.number,
            "adopted_on": version.adopted_on.isoformat(),
            "changes": version.changes,
            "meeting": version.meeting.title if version.meeting else "",
            "file": version.attachment.sha256,
        }
        text = orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode()
        version.snapshot = snapshots.create(
            cpts_id=version.cpts_id,
            shape="meetings.governing-text",
            number=1,
            content=text,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            taken_at=version.attachment.created_at,
            taken_by_name="Maillage",
        )
        version.save(update_fields=["snapshot"])
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):

    dependencies = [
        ('meetings', '0007_ballots_are_frozen_by_records'),
        ('records', '0003_drafts'),
    ]

    operations = [
        migrations.AddField(
            model_name='governingtext',
            name='snapshot',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.snapshot'),
        ),
        migrations.RunPython(freeze, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='governingtext',
            name='snapshot',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.snapshot'),
        ),
    ]
