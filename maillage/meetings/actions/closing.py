"""How a meeting ends: hours, minutes, decisions, tasks. Nothing is typed twice."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from maillage.accounts.models import User
from maillage.audit.queries import who_changed
from maillage.core.errors import DomainError
from maillage.core.stale import Stale, claim
from maillage.meetings import notifications
from maillage.meetings.actions.planning import NoLongerOpen, ask_to_tell
from maillage.meetings.actions.trace import leave_trace
from maillage.meetings.acts import Act
from maillage.meetings.assemblies.actions.roll import vote_is_open
from maillage.meetings.models import Decision, Meeting, MeetingStatus, Minutes, Presence, Task
from maillage.meetings.rules.minutes import MINUTES, MinutesRecord
from maillage.members.models import Membership
from maillage.records.actions.freezing import freeze

A_MINUTE = timedelta(minutes=1)  # people type hours and minutes


class EndsBeforeItStarts(DomainError):
    user_message = "La fin vient avant le début de la réunion."


class VoteStillOpen(DomainError):
    user_message = "Un vote est encore ouvert : closez-le d’abord, page Votes."


class NotYetThatHour(DomainError):
    user_message = "Cette heure n’est pas encore passée."


class NotStarted(DomainError):
    user_message = "Cette réunion n’a pas commencé."


class MinutesAreFinal(DomainError):
    user_message = "Ce compte rendu est validé : il ne change plus."


class NotClosed(DomainError):
    user_message = "Closez d’abord la réunion : présences et heures entrent dans le compte rendu."


class MinutesEmpty(DomainError):
    user_message = "Écrivez le compte rendu avant de le valider."


@transaction.atomic
def close(*, meeting: Meeting, ended_at: datetime, by: User, at: datetime) -> None:
    """Say when it ended: whoever signed and did not say otherwise stayed until then.

    Raises NotStarted, EndsBeforeItStarts, NotYetThatHour, VoteStillOpen, NoLongerOpen.
    """
    if meeting.starts_at is None or meeting.starts_at > at:
        raise NotStarted
    if ended_at <= meeting.starts_at:
        raise EndsBeforeItStarts
    if ended_at > at + A_MINUTE:
        raise NotYetThatHour
    if vote_is_open(meeting):
        raise VoteStillOpen
    closed = Meeting.objects.filter(pk=meeting.pk, status=MeetingStatus.PLANNED).update(
        status=MeetingStatus.CLOSED, closed_at=at, ends_at=ended_at, version=F("version") + 1
    )
    if not closed:
        raise NoLongerOpen
    Presence.objects.filter(meeting=meeting, left_at=None, arrived_at__lt=ended_at).update(left_at=ended_at)
    leave_trace(Act.CLOSED, meeting, f"Réunion « {meeting} » close", by=by, at=at)
    ask_to_tell(meeting, at, by)


def template_of(meeting: Meeting) -> str:
    """A place to write under each point of the agenda."""
    return "\n\n".join(f"{number}. {point}\n" for number, point in enumerate(meeting.agenda_points, start=1))


@transaction.atomic
def save_minutes(*, meeting: Meeting, text: str, read_version: int, by: User, at: datetime) -> Minutes:
    """Keep what was written so far. Raises MinutesAreFinal or Stale."""
    minutes, _ = Minutes.objects.get_or_create(meeting=meeting)
    if minutes.validated_at:
        raise MinutesAreFinal
    rows = Minutes.objects.filter(pk=minutes.pk, validated_at=None)
    claim(rows, read_version, {"text": text}, refusal=lambda: Stale("ce compte rendu", who_changed(meeting)))
    leave_trace(Act.MINUTES, meeting, f"Compte rendu de « {meeting} » modifié", by=by, at=at)
    minutes.refresh_from_db()
    return minutes


@transaction.atomic
def validate_minutes(
    *,
    meeting: Meeting,
    text: str,
    read_version: int,
    record: Callable[[Meeting, date], Mapping[str, Any]],
    by: User,
    at: datetime,
) -> None:
    """Make them final as they were read, with all that they print, and send them to those who were invited.

    `record` gives what is printed (documents.minutes_data), frozen here: quorum, presences and votes no longer move.
    Raises MinutesEmpty, NotClosed, MinutesAreFinal, Stale.
    """
    if not text.strip():
        raise MinutesEmpty
    if meeting.status != MeetingStatus.CLOSED:
        raise NotClosed
    minutes = save_minutes(meeting=meeting, text=text, read_version=read_version, by=by, at=at)
    minutes.validated_at, minutes.validated_by = at, by
    meeting.minutes = minutes
    printed = MinutesRecord(**record(meeting, timezone.localdate(at)))
    minutes.snapshot = freeze(printed, MINUTES, cpts=meeting.cpts, by=by, at=at)
    minutes.save(update_fields=["validated_at", "validated_by", "snapshot"])
    leave_trace(Act.MINUTES_VALIDATED, meeting, f"Compte rendu de « {meeting} » validé", by=by, at=at)
    ask_to_tell(meeting, at, by)


@transaction.atomic
def decide(*, meeting: Meeting, text: str, by: User, at: datetime) -> Decision:
    """Write a decision down. Raises MinutesAreFinal."""
    _check_not_final(meeting)
    decision = Decision.objects.create(meeting=meeting, text=text)
    leave_trace(Act.DECISION, meeting, f"« {meeting} » : décision, {text}", by=by, at=at)
    return decision


@transaction.atomic
def undecide(*, decision: Decision, by: User, at: datetime) -> None:
    _check_not_final(decision.meeting)
    leave_trace(Act.DECISION, decision.meeting, f"« {decision.meeting} » : décision retirée, {decision}", by=by, at=at)
    decision.delete()


def _check_not_final(meeting: Meeting) -> None:
    if Minutes.objects.filter(meeting=meeting, validated_at__isnull=False).exists():
        raise MinutesAreFinal


@transaction.atomic
def give_task(
    *, meeting: Meeting, text: str, owner: Membership | None, due_on: date | None, by: User, at: datetime
) -> Task:
    """Somebody does something before a day; they are told, and find it on their home page."""
    task = Task.objects.create(cpts=meeting.cpts, meeting=meeting, text=text, owner=owner, due_on=due_on)
    whom = f" ({owner})" if owner else ""
    leave_trace(Act.TASK, meeting, f"« {meeting} » : tâche{whom}, {text}", by=by, at=at)
    if owner and owner.email:
        notifications.task_given(task, at)
    return task


@transaction.atomic
def finish_task(*, task: Task, by: User, at: datetime) -> None:
    """Done; done twice changes nothing."""
    if Task.objects.filter(pk=task.pk, done_at=None).update(done_at=at):
        leave_trace(Act.TASK_DONE, task.meeting, f"Tâche faite : {task}", by=by, at=at)


@transaction.atomic
def drop_task(*, task: Task, by: User, at: datetime) -> None:
    leave_trace(Act.TASK, task.meeting, f"Tâche retirée : {task}", by=by, at=at)
    task.delete()
