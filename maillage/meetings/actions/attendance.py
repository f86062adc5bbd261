"""Presences: signed by each person, tapped on the tablet, typed from paper, corrected with a trace."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from maillage.accounts.models import User
from maillage.accounts.permissions import still_vouches
from maillage.core.errors import DomainError
from maillage.core.limits import allows
from maillage.core.network import UNKNOWN
from maillage.core.stale import Stale
from maillage.core.text import of
from maillage.meetings import notifications
from maillage.meetings.actions.inviting import invite_person
from maillage.meetings.actions.proving import (
    AddressProvesNothing,
    TooManyCodes,
    WrongCode,
    check_address,
    check_proof,
    expected_at,
    take_code,
    use_up,
    write_code,
)
from maillage.meetings.actions.trace import leave_trace
from maillage.meetings.acts import Act
from maillage.meetings.limits import WALK_INS
from maillage.meetings.models import (
    Means,
    Meeting,
    MeetingStatus,
    Participant,
    Presence,
    SigninCode,
    Tablet,
    Voter,
)
from maillage.meetings.permissions import MEETING_MANAGE


class NotTheTime(DomainError):
    user_message = "On signe pendant la réunion, une demi-heure avant et une demi-heure après au plus."


class TabletBack(DomainError):
    user_message = "Cette tablette a été reprise : on n’y signe plus. Demandez-en une à l’organisation."


class PresenceContested(DomainError):
    user_message = "Cette personne a dit que ce n’était pas elle : à elle de signer, par son compte ou par un code."


class ReasonMissing(DomainError):
    user_message = "Dites pourquoi vous corrigez des présences déjà écrites."


class LeftBeforeArriving(DomainError):
    user_message = "Un départ vient avant l’arrivée."


@transaction.atomic
def sign_in(*, participant: Participant, means: Means, device: str = "", at: datetime) -> Presence:
    """Write down that somebody is there, once, as they proved it. Signing again gives the first presence back.

    A presence that they contested becomes theirs. Raises NotTheTime, NotProved, or one of the kinds of
    AddressProvesNothing.
    """
    check_proof(participant, means)
    presence = _write(participant, at, means=means, device=device)[0]
    if presence.contested_at:
        own = {"means": means, "device": device, "arrived_at": at, "signed_at": at, "left_at": None}
        Presence.objects.filter(pk=presence.pk).update(contested_at=None, recorded_by=None, **own)
        _trace(participant.meeting, f"{participant}, qui contestait sa présence, signe", None, at)
        presence.refresh_from_db()
    return presence


def _write(participant: Participant, at: datetime, **how: Any) -> tuple[Presence, bool]:
    """The presence, and whether it is new. Raises NotTheTime."""
    meeting = participant.meeting
    if not meeting.takes_presences(at):
        raise NotTheTime
    moment = {"meeting": meeting, "arrived_at": at, "signed_at": at}
    return Presence.objects.get_or_create(participant=participant, defaults=moment | how)


@transaction.atomic
def lend_tablet(*, meeting: Meeting, by: User, at: datetime) -> Tablet:
    """Declare a tablet that goes round the room: whatever is signed on it says who lent it. Raises NotTheTime."""
    if not meeting.is_live or meeting.ends_at is None:
        raise NotTheTime
    tablet = Tablet.objects.create(meeting=meeting, lent_by=by, lent_by_name=str(by), lent_at=at)
    _trace(meeting, f"tablette prêtée par {by}", by, at)
    return tablet


@transaction.atomic
def take_back_tablet(*, tablet: Tablet, by: User, at: datetime) -> None:
    """Its address opens nothing any more; taken back twice changes nothing."""
    if Tablet.objects.filter(pk=tablet.pk, taken_back_at=None).update(taken_back_at=at):
        _trace(tablet.meeting, f"{tablet}, reprise", by, at)


def check_tablet(tablet: Tablet, meeting: Meeting) -> None:
    """It speaks for whoever lent it, as long as they may manage meetings. Raises TabletBack."""
    rows = Tablet.objects.filter(pk=tablet.pk, meeting=meeting, taken_back_at=None)
    held = rows.select_related("lent_by", "meeting__cpts").first()
    if held is None or not still_vouches(held.lent_by, MEETING_MANAGE, on=held.meeting.cpts, since=held.lent_at):
        raise TabletBack


@transaction.atomic
def sign_for(*, participant: Participant, tablet: Tablet, at: datetime) -> Presence:
    """A name tapped on a tablet, under the eyes of whoever lent it: a voter is told. Raises NotTheTime, TabletBack,
    PresenceContested.
    """
    check_tablet(tablet, participant.meeting)
    presence, created = _write(participant, at, means=Means.TABLET, recorded_by=tablet.lent_by)
    if presence.contested_at:
        raise PresenceContested
    if created:
        _trace(participant.meeting, f"{participant} signe sur la {tablet}", tablet.lent_by, at)
        _tell_voter(participant, f"sur la {tablet}", at)
    return presence


@transaction.atomic
def sign_stranger(*, tablet: Tablet, name: str, email: str = "", occupation: str = "", at: datetime) -> Participant:
    """Somebody who was not expected adds their name on the tablet: on the list and present, both or neither.

    Raises NotTheTime, TabletBack or AlreadyInvited.
    """
    person = invite_person(
        meeting=tablet.meeting,
        name=name,
        email=email,
        occupation=occupation,
        came_forward=True,
        is_informed=True,
        by=None,
        at=at,
    )
    sign_for(participant=Participant.objects.for_link().get(pk=person.pk), tablet=tablet, at=at)
    return person


def _tell_voter(participant: Participant, how: str, at: datetime) -> None:
    """Whoever has a voice learns that they were said to be there: they may contest it."""
    if participant.address and Voter.objects.filter(participant=participant).exists():
        notifications.written_down(participant, f"Votre présence a été signée {how}.", at)


@transaction.atomic
def take_back_presence(*, participant: Participant, reason: str, by: User, at: datetime) -> None:
    """Somebody was written down and was not there. The trace says who took it back and why.

    What the person contested stays, suspended: written again, it would be forgotten. Raises PresenceContested.
    """
    if Presence.objects.filter(participant=participant, contested_at__isnull=False).exists():
        raise PresenceContested
    Presence.objects.filter(participant=participant).delete()
    _trace(participant.meeting, f"Présence de {participant} retirée : {reason}", by, at)


def _trace(meeting: Meeting, summary: str, by: User | None, at: datetime) -> None:
    leave_trace(Act.PRESENCE, meeting, f"« {meeting} » : {summary}", by=by, at=at)


@transaction.atomic
def send_code(
    *, meeting: Meeting, email: str, name: str = "", occupation: str = "", address: str = UNKNOWN, at: datetime
) -> None:
    """Send a code to somebody expected at that address; to anybody who gives a name, when the meeting is open.

    `address` is where they are on the network: one network does not have strangers written to without end. Nobody
    enters the list before the code is typed, and nothing tells whether the address was known. Raises NotTheTime.
    """
    # The meeting is locked first: codes are counted on it, and two taps make one code.
    meeting = Meeting.objects.select_for_update(of=("self",)).select_related("cpts").get(pk=meeting.pk)
    if not meeting.takes_presences(at):
        raise NotTheTime
    expected = expected_at(meeting, email)
    with suppress(TooManyCodes, AddressProvesNothing):
        if expected:
            check_address(expected[0])
            write_code(meeting, expected[0].address, at, name="", occupation="")
        elif meeting.is_open and name and allows(WALK_INS, at=at, address=address, of=meeting.pk):
            write_code(meeting, email, at, name=name, occupation=occupation)


def sign_with_code(*, meeting: Meeting, email: str, code: str, device: str, at: datetime) -> Presence:
    """Sign with the code that the address received; a passer-by enters the list. Raises WrongCode or NotTheTime."""
    stored = take_code(meeting, email, code, at)
    with transaction.atomic():
        use_up(stored)
        return sign_in(participant=_proved(stored, email, at), means=Means.CODE, device=device, at=at)


def _proved(stored: SigninCode, email: str, at: datetime) -> Participant:
    """Whom the code names: the one person expected at that address, or a passer-by. Raises WrongCode."""
    expected = expected_at(stored.meeting, email)
    if expected:
        try:
            check_address(expected[0])
        except AddressProvesNothing as error:
            raise WrongCode from error
        return expected[0]
    if not stored.name:
        raise WrongCode
    person = invite_person(
        meeting=stored.meeting,
        name=stored.name,
        email=email,
        occupation=stored.occupation,
        came_forward=True,
        is_informed=True,
        by=None,
        at=at,
    )
    return Participant.objects.for_link().get(pk=person.pk)


READ_THE_SHEET_AGAIN = "Rien n’est écrit : ouvrez de nouveau la feuille, puis reprenez cette ligne."


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
    Whoever contested being there is not written again. Raises ReasonMissing, LeftBeforeArriving, Stale,
    NotTheTime, PresenceContested; nothing is written then.
    """
    if meeting.status not in {MeetingStatus.PLANNED, MeetingStatus.CLOSED}:
        raise NotTheTime
    locked = Presence.objects.select_for_update(of=("self",)).filter(meeting=meeting)
    presences = {presence.participant_id: presence for presence in locked}
    changed = 0
    for line in lines:
        held = presences.get(line.participant.pk)
        _check_line(line, held)
        shown, typed = state_of(held), _state(line.arrived, line.left)
        if typed in {shown, line.was} or (held and held.contested_at):
            continue
        if line.was not in {None, shown}:
            raise Stale(f"la présence {of(str(line.participant))}", then=READ_THE_SHEET_AGAIN)
        if held and not reason:
            raise ReasonMissing
        _write_line(line, held, meeting=meeting, reason=reason, by=by, at=at)
        changed += 1
    return changed


def _check_line(line: SheetLine, held: Presence | None) -> None:
    """Raises LeftBeforeArriving or PresenceContested."""
    if line.arrived and line.left and line.left <= line.arrived:
        raise LeftBeforeArriving(f"{line.participant} : le départ vient avant l’arrivée.")
    if line.arrived and held and held.contested_at:
        raise PresenceContested(
            f"{line.participant} a dit que ce n’était pas sa signature : à cette personne de signer."
        )


def state_of(held: Presence | None) -> str:
    """A presence as the sheet shows it, to the minute."""
    return _state(held.arrived_at, held.left_at) if held else _state(None, None)


def _state(arrived: datetime | None, left: datetime | None) -> str:
    shown = (
        moment.astimezone(UTC).strftime("%Y%m%d%H%M") if moment else ""
        for moment in (arrived, left if arrived else None)
    )
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
            meeting=meeting,
            participant=line.participant,
            arrived_at=line.arrived,
            left_at=line.left,
            signed_at=at,
            means=Means.PAPER,
            recorded_by=by,
        )
        when = " après la clôture" if meeting.status == MeetingStatus.CLOSED else ""
        _trace(meeting, f"{line.participant} pointé·e par {by}{when}", by, at)
        _tell_voter(line.participant, f"sur la feuille de papier, pointée par {by}", at)
