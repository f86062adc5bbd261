"""Files that people join."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from maillage.core.text import megabytes
from maillage.cpts.models import Cpts
from maillage.records.models.naming import is_digest, unnamed
from maillage.records.rules.kinds import SORTS, Kind


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Chainable, lazy reads. Each name completes the sentence "attachments ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def orphaned(self) -> Self:
        """That no row of any app names any more."""
        return self.filter(unnamed(Attachment))


class Attachment(models.Model):
    """One file of a CPTS: what it holds names it on the disk, so that the same file joined twice is kept once.

    Other rows point to it. Retention: goes with the last of them (workspace).
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "contenu des documents joints ; qui les a joints"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    name = models.CharField("titre", max_length=160)
    kind = models.CharField("sorte", max_length=4, choices=[(kind.value, SORTS[kind].label) for kind in Kind])
    size = models.PositiveIntegerField("taille, en octets")
    sha256 = models.CharField("empreinte", max_length=64)
    is_scanned = models.BooleanField("examiné par un antivirus", default=False)
    created_at = models.DateTimeField("joint le")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = "fichier joint"
        indexes = [models.Index(fields=["sha256"], name="attachment_by_content")]
        constraints = [
            models.CheckConstraint(name="attachment_is_not_empty", condition=Q(size__gt=0)),
            models.CheckConstraint(name="attachment_names_its_content", condition=is_digest("sha256")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def described(self) -> str:
        """PDF, 1,2 Mo"""
        return f"{SORTS[self.sort].label}, {megabytes(self.size)}"

    @property
    def sort(self) -> Kind:
        return Kind(self.kind)
