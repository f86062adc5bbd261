"""Finding a date: several are proposed, each says which ones suit."""

import uuid

from django.db import models
from django.db.models import F, Q

from maillage.meetings.models.meeting import Meeting
from maillage.meetings.models.participant import Participant


class Choice(models.TextChoices):
    YES = "yes", "oui"
    MAYBE = "maybe", "si besoin"
    NO = "no", "non"


class PollOption(models.Model):
    """One date proposed for one meeting. Retention: goes with the meeting."""

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="options")
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin")

    class Meta:
        verbose_name = "date proposée"
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "starts_at"], name="poll_option_is_single"),
            models.CheckConstraint(name="poll_option_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%d/%m/%Y %H:%M}"


class PollAnswer(models.Model):
    """Whether one date suits one person.

    Retention: goes with the meeting.
    """

    RETENTION_DAYS = Meeting.RETENTION_DAYS
    PERSONAL_DATA = "disponibilités d’une personne"

    option = models.ForeignKey(PollOption, models.CASCADE, related_name="answers")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="poll_answers")
    choice = models.CharField("réponse", max_length=5, choices=Choice)

    class Meta:
        verbose_name = "disponibilité"
        constraints = [
            models.UniqueConstraint(fields=["option", "participant"], name="poll_answer_is_single"),
        ]

    def __str__(self) -> str:
        return self.get_choice_display()
