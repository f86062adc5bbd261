"""What the SAS has still to be told of appointments."""

from django.db import models
from django.db.models import Q

from maillage.unscheduled_care.models import Appointment


class MessageState(models.TextChoices):
    WAITING = "waiting", "à envoyer"
    SENT = "sent", "envoyé"
    REFUSED = "refused", "refusé par le SAS"


class SasMessage(models.Model):
    """One change of one appointment that the SAS must be told (INT_R03), written in the transaction of the change.

    Retention: ninety days once sent.
    """

    RETENTION_DAYS = 90
    PERSONAL_DATA = "identifiants du régulateur et du professionnel ; aucune donnée du patient"

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="sas_messages")
    number = models.PositiveIntegerField("rang")  # they leave in this order
    content = models.JSONField("ressource Appointment")
    state = models.CharField("état", max_length=8, choices=MessageState, default=MessageState.WAITING)
    attempts = models.PositiveIntegerField("essais", default=0)
    next_at = models.DateTimeField("prochain essai le")
    error = models.CharField("dernière réponse", max_length=300, blank=True)
    created_at = models.DateTimeField("écrit le")
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)

    class Meta:
        verbose_name = "message au SAS"
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(state="waiting"), name="sas_message_waiting"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["appointment", "number"], name="sas_message_has_one_rank"),
        ]

    def __str__(self) -> str:
        return f"{self.appointment_id} n° {self.number}"
