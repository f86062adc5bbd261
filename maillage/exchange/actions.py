"""Writing a mail, and sending it once the transaction that wrote it is committed."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils import timezone

from maillage.core import jobs
from maillage.core.typography import typographic
from maillage.exchange.models import MailState, OutgoingMail

DELIVER = "mail.deliver"


@transaction.atomic
def write_mail(*, recipient: str, subject: str, body: str, at: datetime, cpts_id: int | None = None) -> OutgoingMail:
    """Put one message in the journal and ask for its delivery: both or neither."""
    mail = OutgoingMail.objects.create(
        recipient=recipient,
        subject=typographic(" ".join(subject.split()))[:200],
        body=typographic(body),
        cpts_id=cpts_id,
        created_at=at,
    )
    jobs.enqueue(DELIVER, label="Envoi d’un message", at=at, mail_id=mail.pk)
    return mail


def give_up(arguments: dict[str, Any]) -> None:
    """Every attempt failed: the journal says so."""
    OutgoingMail.objects.filter(pk=arguments["mail_id"], state=MailState.QUEUED).update(state=MailState.FAILED)


@jobs.job(DELIVER, attempts=5, limit=timedelta(minutes=2), on_failure=give_up)
def deliver(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Hand one queued message to the mail server. Sent already: nothing to do."""
    mail = OutgoingMail.objects.filter(pk=arguments["mail_id"], state=MailState.QUEUED).first()
    if mail is None:
        return "Message déjà envoyé."
    server = get_connection(settings.MAIL_DELIVERY_BACKEND)
    EmailMessage(mail.subject, mail.body, to=[mail.recipient], connection=server).send()
    # The text may hold a link that opens an account: it is kept only where it is the point, in a demonstration.
    body = mail.body if settings.DEMO else ""
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=timezone.now(), body=body)
    return "Message envoyé."
