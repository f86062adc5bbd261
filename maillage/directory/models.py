"""The national directory: people, where they exercise, structures, secure mailboxes; and how it was loaded.

It is reference data, written by imports only (loading.py), in bulk. Links between its own tables carry no
constraint in the database: two million of them would each be checked by a trigger (docs/adr/0009).
"""

import uuid
from typing import Any, Self

from django.db import models
from django.db.models import Q

from maillage.core.money import NBSP
from maillage.directory.rules.identifiers import ADELI_FLOOR, RPPS_CEILING, RPPS_FLOOR, national_id_of
from maillage.directory.rules.professions import GROUPS
from maillage.geography.models import Commune


class Profession(models.TextChoices):
    """Codes of the register: TRE_G15-ProfessionSante (OID 1.2.250.1.71.1.2.7) and the titles of TRE_R95."""

    DOCTOR = "10", "médecin"
    PHARMACIST = "21", "pharmacien"
    AUDIOLOGIST = "26", "audioprothésiste"
    OPTICIAN = "28", "opticien-lunetier"
    DENTAL_ASSISTANT = "31", "assistant dentaire"
    MEDICAL_PHYSICIST = "32", "physicien médical"
    NURSE_AIDE = "35", "aide-soignant"
    AMBULANCE_DRIVER = "36", "ambulancier"
    CHILD_CARE_ASSISTANT = "37", "auxiliaire de puériculture"
    HOSPITAL_PHARMACY_ASSISTANT = "38", "préparateur en pharmacie hospitalière"
    PHARMACY_ASSISTANT = "39", "préparateur en pharmacie"
    DENTIST = "40", "chirurgien-dentiste"
    MIDWIFE = "50", "sage-femme"
    NURSE = "60", "infirmier"
    PSYCHIATRIC_NURSE = "69", "infirmier psychiatrique"
    PHYSIOTHERAPIST = "70", "masseur-kinésithérapeute"
    OSTEOPATH = "71", "ostéopathe"
    PSYCHOTHERAPIST = "72", "psychothérapeute"
    CHIROPRACTOR = "73", "chiropracteur"
    PODIATRIST = "80", "pédicure-podologue"
    ORTHOPROSTHETIST = "81", "orthoprothésiste"
    PODO_ORTHOTIST = "82", "podo-orthésiste"
    ORTHOTIST = "83", "orthopédiste-orthésiste"
    OCULARIST = "84", "oculariste"
    EPITHESIST = "85", "épithésiste"
    LABORATORY_TECHNICIAN = "86", "technicien de laboratoire médical"
    SPEECH_THERAPIST = "91", "orthophoniste"
    ORTHOPTIST = "92", "orthoptiste"
    PSYCHOLOGIST = "93", "psychologue"
    OCCUPATIONAL_THERAPIST = "94", "ergothérapeute"
    DIETITIAN = "95", "diététicien"
    PSYCHOMOTOR_THERAPIST = "96", "psychomotricien"
    RADIOGRAPHER = "98", "manipulateur ERM"


class Mode(models.TextChoices):
    """Modes of exercise of the register."""

    LIBERAL = "L", "libéral"
    SALARIED = "S", "salarié"
    VOLUNTEER = "B", "bénévole"
    UNKNOWN = "", "non précisé"


class Category(models.TextChoices):
    """Professional category: a census counts civilians."""

    CIVILIAN = "C", "civil"
    MILITARY = "M", "militaire"
    STUDENT = "E", "étudiant"


GROUP_CHOICES = [(group.code, group.singular) for group in GROUPS]
GROUP_LABELS = dict(GROUP_CHOICES) | {code: label for code, label in Profession.choices if code != Profession.DOCTOR}
FORMER_YEARS = 3


class Organization(models.Model):
    """A structure people exercise in, or an establishment of FINESS (FHIR Organization).

    Retention: reference data, public; a cabinet's telephone is that of a professional.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "coordonnées professionnelles publiées par l’Annuaire Santé et FINESS"

    id = models.CharField("identifiant national de structure", max_length=20, primary_key=True)
    name = models.CharField("nom", max_length=200)
    search_name = models.CharField("nom normalisé", max_length=200)
    finess = models.CharField("FINESS", max_length=9, blank=True)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    complement = models.CharField("complément d’adresse", max_length=200, blank=True)
    street = models.CharField("voie", max_length=200, blank=True)
    postal_code = models.CharField("code postal", max_length=10, blank=True)
    city = models.CharField("ville", max_length=100, blank=True)
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    phone = models.CharField("téléphone", max_length=30, blank=True)
    phone_2 = models.CharField("second téléphone", max_length=30, blank=True)
    email = models.CharField("courriel", max_length=150, blank=True)
    sector = models.CharField("secteur d’activité", max_length=10, blank=True)
    category = models.CharField("catégorie FINESS", max_length=4, blank=True)
    category_label = models.CharField("libellé de la catégorie", max_length=160, blank=True)
    opened_on = models.DateField("ouvert le", null=True)
    closed_on = models.DateField("fermé le", null=True)

    class Meta:
        verbose_name = "structure"
        indexes = [
            models.Index(fields=["commune", "category"], name="organization_by_commune"),
            models.Index(fields=["category"], condition=~Q(category=""), name="organization_by_category"),
        ]

    def __str__(self) -> str:
        return self.name


class Practitioner(models.Model):
    """One professional of the national register (FHIR Practitioner); the key is the national identifier.

    Retention: while the national register, which is public, holds the person, then three years.
    """

    RETENTION_DAYS = FORMER_YEARS * 365
    PERSONAL_DATA = "identité professionnelle publiée par l’Annuaire Santé"

    id = models.BigIntegerField("identifiant national", primary_key=True)
    title = models.CharField("civilité d’exercice", max_length=10, blank=True)
    given_name = models.CharField("prénom", max_length=80)
    family_name = models.CharField("nom", max_length=80)
    search_name = models.CharField("nom normalisé", max_length=170)
    # Sum of the digests of the person's lines: an unchanged person is recognised without being read.
    fingerprint = models.BigIntegerField("empreinte", default=0)
    since = models.DateField("apparu le", null=True)
    until = models.DateField("disparu le", null=True)

    class Meta:
        verbose_name = "professionnel"
        indexes = [models.Index(fields=["search_name"], name="practitioner_by_name")]
        constraints = [
            models.CheckConstraint(
                name="practitioner_id_is_a_national_identifier",
                condition=Q(id__gte=RPPS_FLOOR, id__lt=RPPS_CEILING) | Q(id__gte=ADELI_FLOOR),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def national_id(self) -> str:
        return national_id_of(self.id)

    @property
    def identifier_label(self) -> str:
        kind = "ADELI" if self.id >= ADELI_FLOOR else "RPPS"
        return f"{kind}{NBSP}{self.national_id[1:]}"


class PractitionerRoleQuerySet(models.QuerySet["PractitionerRole"]):
    """Chainable, lazy reads. Each name completes the sentence "exercises ..."."""

    def current(self) -> Self:
        return self.filter(until=None)

    def inside(self, communes: models.QuerySet[Any]) -> Self:
        """In these communes, or in an arrondissement of theirs. `communes`: codes, as a subquery.

        The places are gathered first: an OR across the join to communes is answered by no index, and a planner that
        meets it in a subquery compares every exercise with every other.
        """
        places = Commune.objects.filter(pk__in=communes).values("pk").order_by()
        arrondissements = Commune.objects.filter(parent__in=communes).values("pk").order_by()
        return self.filter(commune__in=places.union(arrondissements))

    def counted(self) -> Self:
        """What a census counts: civilians in post, neither students nor substitutes nor volunteers."""
        return self.current().filter(category=Category.CIVILIAN, is_substitute=False, mode__in=["L", "S"])


class PractitionerRole(models.Model):
    """One professional as they exercise in one place (FHIR PractitionerRole); the key is derived from what they are.

    Retention: while the register holds it, then three years: trends of a territory are made of departures.
    """

    RETENTION_DAYS = FORMER_YEARS * 365
    PERSONAL_DATA = "lieu d’exercice publié par l’Annuaire Santé"

    id = models.BigIntegerField("clé de l’exercice", primary_key=True)
    practitioner = models.ForeignKey(Practitioner, models.CASCADE, related_name="roles", db_constraint=False)
    profession = models.CharField("profession", max_length=4, choices=Profession)
    group = models.CharField("profession recensée", max_length=4)
    category = models.CharField("catégorie", max_length=2, choices=Category, default=Category.CIVILIAN)
    mode = models.CharField("mode d’exercice", max_length=2, choices=Mode, blank=True)
    specialities = models.CharField("codes de savoir-faire", max_length=80, blank=True)
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    is_substitute = models.BooleanField("remplaçant", default=False)
    since = models.DateField("apparu le", null=True)
    until = models.DateField("disparu le", null=True)

    objects = PractitionerRoleQuerySet.as_manager()

    class Meta:
        verbose_name = "exercice"
        indexes = [
            # Everything a census of communes reads, so that it never visits the table.
            models.Index(
                fields=["commune", "group", "mode", "practitioner"],
                condition=Q(commune__isnull=False, until=None, category="C", is_substitute=False),
                name="role_census",
            ),
            # Who left a territory, who came to it since the first load: few exercises, read by nothing else.
            models.Index(fields=["commune", "until"], condition=Q(until__isnull=False), name="role_gone"),
            models.Index(fields=["commune", "since"], condition=Q(since__isnull=False, until=None), name="role_come"),
        ]

    def __str__(self) -> str:
        return f"{self.practitioner} · {self.profession_label}"

    @property
    def profession_label(self) -> str:
        return GROUP_LABELS.get(self.group, self.profession)


class Mailbox(models.Model):
    """One MSSanté address, of a person or of a structure.

    Retention: while the published file of mailboxes holds it.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "adresse de messagerie sécurisée publiée par l’Annuaire Santé"

    id = models.BigIntegerField("clé", primary_key=True)
    address = models.CharField("adresse MSSanté", max_length=200)
    is_personal = models.BooleanField("personnelle")
    practitioner = models.ForeignKey(
        Practitioner, models.CASCADE, null=True, related_name="mailboxes", db_constraint=False
    )
    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, related_name="mailboxes", db_constraint=False
    )
    service = models.CharField("service de rattachement", max_length=200, blank=True)
    is_paperless = models.BooleanField("accepte la dématérialisation", default=False)

    class Meta:
        verbose_name = "messagerie sécurisée"

    def __str__(self) -> str:
        return self.address


class DirectoryCode(models.Model):
    """The label of a code as the files give it: unknown codes are kept, and told."""

    system = models.CharField("nomenclature", max_length=20)
    code = models.CharField("code", max_length=10)
    label = models.CharField("libellé", max_length=200)

    class Meta:
        verbose_name = "code de l’annuaire"
        constraints = [models.UniqueConstraint(fields=["system", "code"], name="directory_code_is_single")]

    def __str__(self) -> str:
        return self.label


class ImportKind(models.TextChoices):
    REGISTER = "rpps", "professionnels (RPPS)"
    MAILBOXES = "mssante", "messageries MSSanté"
    ESTABLISHMENTS = "finess", "établissements (FINESS)"


class ImportState(models.TextChoices):
    RUNNING = "running", "en cours"
    DONE = "done", "terminé"
    REFUSED = "refused", "refusé"


class DirectoryImport(models.Model):
    """One loading of one national file: what it changed, what it could not take."""

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField("fichier", max_length=10, choices=ImportKind)
    state = models.CharField("état", max_length=10, choices=ImportState, default=ImportState.RUNNING)
    filename = models.CharField("nom du fichier", max_length=200)
    extracted_on = models.DateField("date de l’extraction")
    departements = models.JSONField("départements", default=list)
    counts = models.JSONField("compte rendu", default=dict)
    message = models.CharField("résultat", max_length=500, blank=True)
    rejects = models.CharField("fichier des rejets", max_length=200, blank=True)
    worker = models.CharField("exécuté par", max_length=120)
    started_at = models.DateTimeField("commencé le")
    finished_at = models.DateTimeField("terminé le", null=True)

    class Meta:
        verbose_name = "import de l’annuaire"
        constraints = [
            # An import started twice at once: the second one is refused by the database.
            models.UniqueConstraint(fields=["kind"], condition=Q(state="running"), name="import_runs_once_a_kind"),
            models.CheckConstraint(
                name="import_finished_at_goes_with_its_end",
                condition=Q(state="running", finished_at=None) | (~Q(state="running") & Q(finished_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.filename}"

    @property
    def scope_label(self) -> str:
        if self.departements:
            return ", ".join(self.departements)
        return "ceux du fichier" if self.kind == ImportKind.ESTABLISHMENTS else "France entière"
