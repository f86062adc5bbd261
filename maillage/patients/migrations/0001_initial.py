import django.db.models.deletion
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
            name='IndexSecret',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant')),
                ('sealed', models.BinaryField(default=bytes, verbose_name='secret, scellé')),
                ('cpts', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cpts.cpts')),
            ],
            options={
                'verbose_name': 'secret de recherche',
            },
        ),
        migrations.CreateModel(
            name='PatientRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('sealed', models.BinaryField(default=bytes, verbose_name='identité, scellée')),
                ('opened_at', models.DateTimeField(verbose_name='ouvert le')),
                ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='effacé le')),
                ('cpts', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cpts.cpts')),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'personne aidée',
                'verbose_name_plural': 'personnes aidées',
            },
        ),
        migrations.CreateModel(
            name='PatientTerm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('word', 'word'), ('phone', 'phone'), ('birth', 'birth')], max_length=5, verbose_name='sorte')),
                ('digest', models.CharField(max_length=64, verbose_name='empreinte')),
                ('cpts', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cpts.cpts')),
                ('record', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='terms', to='patients.patientrecord')),
            ],
            options={
                'verbose_name': 'terme de recherche',
            },
        ),
        migrations.AddConstraint(
            model_name='patientrecord',
            constraint=models.CheckConstraint(condition=models.Q(('erased_at', None), ('sealed', b''), _connector='OR'), name='patient_record_erased_holds_nothing'),
        ),
        migrations.AddIndex(
            model_name='patientterm',
            index=models.Index(fields=['cpts', 'digest'], name='patient_term_by_digest'),
        ),
        migrations.AddConstraint(
            model_name='patientterm',
            constraint=models.UniqueConstraint(fields=('record', 'digest'), name='patient_term_is_single'),
        ),
    ]
