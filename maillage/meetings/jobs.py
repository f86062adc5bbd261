"""In the background: what participants have not been told, and reminders a few days before."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from maillage.core.text import plural
from maillage.core.work import jobs
from maillage.meetings import notifications
from maillage.meetings.actions import ASKED_AGAIN_AFTER, TELL
from maillage.meetings.models import Answer, Meeting, MeetingStatus, Participant
from maillage.meetings.models.meeting import STATUTORY
from maillage.meetings.rules.messages import Due, Told, due

logger = logging.getLogger(__name__)
REMIND = "meetings.remind"
REMINDED_BEFORE = timedelta(days=3)
MARKS = {
    Due.POLL: ("polled_at",),
    Due.INVITATION: ("invited_at", "told_sequence"),
    Due.CHANGE: ("told_sequence",),
    Due.CANCELLATION: ("told_sequence",),
    Due.MINUTES: ("minutes_sent_at",),
}


@jobs.job(TELL, attempts=3, limit=timedelta(minutes=30))
def tell(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Write to each participant what they have not been told. Stopped half-way, it goes on where it was."""
    meeting = Meeting.objects.select_related("cpts").filter(pk=arguments["meeting_id"]).first()
    if meeting is None:
        return "La réunion n’existe plus."
    waiting = list(meeting.participants.values_list("pk", flat=True).order_by("pk"))
    written, failed = 0, 0
    for place, key in enumerate(waiting, start=1):
        try:
            written += tell_one(key, timezone.now())
        except Exception:  # one person must not silence the others; the job is tried again for those who failed
            logger.exception("telling participant %s", key)
            failed += 1
        progress(f"{written} {plural(written, 'message')}", place, len(waiting))
    if failed:
        raise RuntimeError(f"{failed} of {len(waiting)} participants could not be told")
    return f"{written} {plural(written, 'message écrit', 'messages écrits')}."


@transaction.atomic
def tell_one(key: int, at: datetime) -> bool:
    """One person, in a transaction of their own: the mail and the mark that it was written go together."""
    people = Participant.objects.select_for_update(of=("self",)).filter(pk=key)
    person = people.select_related("meeting__cpts", "meeting__minutes", "membership").first()
    if person is None or not may_be_written_to(person):
        return False
    if person.is_asked_again:
        Participant.objects.filter(pk=key).update(is_asked_again=False, reminded_at=at)
        notifications.reminder(person, at)
        return True
    message = due(_standing(person, at))
    if message is None:
        return False
    person.last_mail = notifications.tell(person, message, at)
    if person.last_mail is None:
        return False  # they asked to be forgotten
    for mark in MARKS[message]:
        setattr(person, mark, person.meeting.sequence if mark == "told_sequence" else at)
    person.save(update_fields=[*MARKS[message], "last_mail"])
    return True


def may_be_written_to(person: Participant) -> bool:
    """There is an address; and whoever wants no messages is only convened to what they have a vote in."""
    if not person.address:
        return False
    return person.membership is None or person.membership.may_be_reached or person.meeting.kind in STATUTORY


def _standing(person: Participant, at: datetime) -> Told:
    meeting = person.meeting
    minutes = getattr(meeting, "minutes", None)
    return Told(
        status=meeting.status,
        has_poll=meeting.starts_at is None and meeting.options.exists(),
        has_begun=meeting.starts_at is not None and meeting.starts_at <= at,
        polled=person.polled_at is not None,
        invited=person.invited_at is not None,
        behind=person.told_sequence < meeting.sequence,
        comes_not=person.answer == Answer.NO,
        minutes_ready=minutes is not None and minutes.validated_at is not None,
        minutes_sent=person.minutes_sent_at is not None,
    )


@jobs.job(REMIND, attempts=3)
def remind(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Once for each person, in the three days before; whoever was invited today is left in peace."""
    at = timezone.now()
    coming = Participant.objects.filter(
        meeting__status=MeetingStatus.PLANNED,
        meeting__starts_at__gt=at,
        meeting__starts_at__lte=at + REMINDED_BEFORE,
        answer__in=[Answer.NONE, Answer.YES],
        invited_at__lt=at - ASKED_AGAIN_AFTER,
        reminded_at=None,
    )
    count = sum(_remind_one(key, at) for key in coming.values_list("pk", flat=True))
    return f"{count} {plural(count, 'rappel')}."


@transaction.atomic
def _remind_one(key: int, at: datetime) -> bool:
    if not Participant.objects.filter(pk=key, reminded_at=None).update(reminded_at=at):
        return False
    person = Participant.objects.for_link().get(pk=key)
    if not may_be_written_to(person):
        return False
    notifications.reminder(person, at)
    return True


jobs.daily(REMIND, "Rappels de réunions")
