"""Texts being typed."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models

from maillage.cpts.models import Cpts

AT_WORK = timedelta(minutes=10)


class DraftQuerySet(models.QuerySet["Draft"]):
    """Chainable, lazy reads. Each name completes the sentence "drafts ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def being_typed(self, at: datetime) -> Self:
        """Whose person wrote these last minutes."""
        return self.filter(updated_at__gt=at - AT_WORK)


class Draft(models.Model):
    """What one person is typing in one form of a CPTS, until it is sent. Never of a form that names a patient.

    `key` says which form, of what: « minutes:<uuid> ». Retention: a month after the last word.
    """

    RETENTION_DAYS = 30
    PERSONAL_DATA = "texte en cours d’écriture, lu par son auteur seul ; qui écrit, et depuis quand"

    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField("formulaire", max_length=120)
    fields = models.JSONField("ce qui est tapé")
    begun_at = models.DateTimeField("commencé le")
    updated_at = models.DateTimeField("dernier mot le")

    objects = DraftQuerySet.as_manager()

    class Meta:
        verbose_name = "brouillon"
        indexes = [models.Index(fields=["cpts", "key"], name="draft_by_form")]
        constraints = [models.UniqueConstraint(fields=["user", "cpts", "key"], name="draft_is_single_for_a_form")]

    def __str__(self) -> str:
        return f"brouillon de {self.key}"
