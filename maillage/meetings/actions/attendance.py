"""Presences: signed by each person, tapped on the tablet, typed from paper, corrected with a trace."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from maillage.accounts.models import User
from maillage.core.errors import DomainError
from maillage.exchange.actions import key_of
from maillage.meetings import notifications
from maillage.meetings.actions.inviting import find_by_address, invite_person
from maillage.meetings.actions.trace import leave_trace
from maillage.meetings.models import Means, Meeting, MeetingStatus, Participant, Presence, SigninCode

CODE_LIVES = timedelta(minutes=10)
TRIES = 5
AGAIN = timedelta(minutes=1)  # between two codes to one address
MOST_STRANGERS = 30  # codes alive at once for people who were not expected


class NotTheTime(DomainError):
    user_message = "On signe pendant la réunion, une demi-heure avant et une demi-heure après au plus."


class WrongCode(DomainError):
    user_message = "Ce code n’est pas le bon, ou il a expiré. Demandez-en un autre."


class ReasonMissing(DomainError):
    user_message = "Dites pourquoi vous corrigez des présences déjà écrites."


class StaleSheet(DomainError):
    pass


class LeftBeforeArriving(DomainError):
    user_message = "Un départ vient avant l’arrivée."


def sign_in(*, participant: Participant, means: Means, device: str = "", at: datetime) -> Presence:
    """Write down that somebody is there, once. Signing again gives the first presence back. Raises NotTheTime."""
    return _write(participant, at, means=means, device=device)[0]


def _write(participant: Participant, at: datetime, **how: Any) -> tuple[Presence, bool]:
    """The presence, and whether it is new. Raises NotTheTime."""
    meeting = participant.meeting
    if not meeting.takes_presences(at):
        raise NotTheTime
    moment = {"meeting": meeting, "arrived_at": at, "signed_at": at}
    return Presence.objects.get_or_create(participant=participant, defaults=moment | how)


@transaction.atomic
def sign_for(*, participant: Participant, by: User | None, at: datetime) -> Presence:
    """A name tapped on the tablet, under the eyes of whoever lent it. Raises NotTheTime."""
    presence, created = _write(participant, at, means=Means.TABLET, recorded_by=by)
    if created:
        _trace(participant.meeting, f"{participant} signe sur la tablette", by, at)
    return presence


@transaction.atomic
def sign_stranger(*, meeting: Meeting, name: str, email: str = "", occupation: str = "", at: datetime) -> Participant:
    """Somebody who was not expected adds their name on the tablet: on the list and present, both or neither.

    Raises NotTheTime or AlreadyInvited.
    """
    person = invite_person(
        meeting=meeting, name=name, email=email, occupation=occupation, came_forward=True, told=True, by=None, at=at
    )
    sign_for(participant=Participant.objects.for_link().get(pk=person.pk), by=None, at=at)
    return person


@transaction.atomic
def take_back_presence(*, participant: Participant, reason: str, by: User, at: datetime) -> None:
    """Somebody was written down and was not there. The trace says who took it back and why."""
    Presence.objects.filter(participant=participant).delete()
    _trace(participant.meeting, f"Présence de {participant} retirée : {reason}", by, at)


def _trace(meeting: Meeting, summary: str, by: User | None, at: datetime) -> None:
    leave_trace("presence", meeting, f"« {meeting} » : {summary}", by=by, at=at)


@transaction.atomic
def send_code(*, meeting: Meeting, email: str, name: str = "", occupation: str = "", at: datetime) -> None:
    """Send a code to somebody expected at that address; to anybody who gives a name, when the meeting is open.

    Nobody enters the list before the code is typed, and nothing tells whether the address was known. Raises NotTheTime.
    """
    # The meeting is locked first: codes are counted on it, and two taps make one code.
    meeting = Meeting.objects.select_for_update(of=("self",)).select_related("cpts").get(pk=meeting.pk)
    if not meeting.takes_presences(at):
        raise NotTheTime
    expected = find_by_address(meeting, email) is not None
    if not expected and not (meeting.is_open and name):
        return
    codes = SigninCode.objects.filter(meeting=meeting)
    if codes.filter(key=key_of(email), expires_at__gt=at + CODE_LIVES - AGAIN).exists():
        return
    if not expected and codes.exclude(name="").filter(expires_at__gt=at).count() >= MOST_STRANGERS:
        return
    code = f"{secrets.randbelow(10**6):06d}"
    fields = {"name": "" if expected else name, "occupation": "" if expected else occupation}
    SigninCode.objects.update_or_create(
        meeting=meeting,
        key=key_of(email),
        defaults={"digest": _digest(meeting, email, code), "expires_at": at + CODE_LIVES, "attempts": 0} | fields,
    )
    notifications.signin_code(meeting, email, code, at)


def sign_with_code(*, meeting: Meeting, email: str, code: str, device: str, at: datetime) -> Presence:
    """Sign with the code that the address received; a passer-by enters the list. Raises WrongCode or NotTheTime."""
    _count_try(meeting, email, at)
    with transaction.atomic():
        return _sign_proved(meeting, email, code, device, at)


def _sign_proved(meeting: Meeting, email: str, code: str, device: str, at: datetime) -> Presence:
    stored = SigninCode.objects.filter(meeting=meeting, key=key_of(email)).first()
    if stored is None or not constant_time_compare(stored.digest, _digest(meeting, email, "".join(code.split()))):
        raise WrongCode
    person = find_by_address(meeting, email)
    if person is None:
        if not stored.name:
            raise WrongCode
        person = invite_person(
            meeting=meeting, name=stored.name, email=email, occupation=stored.occupation, came_forward=True,
            told=True, by=None, at=at,
        )  # fmt: skip
        person = Participant.objects.for_link().get(pk=person.pk)
    presence = sign_in(participant=person, means=Means.CODE, device=device, at=at)
    stored.delete()
    return presence


def _count_try(meeting: Meeting, email: str, at: datetime) -> None:
    """One try more, kept whatever follows, before the code is compared: nobody tries a thousand. Raises WrongCode."""
    codes = SigninCode.objects.filter(meeting=meeting, key=key_of(email), expires_at__gt=at, attempts__lt=TRIES)
    if not codes.update(attempts=F("attempts") + 1):
        raise WrongCode


def _digest(meeting: Meeting, email: str, code: str) -> str:
    return salted_hmac("maillage.signin", f"{meeting.uuid.hex}:{key_of(email)}:{code}", algorithm="sha256").hexdigest()


@dataclass(frozen=True)
class SheetLine:
    """One line of the sheet as somebody typed it. `arrived` None: not there."""

    participant: Participant
    arrived: datetime | None
    left: datetime | None
    was: str | None = None  # what the line showed when the page was opened (state_of); None: not known


@transaction.atomic
def write_sheet(*, meeting: Meeting, lines: list[SheetLine], reason: str, by: User, at: datetime) -> int:
    """Type the paper sheet, or correct what is written: new lines need nothing, changed ones a reason.

    A line left as it was shown stays as it is now, even if somebody signed meanwhile. Returns how many lines changed.
    Raises ReasonMissing, LeftBeforeArriving, StaleSheet, NotTheTime; nothing is written then.
    """
    if meeting.status not in {MeetingStatus.PLANNED, MeetingStatus.CLOSED}:
        raise NotTheTime
    locked = Presence.objects.select_for_update(of=("self",)).filter(meeting=meeting)
    presences = {one.participant_id: one for one in locked}
    changed = 0
    for line in lines:
        held = presences.get(line.participant.pk)
        if line.arrived and line.left and line.left <= line.arrived:
            raise LeftBeforeArriving(f"{line.participant} : le départ vient avant l’arrivée.")
        shown, typed = state_of(held), _state(line.arrived, line.left)
        if typed in {shown, line.was}:
            continue
        if line.was not in {None, shown}:
            raise StaleSheet(f"{line.participant} : sa présence a changé pendant que vous écriviez. Relisez sa ligne.")
        if held and not reason:
            raise ReasonMissing
        _write_line(line, held, meeting=meeting, reason=reason, by=by, at=at)
        changed += 1
    return changed


def state_of(held: Presence | None) -> str:
    """A presence as the sheet shows it, to the minute."""
    return _state(held.arrived_at, held.left_at) if held else _state(None, None)


def _state(arrived: datetime | None, left: datetime | None) -> str:
    shown = (one.astimezone(UTC).strftime("%Y%m%d%H%M") if one else "" for one in (arrived, left if arrived else None))
    return "-".join(shown)


def _write_line(
    line: SheetLine, held: Presence | None, *, meeting: Meeting, reason: str, by: User, at: datetime
) -> None:
    if line.arrived is None:
        take_back_presence(participant=line.participant, reason=reason, by=by, at=at)
    elif held:
        Presence.objects.filter(pk=held.pk).update(
            arrived_at=line.arrived, left_at=line.left, corrected_at=at, correction=reason
        )
        _trace(meeting, f"Heures de {line.participant} corrigées : {reason}", by, at)
    else:
        Presence.objects.create(
            meeting=meeting, participant=line.participant, arrived_at=line.arrived, left_at=line.left, signed_at=at,
            means=Means.PAPER, recorded_by=by,
        )  # fmt: skip
        if meeting.status == MeetingStatus.CLOSED:
            _trace(meeting, f"Présence de {line.participant} ajoutée après la clôture", by, at)
