"""The tablet that goes round the room: lent by somebody, whose name stands beside whatever is signed on it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maillage.accounts.permissions import CptsRequest, requires
from maillage.accounts.signing_in.proving import proved_this_session, recently_proved
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.core.papers.qr import qr_svg
from maillage.core.screens.access import public
from maillage.core.screens.doing import did
from maillage.core.screens.gone import gone
from maillage.core.screens.posted import sent_key, sent_uuid
from maillage.core.text import normalised
from maillage.meetings import actions
from maillage.meetings.assemblies.web import voting
from maillage.meetings.models import Means, Meeting, Participant, Tablet
from maillage.meetings.permissions import MEETING_MANAGE
from maillage.meetings.queries.moments import zone_of_meeting
from maillage.meetings.web.access import meeting_of
from maillage.meetings.web.forms import PersonForm
from maillage.meetings.web.room_views import ROOM_LIVES, room_token
from maillage.meetings.web.views import page_context

TABLET = "tablet"
TABLET_LINES, SEARCHED = 120, 80


def tablet_token(tablet: Tablet) -> str:
    """'' once the meeting has no date."""
    ends_at = tablet.meeting.ends_at
    return links.sign(TABLET, tablet.uuid, until=ends_at + ROOM_LIVES) if ends_at else ""


@require_safe
@requires(MEETING_MANAGE)
@proved_this_session
def signing(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """The three ways to sign, ready to be put in the room."""
    meeting = meeting_of(request, meeting_uuid)
    token = room_token(meeting)
    is_time = meeting.takes_presences(timezone.now())
    tablets = lent_tablets(request, meeting) if token else []
    context = page_context(request, meeting, token=token, tablets=tablets, is_time=is_time)
    return render(request, "meetings/signing.html", context)


@require_POST
@requires(MEETING_MANAGE)
@recently_proved
def lend(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """Declare a tablet, or take it back."""
    meeting = meeting_of(request, meeting_uuid)
    if asked := sent_uuid(request.POST.get("back", "")):
        tablet = get_object_or_404(meeting.tablets.select_related("meeting__cpts"), uuid=asked)
        did(
            request, actions.take_back_tablet, "La tablette est reprise : son adresse n’ouvre plus rien.", tablet=tablet
        )
    else:
        lent = "La tablette est à votre nom : ce qui s’y signe le dira."
        did(request, actions.lend_tablet, lent, meeting=meeting)
    return redirect("meetings:signing", request.cpts.slug, meeting.uuid)


def lent_tablets(request: HttpRequest, meeting: Meeting) -> list[dict[str, Any]]:
    """Those in the room, each with its address and its code to aim at."""
    lent = []
    for tablet in meeting.tablets.filter(taken_back_at=None).select_related("meeting").order_by("pk"):
        address = request.build_absolute_uri(reverse("meetings:tablet", args=[tablet_token(tablet)]))
        lent.append({"tablet": tablet, "address": address, "qr": qr_svg(address, f"Adresse de la {tablet}")})
    return lent


def _tablet(token: str, at: datetime) -> Tablet:
    """The tablet of a link, its page told by the clock of the territory. Raises LinkUnusable."""
    uuid = links.read(TABLET, token, at=at)
    tablet = Tablet.objects.select_related("meeting__cpts", "lent_by").filter(uuid=uuid, taken_back_at=None).first()
    if tablet is None or not tablet.meeting.is_live:
        raise links.LinkUnusable("Cette tablette a été reprise, ou la réunion est terminée : on n’y signe plus.")
    try:
        actions.check_tablet(tablet, tablet.meeting)
    except actions.TabletBack as error:
        raise links.LinkUnusable(error.user_message) from error
    timezone.activate(zone_of_meeting(tablet.meeting))
    return tablet


@public
def tablet(request: HttpRequest, token: str) -> HttpResponse:
    """The sheet that goes round the room: each one taps their name. Whoever was not expected adds theirs."""
    try:
        tablet = _tablet(token, timezone.now())
    except links.LinkUnusable as error:
        return gone(request, "Présences", error.user_message)
    form = PersonForm(request.POST if request.POST.get("do") == "add" else None)
    if who := request.POST.get("who"):
        return _tapped(request, tablet, token, who)
    if form.is_bound and form.is_valid() and _added(request, tablet, form):
        return redirect("meetings:tablet", token)
    people = named(tablet.meeting, request)
    context = {
        "meeting": tablet.meeting,
        "tablet": tablet,
        "people": people[:TABLET_LINES],
        "more": max(people.count() - TABLET_LINES, 0),
        "form": form,
        "q": request.GET.get("q", "")[:SEARCHED],
        "token": token,
        "has_votes": voting.opened(tablet.meeting).exists(),
    }
    return render(request, "meetings/tablet.html", context)


def named(meeting: Meeting, request: HttpRequest) -> QuerySet[Participant]:
    """Who is expected, by name; those whose name holds every word asked for."""
    people = meeting.participants.for_sheet()
    for word in normalised(request.GET.get("q", "")[:SEARCHED]).split():
        people = people.filter(search_name__contains=word)
    return people


def _tapped(request: HttpRequest, tablet: Tablet, token: str, who: str) -> HttpResponse:
    people = tablet.meeting.participants.for_link()
    person = get_object_or_404(people, pk=sent_key(who))
    refusal = ""
    try:
        actions.sign_for(participant=person, tablet=tablet, at=timezone.now())
    except DomainError as error:
        refusal = error.user_message
    if request.headers.get("HX-Request"):
        has_votes = voting.opened(tablet.meeting).exists()
        context = {"one": people.get(pk=person.pk), "refusal": refusal, "token": token, "has_votes": has_votes}
        return render(request, "meetings/tablet.html#line", context)
    if refusal:
        messages.error(request, refusal)
    return redirect("meetings:tablet", token)


def _added(request: HttpRequest, tablet: Tablet, form: PersonForm) -> bool:
    """A walk-in: on the list, and present."""
    try:
        person = actions.sign_stranger(tablet=tablet, at=timezone.now(), **form.cleaned_data)
    except DomainError as error:
        form.add_error("name", error.user_message)
        return False
    messages.success(request, f"{person} est là.")
    return True


@public
def tablet_vote(request: HttpRequest, token: str, participant_uuid: UUID) -> HttpResponse:
    """Whoever signed on a tablet, having no telephone, votes there: the team's name stands beside, never the vote."""
    at = timezone.now()
    try:
        tablet = _tablet(token, at)
    except links.LinkUnusable as error:
        return gone(request, "Vote", error.user_message)
    person = get_object_or_404(tablet.meeting.participants.for_link(), uuid=participant_uuid)
    back = reverse("meetings:tablet", args=[token])
    if request.method == "POST":
        return voting.cast(request, person, at, means=Means.TABLET, tablet=tablet, back=back)
    on_tablet = person.is_present and person.presence.means == Means.TABLET
    ballots = voting.ballots_of(person, at) if on_tablet else []
    voter = voting.voter_of(person)
    context = {
        "meeting": tablet.meeting,
        "tablet": tablet,
        "person": person,
        "voter": voter,
        "ballots": ballots,
        "back": back,
    }
    return render(request, "meetings/tablet_vote.html", context)
