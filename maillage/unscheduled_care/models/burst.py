"""Many appointments by one account in a few minutes: what whose slots are taken may look at, and undo."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models

from maillage.cpts.models import Cpts
from maillage.unscheduled_care.models.appointment import Appointment, AppointmentQuerySet
from maillage.unscheduled_care.models.effector import Effector

LASTS = timedelta(hours=1)


class BookingBurst(models.Model):
    """A burst of one account: what it booked from `started_at` on, for an hour.

    Retention: ninety days, the time to look into it.
    """

    RETENTION_DAYS = 90
    PERSONAL_DATA = "compte qui a réservé"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    started_at = models.DateTimeField("commencée le")
    told_at = models.DateTimeField("signalée le")

    class Meta:
        verbose_name = "rafale de rendez-vous"

    def __str__(self) -> str:
        return f"rafale de {self.booked_by}"

    def appointments(self) -> AppointmentQuerySet:
        """All it took, whatever became of it. They start after they are booked: the index of the booker serves."""
        span = (self.started_at, self.started_at + LASTS)
        mine = Appointment.objects.filter(booked_by=self.booked_by_id, starts_at__gte=self.started_at)
        return mine.filter(booked_at__range=span)

    def appointments_of(self, cpts: Cpts) -> AppointmentQuerySet:
        """What it took of the professionals of a CPTS."""
        return self.appointments().filter(effector__in=Effector.objects.of(cpts).values("pk"))
