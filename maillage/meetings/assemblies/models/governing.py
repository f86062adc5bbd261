"""Statuts and règlement intérieur, version by version."""

import uuid
from typing import Self

from django.db import models

from maillage.cpts.models import Cpts
from maillage.meetings.models.meeting import Meeting
from maillage.records.models import Attachment, Snapshot


class GoverningKind(models.TextChoices):
    STATUTES = "statutes", "statuts"
    BYLAWS = "bylaws", "règlement intérieur"


class GoverningTextQuerySet(models.QuerySet["GoverningText"]):
    """Chainable, lazy reads. Each name completes the sentence "texts ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)


class GoverningText(models.Model):
    """One version of the statuts or of the règlement intérieur; the last adopted is in force.

    Retention: while the CPTS lives: they are its law.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "aucune"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    kind = models.CharField("texte", max_length=8, choices=GoverningKind)
    number = models.PositiveSmallIntegerField("version")
    adopted_on = models.DateField("adopté le")
    meeting = models.ForeignKey(Meeting, models.SET_NULL, null=True, blank=True, related_name="+")
    changes = models.CharField("ce qui change", max_length=500, blank=True)
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="+", verbose_name="fichier")
    # Which file was adopted, and when: no later hand changes it.
    snapshot = models.OneToOneField(Snapshot, models.PROTECT, related_name="+")

    objects = GoverningTextQuerySet.as_manager()

    class Meta:
        verbose_name = "texte statutaire"
        constraints = [
            models.UniqueConstraint(fields=["cpts", "kind", "number"], name="governing_text_version_is_single"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, version {self.number}"
