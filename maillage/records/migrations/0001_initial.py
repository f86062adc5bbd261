import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('cpts', '0002_approval'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('name', models.CharField(max_length=160, verbose_name='titre')),
                ('kind', models.CharField(choices=[('pdf', 'PDF'), ('jpeg', 'photo'), ('png', 'image'), ('docx', 'Word'), ('xlsx', 'Excel'), ('pptx', 'PowerPoint'), ('odt', 'texte OpenDocument'), ('ods', 'tableur OpenDocument'), ('odp', 'présentation OpenDocument')], max_length=4, verbose_name='sorte')),
                ('size', models.PositiveIntegerField(verbose_name='taille, en octets')),
                ('sha256', models.CharField(max_length=64, verbose_name='empreinte')),
                ('is_scanned', models.BooleanField(default=False, verbose_name='examiné par un antivirus')),
                ('created_at', models.DateTimeField(verbose_name='joint le')),
                ('cpts', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cpts.cpts')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'fichier joint',
                'indexes': [models.Index(fields=['sha256'], name='attachment_by_content')],
                'constraints': [models.CheckConstraint(condition=models.Q(('size__gt', 0)), name='attachment_is_not_empty'), models.CheckConstraint(condition=models.Q(django.db.models.lookups.Exact(django.db.models.functions.text.Length('sha256'), 64), models.Q(('sha256__contains', '/'), _negated=True)), name='attachment_names_its_content')],
            },
        ),
        migrations.CreateModel(
            name='Snapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('shape', models.CharField(max_length=40, verbose_name='sorte')),
                ('number', models.PositiveSmallIntegerField(verbose_name='numéro de la sorte')),
                ('content', models.TextField(null=True, verbose_name='contenu')),
                ('sha256', models.CharField(max_length=64, verbose_name='empreinte')),
                ('taken_at', models.DateTimeField(verbose_name='figé le')),
                ('taken_by_id', models.BigIntegerField(null=True, verbose_name='identifiant de l’auteur')),
                ('taken_by_name', models.CharField(max_length=200, verbose_name='figé par')),
                ('erased_at', models.DateTimeField(null=True, verbose_name='contenu effacé le')),
                ('cpts', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cpts.cpts')),
            ],
            options={
                'verbose_name': 'contenu figé',
                'constraints': [models.CheckConstraint(condition=models.Q(django.db.models.lookups.Exact(django.db.models.functions.text.Length('sha256'), 64), models.Q(('sha256__contains', '/'), _negated=True)), name='snapshot_has_a_fingerprint'), models.CheckConstraint(condition=models.Q(models.Q(('content__isnull', False), ('erased_at', None)), models.Q(('content', None), ('erased_at__isnull', False)), _connector='OR'), name='snapshot_holds_its_content_until_erased')],
            },
        ),
    ]
