"""A code to the personal MSSanté mailbox that the national register gives for a number, from a box of this instance.

The text of the code is made when the message leaves: it is kept nowhere, not even while it waits.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import timezone

from maillage.accounts.actions import proofs
from maillage.accounts.models import ProofCode, ProofMeans, User
from maillage.core.errors import DomainError
from maillage.core.letters import Letter
from maillage.core.limits import spend
from maillage.core.work import jobs
from maillage.directory import letters
from maillage.directory.limits import CODES_OF_ACCOUNT, CODES_OF_NUMBER
from maillage.directory.models import Mailbox
from maillage.directory.rules.identifiers import UnknownIdentifier, number_key

SEND = "directory.mailbox-code"
# Said whether the register gives a mailbox or not: a number must not tell who has one.
SENT = (
    "Si l’annuaire national donne une boîte MSSanté personnelle à ce numéro, un code vient d’y partir : il sert "
    "un quart d’heure."
)


class NotOffered(DomainError):
    user_message = "Cette instance n’a pas de boîte MSSanté pour envoyer un code."


class NumberUnreadable(DomainError):
    user_message = "Un numéro RPPS a 11 chiffres, un numéro ADELI 9 caractères."


def is_offered() -> bool:
    """Whether this instance was given a mailbox that MSSanté operators take mail from."""
    return bool(settings.MSSANTE_FROM_EMAIL and settings.MSSANTE_BACKEND)


def send_code(*, user: User, number: str, at: datetime) -> None:
    """Ask for a code; nothing tells whether a mailbox received it.

    Raises NotOffered, NumberUnreadable or LimitReached.
    """
    if not is_offered():
        raise NotOffered
    try:
        national_id = number_key("".join(number.split()).upper())
    except UnknownIdentifier as error:
        raise NumberUnreadable from error
    spend(CODES_OF_ACCOUNT, CODES_OF_NUMBER, at=at, account=user.pk, of=national_id)
    code = proofs.new_code(means=ProofMeans.MSSANTE, national_id=national_id, user=user, at=at)
    jobs.enqueue(SEND, label="Envoi d’un code par MSSanté", at=at, code_id=code.row.pk)


@jobs.job(SEND, attempts=3, limit=timedelta(minutes=2), lane="mssante")
def deliver_code(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Give the code its text and send it, while it may still serve."""
    code = ProofCode.objects.filter(pk=arguments["code_id"], used_at=None, expires_at__gt=timezone.now()).first()
    if code is None or mailbox_of(code.national_id) is None:
        return "Rien à envoyer."
    send_to_mailbox(code.national_id, letters.number_code(proofs.renew_text(code)))
    return "Code envoyé."


def mailbox_of(national_id: int) -> Mailbox | None:
    """The personal mailbox that the register gives for a number; None when it gives none."""
    return Mailbox.objects.filter(practitioner=national_id, is_personal=True).order_by("address").first()


def send_to_mailbox(national_id: int, letter: Letter) -> bool:
    """Write to the professional themselves, whoever says to be them. False without a box to write from or to."""
    mailbox = mailbox_of(national_id) if is_offered() else None
    if mailbox is None:
        return False
    message = EmailMultiAlternatives(
        letter.title,
        letter.text(),
        from_email=settings.MSSANTE_FROM_EMAIL,
        to=[mailbox.address],
        connection=get_connection(settings.MSSANTE_BACKEND, **settings.MSSANTE_OPTIONS),
    )
    message.attach_alternative(letter.html(), "text/html")
    message.send()
    return True
