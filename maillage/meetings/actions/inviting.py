"""Who is expected: members, professionals of the territory, people named by hand."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from django.db import transaction
from django.utils.text import capfirst

from maillage.accounts.hooks import account_taken_back
from maillage.accounts.models import User
from maillage.core.errors import DomainError
from maillage.core.text import normalised, plural
from maillage.directory.models import GROUP_LABELS, Practitioner
from maillage.exchange.actions import on_forget
from maillage.meetings import notifications
from maillage.meetings.actions.planning import NoLongerOpen, ask_to_tell
from maillage.meetings.actions.seats import give_back_seat
from maillage.meetings.actions.trace import leave_trace
from maillage.meetings.acts import Act
from maillage.meetings.models import Answer, CalendarFeed, Meeting, MeetingStatus, Participant, Presence, Task, Voter
from maillage.members.actions import on_leave, on_merge
from maillage.members.models import Membership
from maillage.members.rules.names import readable

BATCH = 500
LIVE = (MeetingStatus.DRAFT, MeetingStatus.PLANNED)


class AlreadyInvited(DomainError):
    user_message = "Cette personne est déjà invitée."


class AlreadyCame(DomainError):
    user_message = "Cette personne a signé : corrigez d’abord sa présence."


class OnTheRoll(DomainError):
    user_message = "Cette personne est sur la liste des votants : elle reste invitée."


@transaction.atomic
def invite_members(*, meeting: Meeting, members: Iterable[Membership], by: User, at: datetime) -> int:
    """Those of these members who are in and not invited yet. Returns how many. Raises NoLongerOpen."""
    _lock_open(meeting)
    known = set(meeting.participants.exclude(membership=None).values_list("membership_id", flat=True))
    new = [member for member in members if member.is_in and member.pk not in known]
    return _add(meeting, [Participant.of_member(meeting, member) for member in new], by, at)


@transaction.atomic
def invite_professionals(*, meeting: Meeting, people: Iterable[Practitioner], by: User, at: datetime) -> int:
    """Professionals of the territory who are no members: they have no address here, a letter reaches them."""
    _lock_open(meeting)
    known = set(meeting.participants.exclude(practitioner=None).values_list("practitioner_id", flat=True))
    rows = [
        Participant(
            cpts_id=meeting.cpts_id,
            meeting=meeting,
            practitioner=person,
            search_name=person.search_name,
            name=f"{readable(person.given_name)} {readable(person.family_name)}",
            occupation=_occupation(person),
        )
        for person in people
        if person.pk not in known
    ]
    return _add(meeting, rows, by, at)


def _occupation(practitioner: Practitioner) -> str:
    """The profession of their first place (directory.queries.search.find carries them)."""
    places = getattr(practitioner, "places", [])
    return capfirst(GROUP_LABELS.get(places[0].group, ""))[:80] if places else ""


@transaction.atomic
def invite_person(
    *,
    meeting: Meeting,
    name: str,
    email: str,
    occupation: str = "",
    came_forward: bool = False,
    is_informed: bool = False,
    by: User | None,
    at: datetime,
) -> Participant:
    """Somebody who is no member: an elected official, a speaker, a colleague from elsewhere.

    `is_informed`: they know already. Raises AlreadyInvited when the address is that of somebody expected.
    """
    _lock_open(meeting)
    email = email.strip().lower()
    if email and find_by_address(meeting, email):
        raise AlreadyInvited
    person = Participant(
        cpts_id=meeting.cpts_id,
        meeting=meeting,
        name=name,
        search_name=normalised(name),
        occupation=occupation,
        email=email,
        came_forward=came_forward,
        invited_at=at if is_informed else None,
    )
    _add(meeting, [person], by, at)
    return person


def register(*, meeting: Meeting, name: str, email: str, occupation: str, at: datetime) -> None:
    """Somebody comes of their own accord: their page is sent to the address they give, which proves it.

    Nothing tells whether the address was known.
    """
    with suppress(AlreadyInvited):
        invite_person(meeting=meeting, name=name, email=email, occupation=occupation, came_forward=True, by=None, at=at)


def find_by_address(meeting: Meeting, email: str) -> Participant | None:
    """Who is expected at that address."""
    expected = meeting.participants.for_link()
    by_member = expected.filter(membership__email__iexact=email).order_by("pk").first()
    return by_member or expected.filter(email__iexact=email).first()


def _lock_open(meeting: Meeting) -> None:
    """Two people may invite at the same second: the list is read once the meeting is locked."""
    if Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk).is_over:
        raise NoLongerOpen


def _add(meeting: Meeting, people: list[Participant], by: User | None, at: datetime) -> int:
    if not people:
        return 0
    Participant.objects.bulk_create(people, batch_size=BATCH, ignore_conflicts=len(people) > 1)
    count = len(people)
    summary = f"« {meeting} » : {count} {plural(count, 'personne')} de plus sur la liste"
    leave_trace(Act.INVITED, meeting, summary, by=by, at=at)
    if meeting.is_live:
        ask_to_tell(meeting, at, by)
    return count


@transaction.atomic
def withdraw(*, participant: Participant, by: User, at: datetime) -> None:
    """Invited by mistake: off the list, and the place given back. Raises AlreadyCame or OnTheRoll."""
    meeting = Meeting.objects.select_for_update(of=("self",)).select_related("cpts").get(pk=participant.meeting_id)
    stored = Participant.objects.for_link().get(pk=participant.pk)
    if stored.is_present:
        raise AlreadyCame
    if Voter.objects.filter(participant=stored).exists():
        raise OnTheRoll
    summary = f"« {meeting} » : {stored} n’est plus sur la liste"
    leave_trace(Act.WITHDRAWN, meeting, summary, by=by, at=at)
    had_seat = stored.answer == Answer.YES
    if stored.invited_at and stored.address and meeting.is_live and stored.answer != Answer.NO:
        notifications.withdrawn(stored, at)
    stored.delete()
    if had_seat:
        give_back_seat(meeting, at)


class TwoVoices(DomainError):
    user_message = "Ces deux fiches sont sur la liste des votants d’une même réunion : attendez qu’elle soit effacée."


class VoiceWouldMove(DomainError):
    user_message = (
        "Une de ces deux fiches est sur la liste des votants d’une réunion qui n’est pas close, et leurs adresses "
        "ou leurs comptes diffèrent : sa voix changerait de mains. Réunissez-les après la réunion."
    )


@on_leave.register
def give_tasks_back(membership: Membership, at: datetime) -> None:
    """What a member who leaves had still to do belongs to nobody: the team sees it without an owner."""
    Task.objects.open().filter(owner=membership).update(owner=None)


@on_merge.register
def _merge(kept: Membership, other: Membership) -> None:
    """Where both pages were expected one line stays, with the voice, the earlier arrival and the place of either.

    Raises TwoVoices or VoiceWouldMove.
    """
    voices = Voter.objects.filter(participant__membership=other, meeting__status__in=LIVE)
    voices = voices.exclude(meeting__voters__participant__membership=kept)  # two voices of one meeting: told below
    is_somebody_else = kept.email.lower() != other.email.lower() or kept.account_id != other.account_id
    if is_somebody_else and voices.exists():
        raise VoiceWouldMove
    there = {
        participant.meeting_id: participant for participant in Participant.objects.filter(membership=kept).for_link()
    }
    for participant in Participant.objects.filter(membership=other).for_link():
        twin = there.get(participant.meeting_id)
        if twin is None:
            Participant.objects.filter(pk=participant.pk).update(
                membership=kept, name=str(kept), search_name=kept.search_name
            )
        else:
            _merge_lines(twin, participant)
    Task.objects.filter(owner=other).update(owner=kept)


def _merge_lines(twin: Participant, participant: Participant) -> None:
    """Raises TwoVoices."""
    voice = Voter.objects.filter(participant=participant)
    if voice.exists() and Voter.objects.filter(participant=twin).exists():
        raise TwoVoices
    voice.update(participant=twin)
    if participant.is_present and twin.is_present:
        earlier = min(participant.presence.arrived_at, twin.presence.arrived_at)
        Presence.objects.filter(participant=twin).update(arrived_at=earlier)
    elif participant.is_present:
        Presence.objects.filter(participant=participant).update(participant=twin)
    _hand_over_seat(participant, twin.pk)
    Participant.objects.filter(pk=participant.pk).delete()


def _hand_over_seat(participant: Participant, twin: int) -> None:
    """The place of a line that goes is for the other, unless it has answered."""
    if participant.answer != Answer.YES or participant.answered_at is None:
        return
    silent = Participant.objects.filter(pk=twin, answer=Answer.NONE)
    if not silent.update(answer=Answer.YES, answered_at=participant.answered_at):
        give_back_seat(participant.meeting, participant.answered_at)


@on_forget.register
def _forget(cpts_id: int, email: str) -> None:
    """Somebody who is no member leaves every list; where they came, which is evidence, their address alone goes."""
    theirs = Participant.objects.filter(cpts=cpts_id, email__iexact=email)
    theirs.filter(presence__isnull=False).update(email="")
    theirs.filter(presence=None, voter=None).delete()


@account_taken_back.register
def close_feeds(*, user: User, at: datetime) -> None:
    """Whoever got into the account may have read the addresses of its calendars: its person makes others."""
    CalendarFeed.objects.filter(user=user).delete()
