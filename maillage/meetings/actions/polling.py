"""Looking for a date together."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from maillage.accounts.models import User
from maillage.core.errors import DomainError
from maillage.meetings.actions.planning import ASKED_AGAIN_AFTER, ask_to_tell
from maillage.meetings.actions.trace import leave_trace
from maillage.meetings.acts import Act
from maillage.meetings.models import Meeting, MeetingStatus, Participant, PollAnswer, PollOption

MOST_OPTIONS = 20


class PollOver(DomainError):
    user_message = "La date est choisie : ce sondage est terminé."


class TooManyDates(DomainError):
    user_message = f"Proposez {MOST_OPTIONS} dates au plus."


class DateProposed(DomainError):
    user_message = "Cette date est déjà proposée."


class DateGone(DomainError):
    user_message = "Cette date est passée."


@transaction.atomic
def propose(*, meeting: Meeting, starts_at: datetime, ends_at: datetime, by: User, at: datetime) -> PollOption:
    """One more date. Raises PollOver, DateGone, DateProposed, TooManyDates."""
    _check(meeting)
    if starts_at <= at:
        raise DateGone
    if meeting.options.count() >= MOST_OPTIONS:
        raise TooManyDates
    if meeting.options.filter(starts_at=starts_at).exists():
        raise DateProposed
    option = PollOption.objects.create(meeting=meeting, starts_at=starts_at, ends_at=ends_at)
    leave_trace(Act.POLLED, meeting, f"« {meeting} » : une date proposée", by=by, at=at)
    return option


def _check(meeting: Meeting) -> None:
    if meeting.status != MeetingStatus.DRAFT or meeting.starts_at:
        raise PollOver


@transaction.atomic
def withdraw_option(*, option: PollOption, by: User, at: datetime) -> None:
    """Raises PollOver."""
    _check(option.meeting)
    leave_trace(Act.POLLED, option.meeting, f"« {option.meeting} » : une date n’est plus proposée", by=by, at=at)
    option.delete()


@transaction.atomic
def open_poll(*, meeting: Meeting, by: User, at: datetime) -> None:
    """Ask those who were not asked yet, and again those who said nothing since yesterday. Raises PollOver."""
    _check(meeting)
    silent = meeting.participants.filter(poll_answers=None, polled_at__lt=at - ASKED_AGAIN_AFTER)
    Participant.objects.filter(pk__in=silent.values("pk")).update(polled_at=None)
    leave_trace(Act.POLLED, meeting, f"« {meeting} » : sondage de date envoyé", by=by, at=at)
    ask_to_tell(meeting, at, by)


@transaction.atomic
def answer_poll(*, participant: Participant, choices: Mapping[int, str]) -> None:
    """Which dates suit; answering again replaces. `choices`: option pk -> Choice. Raises PollOver."""
    _check(participant.meeting)
    known: Iterable[int] = participant.meeting.options.values_list("pk", flat=True)
    for option in known:
        if choice := choices.get(option):
            PollAnswer.objects.update_or_create(option_id=option, participant=participant, defaults={"choice": choice})


@transaction.atomic
def choose_date(*, option: PollOption, by: User, at: datetime) -> None:
    """The date is that one; the meeting may be convened. Raises PollOver or DateGone."""
    if option.starts_at <= at:
        raise DateGone
    chosen = Meeting.objects.filter(pk=option.meeting_id, status=MeetingStatus.DRAFT).update(
        starts_at=option.starts_at, ends_at=option.ends_at, version=F("version") + 1
    )
    if not chosen:
        raise PollOver
    leave_trace(Act.DATED, option.meeting, f"Date choisie pour « {option.meeting} »", by=by, at=at)
