"""Who is told what of a meeting, in the caller's transaction; the links of each person."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.urls import reverse

from maillage.core import links
from maillage.exchange.actions import write_mail
from maillage.exchange.models import MailKind, OutgoingMail
from maillage.meetings import letters
from maillage.meetings.models import Meeting, Participant, Task
from maillage.meetings.models.participant import LINK, LINK_LIVES
from maillage.meetings.queries.calendar import invitation_text
from maillage.meetings.rules.messages import Due


def personal_purpose(participant: Participant) -> str:
    """A link mailed to a member ends when their address changes, when a contest is settled, when an account is refused
    or taken back.

    An account bound at the address it was mailed to changes nothing: one is invited, then opens an account.
    """
    member = participant.membership
    if member is None:
        return LINK
    since = f".{member.links_since}" if member.links_since else ""
    return f"{LINK}.{member.email.lower()}.{member.settled_at}.{member.refused_account_id}{since}"


def personal_path(participant: Participant, at: datetime) -> str:
    """The page of one person for one meeting: answer, agenda, minutes, attestation. Expires after the meeting."""
    end = participant.meeting.ends_at or at
    token = links.sign(personal_purpose(participant), participant.uuid, until=max(end, at) + LINK_LIVES)
    return reverse("meetings:personal", args=[token])


def personal_url(participant: Participant, at: datetime) -> str:
    return links.on_this_site(personal_path(participant, at))


def public_url(meeting: Meeting) -> str:
    """The page of an open meeting, for whoever was not written to."""
    return links.absolute("meetings:public", meeting.cpts.slug, meeting.uuid)


def calendar_url(meeting: Meeting, participant: Participant) -> str:
    """What a calendar entry leads to. Never one's own page: diaries are shared, and one votes there."""
    if participant.membership_id:
        return links.absolute("meetings:show", meeting.cpts.slug, meeting.uuid)
    return public_url(meeting) if meeting.is_open else settings.PUBLIC_URL


def _calendar(participant: Participant, at: datetime, *, is_off: bool = False) -> str:
    meeting = participant.meeting
    if meeting.starts_at is None:
        return ""
    url = calendar_url(meeting, participant)
    return invitation_text(meeting, url=url, sender=sender(), attendee=participant.address, at=at, is_off=is_off)


def sender() -> str:
    """The bare address that mails come from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def tell(participant: Participant, due: Due, at: datetime) -> OutgoingMail | None:
    """Write the one message that this person is owed. None when they asked to be forgotten."""
    meeting = participant.meeting
    letter = letters.OWED[due](meeting, personal_url(participant, at))
    stale = None if due in {Due.MINUTES, Due.POLL} else meeting.ends_at
    return write_mail(
        recipient=participant.address,
        letter=replace(letter, greeting=f"Bonjour {participant.name},"),
        at=at,
        cpts_id=meeting.cpts_id,
        kind=_kind(participant, due),
        stale_at=stale,
        calendar="" if due in {Due.MINUTES, Due.POLL} else _calendar(participant, at),
        is_urgent=due in {Due.CHANGE, Due.CANCELLATION},
    )


def _kind(participant: Participant, due: Due) -> MailKind:
    if due == Due.INVITATION and participant.came_forward:
        return MailKind.SERVICE
    if due in {Due.CHANGE, Due.CANCELLATION} or (due == Due.INVITATION and participant.meeting.is_statutory):
        return MailKind.CONVOCATION
    return MailKind.NEWS if due == Due.MINUTES else MailKind.INVITATION


def reminder(participant: Participant, at: datetime) -> None:
    meeting = participant.meeting
    write_mail(
        recipient=participant.address,
        letter=letters.reminder(participant, personal_url(participant, at)),
        at=at,
        cpts_id=meeting.cpts_id,
        kind=MailKind.REMINDER,
        stale_at=meeting.starts_at,
    )


def seat_found(participant: Participant, at: datetime) -> None:
    """They must know at once."""
    if not participant.address:
        return
    meeting = participant.meeting
    write_mail(
        recipient=participant.address,
        letter=letters.seat_found(meeting, personal_url(participant, at)),
        at=at,
        cpts_id=meeting.cpts_id,
        stale_at=meeting.ends_at,
        kind=MailKind.CONVOCATION,
        is_urgent=True,
        calendar=_calendar(participant, at),
    )


def withdrawn(participant: Participant, at: datetime) -> None:
    """Their diary strikes the meeting out."""
    meeting = participant.meeting
    write_mail(
        recipient=participant.address,
        letter=letters.withdrawn(participant),
        at=at,
        cpts_id=meeting.cpts_id,
        kind=MailKind.CONVOCATION,
        stale_at=meeting.ends_at,
        is_urgent=True,
        calendar=_calendar(participant, at, is_off=True),
    )


def written_down(participant: Participant, what: str, at: datetime) -> None:
    """They learn at once what was written in their name."""
    write_mail(
        recipient=participant.address,
        letter=letters.written_down(participant, what, personal_url(participant, at)),
        at=at,
        cpts_id=participant.meeting.cpts_id,
        is_urgent=True,
    )


def signin_code(meeting: Meeting, email: str, code: str, at: datetime) -> None:
    """To the address, never to the screen."""
    write_mail(
        recipient=email,
        letter=letters.signin_code(meeting, code),
        at=at,
        cpts_id=meeting.cpts_id,
        stale_at=at + timedelta(minutes=10),
    )


def task_given(task: Task, at: datetime) -> None:
    assert task.owner
    write_mail(
        recipient=task.owner.email,
        letter=letters.task_given(task),
        at=at,
        cpts_id=task.cpts_id,
        kind=MailKind.NEWS,
    )
