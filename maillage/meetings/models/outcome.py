"""What a meeting leaves: minutes, decisions, tasks."""

import uuid
from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from maillage.cpts.models import Cpts
from maillage.meetings.models.meeting import Meeting
from maillage.members.models import Membership
from maillage.records.models import Snapshot


class Minutes(models.Model):
    """The minutes of one meeting; once validated they do not change, and they are sent.

    Retention: goes with the meeting.
    """

    RETENTION_DAYS = Meeting.RETENTION_DAYS
    PERSONAL_DATA = "qui les a validées"

    meeting = models.OneToOneField(Meeting, models.CASCADE, related_name="minutes")
    text = models.TextField("compte rendu")
    version = models.PositiveIntegerField("version", default=0)
    # All that the document prints, as it was on the day of the validation.
    snapshot = models.OneToOneField(Snapshot, models.PROTECT, null=True, blank=True, related_name="+")
    validated_at = models.DateTimeField("validé le", null=True, blank=True)
    validated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "compte rendu"
        constraints = [
            models.CheckConstraint(
                name="minutes_are_frozen_when_validated",
                condition=Q(validated_at=None, snapshot=None) | Q(validated_at__isnull=False, snapshot__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"compte rendu de {self.meeting}"


class Decision(models.Model):
    """One decision, in its own words. Retention: goes with the meeting."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="decisions")
    text = models.CharField("décision", max_length=500)

    class Meta:
        verbose_name = "décision"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text


class TaskQuerySet(models.QuerySet["Task"]):
    """Chainable, lazy reads. Each name completes the sentence "tasks ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def open(self) -> Self:
        return self.filter(done_at=None)

    def of_account(self, user: models.Model) -> Self:
        return self.filter(owner__in=Membership.objects.of_account(user).values("pk"))

    def late(self, on: date) -> Self:
        return self.open().filter(due_on__lt=on)


class Task(models.Model):
    """One thing that somebody does before a day, because a meeting said so.

    Retention: goes with the meeting.
    """

    RETENTION_DAYS = Meeting.RETENTION_DAYS
    PERSONAL_DATA = "personne chargée"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="tasks")
    text = models.CharField("tâche", max_length=300)
    owner = models.ForeignKey(Membership, models.SET_NULL, null=True, blank=True, related_name="tasks")
    due_on = models.DateField("pour le", null=True, blank=True)
    done_at = models.DateTimeField("faite le", null=True, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = "tâche"
        indexes = [models.Index(fields=["cpts", "due_on"], condition=Q(done_at=None), name="task_open_by_date")]

    def __str__(self) -> str:
        return self.text
