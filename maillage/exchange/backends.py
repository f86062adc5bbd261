"""The way every mail takes, ours and those of libraries: into the journal first, out by a job."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from maillage.core.letters import Letter, LetterMessage
from maillage.exchange import actions


class JournalBackend(BaseEmailBackend):
    """Write each message in the transaction of what it tells; exchange.actions.deliver hands it to the server."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            if isinstance(message, LetterMessage):
                letter, cpts_id = message.letter, message.cpts_id
            else:
                letter, cpts_id = Letter.plain(str(message.subject), str(message.body)), None
            for recipient in message.recipients():
                actions.write_mail(recipient=recipient, letter=letter, at=timezone.now(), cpts_id=cpts_id)
        return len(email_messages)
