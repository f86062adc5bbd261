"""Preparing, convening, changing, cancelling a meeting."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from maillage.accounts.models import User
from maillage.audit.queries import who_changed
from maillage.core.errors import DomainError
from maillage.core.limits import spend
from maillage.core.stale import Stale, check_version
from maillage.core.text import plural
from maillage.core.work import jobs
from maillage.cpts.models import Cpts
from maillage.exchange.rules.timing import arrival
from maillage.meetings.actions.seats import fill_seats
from maillage.meetings.actions.trace import leave_trace
from maillage.meetings.acts import Act
from maillage.meetings.assemblies.actions.roll import NoVoter, draw_up_roll, vote_is_open
from maillage.meetings.letters import facts_of
from maillage.meetings.limits import MAILINGS
from maillage.meetings.models import (
    Answer,
    BodyRule,
    Meeting,
    MeetingDocument,
    MeetingKind,
    MeetingStatus,
    Participant,
)
from maillage.meetings.models.meeting import STATUTORY
from maillage.meetings.rules.notice import days_short
from maillage.members.models import Membership
from maillage.records.actions import attaching

TELL = "meetings.tell"
ASKED_AGAIN_AFTER = timedelta(hours=20)
# No law sets it for an association; most statutes do, and the coordinator may change it (BodyRule).
USUAL_NOTICE: Mapping[str, int] = {MeetingKind.ASSEMBLY: 15}
# What makes people look again at their diary.
TOLD_FIELDS = ("starts_at", "ends_at", "place", "video_link", "title")


class NoLongerOpen(DomainError):
    user_message = "Cette réunion est terminée ou annulée."


class KindIsFixed(DomainError):
    user_message = "Une fois la réunion convoquée, sa nature ne change plus : annulez-la et refaites-la."


class VoteOpen(DomainError):
    user_message = "Un vote est ouvert : closez-le d’abord, page Votes."


class NoDate(DomainError):
    user_message = "Donnez une date à la réunion, ou choisissez-la parmi celles du sondage."


class NobodyInvited(DomainError):
    user_message = "Choisissez d’abord qui est invité."


class NoticeTooShort(DomainError):
    """The statutes ask for more days than are left; a written reason lets it through."""

    def __init__(self, notice_days: int, short: int) -> None:
        days = f"{short} {plural(short, 'jour')}"
        super().__init__(
            f"Le délai de convocation est de {notice_days} jours : il en manque {days}. Changez la date, ou dites "
            "pourquoi vous convoquez hors délai."
        )


class MoreThanRoom(DomainError):
    def __init__(self, taken: int) -> None:
        super().__init__(
            f"{taken} {plural(taken, 'personne vient', 'personnes viennent')} déjà : il faut autant de places."
        )


def ask_to_tell(meeting: Meeting, at: datetime, by: User | None = None) -> None:
    """Write, in the background, what each participant has not been told. Raises LimitReached."""
    if by:
        spend(MAILINGS, at=at, account=by.pk)
    owner = by.pk if by else None
    jobs.enqueue(TELL, label=f"Messages : {meeting}"[:200], at=at, owner_id=owner, meeting_id=meeting.pk)


@transaction.atomic
def plan(*, cpts: Cpts, fields: Mapping[str, Any], like: Meeting | None = None, by: User, at: datetime) -> Meeting:
    """A meeting in preparation: nobody sees it but the team. Without a date, one is looked for together.

    `like` is a meeting done again: the members who were expected there are expected here.
    """
    meeting = Meeting.objects.create(cpts=cpts, created_by=by, created_at=at, **fields)
    if like:
        members = Membership.objects.of(cpts).current().filter(participations__meeting=like)
        Participant.objects.bulk_create(Participant.of_member(meeting, member) for member in members)
    leave_trace(Act.PLANNED, meeting, f"Réunion « {meeting} » en préparation", by=by, at=at)
    return meeting


@transaction.atomic
def change(
    *, meeting: Meeting, read_version: int, fields: Mapping[str, Any], late_reason: str = "", by: User, at: datetime
) -> Meeting:
    """Save what was edited; once convened, people are told of a new date, place or title, and asked again.

    Raises Stale, NoLongerOpen, NoDate, KindIsFixed, NoticeTooShort, MoreThanRoom.
    """
    stored = Meeting.objects.select_for_update(of=("self",)).select_related("cpts").get(pk=meeting.pk)
    _check_change(stored, read_version, fields)
    if stored.is_live:
        _check_convened(stored, fields, late_reason, at)
    changed = {
        name: str(getattr(stored, name) or "") for name, value in fields.items() if getattr(stored, name) != value
    }
    before = facts_of(stored)
    for name, value in fields.items():
        setattr(stored, name, value)
    stored.version += 1
    if stored.is_live and set(changed) & set(TOLD_FIELDS):
        stored.sequence += 1
        stored.change_note = _change_note(before, facts_of(stored))
        stored.late_reason = late_reason or stored.late_reason
    if stored.is_live and "starts_at" in changed:
        _ask_anew(stored)
    stored.save()
    fill_seats(stored, at)
    leave_trace(Act.CHANGED, stored, f"Réunion « {stored} » modifiée", by=by, at=at, was=changed)
    if stored.is_live:
        ask_to_tell(stored, at, by)
    return stored


def _check_change(meeting: Meeting, read_version: int, fields: Mapping[str, Any]) -> None:
    check_version(meeting, read_version, refusal=lambda: Stale("cette réunion", who_changed(meeting)))
    if meeting.is_over:
        raise NoLongerOpen
    room = fields.get("capacity", meeting.capacity)
    if room is not None and room < meeting.seats_taken:
        raise MoreThanRoom(meeting.seats_taken)


def _check_convened(meeting: Meeting, fields: Mapping[str, Any], late_reason: str, at: datetime) -> None:
    """What may no longer change once people were convened."""
    starts_at = fields.get("starts_at", meeting.starts_at)
    if starts_at is None:
        raise NoDate
    if fields.get("kind", meeting.kind) != meeting.kind:
        raise KindIsFixed
    if starts_at != meeting.starts_at and not late_reason:
        _check_notice(meeting, starts_at, at)


def _check_notice(meeting: Meeting, starts_at: datetime, at: datetime) -> None:
    """Raises NoticeTooShort. Mails leave at a decent hour: convening at night is convening tomorrow."""
    notice = notice_of(meeting.cpts, meeting.kind) if starts_at > at else None
    convened_on = arrival(timezone.localtime(at), already=()).date()
    short = days_short(meeting_on=timezone.localdate(starts_at), convened_on=convened_on, notice_days=notice)
    if short and notice is not None:
        raise NoticeTooShort(notice, short)


def _ask_anew(meeting: Meeting) -> None:
    """Another day: who could not come may, and everybody is reminded again."""
    meeting.participants.update(reminded_at=None)
    meeting.participants.filter(answer=Answer.NO).update(answer=Answer.NONE, answered_at=None)


def _change_note(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What changed, line by line, as the mail says it."""
    lines = [
        f"{name} : {after[name] or 'aucun'} (avant : {was or 'aucun'})"
        for name, was in before.items()
        if was != after[name]
    ]
    return "\n".join(lines)[:700]


def notice_of(cpts: Cpts, kind: str) -> int | None:
    """How many days before a meeting of that kind people are convened; None when nothing says it.

    What the CPTS wrote of its statutes; failing that, the usual delay of a general assembly.
    """
    rule = BodyRule.objects.filter(cpts=cpts, kind=kind).first()
    return rule.notice_days if rule else USUAL_NOTICE.get(kind)


@transaction.atomic
def convene(*, meeting: Meeting, late_reason: str = "", by: User, at: datetime) -> Meeting:
    """Invite everybody chosen so far. Raises NoDate, NobodyInvited, NoLongerOpen, NoticeTooShort."""
    stored = Meeting.objects.select_for_update(of=("self",)).select_related("cpts").get(pk=meeting.pk)
    if stored.is_over:
        raise NoLongerOpen
    if stored.starts_at is None:
        raise NoDate
    if not stored.participants.exists():
        raise NobodyInvited
    if stored.is_live:
        return stored
    late = ""
    try:
        _check_notice(stored, stored.starts_at, at)
    except NoticeTooShort:
        if not late_reason:
            raise
        late = f", hors délai : {late_reason}"
    stored.status, stored.convened_at, stored.late_reason = MeetingStatus.PLANNED, at, late_reason if late else ""
    stored.version += 1
    stored.save(update_fields=["status", "convened_at", "late_reason", "version"])
    leave_trace(Act.CONVENED, stored, f"Réunion « {stored} » convoquée{late}", by=by, at=at)
    if stored.kind in STATUTORY:
        with suppress(NoVoter):
            draw_up_roll(meeting=stored, by=by, at=at)
    ask_to_tell(stored, at, by)
    return stored


@transaction.atomic
def cancel(*, meeting: Meeting, reason: str, by: User, at: datetime) -> None:
    """Call it off and tell those who were invited. Raises NoLongerOpen or VoteOpen."""
    if vote_is_open(meeting):
        raise VoteOpen
    stopped = Meeting.objects.filter(pk=meeting.pk, status__in=[MeetingStatus.DRAFT, MeetingStatus.PLANNED]).update(
        status=MeetingStatus.CANCELLED, cancel_reason=reason, sequence=F("sequence") + 1, version=F("version") + 1
    )
    if not stopped:
        raise NoLongerOpen
    leave_trace(Act.CANCELLED, meeting, f"Réunion « {meeting} » annulée : {reason}", by=by, at=at)
    ask_to_tell(meeting, at, by)


def join_document(*, meeting: Meeting, name: str, content: bytes, by: User, at: datetime) -> MeetingDocument:
    """A file for those who are invited. Raises NotADocument, NotScanned."""
    kept = attaching.keep(content)
    with transaction.atomic():
        attachment = attaching.attach(kept, cpts=meeting.cpts, name=name, by=by, at=at)
        document = MeetingDocument.objects.create(meeting=meeting, name=name, attachment=attachment)
        leave_trace(Act.DOCUMENT, meeting, f"Document « {name} » joint à « {meeting} »", by=by, at=at)
    return document


@transaction.atomic
def remove_document(*, document: MeetingDocument, by: User, at: datetime) -> None:
    meeting = document.meeting
    leave_trace(Act.DOCUMENT, meeting, f"Document « {document} » retiré de « {meeting} »", by=by, at=at)
    attachment = document.attachment
    document.delete()
    attaching.discard(attachment)


@transaction.atomic
def remind_silent(*, meeting: Meeting, by: User, at: datetime) -> int:
    """Ask again those who said nothing, once a day at most; returns how many. Raises NoLongerOpen."""
    if not meeting.is_live:
        raise NoLongerOpen
    silent = meeting.participants.filter(answer=Answer.NONE, invited_at__lt=at - ASKED_AGAIN_AFTER)
    silent = silent.exclude(reminded_at__gte=at - ASKED_AGAIN_AFTER)
    count = silent.update(reminded_at=None, is_asked_again=True)
    leave_trace(Act.REMINDED, meeting, f"« {meeting} » : {count} {plural(count, 'relance')}", by=by, at=at)
    ask_to_tell(meeting, at, by)
    return count
