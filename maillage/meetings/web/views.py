"""Meetings as every member reads them: the list, one meeting, one's tasks, one's calendar."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maillage.accounts.permissions import CptsRequest, requires
from maillage.accounts.signing_in.proving import is_export, recently_proved_when
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.meetings import actions
from maillage.meetings.documents import papers as documents
from maillage.meetings.models import CalendarFeed, Meeting, MeetingKind, MeetingStatus, Participant, Task
from maillage.meetings.models.meeting import MISSIONS
from maillage.meetings.permissions import MEETING_LIST
from maillage.meetings.queries.moments import when
from maillage.meetings.web.access import may_manage, meeting_of
from maillage.meetings.web.forms import DocumentForm
from maillage.meetings.web.public_views import ANSWERED
from maillage.records.screens.files import attachment_response


@requires(MEETING_LIST)
@recently_proved_when(is_export)
def meeting_list(request: CptsRequest) -> HttpResponse:
    """Those to come first on the page of the team: what to close stands above."""
    team = may_manage(request)
    readable = Meeting.objects.of(request.cpts).visible_to(request.user, team=team)
    listing = Listing(
        queryset=readable.with_counts(),
        parameters=request.GET,
        columns=(
            Column("date", "Date", lambda meeting: meeting.starts_at, "starts_at"),
            Column("intitule", "Intitulé", lambda meeting: meeting.title, "title"),
            Column("nature", "Nature", lambda meeting: meeting.get_kind_display(), "kind"),
            Column("etat", "État", lambda meeting: meeting.get_status_display(), "status"),
            Column("invites", "Invités", lambda meeting: meeting.expected_count, numeric=True),
            Column("presents", "Présents", lambda meeting: meeting.present_count, numeric=True),
        ),
        search_in=("title", "place"),
        filters=(
            Filter("nature", "Nature", "kind", MeetingKind.choices),
            Filter("etat", "État", "status", MeetingStatus.choices),
            Filter("mission", "Mission", "mission", MISSIONS),
        ),
        default_sort="-starts_at",
        dated_by="starts_at",
        filename=f"reunions-{request.cpts.slug}",
        empty="Aucune réunion pour l’instant.",
    )
    if response := listing.export():
        return response
    late = Meeting.objects.of(request.cpts).to_close(timezone.now()).order_by("starts_at") if team else []
    return render(request, "meetings/list.html", {"listing": listing, "page": listing.page(), "late": late})


@requires(MEETING_LIST)
def show(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """One meeting: when, where, what about; my answer; for the team, what comes next."""
    return render(request, "meetings/show.html", page_context(request, meeting_of(request, meeting_uuid)))


def page_context(request: CptsRequest, meeting: Meeting, **more: Any) -> dict[str, Any]:
    """What every page of one meeting shows around its own matter."""
    minutes = getattr(meeting, "minutes", None)
    people = meeting.participants.for_link().of_account(request.user).order_by("pk")
    is_team = may_manage(request)
    return {
        "meeting": meeting,
        "when": when(meeting),
        "mine": people.first(),
        "minutes": minutes if minutes and (minutes.validated_at or is_team) else None,
        "counts": Meeting.objects.with_counts().get(pk=meeting.pk),
        "documents": meeting.documents.select_related("attachment"),
        "document_form": DocumentForm(auto_id="doc-%s"),
        "now": timezone.now(),
        "reply_url": reverse("meetings:reply", args=[request.cpts.slug, meeting.uuid]),
    } | more


@require_POST
@requires(MEETING_LIST)
def reply(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """My answer, from my account."""
    meeting = meeting_of(request, meeting_uuid)
    person = meeting.participants.of_account(request.user).order_by("pk").first()
    if person is None:
        raise Http404
    try:
        participant = actions.answer(participant=person, coming=request.POST.get("do") == "yes", at=timezone.now())
    except DomainError as error:
        messages.error(request, error.user_message)
    else:
        messages.success(request, ANSWERED[participant.answer])
    return redirect("meetings:show", request.cpts.slug, meeting.uuid)


@require_safe
@requires(MEETING_LIST)
def attestation(request: CptsRequest, meeting_uuid: UUID, participant_uuid: UUID) -> HttpResponse:
    """Whoever came has a paper of it: for the team, and for the person alone."""
    meeting = meeting_of(request, meeting_uuid)
    people = meeting.participants.for_link()
    if not may_manage(request):
        people = people.of_account(request.user)
    person = get_object_or_404(people, uuid=participant_uuid)
    if not person.is_present or meeting.status != MeetingStatus.CLOSED:
        raise Http404
    return documents.attestation_pdf(person, timezone.localdate())


@require_safe
@requires(MEETING_LIST)
def minutes_pdf(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    return documents.minutes_pdf(_with_minutes(request, meeting_uuid), timezone.localdate())


@require_safe
@requires(MEETING_LIST)
def minutes_docx(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    return documents.minutes_docx(_with_minutes(request, meeting_uuid), timezone.localdate())


def _with_minutes(request: CptsRequest, meeting_uuid: UUID) -> Meeting:
    """Once they are validated for everybody; before that for the team."""
    meeting = meeting_of(request, meeting_uuid)
    minutes = getattr(meeting, "minutes", None)
    if not may_manage(request) and not (minutes and minutes.validated_at):
        raise Http404
    return meeting


@require_safe
@requires(MEETING_LIST)
def document(request: CptsRequest, meeting_uuid: UUID, document_uuid: UUID) -> HttpResponse:
    documents_here = meeting_of(request, meeting_uuid).documents.select_related("attachment")
    return attachment_response(get_object_or_404(documents_here, uuid=document_uuid).attachment)


@requires(MEETING_LIST)
def tasks(request: CptsRequest) -> HttpResponse:
    """What I have to do; for the team, what everybody has to."""
    rows = Task.objects.of(request.cpts).select_related("owner", "meeting")
    mine = Task.objects.of(request.cpts).of_account(request.user).values("pk")
    shown = rows if may_manage(request) else rows.filter(pk__in=mine)
    context = {
        "open": shown.open().order_by("due_on", "pk")[:200],
        "done": shown.filter(done_at__isnull=False).order_by("-done_at")[:20],
        "today": timezone.localdate(),
    }
    return render(request, "meetings/tasks.html", context)


@require_POST
@requires(MEETING_LIST)
def finish_task(request: CptsRequest, task_uuid: UUID) -> HttpResponse:
    """Done: by whoever it was given to, or by the team."""
    rows = Task.objects.of(request.cpts).select_related("meeting__cpts")
    if not may_manage(request):
        rows = rows.of_account(request.user)
    task = get_object_or_404(rows, uuid=task_uuid)
    actions.finish_task(task=task, by=request.user, at=timezone.now())
    messages.success(request, "La tâche est faite.")
    return redirect("meetings:tasks", request.cpts.slug)


@requires(MEETING_LIST)
def calendar(request: CptsRequest) -> HttpResponse:
    """The address to give to one's telephone; changed at will, should it have been shared."""
    feed = CalendarFeed.objects.filter(cpts=request.cpts, user=request.user).first()
    if request.method == "POST":
        CalendarFeed.objects.update_or_create(cpts=request.cpts, user=request.user, defaults={"uuid": uuid4()})
        messages.success(request, "Voici l’adresse de votre agenda. L’ancienne ne sert plus.")
        return redirect("meetings:calendar", request.cpts.slug)
    url = links.absolute("meetings:feed", feed.uuid) if feed else ""
    webcal = f"webcal://{url.partition('://')[2]}"
    return render(request, "meetings/calendar.html", {"url": url, "webcal": webcal})


def participant_of(meeting: Meeting, participant_uuid: UUID) -> Participant:
    return get_object_or_404(meeting.participants.for_link(), uuid=participant_uuid)
