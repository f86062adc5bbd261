"""What the team does during and after a meeting: the wall, the tablet, the sheet, the minutes."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maillage.accounts.permissions import CptsRequest, Permission, requires
from maillage.core.errors import DomainError
from maillage.core.qr import qr_svg
from maillage.core.text import normalised
from maillage.meetings import actions, documents
from maillage.meetings.models import Meeting, Minutes, Participant
from maillage.meetings.rules.signin import code_at
from maillage.meetings.web.access import meeting_of
from maillage.meetings.web.forms import CloseForm, DecisionForm, MinutesForm, PersonForm, SheetForm, TaskForm, after
from maillage.meetings.web.views import page_context, participant_of
from maillage.meetings.web.work_views import did

SHEET_LINES, TABLET_LINES, SEARCHED = 50, 120, 80


@require_safe
@requires(Permission.MEETING_MANAGE)
def wall(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """The code to show on the wall; the page asks for the next one by itself."""
    meeting = meeting_of(request, meeting_uuid)
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
    template = "meetings/wall.html#code" if request.htmx else "meetings/wall.html"
    return render(request, template, context)


@requires(Permission.MEETING_MANAGE)
def tablet(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """The sheet that goes round the room: each one taps their name. Whoever was not expected is added here."""
    meeting = meeting_of(request, meeting_uuid)
    form = PersonForm(request.POST if request.POST.get("do") == "add" else None)
    if who := request.POST.get("who"):
        return _tapped(request, meeting, who)
    if form.is_bound and form.is_valid() and _added(request, meeting, form):
        return redirect("meetings:tablet", request.cpts.slug, meeting.uuid)
    found = _named(meeting, request)
    context = page_context(
        request, meeting, people=found[:TABLET_LINES], more=max(found.count() - TABLET_LINES, 0), form=form,
        q=request.GET.get("q", "")[:SEARCHED],
    )  # fmt: skip
    return render(request, "meetings/tablet.html", context)


def _tapped(request: CptsRequest, meeting: Meeting, who: str) -> HttpResponse:
    person = get_object_or_404(meeting.participants.for_link(), pk=int(who) if who.isdecimal() else 0)
    refusal = ""
    try:
        actions.sign_for(participant=person, by=request.user, at=timezone.now())
    except DomainError as error:
        refusal = error.user_message
    person = meeting.participants.for_link().get(pk=person.pk)
    if request.htmx:
        return render(request, "meetings/tablet.html#line", {"one": person, "refusal": refusal, "request": request})
    if refusal:
        messages.error(request, refusal)
    return redirect("meetings:tablet", request.cpts.slug, meeting.uuid)


def _added(request: CptsRequest, meeting: Meeting, form: PersonForm) -> bool:
    """A walk-in: on the list, and present."""
    at = timezone.now()
    try:
        person = actions.invite_person(meeting=meeting, by=request.user, at=at, **form.cleaned_data)
        actions.sign_for(participant=participant_of(meeting, person.uuid), by=request.user, at=at)
    except DomainError as error:
        form.add_error("name", error.user_message)
        return False
    messages.success(request, f"{person} est là.")
    return True


@requires(Permission.MEETING_MANAGE)
def sheet(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """The sheet with hours: typed from paper, or corrected; telephones that signed twice are shown."""
    meeting = meeting_of(request, meeting_uuid)
    if meeting.starts_at is None or meeting.status in {"draft", "cancelled"}:
        return render(request, "meetings/sheet.html", page_context(request, meeting, form=None))
    page = Paginator(_named(meeting, request), SHEET_LINES).get_page(request.GET.get("page"))
    form = SheetForm(request.POST or None, meeting=meeting, people=list(page.object_list))
    if request.method == "POST" and form.is_valid():
        try:
            changed = actions.write_sheet(
                meeting=meeting,
                lines=form.lines(),
                reason=form.cleaned_data["reason"],
                by=request.user,
                at=timezone.now(),
            )
        except actions.ReasonMissing as error:
            form.add_error("reason", error.user_message)
        except DomainError as error:
            form.add_error(None, error.user_message)
        else:
            messages.success(
                request,
                f"{changed} ligne{'s' if changed > 1 else ''} de la feuille écrite{'s' if changed > 1 else ''}.",
            )
            return redirect(request.get_full_path())
    context = page_context(
        request, meeting, form=form, page=page, twice=_twice(meeting), q=request.GET.get("q", "")[:SEARCHED]
    )
    return render(request, "meetings/sheet.html", context)


def _named(meeting: Meeting, request: CptsRequest) -> QuerySet[Participant]:
    """Who is expected, by name; those whose name holds every word asked for."""
    people = meeting.participants.for_sheet()
    for word in normalised(request.GET.get("q", "")[:SEARCHED]).split():
        people = people.filter(search_name__contains=word)
    return people


def _twice(meeting: Meeting) -> list[list[str]]:
    """Names of those who signed with the same telephone: colleagues lending theirs, or somebody signing for another."""
    signed = meeting.presences.exclude(device="").order_by("participant__search_name")
    by_device: dict[str, list[str]] = {}
    for device, name in signed.values_list("device", "participant__name"):
        by_device.setdefault(device, []).append(name)
    return [names for names in by_device.values() if len(names) > 1]


@require_safe
@requires(Permission.MEETING_MANAGE)
def sheet_pdf(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    meeting = meeting_of(request, meeting_uuid)
    if meeting.starts_at is None:
        raise Http404
    return documents.sheet_pdf(meeting, meeting.participants.for_sheet(), timezone.localdate())


@require_POST
@requires(Permission.MEETING_MANAGE)
def close(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """Say when it ended; hours, attestations and the sheet follow."""
    meeting = meeting_of(request, meeting_uuid)
    form = CloseForm(request.POST)
    if not form.is_valid() or meeting.starts_at is None:
        return render(request, "meetings/show.html", page_context(request, meeting, close_form=form))
    ended_at = after(meeting.starts_at, form.cleaned_data["ended"])
    done = "La réunion est close : heures et attestations sont prêtes."
    did(request, actions.close, done, meeting=meeting, ended_at=ended_at)
    return redirect("meetings:show", request.cpts.slug, meeting.uuid)


@requires(Permission.MEETING_MANAGE)
def minutes(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """The minutes, from the agenda; decisions and tasks beside them; validated, they leave."""
    meeting = meeting_of(request, meeting_uuid)
    held: Minutes | None = getattr(meeting, "minutes", None)
    asked = request.POST.get("do", "")
    text = held.text if held else actions.template_of(meeting)
    form = MinutesForm(request.POST if asked in {"save", "validate"} else None, initial={"text": text})
    decision = DecisionForm(request.POST if asked == "decision" else None, auto_id="decision-%s")
    task = TaskForm(request.POST if asked == "task" else None, cpts=request.cpts, auto_id="task-%s")
    if asked and _wrote(request, meeting, form, decision, task):
        return redirect("meetings:minutes", request.cpts.slug, meeting.uuid)
    context = page_context(
        request, meeting, held=held, form=form, decision=decision, task=task, decisions=meeting.decisions.all(),
        tasks=meeting.tasks.select_related("owner").order_by("due_on", "pk"), version=held.version if held else 0,
    )  # fmt: skip
    return render(request, "meetings/minutes.html", context)


def _wrote(request: CptsRequest, meeting: Meeting, form: MinutesForm, decision: DecisionForm, task: TaskForm) -> bool:
    """Do what the form that was sent asks. False when it must be shown again as it was typed."""
    by, at = request.user, timezone.now()
    try:
        if form.is_bound and form.is_valid():
            sent = request.POST.get("version", "")
            version = int(sent) if sent.isdecimal() and len(sent) < 10 else -1
            actions.save_minutes(meeting=meeting, text=form.cleaned_data["text"], read_version=version, by=by, at=at)
            if request.POST["do"] == "validate":
                actions.validate_minutes(meeting=meeting, by=by, at=at)
                messages.success(request, "Le compte rendu est validé : il part à celles et ceux qui étaient invités.")
            else:
                messages.success(request, "Le compte rendu est enregistré.")
            return True
        if decision.is_bound and decision.is_valid():
            actions.decide(meeting=meeting, by=by, at=at, **decision.cleaned_data)
            return True
        if task.is_bound and task.is_valid():
            actions.give_task(meeting=meeting, by=by, at=at, **task.cleaned_data)
            return True
    except DomainError as error:
        (form if form.is_bound else decision if decision.is_bound else task).add_error(None, error.user_message)
    return False


@require_POST
@requires(Permission.MEETING_MANAGE)
def strike(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """Take back a decision or a task written by mistake."""
    meeting = meeting_of(request, meeting_uuid)
    decision = meeting.decisions.filter(pk=_key(request, "decision")).select_related("meeting__cpts").first()
    task = meeting.tasks.filter(pk=_key(request, "task")).select_related("meeting__cpts").first()
    if decision:
        did(request, actions.undecide, "La décision est retirée.", decision=decision)
    elif task:
        did(request, actions.drop_task, "La tâche est retirée.", task=task)
    return redirect("meetings:minutes", request.cpts.slug, meeting.uuid)


def _key(request: CptsRequest, name: str) -> int:
    sent = request.POST.get(name, "")
    return int(sent) if sent.isdecimal() and len(sent) < 19 else 0
