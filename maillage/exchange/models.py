"""Mail out: written in the transaction of what it tells, sent after, kept as a journal; what each address accepts."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from maillage.cpts.models import Cpts


class MailState(models.TextChoices):
    QUEUED = "queued", "à envoyer"
    SENT = "sent", "envoyé"
    FAILED = "failed", "en échec"
    BOUNCED = "bounced", "adresse refusée"
    REFUSED = "refused", "non souhaité"
    DROPPED = "dropped", "périmé, non envoyé"


class MailKind(models.TextChoices):
    """Why a message is written. The first answers somebody's act and goes at once; the second cannot be refused."""

    SERVICE = "service", "suite d’une démarche"
    CONVOCATION = "convocation", "convocations, changements et annulations"
    INVITATION = "invitation", "invitations aux réunions"
    REMINDER = "reminder", "rappels"
    NEWS = "news", "comptes rendus et nouvelles"


CHOSEN_KINDS = (MailKind.INVITATION, MailKind.REMINDER, MailKind.NEWS)


class ContactQuerySet(models.QuerySet["Contact"]):
    """Chainable reads. Each name completes the sentence "contacts ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)

    def silent(self) -> Self:
        """Those that some message will not reach."""
        return self.exclude(bounced_at=None, forgotten_at=None, refused_kinds=[])


class Contact(models.Model):
    """One address that a CPTS writes to of its own accord: what it accepts, whether it answers.

    Retention: three years after the last message. Of somebody who asked to be forgotten a digest alone is kept, so
    that nobody writes to them again.
    """

    RETENTION_DAYS = 3 * 365
    PERSONAL_DATA = "adresse électronique et choix de réception"

    uuid = models.UUIDField("identifiant public", unique=True, default=uuid.uuid4, editable=False)
    cpts = models.ForeignKey(Cpts, models.CASCADE, related_name="contacts")
    key = models.CharField("empreinte de l’adresse", max_length=64)
    email = models.EmailField("adresse électronique", blank=True)
    refused_kinds = models.JSONField("messages refusés", default=list, blank=True)
    weekdays_only = models.BooleanField("jamais le samedi ni le dimanche", default=False)
    bounced_at = models.DateTimeField("refusée par son serveur le", null=True, blank=True)
    bounce_reason = models.CharField("motif du serveur", max_length=200, blank=True)
    forgotten_at = models.DateTimeField("oubliée le", null=True, blank=True)
    last_written_at = models.DateTimeField("dernier message le")

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = "adresse"
        constraints = [
            models.UniqueConstraint(fields=["cpts", "key"], name="contact_is_single_in_a_cpts"),
            models.CheckConstraint(
                name="contact_forgotten_has_no_address",
                condition=Q(forgotten_at=None) & ~Q(email="") | Q(forgotten_at__isnull=False, email=""),
            ),
        ]

    def __str__(self) -> str:
        """Nothing of the address: the journal, which nobody erases, keeps this."""
        return "une adresse de messagerie"


class MailQuerySet(models.QuerySet["OutgoingMail"]):
    """Chainable reads. Each name completes the sentence "mails ..."."""

    def of(self, cpts: Cpts) -> Self:
        return self.filter(cpts=cpts)


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
    html = models.TextField("texte mis en page", blank=True)
    calendar = models.TextField("agenda joint", blank=True)
    kind = models.CharField("nature", max_length=12, choices=MailKind, default=MailKind.SERVICE)
    state = models.CharField("état", max_length=8, choices=MailState, default=MailState.QUEUED)
    reason = models.CharField("motif", max_length=200, blank=True)
    created_at = models.DateTimeField("écrit le")
    not_before = models.DateTimeField("pas avant le", null=True, blank=True)
    stale_at = models.DateTimeField("inutile à partir du", null=True, blank=True)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = "message"
        indexes = [
            models.Index(fields=["-created_at"], name="mail_by_date"),
            models.Index(fields=["cpts", "-created_at"], name="mail_by_cpts_and_date"),
            models.Index(fields=["cpts", "recipient"], name="mail_by_recipient"),
        ]
        constraints = [
            models.CheckConstraint(
                # A server may refuse for good, days later, what it had taken.
                name="mail_sent_at_goes_with_sent",
                condition=Q(state="sent", sent_at__isnull=False)
                | Q(state="bounced")
                | (Q(sent_at=None) & ~Q(state="sent")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"
