"""The national directory, as little of it as the members need; the import of the register extends it."""

import uuid

from django.db import models
from django.db.models import Q

from maillage.geography.models import Commune


class Profession(models.TextChoices):
    """Codes of TRE_G15-ProfessionSante (OID 1.2.250.1.71.1.2.7), limited to the ones in use."""

    DOCTOR = "10", "médecin"
    PHARMACIST = "21", "pharmacien"
    NURSE_AIDE = "35", "aide-soignant"
    DENTIST = "40", "chirurgien-dentiste"
    MIDWIFE = "50", "sage-femme"
    NURSE = "60", "infirmier"
    PHYSIOTHERAPIST = "70", "masseur-kinésithérapeute"
    PODIATRIST = "80", "pédicure-podologue"
    SPEECH_THERAPIST = "91", "orthophoniste"
    ORTHOPTIST = "92", "orthoptiste"
    PSYCHOLOGIST = "93", "psychologue"
    OCCUPATIONAL_THERAPIST = "94", "ergothérapeute"
    DIETITIAN = "95", "diététicien"
    PSYCHOMOTOR_THERAPIST = "96", "psychomotricien"


class Practitioner(models.Model):
    """One professional, known by RPPS (FHIR Practitioner).

    Retention: while the national register, which is public, holds the person.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "identité professionnelle publiée par l’Annuaire Santé"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    rpps = models.CharField("numéro RPPS", max_length=11, unique=True)
    given_name = models.CharField("prénom", max_length=80)
    family_name = models.CharField("nom", max_length=80)

    class Meta:
        verbose_name = "professionnel"
        constraints = [
            models.CheckConstraint(name="practitioner_rpps_has_eleven_digits", condition=Q(rpps__regex=r"^[0-9]{11}$")),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}"


class PractitionerRole(models.Model):
    """One professional as they exercise in one place (FHIR PractitionerRole)."""

    RETENTION_DAYS = None
    PERSONAL_DATA = "lieu d’exercice publié par l’Annuaire Santé"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    practitioner = models.ForeignKey(Practitioner, models.CASCADE, related_name="roles")
    profession = models.CharField("profession", max_length=2, choices=Profession)
    speciality = models.CharField("savoir-faire", max_length=80, blank=True)
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "exercice"
        constraints = [
            models.UniqueConstraint(
                fields=["practitioner", "profession", "commune"], name="practitioner_exercises_once_a_commune"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.practitioner} · {self.get_profession_display()}"
