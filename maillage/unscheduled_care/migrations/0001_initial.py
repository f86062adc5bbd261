import django.db.models.deletion
import django.db.models.lookups
import maillage.core.sql.elapsed
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('cpts', '0002_approval'),
        ('geography', '0004_commune_is_on_earth'),
        ('members', '0011_files_are_kept_by_records'),
        ('patients', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BusyCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('name', models.CharField(max_length=80, verbose_name='nom')),
                ('url', models.URLField(blank=True, max_length=500, verbose_name='adresse')),
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='lu le')),
                ('tried_at', models.DateTimeField(blank=True, null=True, verbose_name='dernière tentative')),
                ('failures', models.PositiveSmallIntegerField(default=0, verbose_name='échecs de suite')),
                ('error', models.CharField(blank=True, max_length=200, verbose_name='dernière difficulté')),
            ],
            options={
                'verbose_name': 'agenda extérieur',
            },
        ),
        migrations.CreateModel(
            name='Appointment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('starts_at', models.DateTimeField(verbose_name='début')),
                ('ends_at', models.DateTimeField(verbose_name='fin (exclue)')),
                ('status', models.CharField(choices=[('booked', 'réservé'), ('fulfilled', 'honoré'), ('noshow', 'non honoré'), ('cancelled', 'annulé')], default='booked', max_length=10, verbose_name='statut')),
                ('origin', models.CharField(choices=[('sas', 'régulation du SAS'), ('desk', 'accueil de la CPTS'), ('member', 'professionnel')], max_length=8, verbose_name='réservé par')),
                ('booked_at', models.DateTimeField(verbose_name='réservé le')),
                ('sealed', models.BinaryField(default=bytes, verbose_name='motif, scellé')),
                ('commune', models.CharField(blank=True, max_length=5, verbose_name='commune du patient (code INSEE)')),
                ('code', models.CharField(max_length=8, verbose_name='code du patient')),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True, verbose_name='vu par le professionnel le')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='issue le')),
                ('version', models.PositiveIntegerField(default=0, verbose_name='version')),
                ('booked_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('cpts', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='cpts.cpts')),
            ],
            options={
                'verbose_name': 'rendez-vous',
                'verbose_name_plural': 'rendez-vous',
            },
        ),
        migrations.CreateModel(
            name='BookingBurst',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('started_at', models.DateTimeField(verbose_name='commencée le')),
                ('told_at', models.DateTimeField(verbose_name='signalée le')),
                ('booked_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'rafale de rendez-vous',
            },
        ),
        migrations.CreateModel(
            name='Effector',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('national_id', models.BigIntegerField(blank=True, null=True, unique=True, verbose_name='identifiant national')),
                ('given_name', models.CharField(max_length=80, verbose_name='prénom')),
                ('family_name', models.CharField(max_length=80, verbose_name='nom')),
                ('search_name', models.CharField(max_length=170, verbose_name='nom normalisé')),
                ('group', models.CharField(blank=True, max_length=4, verbose_name='profession recensée')),
                ('skills', models.JSONField(blank=True, default=list, verbose_name='spécialités et savoir-faire')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='téléphone professionnel')),
                ('sas_agreed_at', models.DateTimeField(blank=True, null=True, verbose_name='accepte de paraître au SAS depuis le')),
                ('extra_a_day', models.PositiveSmallIntegerField(default=0, verbose_name='patients « en sus » par jour')),
                ('feed', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='adresse privée du calendrier')),
                ('version', models.PositiveIntegerField(default=0, verbose_name='version')),
                ('account', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='effector', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'effecteur',
            },
        ),
        migrations.CreateModel(
            name='Difficulty',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('sealed', models.BinaryField(default=bytes, verbose_name='récit et réponse, scellés')),
                ('told_by_name', models.CharField(max_length=200, verbose_name='signalée par')),
                ('told_at', models.DateTimeField(verbose_name='signalée le')),
                ('solved_at', models.DateTimeField(blank=True, null=True, verbose_name='traitée le')),
                ('reminded_at', models.DateTimeField(blank=True, null=True, verbose_name='échéance rappelée le')),
                ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='effacée le')),
                ('appointment', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='difficulties', to='unscheduled_care.appointment')),
                ('cpts', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='difficulties', to='cpts.cpts')),
                ('told_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('effector', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='unscheduled_care.effector')),
            ],
            options={
                'verbose_name': 'difficulté',
            },
        ),
        migrations.CreateModel(
            name='CareRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('number', models.PositiveIntegerField(verbose_name='numéro')),
                ('sealed', models.BinaryField(default=bytes, verbose_name='besoin, scellé')),
                ('group', models.CharField(default='10G', max_length=4, verbose_name='profession voulue')),
                ('has_warning', models.BooleanField(default=False, verbose_name='signe d’alerte')),
                ('opened_at', models.DateTimeField(verbose_name='reçue le')),
                ('due_at', models.DateTimeField(verbose_name='à voir avant le')),
                ('outcome', models.CharField(blank=True, choices=[('booked', 'rendez-vous donné'), ('taken', 'pris en charge par un professionnel'), ('own-doctor', 'vu par son médecin traitant'), ('emergency', 'orienté vers le 15 ou les urgences'), ('advice', 'conseil donné'), ('gave-up', 'n’a plus besoin, ou ne répond plus'), ('nobody', 'aucune solution trouvée'), ('expired', 'jamais close, effacée à l’échéance')], max_length=12, verbose_name='issue')),
                ('seen_at', models.DateTimeField(blank=True, null=True, verbose_name='vu le')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='issue le')),
                ('reminded_at', models.DateTimeField(blank=True, null=True, verbose_name='échéance rappelée le')),
                ('erased_at', models.DateTimeField(blank=True, null=True, verbose_name='effacée le')),
                ('appointment', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='request', to='unscheduled_care.appointment')),
                ('commune', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='geography.commune', verbose_name='où se trouve le patient')),
                ('cpts', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='care_requests', to='cpts.cpts')),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patientrecord', verbose_name='personne aidée')),
                ('taken_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='unscheduled_care.effector')),
            ],
            options={
                'verbose_name': 'demande de soins',
                'verbose_name_plural': 'demandes de soins',
            },
        ),
        migrations.CreateModel(
            name='BusyTime',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField(verbose_name='début')),
                ('ends_at', models.DateTimeField(verbose_name='fin (exclue)')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='busy_times', to='unscheduled_care.busycalendar')),
                ('effector', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='busy_times', to='unscheduled_care.effector')),
            ],
            options={
                'verbose_name': 'temps occupé',
            },
        ),
        migrations.AddField(
            model_name='busycalendar',
            name='effector',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calendars', to='unscheduled_care.effector'),
        ),
        migrations.AddField(
            model_name='appointment',
            name='effector',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='unscheduled_care.effector'),
        ),
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('starts_at', models.DateTimeField(verbose_name='début')),
                ('ends_at', models.DateTimeField(verbose_name='fin (exclue)')),
                ('substitute', models.CharField(blank=True, max_length=120, verbose_name='remplacé par')),
                ('effector', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='absences', to='unscheduled_care.effector')),
            ],
            options={
                'verbose_name': 'absence',
            },
        ),
        migrations.CreateModel(
            name='EffectorMembership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cpts', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cpts.cpts')),
                ('effector', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='unscheduled_care.effector')),
                ('membership', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.membership')),
            ],
            options={
                'verbose_name': 'adhésion d’un effecteur',
            },
        ),
        migrations.CreateModel(
            name='RequestMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('sealed', models.BinaryField(default=bytes, verbose_name='texte, scellé')),
                ('by_name', models.CharField(max_length=200, verbose_name='auteur')),
                ('at', models.DateTimeField(verbose_name='écrit le')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='unscheduled_care.carerequest')),
            ],
            options={
                'verbose_name': 'message d’une demande',
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('name', models.CharField(blank=True, max_length=120, verbose_name='nom du lieu')),
                ('street', models.CharField(blank=True, max_length=200, verbose_name='adresse')),
                ('city', models.CharField(blank=True, max_length=100, verbose_name='ville')),
                ('postal_code', models.CharField(blank=True, max_length=10, verbose_name='code postal')),
                ('latitude', models.FloatField(blank=True, null=True, verbose_name='latitude')),
                ('longitude', models.FloatField(blank=True, null=True, verbose_name='longitude')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='téléphone du lieu')),
                ('finess', models.CharField(blank=True, max_length=9, verbose_name='FINESS')),
                ('siret', models.CharField(blank=True, max_length=14, verbose_name='SIRET')),
                ('former_id', models.CharField(blank=True, max_length=20, verbose_name='ancien identifiant de la structure')),
                ('is_closed', models.BooleanField(default=False, verbose_name='n’y exerce plus')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmé le')),
                ('commune', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='geography.commune')),
                ('effector', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='schedules', to='unscheduled_care.effector')),
            ],
            options={
                'verbose_name': 'lieu d’exercice',
            },
        ),
        migrations.CreateModel(
            name='Slot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('group', models.CharField(blank=True, max_length=4, verbose_name='profession recensée')),
                ('cell', models.IntegerField(null=True, verbose_name='maille de recherche')),
                ('latitude', models.FloatField(null=True, verbose_name='latitude')),
                ('longitude', models.FloatField(null=True, verbose_name='longitude')),
                ('starts_at', models.DateTimeField(verbose_name='début')),
                ('ends_at', models.DateTimeField(verbose_name='fin (exclue)')),
                ('status', models.CharField(choices=[('free', 'libre'), ('busy', 'réservé'), ('busy-unavailable', 'fermé'), ('cancelled', 'annulé')], default='free', max_length=20, verbose_name='statut')),
                ('kinds', models.PositiveSmallIntegerField(default=0, verbose_name='ouvert à')),
                ('modes', models.PositiveSmallIntegerField(default=0, verbose_name='modes')),
                ('walk_in', models.BooleanField(default=False, verbose_name='sans rendez-vous')),
                ('reserved_for', models.CharField(blank=True, choices=[('', 'tous ceux à qui il est ouvert'), ('own-patients', 'mes propres patients'), ('structure', 'ma structure')], default='', max_length=12, verbose_name='réservé à')),
                ('reasons', models.JSONField(blank=True, default=list, verbose_name='motifs acceptés')),
                ('is_masked', models.BooleanField(default=False, verbose_name='masqué')),
                ('series', models.UUIDField(blank=True, null=True, verbose_name='ouvert avec')),
                ('created_at', models.DateTimeField(verbose_name='ouvert le')),
                ('effector', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='slots', to='unscheduled_care.effector')),
                ('schedule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='slots', to='unscheduled_care.schedule')),
            ],
            options={
                'verbose_name': 'créneau',
                'verbose_name_plural': 'créneaux',
            },
        ),
        migrations.AddField(
            model_name='appointment',
            name='slot',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='unscheduled_care.slot'),
        ),
        migrations.CreateModel(
            name='SlotAudience',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cpts', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cpts.cpts')),
                ('slot', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='audiences', to='unscheduled_care.slot')),
            ],
            options={
                'verbose_name': 'CPTS à qui un créneau est ouvert',
            },
        ),
        migrations.CreateModel(
            name='Solicitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='identifiant public')),
                ('sent_at', models.DateTimeField(verbose_name='envoyée le')),
                ('accepts', models.BooleanField(null=True, verbose_name='accepte')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='répondu le')),
                ('effector', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='solicitations', to='unscheduled_care.effector')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='solicitations', to='unscheduled_care.carerequest')),
            ],
            options={
                'verbose_name': 'sollicitation',
            },
        ),
        migrations.CreateModel(
            name='CareSettings',
            fields=[
                ('cpts', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='care_settings', serialize=False, to='cpts.cpts')),
                ('target_hours', models.PositiveSmallIntegerField(choices=[(12, 'le jour même'), (24, '24 h'), (48, '48 h')], default=48, verbose_name='délai visé')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='numéro de l’accueil unique')),
                ('finess', models.CharField(blank=True, max_length=9, verbose_name='FINESS de la CPTS')),
                ('sas_contacts', models.TextField(blank=True, max_length=2000, verbose_name='contacts de la régulation')),
                ('answer_modes', models.TextField(blank=True, max_length=2000, verbose_name='modes de réponse convenus avec le SAS')),
                ('agreed_with_sas_on', models.DateField(blank=True, null=True, verbose_name='convention avec le SAS signée le')),
                ('hds_host', models.CharField(blank=True, max_length=120, verbose_name='hébergeur certifié HDS')),
                ('hds_declared_at', models.DateTimeField(blank=True, null=True, verbose_name='déclaré le')),
                ('patient_months', models.PositiveSmallIntegerField(default=3, verbose_name='mois de conservation après l’issue')),
                ('version', models.PositiveIntegerField(default=0, verbose_name='version')),
                ('hds_declared_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'réglages des soins non programmés',
                'constraints': [models.CheckConstraint(condition=models.Q(('hds_declared_at', None), models.Q(('hds_host', ''), _negated=True), _connector='OR'), name='care_settings_hds_is_declared_whole')],
            },
        ),
        migrations.AddIndex(
            model_name='effector',
            index=models.Index(fields=['search_name'], name='effector_by_name'),
        ),
        migrations.AddConstraint(
            model_name='effector',
            constraint=models.CheckConstraint(condition=models.Q(('sas_agreed_at', None), ('national_id__isnull', False), _connector='OR'), name='effector_agrees_to_the_sas_with_a_number'),
        ),
        migrations.AddIndex(
            model_name='difficulty',
            index=models.Index(fields=['cpts', '-told_at'], name='difficulty_by_cpts'),
        ),
        migrations.AddConstraint(
            model_name='difficulty',
            constraint=models.CheckConstraint(condition=models.Q(('erased_at', None), ('sealed', b''), _connector='OR'), name='difficulty_erased_holds_nothing'),
        ),
        migrations.AddIndex(
            model_name='carerequest',
            index=models.Index(fields=['cpts', 'outcome', 'due_at'], name='care_request_by_state'),
        ),
        migrations.AddConstraint(
            model_name='carerequest',
            constraint=models.UniqueConstraint(fields=('cpts', 'number'), name='care_request_number_is_single'),
        ),
        migrations.AddConstraint(
            model_name='carerequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('outcome', '')), models.Q(models.Q(('outcome', ''), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='care_request_ended_at_goes_with_its_outcome'),
        ),
        migrations.AddConstraint(
            model_name='carerequest',
            constraint=models.CheckConstraint(condition=models.Q(('erased_at', None), ('sealed', b''), _connector='OR'), name='care_request_erased_holds_nothing'),
        ),
        migrations.AddIndex(
            model_name='busytime',
            index=models.Index(fields=['effector', 'starts_at'], name='busy_time_by_start'),
        ),
        migrations.AddConstraint(
            model_name='busytime',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='busy_time_ends_after_it_starts'),
        ),
        migrations.AddIndex(
            model_name='absence',
            index=models.Index(fields=['effector', 'starts_at'], name='absence_by_start'),
        ),
        migrations.AddConstraint(
            model_name='absence',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='absence_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='schedule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('latitude', None), ('longitude', None)), models.Q(('latitude__isnull', False), ('latitude__range', (-90, 90)), ('longitude__isnull', False), ('longitude__range', (-180, 180))), _connector='OR'), name='schedule_is_on_earth'),
        ),
        migrations.AddIndex(
            model_name='slot',
            index=models.Index(fields=['effector', 'starts_at'], name='slot_by_effector'),
        ),
        migrations.AddConstraint(
            model_name='slot',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='slot_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='slot',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.LessThanOrEqual(maillage.core.sql.elapsed.ElapsedMilliseconds(models.F('starts_at'), models.F('ends_at')), 86400000), name='slot_lasts_a_day_at_most'),
        ),
        migrations.AddConstraint(
            model_name='slot',
            constraint=models.CheckConstraint(condition=models.Q(('kinds__lte', 15), ('modes__lte', 7)), name='slot_kinds_and_modes_are_known'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['effector', 'starts_at'], name='appointment_by_effector'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['cpts', 'starts_at'], name='appointment_by_cpts'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(fields=['booked_by', 'starts_at'], name='appointment_by_booker'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(condition=models.Q(('status', 'booked')), fields=['code'], name='appointment_by_code'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'cancelled'), _negated=True), fields=('slot',), name='appointment_is_single_for_a_slot'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='appointment_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('status', 'booked')), models.Q(models.Q(('status', 'booked'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='appointment_ended_at_goes_with_its_end'),
        ),
        migrations.AddConstraint(
            model_name='slotaudience',
            constraint=models.UniqueConstraint(fields=('slot', 'cpts'), name='slot_is_opened_once_to_a_cpts'),
        ),
        migrations.AddConstraint(
            model_name='solicitation',
            constraint=models.UniqueConstraint(fields=('request', 'effector'), name='solicitation_is_single'),
        ),
    ]
