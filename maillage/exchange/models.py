"""Mail out: written in the transaction of what it tells, sent after, kept as a journal."""

import uuid

from django.db import models
from django.db.models import Q

from maillage.cpts.models import Cpts


class MailState(models.TextChoices):
    QUEUED = "queued", "à envoyer"
    SENT = "sent", "envoyé"
    FAILED = "failed", "en échec"


class OutgoingMail(models.Model):
    """One message to one person.

    Retention: ninety days, the time to answer "I never received it".
    """

    RETENTION_DAYS = 90
    PERSONAL_DATA = "adresse et texte du message"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, null=True, blank=True, related_name="mails")
    recipient = models.EmailField("destinataire")
    subject = models.CharField("objet", max_length=200)
    body = models.TextField("texte")
    state = models.CharField("état", max_length=8, choices=MailState, default=MailState.QUEUED)
    created_at = models.DateTimeField("écrit le")
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)

    class Meta:
        verbose_name = "message"
        indexes = [models.Index(fields=["-created_at"], name="mail_by_date")]
        constraints = [
            models.CheckConstraint(
                name="mail_sent_at_goes_with_sent",
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"
