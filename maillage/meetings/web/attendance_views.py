"""What the team does after a meeting: the sheet, the closing, the minutes."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maillage.accounts.permissions import CptsRequest, requires
from maillage.accounts.signing_in.proving import proved_this_session, recently_proved, sent_in_this_session
from maillage.core.errors import DomainError
from maillage.core.screens.doing import did
from maillage.core.screens.posted import sent_key, sent_version
from maillage.meetings import actions
from maillage.meetings.documents import papers as documents
from maillage.meetings.models import Meeting, Minutes
from maillage.meetings.permissions import MEETING_MANAGE
from maillage.meetings.web.access import meeting_of
from maillage.meetings.web.forms import CloseForm, DecisionForm, MinutesForm, SheetForm, TaskForm, after
from maillage.meetings.web.tablet_views import SEARCHED, named
from maillage.meetings.web.views import page_context

SHEET_LINES = 50


@requires(MEETING_MANAGE)
@sent_in_this_session
def sheet(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """The sheet with hours: typed from paper, or corrected; telephones that signed twice are shown."""
    meeting = meeting_of(request, meeting_uuid)
    if meeting.starts_at is None or meeting.status in {"draft", "cancelled"}:
        return render(request, "meetings/sheet.html", page_context(request, meeting, form=None))
    page = Paginator(named(meeting, request), SHEET_LINES).get_page(request.GET.get("page"))
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


def _twice(meeting: Meeting) -> list[list[str]]:
    """Names of those who signed with the same telephone: colleagues lending theirs, or somebody signing for another."""
    signed = meeting.presences.exclude(device="").order_by("participant__search_name")
    by_device: dict[str, list[str]] = {}
    for device, name in signed.values_list("device", "participant__name"):
        by_device.setdefault(device, []).append(name)
    return [names for names in by_device.values() if len(names) > 1]


@require_safe
@requires(MEETING_MANAGE)
@recently_proved
def sheet_pdf(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    meeting = meeting_of(request, meeting_uuid)
    if meeting.starts_at is None:
        raise Http404
    return documents.sheet_pdf(meeting, meeting.participants.for_sheet(), timezone.localdate())


@require_POST
@requires(MEETING_MANAGE)
@proved_this_session
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


@requires(MEETING_MANAGE)
@sent_in_this_session
def minutes(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """The minutes, from the agenda; decisions and tasks beside them; validated, they leave."""
    meeting = meeting_of(request, meeting_uuid)
    held: Minutes | None = getattr(meeting, "minutes", None)
    asked = request.POST.get("do", "")
    text = held.text if held else actions.template_of(meeting)
    form = MinutesForm(request.POST if asked in {"save", "validate"} else None, initial={"text": text})
    decision = DecisionForm(request.POST if asked == "decision" else None, auto_id="decision-%s")
    task = TaskForm(
        request.POST if asked == "task" else None, cpts=request.cpts, today=timezone.localdate(), auto_id="task-%s"
    )
    if asked and _wrote(request, meeting, form, decision, task):
        return redirect("meetings:minutes", request.cpts.slug, meeting.uuid)
    context = page_context(
        request,
        meeting,
        held=held,
        form=form,
        decision=decision,
        task=task,
        decisions=meeting.decisions.all(),
        tasks=meeting.tasks.select_related("owner").order_by("due_on", "pk"),
        version=held.version if held else 0,
        draft_key=f"minutes:{meeting.uuid}",
    )
    return render(request, "meetings/minutes.html", context)


def _wrote(request: CptsRequest, meeting: Meeting, form: MinutesForm, decision: DecisionForm, task: TaskForm) -> bool:
    """Do what the form that was sent asks. False when it must be shown again as it was typed."""
    by, at = request.user, timezone.now()
    try:
        if form.is_bound and form.is_valid():
            written = {"text": form.cleaned_data["text"], "read_version": sent_version(request)}
            name = meeting.minutes_name
            if request.POST["do"] == "validate":
                record = documents.minutes_data
                actions.validate_minutes(meeting=meeting, record=record, by=by, at=at, **written)
                messages.success(request, f"Le {name} est validé : il part à celles et ceux qui étaient invités.")
            else:
                actions.save_minutes(meeting=meeting, by=by, at=at, **written)
                messages.success(request, f"Le {name} est enregistré.")
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
@requires(MEETING_MANAGE)
@proved_this_session
def strike(request: CptsRequest, meeting_uuid: UUID) -> HttpResponse:
    """Take back a decision or a task written by mistake."""
    meeting = meeting_of(request, meeting_uuid)
    decision = (
        meeting.decisions.filter(pk=sent_key(request.POST.get("decision", ""))).select_related("meeting__cpts").first()
    )
    task = meeting.tasks.filter(pk=sent_key(request.POST.get("task", ""))).select_related("meeting__cpts").first()
    if decision:
        did(request, actions.undecide, "La décision est retirée.", decision=decision)
    elif task:
        did(request, actions.drop_task, "La tâche est retirée.", task=task)
    return redirect("meetings:minutes", request.cpts.slug, meeting.uuid)
