"""Who did what, on what, when. Append-only; the database refuses any change of a row (migration 0002)."""

from typing import Self

from django.db import models


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    """Chainable reads. Each name completes the sentence "events ..."."""

    def of_cpts(self, cpts_id: int) -> Self:
        return self.filter(cpts_id=cpts_id)


class AuditEvent(models.Model):
    """One thing done by one person (FHIR AuditEvent). No foreign key: the trace outlives what it speaks of.

    Retention: six years, as proofs of the agreement are kept; the actor's name is what it was that day.
    """

    RETENTION_DAYS = 6 * 365
    PERSONAL_DATA = "nom de l’auteur de l’action"

    type = models.CharField("action", max_length=60)
    at = models.DateTimeField("date")
    by_id = models.BigIntegerField("identifiant de l’auteur", null=True)
    by_name = models.CharField("auteur", max_length=200)
    cpts_id = models.BigIntegerField("CPTS", null=True)
    target_type = models.CharField("objet", max_length=60)
    target_id = models.CharField("identifiant de l’objet", max_length=60)
    target_label = models.CharField("libellé de l’objet", max_length=250)
    summary = models.CharField("ce qui a été fait", max_length=500)
    details = models.JSONField("détail", default=dict)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = "trace"
        indexes = [models.Index(fields=["cpts_id", "-at"], name="audit_by_cpts_and_date")]

    def __str__(self) -> str:
        return f"{self.by_name} : {self.summary}"
