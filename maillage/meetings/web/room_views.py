"""What stands in the room, on a screen that belongs to nobody: the code on the wall.

Its address is signed for one meeting and expires with it; no account is behind it.
"""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.core import links
from maillage.core.papers.qr import qr_svg
from maillage.core.screens.access import public
from maillage.core.screens.gone import gone
from maillage.meetings.models import Meeting
from maillage.meetings.rules.signin import code_at

ROOM, ROOM_LIVES = "room", timedelta(hours=6)  # after the planned end: meetings run late


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
