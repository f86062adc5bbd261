"""Preparing, convening, changing, cancelling a meeting."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core import jobs
from maillage.core.errors import DomainError
from maillage.core.files import erase_on_commit, keep_pdf
from maillage.core.text import plural
from maillage.cpts.models import Cpts
from maillage.meetings.actions.roll import NoVoter, draw_up_roll
from maillage.meetings.actions.seats import fill_seats
from maillage.meetings.models import BodyRule, Meeting, MeetingDocument, MeetingKind, MeetingStatus
from maillage.meetings.models.meeting import STATUTORY
from maillage.meetings.rules.notice import days_short

TELL = "meetings.tell"
DOCUMENTS = "meetings"  # their folder
# No law sets it for an association; most statutes do, and the coordinator may change it (BodyRule).
USUAL_NOTICE: Mapping[str, int] = {MeetingKind.ASSEMBLY: 15}
# What makes people look again at their diary.
TOLD_FIELDS = ("starts_at", "ends_at", "place", "video_link", "title")


class StaleMeeting(DomainError):
    user_message = "Quelqu’un a modifié cette réunion entre-temps : rouvrez-la pour voir ses changements."


class NoLongerOpen(DomainError):
    user_message = "Cette réunion est terminée ou annulée."


class NoDate(DomainError):
    user_message = "Donnez une date à la réunion, ou choisissez-la parmi celles du sondage."


class NobodyInvited(DomainError):
    user_message = "Choisissez d’abord qui est invité."


class InThePast(DomainError):
    user_message = "Cette date est passée."


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
    """Write, in the background, what each participant has not been told."""
    owner = by.pk if by else None
    jobs.enqueue(TELL, label=f"Messages : {meeting}"[:200], at=at, owner_id=owner, meeting_id=meeting.pk)


def _record(type_: str, meeting: Meeting, summary: str, *, by: User | None, at: datetime, **details: Any) -> None:
    audit.record(f"meeting.{type_}", target=meeting, by=by, at=at, cpts=meeting.cpts, summary=summary, details=details)


@transaction.atomic
def plan(*, cpts: Cpts, fields: Mapping[str, Any], by: User, at: datetime) -> Meeting:
    """A meeting in preparation: nobody sees it but the team. Without a date, one is looked for together."""
    meeting = Meeting.objects.create(cpts=cpts, created_by=by, created_at=at, **fields)
    _record("planned", meeting, f"Réunion « {meeting} » en préparation", by=by, at=at)
    return meeting


@transaction.atomic
def change(*, meeting: Meeting, read_version: int, fields: Mapping[str, Any], by: User, at: datetime) -> Meeting:
    """Save what was edited; once convened, people are told of a new date, place or title.

    Raises StaleMeeting, NoLongerOpen, NoDate, MoreThanRoom.
    """
    stored = Meeting.objects.select_for_update(of=("self",)).select_related("cpts").get(pk=meeting.pk)
    if stored.version != read_version:
        raise StaleMeeting
    if stored.is_over:
        raise NoLongerOpen
    if stored.is_live and not fields.get("starts_at", stored.starts_at):
        raise NoDate
    room = fields.get("capacity", stored.capacity)
    if room is not None and room < stored.seats_taken:
        raise MoreThanRoom(stored.seats_taken)
    changed = {
        name: str(getattr(stored, name) or "") for name, value in fields.items() if getattr(stored, name) != value
    }
    for name, value in fields.items():
        setattr(stored, name, value)
    stored.version += 1
    if stored.is_live and set(changed) & set(TOLD_FIELDS):
        stored.sequence += 1
    stored.save()
    fill_seats(stored, at)
    _record("changed", stored, f"Réunion « {stored} » modifiée", by=by, at=at, was=changed)
    if stored.is_live:
        ask_to_tell(stored, at, by)
    return stored


def notice_of(cpts: Cpts, kind: str) -> int | None:
    """How many days before a meeting of that kind people are convened; None when nothing says it.

    What the CPTS wrote of its statutes; failing that, the usual delay of a general assembly.
    """
    rule = BodyRule.objects.filter(cpts=cpts, kind=kind).first()
    return rule.notice_days if rule else USUAL_NOTICE.get(kind)


@transaction.atomic
def convene(*, meeting: Meeting, late_reason: str = "", by: User, at: datetime) -> Meeting:
    """Invite everybody chosen so far. Raises NoDate, InThePast, NobodyInvited, NoLongerOpen, NoticeTooShort."""
    stored = Meeting.objects.select_for_update(of=("self",)).select_related("cpts").get(pk=meeting.pk)
    if stored.is_over:
        raise NoLongerOpen
    if stored.starts_at is None:
        raise NoDate
    if stored.starts_at <= at:
        raise InThePast
    if not stored.participants.exists():
        raise NobodyInvited
    if stored.is_live:
        return stored
    notice = notice_of(stored.cpts, stored.kind)
    on, today = timezone.localdate(stored.starts_at), timezone.localdate(at)
    short = days_short(meeting_on=on, convened_on=today, notice_days=notice)
    if short and notice is not None and not late_reason:
        raise NoticeTooShort(notice, short)
    stored.status, stored.convened_at = MeetingStatus.PLANNED, at
    stored.version += 1
    stored.save(update_fields=["status", "convened_at", "version"])
    late = f", hors délai : {late_reason}" if short else ""
    _record("convened", stored, f"Réunion « {stored} » convoquée{late}", by=by, at=at)
    if stored.kind in STATUTORY:
        with suppress(NoVoter):
            draw_up_roll(meeting=stored, by=by, at=at)
    ask_to_tell(stored, at, by)
    return stored


@transaction.atomic
def cancel(*, meeting: Meeting, reason: str, by: User, at: datetime) -> None:
    """Call it off and tell those who were invited. Raises NoLongerOpen."""
    stopped = Meeting.objects.filter(pk=meeting.pk, status__in=[MeetingStatus.DRAFT, MeetingStatus.PLANNED]).update(
        status=MeetingStatus.CANCELLED, cancel_reason=reason, sequence=F("sequence") + 1, version=F("version") + 1
    )
    if not stopped:
        raise NoLongerOpen
    _record("cancelled", meeting, f"Réunion « {meeting} » annulée : {reason}", by=by, at=at)
    ask_to_tell(meeting, at, by)


@transaction.atomic
def join_document(*, meeting: Meeting, name: str, content: bytes, by: User, at: datetime) -> MeetingDocument:
    """A PDF for those who are invited. Raises NotADocument."""
    document = MeetingDocument.objects.create(meeting=meeting, name=name, file=keep_pdf(DOCUMENTS, content))
    _record("document", meeting, f"Document « {name} » joint à « {meeting} »", by=by, at=at)
    return document


@transaction.atomic
def remove_document(*, document: MeetingDocument, by: User, at: datetime) -> None:
    meeting = document.meeting
    _record("document", meeting, f"Document « {document} » retiré de « {meeting} »", by=by, at=at)
    erase_on_commit(DOCUMENTS, document.file)
    document.delete()
