"""The number that a save carries is called a version here as elsewhere."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('territory', '0002_frozen_when_it_comes_in_force')]

    operations = [
        migrations.RemoveConstraint(model_name='perimeterchange', name='perimeter_revision_is_made_once'),
        migrations.RenameField(model_name='perimeter', old_name='revision', new_name='version'),
        migrations.RenameField(model_name='perimeterchange', old_name='revision', new_name='version'),
        migrations.AlterField(
            model_name='perimeter',
            name='version',
            field=models.PositiveIntegerField(default=0, verbose_name='version de la saisie'),
        ),
        migrations.AlterField(
            model_name='perimeterchange',
            name='version',
            field=models.PositiveIntegerField(verbose_name='version obtenue'),
        ),
        migrations.AddConstraint(
            model_name='perimeterchange',
            constraint=models.UniqueConstraint(
                fields=('perimeter', 'version'), name='perimeter_version_is_made_once'
            ),
        ),
    ]
