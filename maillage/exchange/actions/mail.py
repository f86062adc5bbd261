"""Writing a mail, and sending it once the transaction that wrote it is committed."""

from datetime import datetime, timedelta
from email.utils import parseaddr
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.utils import timezone

from maillage.core import links
from maillage.core.letters import Letter, Link
from maillage.core.work import jobs
from maillage.exchange.actions.contacts import contact_of, nothing_of_the_text, record_bounce
from maillage.exchange.limits import spend_mail
from maillage.exchange.models import CHOSEN_KINDS, Contact, MailKind, MailState, OutgoingMail
from maillage.exchange.rules.bounce import Bounce
from maillage.exchange.rules.timing import arrival
from maillage.geography.rules.clocks import zone_of

DELIVER = "mail.deliver"
CONTACT_LINK = "contact"
WAY_OUT = "Choisir les messages que vous recevez, ou n’en plus recevoir"
CONTACT_LINK_LIVES = timedelta(days=365)
PERMANENT = 500  # from this reply on, an SMTP server asks not to try again


@transaction.atomic
def write_mail(
    *,
    recipient: str,
    letter: Letter,
    at: datetime,
    cpts_id: int | None = None,
    kind: MailKind = MailKind.SERVICE,
    stale_at: datetime | None = None,
    is_urgent: bool = False,
    is_limited: bool = True,
    calendar: str = "",
) -> OutgoingMail | None:
    """Put one message in the journal and ask for its delivery: both or neither.

    What the CPTS sends of its own accord (any kind but SERVICE) waits for a decent hour unless it is urgent,
    carries the way to refuse it, and stays here with its reason when it is refused, useless by then, or sent to an
    address that does not answer.
    None, and nothing kept, for an address that asked to be forgotten. Raises LimitReached for a CPTS that nobody
    approved yet and that writes too much outside its team; never when not `is_limited`: what tells somebody of their
    own identity is owed to them, whatever their CPTS spent.
    """
    if cpts_id and is_limited:
        spend_mail(cpts_id, recipient, at)
    mail = OutgoingMail(
        recipient=recipient,
        subject=letter.title,
        calendar=calendar,
        kind=kind,
        cpts_id=cpts_id,
        created_at=at,
        stale_at=stale_at,
    )
    if kind != MailKind.SERVICE:
        assert cpts_id
        contact = contact_of(cpts_id, recipient, at)
        if contact.forgotten_at:
            return None
        mail.not_before = None if is_urgent else _arrival(contact, at)
        late = stale_at is not None and mail.not_before is not None and mail.not_before >= stale_at > at
        if late and kind in {MailKind.INVITATION, MailKind.CONVOCATION}:
            mail.not_before = None  # waiting would mean never
        letter = letter.followed_by(Link(WAY_OUT, choices_url(contact, at)))
        mail.state, mail.reason = _verdict(mail, contact, mail.not_before)
    if mail.state == MailState.QUEUED:
        mail.body, mail.html = letter.text(), letter.html()
    mail.save()
    if mail.state == MailState.QUEUED:
        jobs.enqueue(DELIVER, label="Envoi d’un message", at=at, not_before=mail.not_before, mail_id=mail.pk)
    return mail


def _arrival(contact: Contact, at: datetime) -> datetime | None:
    """When the message may arrive; None for now."""
    local = timezone.localtime(at, zone_of(contact.cpts.departement_id))
    written = OutgoingMail.objects.filter(
        cpts=contact.cpts_id, recipient__iexact=contact.email, state__in=[MailState.QUEUED, MailState.SENT]
    ).exclude(kind=MailKind.SERVICE)
    recent = written.filter(created_at__gte=at - timedelta(days=7)).values_list("not_before", "created_at")
    days = [timezone.localdate(later or created, local.tzinfo) for later, created in recent]
    moment = arrival(local, already=days, weekdays_only=contact.weekdays_only)
    return None if moment == local else moment


def choices_url(contact: Contact, at: datetime, name: str = "exchange:choices") -> str:
    token = links.sign(CONTACT_LINK, contact.uuid, until=at + CONTACT_LINK_LIVES)
    return links.absolute(name, token)


def _verdict(mail: OutgoingMail, contact: Contact, moment: datetime | None) -> tuple[MailState, str]:
    """Whether a message of the CPTS's own accord may leave at that moment, and why not."""
    if contact.bounced_at:
        return MailState.BOUNCED, contact.bounce_reason
    if mail.kind in contact.refused_kinds:
        return MailState.REFUSED, "La personne ne veut pas de ces messages"
    if mail.stale_at and (moment or mail.created_at) >= mail.stale_at:
        return MailState.DROPPED, "Il serait arrivé trop tard"
    return MailState.QUEUED, ""


def give_up(arguments: dict[str, Any]) -> None:
    """Every attempt failed: the journal says so."""
    OutgoingMail.objects.filter(pk=arguments["mail_id"], state=MailState.QUEUED).update(
        state=MailState.FAILED, **nothing_of_the_text()
    )


@jobs.job(DELIVER, attempts=5, limit=timedelta(minutes=2), on_failure=give_up, lane="mail")
def deliver(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Hand one queued message to the mail server. Sent already, or useless by now: nothing to do."""
    mail = OutgoingMail.objects.filter(pk=arguments["mail_id"], state=MailState.QUEUED).first()
    if mail is None:
        return "Message déjà traité."
    at = timezone.now()
    contact = _contact_of(mail)
    if contact:
        state, reason = _verdict(mail, contact, at)
        if state != MailState.QUEUED:
            OutgoingMail.objects.filter(pk=mail.pk).update(state=state, reason=reason, **nothing_of_the_text())
            return reason
    try:
        _message(mail, contact).send()
    except SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        if code < PERMANENT:
            raise
        record_bounce(Bounce(mail.uuid, words.decode(errors="replace")[:200]), at=at)
        return "Adresse refusée par son serveur."
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=at, **nothing_of_the_text())
    return "Message envoyé."


def _contact_of(mail: OutgoingMail) -> Contact | None:
    """Who a message of the CPTS's own accord is for."""
    if mail.kind == MailKind.SERVICE or mail.cpts_id is None:
        return None
    return contact_of(mail.cpts_id, mail.recipient, mail.created_at)


def _message(mail: OutgoingMail, contact: Contact | None) -> EmailMultiAlternatives:
    """As it leaves: an identifier that notices of refusal quote, and the one-click way out that mail readers show."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    headers = {"Message-ID": f"<{mail.uuid.hex}@{domain}>", "From": settings.DEFAULT_FROM_EMAIL}
    if contact and mail.kind in CHOSEN_KINDS:
        stop = choices_url(contact, mail.created_at, "exchange:stop")
        headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    message = EmailMultiAlternatives(
        mail.subject,
        mail.body,
        from_email=settings.BOUNCE_EMAIL or settings.DEFAULT_FROM_EMAIL,
        to=[mail.recipient],
        headers=headers,
        connection=get_connection(settings.MAIL_DELIVERY_BACKEND),
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    if mail.calendar:
        method = "CANCEL" if "\r\nMETHOD:CANCEL\r\n" in mail.calendar else "REQUEST"
        message.attach("reunion.ics", mail.calendar, f"text/calendar; method={method}")
    return message
