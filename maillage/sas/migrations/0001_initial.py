import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('unscheduled_care', '0002_what_must_be_impossible'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Regulator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('given_name', models.CharField(max_length=120, verbose_name='prénom')),
                ('family_name', models.CharField(max_length=120, verbose_name='nom')),
                ('email', models.CharField(max_length=254, verbose_name='adresse électronique')),
                ('is_active', models.BooleanField(default=True, verbose_name='ouvert')),
                ('entered_as', models.CharField(blank=True, max_length=120, verbose_name='numéro national de la dernière entrée')),
                ('terms_accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='conditions acceptées le')),
                ('created_at', models.DateTimeField(verbose_name='créé le')),
                ('updated_at', models.DateTimeField(verbose_name='modifié le')),
                ('account', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='regulator', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'compte de régulation',
            },
        ),
        migrations.CreateModel(
            name='RegulatorIdentifier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('system', models.CharField(max_length=60, verbose_name='système')),
                ('value', models.CharField(max_length=120, verbose_name='valeur')),
                ('is_active', models.BooleanField(default=True, verbose_name='porté par un compte ouvert')),
                ('regulator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identifiers', to='sas.regulator')),
            ],
            options={
                'verbose_name': 'identifiant de régulation',
                'indexes': [models.Index(fields=['system', 'value'], name='regulator_by_identifier')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('system', 'value'), name='regulator_identifier_is_single')],
            },
        ),
        migrations.CreateModel(
            name='SasMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='rang')),
                ('content', models.JSONField(verbose_name='ressource Appointment')),
                ('state', models.CharField(choices=[('waiting', 'à envoyer'), ('sent', 'envoyé'), ('refused', 'refusé par le SAS')], default='waiting', max_length=8, verbose_name='état')),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='essais')),
                ('next_at', models.DateTimeField(verbose_name='prochain essai le')),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='dernière réponse')),
                ('created_at', models.DateTimeField(verbose_name='écrit le')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='envoyé le')),
                ('appointment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sas_messages', to='unscheduled_care.appointment')),
            ],
            options={
                'verbose_name': 'message au SAS',
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['next_at', 'id'], name='sas_message_waiting')],
                'constraints': [models.UniqueConstraint(fields=('appointment', 'number'), name='sas_message_has_one_rank')],
            },
        ),
    ]
