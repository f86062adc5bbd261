"""What stands in the room, on a screen that belongs to nobody: the code on the wall, the tablet that goes round.

Their addresses are signed for one meeting and expire with it; no account is behind them.
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.accounts.permissions import CptsRequest, Permission, requires
from maillage.core.access import public
from maillage.core.errors import DomainError
from maillage.core.gone import gone
from maillage.core.posted import sent_key
from maillage.core.qr import qr_svg
from maillage.core.text import normalised
from maillage.exchange import links
from maillage.meetings import actions
from maillage.meetings.models import Meeting, Participant
from maillage.meetings.rules.signin import code_at
from maillage.meetings.web.access import meeting_of
from maillage.meetings.web.forms import PersonForm
from maillage.meetings.web.views import page_context

ROOM, ROOM_LIVES = "room", timedelta(hours=6)  # after the planned end: meetings run late
TABLET_LINES, SEARCHED = 120, 80


@require_safe
@requires(Permission.MEETING_MANAGE)
def signing(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """The three ways to sign, ready to be put in the room."""
    meeting = meeting_of(request, meeting_uuid)
    token = room_token(meeting)
    tablet = request.build_absolute_uri(reverse("meetings:tablet", args=[token])) if token else ""
    context = page_context(
        request, meeting, token=token, tablet=tablet, is_time=meeting.takes_presences(timezone.now()),
        qr=qr_svg(tablet, "Adresse de la tablette") if tablet else "",
    )  # fmt: skip
    return render(request, "meetings/signing.html", context)


def room_token(meeting: Meeting) -> str:
    """'' while the meeting has no date, or once it is over."""
    if not meeting.is_live or meeting.ends_at is None:
        return ""
    return links.sign(ROOM, meeting.uuid, until=meeting.ends_at + ROOM_LIVES)


def _meeting(token: str) -> Meeting:
    """Raises LinkUnusable."""
    uuid = links.read(ROOM, token, at=timezone.now())
    meeting = Meeting.objects.select_related("cpts").filter(uuid=uuid).first()
    if meeting is None or not meeting.is_live:
        raise links.LinkUnusable("Cette réunion est terminée : on n’y signe plus ici.")
    return meeting


@public
@require_safe
def wall(request: HttpRequest, token: str) -> HttpResponse:
    """The code to show on the wall; the page asks for the next one by itself."""
    try:
        meeting = _meeting(token)
    except links.LinkUnusable as error:
        return gone(request, "Présences", error.user_message)
    at = timezone.now()
    code = code_at(settings.SECRET_KEY, meeting.uuid.hex, at)
    address = request.build_absolute_uri(reverse("meetings:sign", args=[meeting.uuid, code]))
    context = {
        "meeting": meeting,
        "qr": qr_svg(address, "Code à viser avec un téléphone pour signer sa présence"),
        "is_time": meeting.takes_presences(at),
        "present": meeting.presences.count(),
        "address": address,
    }
    fragment = request.headers.get("HX-Request")
    return render(request, "meetings/wall.html#code" if fragment else "meetings/wall.html", context)


@public
def tablet(request: HttpRequest, token: str) -> HttpResponse:
    """The sheet that goes round the room: each one taps their name. Whoever was not expected adds theirs."""
    try:
        meeting = _meeting(token)
    except links.LinkUnusable as error:
        return gone(request, "Présences", error.user_message)
    form = PersonForm(request.POST if request.POST.get("do") == "add" else None)
    if who := request.POST.get("who"):
        return _tapped(request, meeting, token, who)
    if form.is_bound and form.is_valid() and _added(request, meeting, form):
        return redirect("meetings:tablet", token)
    found = named(meeting, request)
    context = {
        "meeting": meeting, "people": found[:TABLET_LINES], "more": max(found.count() - TABLET_LINES, 0), "form": form,
        "q": request.GET.get("q", "")[:SEARCHED], "token": token,
    }  # fmt: skip
    return render(request, "meetings/tablet.html", context)


def named(meeting: Meeting, request: HttpRequest) -> QuerySet[Participant]:
    """Who is expected, by name; those whose name holds every word asked for."""
    people = meeting.participants.for_sheet()
    for word in normalised(request.GET.get("q", "")[:SEARCHED]).split():
        people = people.filter(search_name__contains=word)
    return people


def _tapped(request: HttpRequest, meeting: Meeting, token: str, who: str) -> HttpResponse:
    key = sent_key(who)
    person = get_object_or_404(meeting.participants.for_link(), pk=key)
    refusal = ""
    try:
        actions.sign_for(participant=person, by=None, at=timezone.now())
    except DomainError as error:
        refusal = error.user_message
    if request.headers.get("HX-Request"):
        person = meeting.participants.for_link().get(pk=key)
        return render(request, "meetings/tablet.html#line", {"one": person, "refusal": refusal})
    if refusal:
        messages.error(request, refusal)
    return redirect("meetings:tablet", token)


def _added(request: HttpRequest, meeting: Meeting, form: PersonForm) -> bool:
    """A walk-in: on the list, and present."""
    try:
        person = actions.sign_stranger(meeting=meeting, at=timezone.now(), **form.cleaned_data)
    except DomainError as error:
        form.add_error("name", error.user_message)
        return False
    messages.success(request, f"{person} est là.")
    return True
