"""Where somebody sees patients, and when they cannot: places of exercise, absences, outside calendars."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q

from maillage.geography.models import ON_EARTH, Commune
from maillage.unscheduled_care.models.effector import Effector
from maillage.unscheduled_care.rules.identifiers import structure_id


class Schedule(models.Model):
    """One place of exercise of one effector: what FHIR splits in Schedule, PractitionerRole and Location.

    Retention: goes with its effector.
    """

    RETENTION_DAYS = Effector.RETENTION_DAYS
    PERSONAL_DATA = "lieu d’exercice"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    effector = models.ForeignKey(Effector, models.CASCADE, related_name="schedules")
    name = models.CharField("nom du lieu", max_length=120, blank=True)
    street = models.CharField("adresse", max_length=200, blank=True)
    city = models.CharField("ville", max_length=100, blank=True)
    postal_code = models.CharField("code postal", max_length=10, blank=True)
    commune = models.ForeignKey(Commune, models.PROTECT, null=True, blank=True, related_name="+")
    latitude = models.FloatField("latitude", null=True, blank=True)
    longitude = models.FloatField("longitude", null=True, blank=True)
    phone = models.CharField("téléphone du lieu", max_length=40, blank=True)
    finess = models.CharField("FINESS", max_length=9, blank=True)
    siret = models.CharField("SIRET", max_length=14, blank=True)
    former_id = models.CharField("ancien identifiant de la structure", max_length=20, blank=True)
    is_closed = models.BooleanField("n’y exerce plus", default=False)
    # Said by its professional: the SAS is told of no other address or telephone.
    confirmed_at = models.DateTimeField("confirmé le", null=True, blank=True)

    class Meta:
        verbose_name = "lieu d’exercice"
        constraints = [
            models.CheckConstraint(name="schedule_is_on_earth", condition=ON_EARTH),
        ]

    def __str__(self) -> str:
        return self.name or ", ".join(filter(None, (self.street, self.city))) or "Lieu d’exercice"

    @property
    def address(self) -> str:
        return ", ".join(filter(None, (self.street, f"{self.postal_code} {self.city}".strip())))

    @property
    def structure_id(self) -> str:
        return structure_id(finess=self.finess, siret=self.siret, former=self.former_id)


class Absence(models.Model):
    """A time when somebody sees nobody: what is free meanwhile is hidden, what is booked is told.

    Retention: goes with its effector.
    """

    RETENTION_DAYS = Effector.RETENTION_DAYS
    PERSONAL_DATA = "absences d’un professionnel, sans motif"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    effector = models.ForeignKey(Effector, models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin (exclue)")
    # Who sees the patients meanwhile, as it is told: a substitute opens slots of their own.
    substitute = models.CharField("remplacé par", max_length=120, blank=True)

    class Meta:
        verbose_name = "absence"
        indexes = [models.Index(fields=["effector", "starts_at"], name="absence_by_start")]
        constraints = [
            models.CheckConstraint(name="absence_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"absence du {self.starts_at:%d/%m/%Y}"


class BusyCalendarQuerySet(models.QuerySet["BusyCalendar"]):
    """Each name completes the sentence "outside calendars ..."."""

    def with_address(self) -> Self:
        """Those that are read again; those that answer come first."""
        return self.exclude(url="").select_related("effector").order_by("failures", "pk")


class BusyCalendar(models.Model):
    """An outside calendar whose busy times hide slots: an address read again, or a file.

    Retention: goes with its effector.
    """

    RETENTION_DAYS = Effector.RETENTION_DAYS
    PERSONAL_DATA = "adresse privée d’un calendrier"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    effector = models.ForeignKey(Effector, models.CASCADE, related_name="calendars")
    name = models.CharField("nom", max_length=80)
    url = models.URLField("adresse", max_length=500, blank=True)  # empty: a file, given once
    read_at = models.DateTimeField("lu le", null=True, blank=True)
    tried_at = models.DateTimeField("dernière tentative", null=True, blank=True)
    failures = models.PositiveSmallIntegerField("échecs de suite", default=0)
    error = models.CharField("dernière difficulté", max_length=200, blank=True)

    objects = BusyCalendarQuerySet.as_manager()

    class Meta:
        verbose_name = "agenda extérieur"

    def __str__(self) -> str:
        return self.name

    def is_due(self, at: datetime, every: timedelta) -> bool:
        """Its turn in a round that comes `every` so often: twice later after each failure in a row."""
        return self.tried_at is None or at >= self.tried_at + every * 2**self.failures - every / 2


class BusyTime(models.Model):
    """When the outside calendar says busy. Nothing else of the event is kept.

    Retention: replaced at each reading.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "heures occupées, sans motif"

    effector = models.ForeignKey(Effector, models.CASCADE, related_name="busy_times", db_index=False)
    calendar = models.ForeignKey(BusyCalendar, models.CASCADE, related_name="busy_times")
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin (exclue)")

    class Meta:
        verbose_name = "temps occupé"
        indexes = [models.Index(fields=["effector", "starts_at"], name="busy_time_by_start")]
        constraints = [
            models.CheckConstraint(name="busy_time_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%d/%m/%Y %H:%M}"
