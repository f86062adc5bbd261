"""Who is expected at a meeting, and what they answered."""

import uuid
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from maillage.cpts.models import Cpts
from maillage.directory.models import Practitioner
from maillage.exchange.models import OutgoingMail
from maillage.meetings.models.meeting import Meeting
from maillage.members.models import Membership

LINK = "participant"
LINK_LIVES = timedelta(days=60)  # after the meeting: the time to read the minutes and take the attestation


class Answer(models.TextChoices):
    NONE = "none", "sans réponse"
    YES = "yes", "vient"
    NO = "no", "ne vient pas"
    WAITING = "waiting", "sur liste d’attente"


class ParticipantQuerySet(models.QuerySet["Participant"]):
    """Chainable, lazy reads. Each name completes the sentence "participants ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def of_account(self, user: models.Model) -> Self:
        return self.filter(membership__in=Membership.objects.of_account(user).values("pk"))

    def for_sheet(self) -> Self:
        """All that a sheet of presences touches, in one query and a total order."""
        return self.select_related("membership", "presence__recorded_by").order_by("search_name", "pk")

    def for_link(self) -> Self:
        """All that a personal page touches."""
        return self.select_related("meeting__cpts", "membership__account", "presence__recorded_by")


class Participant(models.Model):
    """One person expected at one meeting: a member, a professional of the territory, or somebody named by hand.

    Retention: goes with the meeting. The address of whoever is no member is erased when they ask to be forgotten.
    """

    RETENTION_DAYS = Meeting.RETENTION_DAYS
    PERSONAL_DATA = "identité, adresse électronique des non-membres et réponse"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="participants")
    membership = models.ForeignKey(Membership, models.SET_NULL, null=True, blank=True, related_name="participations")
    practitioner = models.ForeignKey(Practitioner, models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.CharField("nom", max_length=340)
    search_name = models.CharField("nom normalisé", max_length=340)
    occupation = models.CharField("profession ou fonction", max_length=80, blank=True)
    email = models.EmailField("adresse d’un non-membre", blank=True)
    created_at = models.DateTimeField("sur la liste depuis le", default=timezone.now, editable=False)
    # Their own doing: what is sent to them answers it, and goes at once.
    came_forward = models.BooleanField("s’est inscrit de lui-même", default=False)
    answer = models.CharField("réponse", max_length=7, choices=Answer, default=Answer.NONE)
    answered_at = models.DateTimeField("répondu le", null=True, blank=True)
    invited_at = models.DateTimeField("invité le", null=True, blank=True)
    is_asked_again = models.BooleanField("à relancer", default=False)
    reminded_at = models.DateTimeField("relancé le", null=True, blank=True)
    polled_at = models.DateTimeField("interrogé sur la date le", null=True, blank=True)
    minutes_sent_at = models.DateTimeField("compte rendu envoyé le", null=True, blank=True)
    last_mail = models.ForeignKey(OutgoingMail, models.SET_NULL, null=True, blank=True, related_name="+")
    # The version of the meeting this person was last told; behind it, a change waits to be written to them.
    told_sequence = models.PositiveIntegerField("version connue", default=0)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        verbose_name = "participant"
        indexes = [models.Index(fields=["meeting", "search_name"], name="participant_by_name")]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "membership"],
                condition=Q(membership__isnull=False),
                name="participant_is_a_member_once",
            ),
            models.UniqueConstraint(
                fields=["meeting", "practitioner"],
                condition=Q(practitioner__isnull=False, membership=None),
                name="participant_is_a_professional_once",
            ),
            models.UniqueConstraint(
                fields=["meeting", "email"],
                condition=~Q(email=""),
                name="participant_has_an_address_of_their_own",
            ),
            models.CheckConstraint(
                name="participant_answered_at_goes_with_an_answer",
                condition=Q(answer="none", answered_at=None) | (~Q(answer="none") & Q(answered_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of_member(cls, meeting: Meeting, membership: Membership) -> "Participant":
        """A member expected at a meeting, under the name of that day; not saved."""
        return cls(
            cpts_id=meeting.cpts_id,
            meeting=meeting,
            membership=membership,
            practitioner_id=membership.practitioner_id,
            name=str(membership),
            search_name=membership.search_name,
            occupation=membership.occupation,
        )

    @property
    def address(self) -> str:
        """Where mails go: that of the member, or the one typed. '' when there is none, or when they left."""
        if self.membership is None:
            return self.email
        return self.membership.email if self.membership.is_in else ""

    @property
    def is_present(self) -> bool:
        """Somebody wrote them down, and they did not say that it was not them."""
        return hasattr(self, "presence") and self.presence.contested_at is None

    @property
    def is_contested(self) -> bool:
        """They said that the presence written for them was not theirs."""
        return hasattr(self, "presence") and self.presence.contested_at is not None


class CalendarFeed(models.Model):
    """The address of one person's calendar of one CPTS, which their telephone reads by itself. Changed at will.

    Retention: goes with the account.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "compte abonné à son agenda"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "agenda abonné"
        constraints = [models.UniqueConstraint(fields=["cpts", "user"], name="feed_is_single_for_a_person")]

    def __str__(self) -> str:
        return f"agenda de {self.user}"
