"""The perimeter of a CPTS: dated versions, each a list of communes or declared parts of communes."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Prefetch, Q

from maillage.cpts.models import Cpts
from maillage.geography.models import Commune
from maillage.records.actions.freezing import thaw
from maillage.records.models import Snapshot
from maillage.territory.rules.frozen import PERIMETER, PerimeterRecord


class PerimeterStatus(models.TextChoices):
    DRAFT = "draft", "projet"
    IN_FORCE = "in-force", "en vigueur"
    SUPERSEDED = "superseded", "remplacé"


class PerimeterQuerySet(models.QuerySet["Perimeter"]):
    """Chainable, lazy reads. Each name completes the sentence "perimeters ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def drafts(self) -> Self:
        return self.filter(status=PerimeterStatus.DRAFT)

    def in_force(self) -> Self:
        return self.filter(status=PerimeterStatus.IN_FORCE)

    def with_parts(self) -> Self:
        """Parts, communes and EPCI in one further query."""
        return self.prefetch_related(Prefetch("parts", PerimeterPart.objects.for_summary()))


class Perimeter(models.Model):
    """One version. `version` grows at each change: a save that read an older one is refused."""

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="perimeters")
    number = models.PositiveSmallIntegerField("version")
    status = models.CharField("état", max_length=10, choices=PerimeterStatus, default=PerimeterStatus.DRAFT)
    version = models.PositiveIntegerField("version de la saisie", default=0)
    created_at = models.DateTimeField("commencé le")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    in_force_since = models.DateField("en vigueur depuis le", null=True, blank=True)
    in_force_until = models.DateField("jusqu’au (exclu)", null=True, blank=True)
    # What it held that day: its communes may be merged since, their populations are counted anew each year.
    snapshot = models.OneToOneField(Snapshot, models.PROTECT, null=True, blank=True, related_name="+")

    objects = PerimeterQuerySet.as_manager()

    class Meta:
        verbose_name = "périmètre"
        constraints = [
            models.UniqueConstraint(fields=["cpts", "number"], name="perimeter_number_is_single_in_a_cpts"),
            models.UniqueConstraint(
                fields=["cpts"], condition=Q(status="draft"), name="perimeter_has_one_draft_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["cpts"], condition=Q(status="in-force"), name="perimeter_has_one_version_in_force"
            ),
            models.CheckConstraint(
                name="perimeter_dates_go_with_its_status",
                condition=Q(status="draft", in_force_since=None, in_force_until=None)
                | Q(status="in-force", in_force_since__isnull=False, in_force_until=None)
                | Q(status="superseded", in_force_since__isnull=False, in_force_until__gte=F("in_force_since")),
            ),
            models.CheckConstraint(
                name="perimeter_is_frozen_once_in_force",
                condition=Q(status="draft", snapshot=None) | (~Q(status="draft") & Q(snapshot__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"Périmètre n° {self.number} ({self.get_status_display()})"

    @property
    def record(self) -> PerimeterRecord | None:
        """What it held when it came in force; None for a draft. Raises SnapshotBroken."""
        return thaw(self.snapshot, PERIMETER) if self.snapshot else None

    @property
    def last_day(self) -> date | None:
        """The last day in force, as people say it: the stored end is the first day outside."""
        return self.in_force_until - timedelta(days=1) if self.in_force_until else None

    @property
    def token(self) -> str:
        """What a form carries of the version it read: which perimeter, at which version."""
        return f"{self.pk}-{self.version}"

    def version_in(self, token: str) -> int:
        """The version that a form read; -1, older than any, when it read another perimeter."""
        perimeter, _, version = token.partition("-")
        return int(version) if perimeter == str(self.pk) else -1

    def is_in_force_on(self, day: date) -> bool:
        return (
            self.in_force_since is not None
            and self.in_force_since <= day
            and (self.in_force_until is None or day < self.in_force_until)
        )


class PerimeterPartQuerySet(models.QuerySet["PerimeterPart"]):
    """Chainable, lazy reads. Each name completes the sentence "parts ..."."""

    def in_force(self) -> Self:
        return self.filter(perimeter__status=PerimeterStatus.IN_FORCE)

    def for_summary(self) -> Self:
        """All that a summary and a list of communes touch, outlines left out."""
        return self.select_related("commune__epci").defer("commune__outline").order_by("commune__name", "commune_id")


class PerimeterPart(models.Model):
    """A commune or an arrondissement in a perimeter, whole or for a declared share of its population."""

    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    perimeter = models.ForeignKey(Perimeter, models.CASCADE, related_name="parts")
    commune = models.ForeignKey(Commune, models.PROTECT, related_name="perimeter_parts")
    share = models.DecimalField("part de la population", max_digits=5, decimal_places=4, default=Decimal(1))
    share_source = models.CharField("source de la part", max_length=200, blank=True)

    objects = PerimeterPartQuerySet.as_manager()

    class Meta:
        verbose_name = "commune du périmètre"
        constraints = [
            models.UniqueConstraint(fields=["perimeter", "commune"], name="perimeter_holds_a_commune_once"),
            models.CheckConstraint(name="perimeter_share_is_a_share", condition=Q(share__gt=0, share__lte=1)),
            models.CheckConstraint(
                name="perimeter_partial_share_has_a_source", condition=Q(share=1) | ~Q(share_source="")
            ),
        ]

    def __str__(self) -> str:
        return str(self.commune)

    @property
    def population(self) -> int | None:
        """Inhabitants counted here, rounded to the nearest; None when the commune's is not published."""
        if self.commune.population is None:
            return None
        return round(self.commune.population * self.share)


class PerimeterChange(models.Model):
    """What one save did to a draft: who, when, which communes in and out.

    Retention: as long as the perimeter; the author is the account that made the change.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "auteur de la modification"

    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    perimeter = models.ForeignKey(Perimeter, models.CASCADE, related_name="changes")
    version = models.PositiveIntegerField("version obtenue")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField("date")
    summary = models.CharField("modification", max_length=300)
    added = models.JSONField("communes ajoutées", default=list)
    removed = models.JSONField("communes retirées", default=list)

    class Meta:
        verbose_name = "modification de périmètre"
        constraints = [
            models.UniqueConstraint(fields=["perimeter", "version"], name="perimeter_version_is_made_once"),
        ]

    def __str__(self) -> str:
        return self.summary
