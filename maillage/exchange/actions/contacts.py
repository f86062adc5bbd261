"""What an address accepts, and what its server said."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.hooks import Hook
from maillage.exchange.acts import Act
from maillage.exchange.models import CHOSEN_KINDS, Contact, MailKind, MailState, OutgoingMail
from maillage.exchange.rules.bounce import Bounce


@Hook
def on_forget(cpts_id: int, email: str) -> None:
    """An address asked a CPTS to be forgotten: the apps above erase it from their rows."""


def key_of(email: str) -> str:
    """A digest that finds an address again without keeping it."""
    return salted_hmac("maillage.contact", email.strip().lower(), algorithm="sha256").hexdigest()


def contact_of(cpts_id: int, email: str, at: datetime) -> Contact:
    """The contact of an address, made at its first message; its CPTS is read with it, whose clock it lives by."""
    contact, created = Contact.objects.select_related("cpts").get_or_create(
        cpts_id=cpts_id, key=key_of(email), defaults={"email": email.strip().lower(), "last_written_at": at}
    )
    if not created and contact.last_written_at < at:
        Contact.objects.filter(pk=contact.pk).update(last_written_at=at)
    return contact


@transaction.atomic
def choose(*, contact: Contact, accepted: Iterable[str], weekdays_only: bool, at: datetime) -> None:
    """Keep what a person wants to receive. It is their own doing: no account is named."""
    refused = [kind for kind in CHOSEN_KINDS if kind not in set(accepted)]
    Contact.objects.filter(pk=contact.pk, forgotten_at=None).update(refused_kinds=refused, weekdays_only=weekdays_only)
    summary = "Une personne a choisi les messages qu’elle reçoit"
    audit.record(Act.CHOSEN, target=contact, by=None, at=at, cpts=contact.cpts, summary=summary)


@transaction.atomic
def forget(*, contact: Contact, at: datetime) -> None:
    """Erase the address everywhere this app keeps it; a digest stays, so that nobody writes to it again."""
    written = OutgoingMail.objects.filter(cpts=contact.cpts_id, recipient__iexact=contact.email)
    # A warning still on its way arrives: whoever was forwarded the mail that this link was read in silences nothing.
    written.exclude(kind=MailKind.SERVICE, state=MailState.QUEUED).delete()
    if contact.email:
        on_forget(contact.cpts_id, contact.email)
    Contact.objects.filter(pk=contact.pk).update(email="", forgotten_at=at, bounced_at=None, bounce_reason="")
    contact.refresh_from_db(fields=["email", "forgotten_at"])
    summary = "Une adresse a demandé à être oubliée"
    audit.record(Act.FORGOTTEN, target=contact, by=None, at=at, cpts=contact.cpts, summary=summary)


def nothing_of_the_text() -> dict[str, str]:
    """What is left of a message that is not to be sent any more: it may hold a link that opens an account.

    Kept only where it is the point, in a demonstration.
    """
    return {} if settings.DEMO else {"body": "", "html": "", "calendar": ""}


@transaction.atomic
def record_bounce(bounce: Bounce, *, at: datetime) -> bool:
    """A server refused one of our messages for good. False when the message is no longer kept."""
    mail = OutgoingMail.objects.filter(uuid=bounce.mail_uuid).first()
    if mail is None:
        return False
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state=MailState.BOUNCED, reason=bounce.reason, **nothing_of_the_text()
    )
    if mail.cpts_id:
        contact_of(mail.cpts_id, mail.recipient, at)
        Contact.objects.filter(cpts=mail.cpts_id, key=key_of(mail.recipient), forgotten_at=None).update(
            bounced_at=at, bounce_reason=bounce.reason
        )
    return True


@transaction.atomic
def retry_address(*, contact: Contact, by: User, at: datetime) -> None:
    """Write again to an address that its server refused: a box that was full, a typing error mended there."""
    Contact.objects.filter(pk=contact.pk).update(bounced_at=None, bounce_reason="")
    summary = "Nouvel essai vers une adresse refusée"
    audit.record(Act.RETRIED, target=contact, by=by, at=at, cpts=contact.cpts, summary=summary)
