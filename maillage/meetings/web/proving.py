"""On screen, that somebody is who they say: by their account, or by a code that their own address received."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from maillage.accounts.models import User
from maillage.accounts.signing_in import means
from maillage.accounts.signing_in.proving import ASSEMBLY_MINUTES
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.meetings import actions
from maillage.meetings.models import Means, Meeting, Participant
from maillage.meetings.web.access import safely

PROVED, PROOF_LIVES = "proved", timedelta(hours=12)  # an assembly and its evening; on the telephone that typed the code
BINDING = frozenset({"vote", "proxy", "unproxy"})
ASKED = frozenset({"own-code", "prove"})


def proof_of(request: HttpRequest, person: Participant, at: datetime) -> Means | None:
    """How whoever holds this telephone proved to be that person; None when nothing but a link says so."""
    mine = Participant.objects.filter(pk=person.pk)
    if isinstance(request.user, User) and mine.of_account(request.user).exists():
        return Means.SESSION
    return Means.CODE if proved_by_code(request, person.meeting, at) == person else None


def is_session_old(request: HttpRequest, proof: Means | None) -> bool:
    """Whether a session alone says who this is, opened too long ago to vote, sign or give a pouvoir: it may be a desk
    that somebody left."""
    return proof == Means.SESSION and not means.is_recent(request, minutes=ASSEMBLY_MINUTES)


def proved_by_code(request: HttpRequest, meeting: Meeting, at: datetime) -> Participant | None:
    """Who typed a code of this meeting on this telephone, while the page is of whom it was when they did."""
    token = request.COOKIES.get(_cookie(meeting), "")
    with suppress(DomainError):
        person = Participant.objects.for_link().filter(meeting=meeting, uuid=links.unproved(token)).first()
        if person and not (person.membership and person.membership.contested_at):
            links.read(_purpose(person), token, at=at)
            return person
    return None


def remember_proof(response: HttpResponse, person: Participant, at: datetime) -> None:
    until = at + PROOF_LIVES
    token = links.sign(_purpose(person), person.uuid, until=until)
    response.set_cookie(_cookie(person.meeting), token, expires=until, **safely())


def forget_proof(response: HttpResponse, meeting: Meeting) -> None:
    response.delete_cookie(_cookie(meeting))


def _purpose(person: Participant) -> str:
    """What a code proved: an address, on the page of a member as it stood; its account may change since."""
    member = person.membership
    whose = (member.pk, member.account_id, member.bound_at, member.settled_at, member.links_since) if member else ()
    return ".".join([PROVED, person.address.lower(), *map(str, whose)])


def _cookie(meeting: Meeting) -> str:
    return f"preuve-{meeting.uuid.hex[:12]}"


def act(request: HttpRequest, person: Participant, at: datetime) -> bool:
    """Send a code to the address of that person, or read the one that was typed. True when it proved them."""
    try:
        if request.POST.get("do") == "own-code":
            actions.send_own_code(participant=person, at=at)
            messages.success(request, "Un code vient de partir à votre adresse : tapez-le ici.")
            return False
        actions.prove(participant=person, code=request.POST.get("code", "")[:12], at=at)
    except DomainError as error:
        messages.error(request, error.user_message)
        return False
    messages.success(request, "C’est bien vous : ce téléphone vote pour cette réunion.")
    return True


def hint_of(person: Participant) -> dict[str, str]:
    """Where a code goes, without the address (a link may have been forwarded); or why none does."""
    try:
        actions.check_address(person)
    except DomainError as error:
        return {"address": "", "no_code": error.user_message}
    local, _, domain = person.address.partition("@")
    return {"address": f"{local[:1]}…@{domain}", "no_code": ""}
