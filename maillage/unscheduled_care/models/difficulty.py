"""« Signaler une difficulté »: what went wrong between the regulation and a CPTS, for its coordinator."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from maillage.core.secrecy.sealed import SealedField
from maillage.cpts.models import Cpts
from maillage.unscheduled_care.models.appointment import Appointment
from maillage.unscheduled_care.models.effector import Effector


class DifficultyQuerySet(models.QuerySet["Difficulty"]):
    """Chainable, lazy reads. Each name completes the sentence "difficulties ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def unsolved(self) -> Self:
        return self.filter(solved_at=None)


class Difficulty(models.Model):
    """One difficulty met by a regulator or a desk, until the coordinator answers it. What was said is sealed.

    Retention: two years, the time of a report; what was said goes on the clock of what names patients.
    """

    RETENTION_DAYS = 2 * 365
    PERSONAL_DATA = "qui la signale ; récit et réponse, scellés, effacés sur l’horloge des données de patients"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="difficulties")
    effector = models.ForeignKey(Effector, models.SET_NULL, null=True, blank=True, related_name="+")
    appointment = models.ForeignKey(Appointment, models.SET_NULL, null=True, blank=True, related_name="difficulties")
    sealed = SealedField("récit et réponse, scellés")  # text, answer
    told_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    told_by_name = models.CharField("signalée par", max_length=200)
    told_at = models.DateTimeField("signalée le")
    solved_at = models.DateTimeField("traitée le", null=True, blank=True)
    reminded_at = models.DateTimeField("échéance rappelée le", null=True, blank=True)
    erased_at = models.DateTimeField("effacée le", null=True, blank=True)

    objects = DifficultyQuerySet.as_manager()

    class Meta:
        verbose_name = "difficulté"
        indexes = [models.Index(fields=["cpts", "-told_at"], name="difficulty_by_cpts")]
        constraints = [
            models.CheckConstraint(name="difficulty_erased_holds_nothing", condition=Q(erased_at=None) | Q(sealed=b"")),
        ]

    def __str__(self) -> str:
        """Nothing of what was said: the audit keeps this."""
        return f"difficulté du {timezone.localtime(self.told_at):%d/%m/%Y à %H:%M}"
