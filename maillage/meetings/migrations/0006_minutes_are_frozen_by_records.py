"""Minutes name a snapshot. Nobody runs the product yet: those there were are validated again."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def open_again(apps, schema_editor):
    apps.get_model("meetings", "Minutes").objects.update(validated_at=None, validated_by=None)


class Migration(migrations.Migration):

    dependencies = [
        ('meetings', '0005_files_are_kept_by_records'),
        ('records', '0002_snapshots_never_change'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(open_again, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='minutes',
            name='record',
        ),
        migrations.AddField(
            model_name='minutes',
            name='snapshot',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.snapshot'),
        ),
        migrations.AddConstraint(
            model_name='minutes',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('snapshot', None), ('validated_at', None)), models.Q(('snapshot__isnull', False), ('validated_at__isnull', False)), _connector='OR'), name='minutes_are_frozen_when_validated'),
        ),
    ]
