"""Which meetings a person reads, and how somebody without an account is known again."""

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac

from maillage.accounts.models import User
from maillage.accounts.permissions import CptsRequest
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.meetings.models import Meeting, Participant
from maillage.meetings.models.meeting import AROUND
from maillage.meetings.notifications import personal_purpose
from maillage.meetings.permissions import MEETING_MANAGE
from maillage.members.models import Membership

DEVICE, DEVICE_DAYS = "appareil", 365
WALL_SECONDS = 600  # the time to receive a code by mail and to type it


def may_manage(request: CptsRequest) -> bool:
    """The team, against a plain member."""
    return MEETING_MANAGE in request.permissions


def meeting_of(request: CptsRequest, meeting_uuid: UUID) -> Meeting:
    """A meeting of this CPTS that this person may read. Raises Http404."""
    readable = Meeting.objects.of(request.cpts).visible_to(request.user, team=may_manage(request))
    return get_object_or_404(readable.select_related("cpts", "minutes"), uuid=meeting_uuid)


class PageContested(links.LinkUnusable):
    user_message = "Votre fiche est contestée : cette page reste fermée jusqu’à ce que ce soit réglé."


class NoLongerMember(links.LinkUnusable):
    user_message = "Vous ne faites plus partie de cette CPTS : cette page ne s’ouvre plus."


class LinkOutdated(links.LinkUnusable):
    user_message = (
        "Ce lien n’est pas entier, ou votre fiche a changé depuis son envoi : ouvrez la réunion depuis votre compte, "
        "ou demandez un nouveau lien à la CPTS."
    )


def person_of(token: str, at: datetime) -> Participant:
    """Whose personal page this is. Raises LinkUnusable or one of its kinds."""
    person = Participant.objects.for_link().filter(uuid=links.unproved(token)).first()
    if person is None:
        raise links.LinkUnusable("Ce lien n’est pas entier, ou vous n’êtes plus sur la liste de cette réunion.")
    try:
        links.read(personal_purpose(person), token, at=at)
    except links.LinkExpired:
        raise
    except links.LinkUnusable as error:
        raise LinkOutdated from error
    if person.membership and person.membership.contested_at:
        raise PageContested
    if person.membership and has_left_before(person.membership, person.meeting):
        raise NoLongerMember
    return person


def has_left_before(membership: Membership, meeting: Meeting) -> bool:
    """Whether they left the CPTS before that meeting, or before it has a date."""
    if membership.left_on is None:
        return False
    return meeting.starts_at is None or timezone.localtime(meeting.starts_at).date() >= membership.left_on


def _cookie(meeting: Meeting) -> str:
    return f"reunion-{meeting.uuid.hex[:12]}"


def remember(response: HttpResponse, person: Participant, token: str) -> None:
    """This telephone opened the link of that person: in the room, they need not say who they are, only prove it."""
    ends_at = person.meeting.ends_at
    response.set_cookie(_cookie(person.meeting), token, expires=ends_at + AROUND if ends_at else None, **safely())


def safely() -> dict[str, Any]:
    return {"httponly": True, "samesite": "Lax", "secure": settings.SESSION_COOKIE_SECURE}


def linked(request: HttpRequest, meeting: Meeting, at: datetime) -> Participant | None:
    """Whose personal link this telephone opened: it spares typing an address, and proves nothing."""
    with suppress(DomainError):
        person = person_of(request.COOKIES.get(_cookie(meeting), ""), at)
        return person if person.meeting_id == meeting.pk else None
    return None


def of_account(request: HttpRequest, meeting: Meeting) -> Participant | None:
    """Whose account is signed in, when one person alone of this meeting is bound to it."""
    if not isinstance(request.user, User):
        return None
    mine = list(Participant.objects.for_link().filter(meeting=meeting).of_account(request.user)[:2])
    return mine[0] if len(mine) == 1 else None


def forget_person(response: HttpResponse, meeting: Meeting) -> None:
    response.delete_cookie(_cookie(meeting))


def stood_at_the_wall(request: HttpRequest, meeting: Meeting) -> bool:
    """This telephone read the code of the wall a moment ago."""
    try:
        value = request.get_signed_cookie(_wall(meeting), max_age=WALL_SECONDS, salt="maillage.wall")
    except (KeyError, signing.BadSignature):
        return False
    return bool(value == meeting.uuid.hex)


def stand_at_the_wall(response: HttpResponse, meeting: Meeting) -> None:
    response.set_signed_cookie(_wall(meeting), meeting.uuid.hex, salt="maillage.wall", max_age=WALL_SECONDS, **safely())


def _wall(meeting: Meeting) -> str:
    return f"salle-{meeting.uuid.hex[:12]}"


def device_of(request: HttpRequest) -> str:
    """What tells this telephone from another, made up on the first visit."""
    try:
        return str(request.get_signed_cookie(DEVICE, salt="maillage.device"))
    except (KeyError, signing.BadSignature):
        return get_random_string(20)


def keep_device(response: HttpResponse, device: str) -> None:
    response.set_signed_cookie(DEVICE, device, salt="maillage.device", max_age=DEVICE_DAYS * 86_400, **safely())


def device_digest(device: str, meeting: Meeting) -> str:
    """The same telephone at two meetings cannot be told."""
    return salted_hmac("maillage.device", f"{meeting.uuid.hex}:{device}", algorithm="sha256").hexdigest()[:32]
