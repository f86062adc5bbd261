"""Who came, from when to when, and how they said so."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from maillage.meetings.models.meeting import Meeting
from maillage.meetings.models.participant import Participant


class Means(models.TextChoices):
    """How somebody's act was written down. An account and a code prove the person; the last two are a team's word.

    A personal link alone proves an address: it signed presences until version 2026-11-29, and no longer does.
    """

    SESSION = "session", "son compte"
    LINK = "link", "son lien personnel"
    CODE = "code", "un code reçu par courriel"
    TABLET = "tablet", "la tablette de l’organisation"
    PAPER = "paper", "la feuille de papier"


PROVEN = frozenset({Means.SESSION, Means.CODE})
WORD_OF_TEAM = {Means.TABLET: "tenue par", Means.PAPER: "pointée par"}


class Tablet(models.Model):
    """A tablet that somebody of the team lends in the room: whatever is signed on it bears their name.

    Retention: goes with the meeting.
    """

    RETENTION_DAYS = Meeting.RETENTION_DAYS
    PERSONAL_DATA = "qui a prêté une tablette, et quand"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="tablets")
    lent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    lent_by_name = models.CharField("tenue par", max_length=200)  # said in the minutes, whatever becomes of the account
    lent_at = models.DateTimeField("prêtée le")
    taken_back_at = models.DateTimeField("reprise le", null=True, blank=True)

    class Meta:
        verbose_name = "tablette prêtée"
        constraints = [
            models.CheckConstraint(
                name="tablet_is_taken_back_after_it_was_lent",
                condition=Q(taken_back_at=None) | Q(taken_back_at__gte=F("lent_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"tablette tenue par {self.lent_by_name}"


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
    # "Ce n'est pas moi": it counts nowhere until the person signs for themselves.
    contested_at = models.DateTimeField("contestée le", null=True, blank=True)

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
            models.CheckConstraint(
                name="presence_contested_is_the_word_of_a_team",
                condition=Q(contested_at=None) | Q(means__in=["tablet", "paper"]),
            ),
        ]

    def __str__(self) -> str:
        return str(self.participant)

    @property
    def how(self) -> str:
        """son compte; la feuille de papier, pointée par Claire Aubert (for_sheet carries who)."""
        means = Means(self.means)
        return f"{means.label}, {WORD_OF_TEAM[means]} {self.recorded_by}" if self.recorded_by else str(means.label)


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
    sent = models.PositiveSmallIntegerField("codes envoyés", default=0)  # without one typed: it ends

    class Meta:
        verbose_name = "code de présence"
        constraints = [models.UniqueConstraint(fields=["meeting", "key"], name="signin_code_is_single_for_an_address")]

    def __str__(self) -> str:
        return f"code pour {self.meeting}"
