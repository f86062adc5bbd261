"""Contents frozen."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from maillage.cpts.models import Cpts
from maillage.records.models.naming import is_digest, unnamed


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    """Chainable, lazy reads. Each name completes the sentence "snapshots ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def orphaned(self) -> Self:
        """That no row of any app names any more, and that still hold what they held."""
        return self.filter(unnamed(Snapshot), content__isnull=False)


class Snapshot(models.Model):
    """What something was on a day, with who froze it; it never changes (migration 0002), whatever becomes of its rows.

    Other rows point to it. Retention: its content goes with the last of them, its fingerprint stays.
    """

    RETENTION_DAYS = None
    PERSONAL_DATA = "ce que le document figé nommait ; qui l’a figé"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.PROTECT, related_name="+")
    shape = models.CharField("sorte", max_length=40)
    number = models.PositiveSmallIntegerField("numéro de la sorte")
    # Text, not JSON: an engine that wrote numbers its own way would break the fingerprint.
    content = models.TextField("contenu", null=True)  # null: erased; an empty content does not exist
    sha256 = models.CharField("empreinte", max_length=64)
    taken_at = models.DateTimeField("figé le")
    # No key: who froze it stays written as they were that day.
    taken_by_id = models.BigIntegerField("identifiant de l’auteur", null=True)
    taken_by_name = models.CharField("figé par", max_length=200)
    erased_at = models.DateTimeField("contenu effacé le", null=True)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        verbose_name = "contenu figé"
        constraints = [
            models.CheckConstraint(name="snapshot_has_a_fingerprint", condition=is_digest("sha256")),
            models.CheckConstraint(
                name="snapshot_holds_its_content_until_erased",
                condition=Q(content__isnull=False, erased_at=None) | Q(content=None, erased_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shape} {self.sha256[:12]}"
