"""Reasons and difficulties leave their columns in clear for sealed ones, under data keys that can be destroyed.

Nobody runs the product yet: what was in clear, and what the former key of a CPTS sealed, is dropped, not sealed again.
"""

from django.conf import settings
from django.db import migrations, models


def drop_what_former_keys_sealed(apps, schema_editor):
    apps.get_model("unscheduled_care", "RequestMessage").objects.all().delete()
    apps.get_model("unscheduled_care", "CareRequest").objects.update(sealed=b"")


class Migration(migrations.Migration):

    dependencies = [
        ('unscheduled_care', '0004_how_often_a_calendar_failed'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(drop_what_former_keys_sealed, migrations.RunPython.noop),
        migrations.RemoveConstraint(
            model_name='difficulty',
            name='difficulty_is_solved_with_an_answer',
        ),
        migrations.RemoveField(
            model_name='appointment',
            name='reason',
        ),
        migrations.RemoveField(
            model_name='difficulty',
            name='answer',
        ),
        migrations.RemoveField(
            model_name='difficulty',
            name='text',
        ),
        migrations.AddField(
            model_name='appointment',
            name='sealed',
            field=models.BinaryField(default=bytes, verbose_name='motif, scellé'),
        ),
        migrations.AddField(
            model_name='carerequest',
            name='reminded_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='échéance rappelée le'),
        ),
        migrations.AddField(
            model_name='difficulty',
            name='erased_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='effacée le'),
        ),
        migrations.AddField(
            model_name='difficulty',
            name='reminded_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='échéance rappelée le'),
        ),
        migrations.AddField(
            model_name='difficulty',
            name='sealed',
            field=models.BinaryField(default=bytes, verbose_name='récit et réponse, scellés'),
        ),
        migrations.AlterField(
            model_name='carerequest',
            name='outcome',
            field=models.CharField(blank=True, choices=[('booked', 'rendez-vous donné'), ('taken', 'pris en charge par un professionnel'), ('own-doctor', 'vu par son médecin traitant'), ('emergency', 'orienté vers le 15 ou les urgences'), ('advice', 'conseil donné'), ('gave-up', 'n’a plus besoin, ou ne répond plus'), ('nobody', 'aucune solution trouvée'), ('expired', 'jamais close, effacée à l’échéance')], max_length=12, verbose_name='issue'),
        ),
        migrations.AddConstraint(
            model_name='difficulty',
            constraint=models.CheckConstraint(condition=models.Q(('erased_at', None), ('sealed', b''), _connector='OR'), name='difficulty_erased_holds_nothing'),
        ),
    ]
