"""The way every mail takes, ours and those of libraries: into the journal first, out by a job."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from maillage.exchange import actions

CPTS_HEADER = "X-Maillage-Cpts"


class JournalBackend(BaseEmailBackend):
    """Write each message in the transaction of what it tells; exchange.actions.deliver hands it to the server.

    The header X-Maillage-Cpts (a primary key) files the message under its CPTS; it never leaves.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            cpts_id = message.extra_headers.get(CPTS_HEADER)
            for recipient in message.recipients():
                actions.write_mail(
                    recipient=recipient,
                    subject=str(message.subject),
                    body=str(message.body),
                    at=timezone.now(),
                    cpts_id=int(cpts_id) if cpts_id else None,
                )
        return len(email_messages)
