"""Versions of the diagnosis name a snapshot. Nobody runs the product yet: those there were are frozen again."""

import django.db.models.deletion
from django.db import migrations, models


def forget(apps, schema_editor):
    apps.get_model("territorial_diagnosis", "DiagnosisVersion").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0002_snapshots_never_change'),
        ('territorial_diagnosis', '0003_hours_of_what_exists'),
    ]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='diagnosisversion',
            name='by',
        ),
        migrations.RemoveField(
            model_name='diagnosisversion',
            name='content',
        ),
        migrations.RemoveField(
            model_name='diagnosisversion',
            name='frozen_at',
        ),
        migrations.AddField(
            model_name='diagnosisversion',
            name='snapshot',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.snapshot'),
            preserve_default=False,
        ),
    ]
