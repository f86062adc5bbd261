"""Who was given a slot, and what became of it."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from maillage.core.secrecy.sealed import SealedField
from maillage.cpts.models import Cpts
from maillage.unscheduled_care.models.effector import Effector
from maillage.unscheduled_care.models.slot import Slot


class AppointmentStatus(models.TextChoices):
    """FHIR Appointment.status, limited to the values the SAS takes."""

    BOOKED = "booked", "réservé"
    FULFILLED = "fulfilled", "honoré"
    NO_SHOW = "noshow", "non honoré"
    CANCELLED = "cancelled", "annulé"


class Origin(models.TextChoices):
    """Who booked."""

    SAS = "sas", "régulation du SAS"
    DESK = "desk", "accueil de la CPTS"
    MEMBER = "member", "professionnel"


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Chainable, lazy reads. Each name completes the sentence "appointments ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def live(self) -> Self:
        return self.exclude(status=AppointmentStatus.CANCELLED)

    def for_listing(self) -> Self:
        return self.select_related("slot__schedule", "effector").order_by("starts_at", "pk")


class Appointment(models.Model):
    """A slot given to a patient (FHIR Appointment). Nothing in it names the patient; why they come is sealed.

    A slot has one that is not cancelled, by a constraint of the database.

    Retention: the time of the agreement it is evidence for; the reason goes when what names patients does.
    """

    RETENTION_DAYS = 6 * 365
    PERSONAL_DATA = "qui a réservé ; motif de la venue, scellé, effacé sur l’horloge des données de patients"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="appointments", db_index=False)
    effector = models.ForeignKey(Effector, models.PROTECT, related_name="appointments", db_index=False)
    # Whose figures it counts in: the CPTS the slot was open to, or that of its owner.
    cpts = models.ForeignKey(Cpts, models.PROTECT, null=True, related_name="appointments", db_index=False)
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin (exclue)")
    status = models.CharField("statut", max_length=10, choices=AppointmentStatus, default=AppointmentStatus.BOOKED)
    origin = models.CharField("réservé par", max_length=8, choices=Origin)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    booked_at = models.DateTimeField("réservé le")
    sealed = SealedField("motif, scellé")  # reason
    commune = models.CharField("commune du patient (code INSEE)", max_length=5, blank=True)
    # Read aloud on the telephone: it cancels, with the day and the hour.
    code = models.CharField("code du patient", max_length=8)
    acknowledged_at = models.DateTimeField("vu par le professionnel le", null=True, blank=True)
    ended_at = models.DateTimeField("issue le", null=True, blank=True)
    version = models.PositiveIntegerField("version", default=0)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = "rendez-vous"
        verbose_name_plural = "rendez-vous"
        indexes = [
            models.Index(fields=["effector", "starts_at"], name="appointment_by_effector"),
            models.Index(fields=["cpts", "starts_at"], name="appointment_by_cpts"),
            models.Index(fields=["booked_by", "starts_at"], name="appointment_by_booker"),
            models.Index(fields=["code"], condition=Q(status="booked"), name="appointment_by_code"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["slot"], condition=~Q(status="cancelled"), name="appointment_is_single_for_a_slot"
            ),
            models.CheckConstraint(name="appointment_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(
                name="appointment_ended_at_goes_with_its_end",
                condition=Q(status="booked", ended_at=None) | (~Q(status="booked") & Q(ended_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"rendez-vous du {self.starts_at:%d/%m/%Y %H:%M}"

    @property
    def is_booked(self) -> bool:
        return self.status == AppointmentStatus.BOOKED
