"""A patient to be seen in time: what was asked, who was solicited, how it ended."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from maillage.core.secrecy.keyring import Keyring
from maillage.core.secrecy.sealed import SealedField, read_sealed
from maillage.cpts.models import Cpts
from maillage.geography.models import Commune
from maillage.patients.models import PatientRecord
from maillage.unscheduled_care.models.appointment import Appointment
from maillage.unscheduled_care.models.effector import Effector, EffectorMembership


class Outcome(models.TextChoices):
    """How a request ends."""

    BOOKED = "booked", "rendez-vous donné"
    TAKEN = "taken", "pris en charge par un professionnel"
    OWN_DOCTOR = "own-doctor", "vu par son médecin traitant"
    EMERGENCY = "emergency", "orienté vers le 15 ou les urgences"
    ADVICE = "advice", "conseil donné"
    GAVE_UP = "gave-up", "n’a plus besoin, ou ne répond plus"
    NOBODY = "nobody", "aucune solution trouvée"
    EXPIRED = "expired", "jamais close, effacée à l’échéance"


# Those whom somebody saw, and whose delay is therefore measured.
SEEN = (Outcome.BOOKED, Outcome.TAKEN, Outcome.OWN_DOCTOR)


class CareRequestQuerySet(models.QuerySet["CareRequest"]):
    """Chainable, lazy reads. Each name completes the sentence "requests ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def visible_to(self, user: models.Model, *, desk: bool) -> Self:
        """All for the desk; for a member, those they opened, or whose patient they see."""
        if desk:
            return self
        mine = Effector.objects.of_account(user).values("pk")
        here = EffectorMembership.objects.in_force().filter(effector__in=mine, cpts=OuterRef("cpts"))
        seen = Q(taken_by__in=mine) | Q(appointment__effector__in=mine)
        return self.filter(Q(opened_by=user) | seen & Exists(here))

    def waiting(self) -> Self:
        return self.filter(outcome="")

    def of_patients(self, records: models.QuerySet[PatientRecord] | list[PatientRecord]) -> Self:
        """That name one of these, not erased yet; the latest first."""
        return self.filter(patient__in=records, erased_at=None).order_by("-opened_at", "-pk")

    def late(self, at: datetime) -> Self:
        return self.waiting().filter(due_at__lt=at)


class CareRequest(models.Model):
    """One patient who must be seen (FHIR ServiceRequest). What names the patient is sealed, read in the open by nobody.

    Retention: what names the patient is erased so many months after the outcome as the CPTS says (three unless it
    says otherwise); one that nobody ends is closed and erased so many months after it came, and the desk is told
    before. Figures stay the time of the agreement.
    """

    RETENTION_DAYS = 6 * 365
    PERSONAL_DATA = "besoin d’un patient, scellé, effacé après l’issue avec ce qui le nomme (patients)"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.PROTECT, related_name="care_requests")
    number = models.PositiveIntegerField("numéro")
    patient = models.ForeignKey(PatientRecord, models.PROTECT, related_name="+", verbose_name="personne aidée")
    sealed = SealedField("besoin, scellé")  # what
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="+", verbose_name="où se trouve le patient")
    group = models.CharField("profession voulue", max_length=4, default="10G")
    has_warning = models.BooleanField("signe d’alerte", default=False)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField("reçue le")
    due_at = models.DateTimeField("à voir avant le")
    appointment = models.OneToOneField(Appointment, models.SET_NULL, null=True, blank=True, related_name="request")
    # The first of those solicited who accepted: one conditional update.
    taken_by = models.ForeignKey(Effector, models.SET_NULL, null=True, blank=True, related_name="+")
    outcome = models.CharField("issue", max_length=12, choices=Outcome, blank=True)
    seen_at = models.DateTimeField("vu le", null=True, blank=True)
    ended_at = models.DateTimeField("issue le", null=True, blank=True)
    # Nobody ends it: the desk was told that it will be closed and erased.
    reminded_at = models.DateTimeField("échéance rappelée le", null=True, blank=True)
    erased_at = models.DateTimeField("effacée le", null=True, blank=True)

    objects = CareRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "demande de soins"
        verbose_name_plural = "demandes de soins"
        indexes = [models.Index(fields=["cpts", "outcome", "due_at"], name="care_request_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["cpts", "number"], name="care_request_number_is_single"),
            models.CheckConstraint(
                name="care_request_ended_at_goes_with_its_outcome",
                condition=Q(outcome="", ended_at=None) | (~Q(outcome="") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="care_request_erased_holds_nothing", condition=Q(erased_at=None) | Q(sealed=b"")
            ),
        ]

    def __str__(self) -> str:
        return f"demande n° {self.number}"

    @property
    def is_waiting(self) -> bool:
        return not self.outcome

    def facts(self, keys: Keyring | None = None) -> dict[str, str]:
        """who, phone, doctor, what. Whoever calls it writes that it was read (actions.read_request)."""
        keys = keys or Keyring()
        return self.patient.facts(keys) | read_sealed(self, "sealed", keys=keys)


class RequestMessage(models.Model):
    """One message of the thread of a request, sealed like it.

    Retention: goes with what names the patient.
    """

    RETENTION_DAYS = CareRequest.RETENTION_DAYS
    PERSONAL_DATA = "échange sur un patient, scellé"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(CareRequest, models.CASCADE, related_name="messages")
    sealed = SealedField("texte, scellé", owner="request__cpts_id")  # text
    by_name = models.CharField("auteur", max_length=200)
    at = models.DateTimeField("écrit le")

    class Meta:
        verbose_name = "message d’une demande"

    def __str__(self) -> str:
        return f"{self.by_name}, {self.at:%d/%m/%Y}"


class Solicitation(models.Model):
    """One professional asked whether they can take a patient: one tap, the first to accept wins.

    Retention: goes with the request.
    """

    RETENTION_DAYS = CareRequest.RETENTION_DAYS
    PERSONAL_DATA = "réponse d’un professionnel ; aucune donnée du patient"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(CareRequest, models.CASCADE, related_name="solicitations")
    effector = models.ForeignKey(Effector, models.CASCADE, related_name="solicitations")
    sent_at = models.DateTimeField("envoyée le")
    accepts = models.BooleanField("accepte", null=True)
    answered_at = models.DateTimeField("répondu le", null=True, blank=True)

    class Meta:
        verbose_name = "sollicitation"
        constraints = [
            models.UniqueConstraint(fields=["request", "effector"], name="solicitation_is_single"),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} · {self.effector_id}"
