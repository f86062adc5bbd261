"""Places in a room: the last one is taken once, whatever the number of people who want it at the same second."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from maillage.accounts.models import User
from maillage.core.errors import DomainError
from maillage.meetings import notifications
from maillage.meetings.actions.trace import leave_trace
from maillage.meetings.acts import Act
from maillage.meetings.models import Answer, Meeting, MeetingStatus, Participant


class TooLateToAnswer(DomainError):
    user_message = "Cette réunion n’attend plus de réponse."


@transaction.atomic
def answer(*, participant: Participant, coming: bool, at: datetime, by: User | None = None) -> Participant:
    """Say whether one comes. When the room is full, a yes waits for a place. Saying it twice changes nothing.

    `by` is who wrote down an answer heard on the telephone; it leaves a trace. Raises TooLateToAnswer.
    """
    # The meeting is locked before it is looked at: places are counted on it.
    meeting = Meeting.objects.select_for_update(of=("self",)).get(pk=participant.meeting_id)
    if not meeting.is_live or meeting.ends_at is None or meeting.ends_at <= at:
        raise TooLateToAnswer
    participant = Participant.objects.for_link().get(pk=participant.pk)
    held = participant.answer
    if coming and held in {Answer.YES, Answer.WAITING}:
        return participant
    if coming:
        participant.answer = Answer.YES if _take_seat(meeting) else Answer.WAITING
    else:
        participant.answer = Answer.NO
    participant.answered_at = at
    participant.save(update_fields=["answer", "answered_at"])
    if by:
        summary = f"« {meeting} » : {participant} {participant.get_answer_display()}"
        leave_trace(Act.ANSWER, participant.meeting, summary, by=by, at=at)
    if held == Answer.YES:
        give_back_seat(meeting, at)
    return participant


def _take_seat(meeting: Meeting) -> bool:
    free = Meeting.objects.filter(Q(capacity=None) | Q(seats_taken__lt=F("capacity")), pk=meeting.pk)
    return bool(free.update(seats_taken=F("seats_taken") + 1))


def give_back_seat(meeting: Meeting, at: datetime) -> None:
    """One place is free: the first who waits has it."""
    Meeting.objects.filter(pk=meeting.pk, seats_taken__gt=0).update(seats_taken=F("seats_taken") - 1)
    fill_seats(meeting, at)


def fill_seats(meeting: Meeting, at: datetime) -> None:
    """Give the free places to those who wait, in the order of their answers, and tell them."""
    if meeting.status != MeetingStatus.PLANNED:
        return
    waiting = Participant.objects.filter(meeting=meeting, answer=Answer.WAITING).order_by("answered_at", "pk")
    for participant in waiting.for_link():
        if not _take_seat(meeting):
            return
        Participant.objects.filter(pk=participant.pk).update(answer=Answer.YES, answered_at=at)
        notifications.seat_found(participant, at)
