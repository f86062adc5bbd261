"""Presences: signed by each person, tapped on the tablet, typed from paper, corrected with a trace."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.meetings import notifications
from maillage.meetings.actions.inviting import find_by_address, invite_person
from maillage.meetings.models import Means, Meeting, MeetingStatus, Participant, Presence, SigninCode

CODE_LIVES = timedelta(minutes=10)
TRIES = 5
AGAIN = timedelta(minutes=1)  # between two codes to one address


class NotTheTime(DomainError):
    user_message = "On signe pendant la réunion, une demi-heure avant et une demi-heure après au plus."


class WrongCode(DomainError):
    user_message = "Ce code n’est pas le bon, ou il a expiré. Demandez-en un autre."


class ReasonMissing(DomainError):
    user_message = "Dites pourquoi vous corrigez des présences déjà écrites."


class LeftBeforeArriving(DomainError):
    user_message = "Un départ vient avant l’arrivée."


def sign_in(*, participant: Participant, means: Means, device: str = "", at: datetime) -> Presence:
    """Write down that somebody is there, once. Signing again gives the first presence back. Raises NotTheTime."""
    meeting = participant.meeting
    if not meeting.takes_presences(at):
        raise NotTheTime
    presence, _ = Presence.objects.get_or_create(
        participant=participant,
        defaults={"meeting": meeting, "arrived_at": at, "signed_at": at, "means": means, "device": device},
    )
    return presence


def sign_for(*, participant: Participant, by: User, at: datetime) -> Presence:
    """The organiser taps a name on the tablet. Raises NotTheTime once the meeting is closed or called off."""
    meeting = participant.meeting
    if not meeting.is_live:
        raise NotTheTime
    presence, _ = Presence.objects.get_or_create(
        participant=participant,
        defaults={
            "meeting": meeting, "arrived_at": at, "signed_at": at, "means": Means.TABLET, "recorded_by": by,
        },
    )  # fmt: skip
    return presence


@transaction.atomic
def take_back_presence(*, participant: Participant, reason: str, by: User, at: datetime) -> None:
    """Somebody was written down and was not there. The trace says who took it back and why."""
    Presence.objects.filter(participant=participant).delete()
    _trace(participant.meeting, f"Présence de {participant} retirée : {reason}", by, at)


def _trace(meeting: Meeting, summary: str, by: User, at: datetime) -> None:
    audit.record(
        "meeting.presence", target=meeting, by=by, at=at, cpts=meeting.cpts, summary=f"« {meeting} » : {summary}"
    )


@transaction.atomic
def send_code(*, meeting: Meeting, email: str, name: str = "", occupation: str = "", at: datetime) -> None:
    """Send a code to somebody expected at that address; to anybody who gives a name, when the meeting is open.

    Nothing tells whether the address was known. Raises NotTheTime.
    """
    if not meeting.takes_presences(at):
        raise NotTheTime
    person = find_by_address(meeting, email)
    if person is None and meeting.is_open and name:
        person = invite_person(
            meeting=meeting, name=name, email=email, occupation=occupation, came_forward=True, by=None, at=at
        )
        person = Participant.objects.for_link().get(pk=person.pk)
    if person is None or SigninCode.objects.filter(participant=person, expires_at__gt=at + CODE_LIVES - AGAIN).exists():
        return
    code = f"{secrets.randbelow(10**6):06d}"
    SigninCode.objects.update_or_create(
        participant=person, defaults={"digest": _digest(person, code), "expires_at": at + CODE_LIVES, "attempts": 0}
    )
    notifications.signin_code(person, email, code, at)


def sign_with_code(*, meeting: Meeting, email: str, code: str, device: str, at: datetime) -> Presence:
    """Sign with the code that the address received. Raises WrongCode or NotTheTime."""
    person = find_by_address(meeting, email)
    if person is None:
        raise WrongCode
    codes = SigninCode.objects.filter(participant=person, expires_at__gt=at, attempts__lt=TRIES)
    # Counted before it is compared: nobody tries a thousand at once.
    if not codes.update(attempts=F("attempts") + 1):
        raise WrongCode
    stored = SigninCode.objects.get(participant=person)
    if not constant_time_compare(stored.digest, _digest(person, "".join(code.split()))):
        raise WrongCode
    presence = sign_in(participant=person, means=Means.CODE, device=device, at=at)
    stored.delete()
    return presence


def _digest(person: Participant, code: str) -> str:
    return salted_hmac("maillage.signin", f"{person.uuid.hex}:{code}", algorithm="sha256").hexdigest()


@dataclass(frozen=True)
class SheetLine:
    """One line of the sheet as somebody typed it. `arrived` None: not there."""

    participant: Participant
    arrived: datetime | None
    left: datetime | None


@transaction.atomic
def write_sheet(*, meeting: Meeting, lines: list[SheetLine], reason: str, by: User, at: datetime) -> int:
    """Type the paper sheet, or correct what is written: new lines need nothing, changed ones a reason.

    Returns how many lines changed. Raises ReasonMissing, LeftBeforeArriving, NotTheTime; nothing is written then.
    """
    if meeting.status not in {MeetingStatus.PLANNED, MeetingStatus.CLOSED}:
        raise NotTheTime
    changed = 0
    for line in lines:
        held = Presence.objects.select_for_update(of=("self",)).filter(participant=line.participant).first()
        if line.arrived and line.left and line.left <= line.arrived:
            raise LeftBeforeArriving(f"{line.participant} : le départ vient avant l’arrivée.")
        if _same(held, line):
            continue
        if held and not reason:
            raise ReasonMissing
        _write_line(line, held, meeting=meeting, reason=reason, by=by, at=at)
        changed += 1
    return changed


def _same(held: Presence | None, line: SheetLine) -> bool:
    """To the minute, which is what the sheet shows."""
    if held is None or line.arrived is None:
        return held is None and line.arrived is None
    return _minute(held.arrived_at) == _minute(line.arrived) and _minute(held.left_at) == _minute(line.left)


def _minute(moment: datetime | None) -> datetime | None:
    return moment.replace(second=0, microsecond=0) if moment else None


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
