"""Who came, from when to when, and how they said so."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from maillage.meetings.models.meeting import Meeting
from maillage.meetings.models.participant import Participant


class Means(models.TextChoices):
    """How a presence was written down. The first three identify the person; the last two are the organiser's word."""

    SESSION = "session", "son compte"
    LINK = "link", "son lien personnel"
    CODE = "code", "un code reçu par courriel"
    TABLET = "tablet", "la tablette de l’organisation"
    PAPER = "paper", "la feuille de papier"


class Presence(models.Model):
    """One person at one meeting; unique, so that signing twice writes once.

    Retention: goes with the meeting.
    """

    RETENTION_DAYS = Meeting.RETENTION_DAYS
    PERSONAL_DATA = "présence et heures"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="presences")
    participant = models.OneToOneField(Participant, models.CASCADE, related_name="presence")
    arrived_at = models.DateTimeField("arrivée")
    left_at = models.DateTimeField("départ", null=True, blank=True)
    means = models.CharField("signée par", max_length=7, choices=Means)
    signed_at = models.DateTimeField("signée le")
    # A digest that means nothing outside this meeting: two presences from one telephone are seen.
    device = models.CharField("appareil", max_length=32, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    corrected_at = models.DateTimeField("corrigée le", null=True, blank=True)
    correction = models.CharField("motif de la correction", max_length=200, blank=True)

    class Meta:
        verbose_name = "présence"
        indexes = [models.Index(fields=["meeting", "device"], name="presence_by_device")]
        constraints = [
            models.CheckConstraint(
                name="presence_ends_after_it_starts", condition=Q(left_at=None) | Q(left_at__gt=F("arrived_at"))
            ),
            models.CheckConstraint(
                name="presence_corrected_says_why",
                condition=Q(corrected_at=None, correction="") | (Q(corrected_at__isnull=False) & ~Q(correction="")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.participant)


class SigninCode(models.Model):
    """A code sent to the address of somebody who stands in the room without their link. One at a time, five tries.

    The name of a passer-by waits here: they enter the list once the code proves their address. Retention: a day.
    """

    RETENTION_DAYS = 1
    PERSONAL_DATA = "empreintes d’une adresse et d’un code à usage unique, nom d’une personne de passage"

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="signin_codes")
    key = models.CharField("empreinte de l’adresse", max_length=64)
    name = models.CharField("nom d’une personne de passage", max_length=160, blank=True)
    occupation = models.CharField("sa profession ou fonction", max_length=80, blank=True)
    digest = models.CharField("empreinte", max_length=64)
    expires_at = models.DateTimeField("expire le")
    attempts = models.PositiveSmallIntegerField("essais", default=0)

    class Meta:
        verbose_name = "code de présence"
        constraints = [models.UniqueConstraint(fields=["meeting", "key"], name="signin_code_is_single_for_an_address")]

    def __str__(self) -> str:
        return f"code pour {self.meeting}"
