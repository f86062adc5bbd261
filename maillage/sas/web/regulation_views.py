"""The screen of a regulator, on a call: find, book, read the code aloud, cancel, move, tell a difficulty."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from maillage.accounts.models import User
from maillage.accounts.signing_in.means import is_recent
from maillage.accounts.signing_in.proving import ASSEMBLY_MINUTES, ask_again
from maillage.core.errors import DomainError
from maillage.core.limits import LimitReached
from maillage.core.screens.doing import did
from maillage.core.screens.gone import gone
from maillage.core.screens.posted import sent_uuid
from maillage.geography.rules.clocks import zone_of
from maillage.sas.web.access import departements_of_regulator, regulator_booker, regulator_of, regulators_only
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import Appointment, Origin
from maillage.unscheduled_care.queries.moments import when
from maillage.unscheduled_care.queries.places import departement_of_place
from maillage.unscheduled_care.screens.difficulty import DifficultyForm
from maillage.unscheduled_care.screens.finding import (
    FindForm,
    SearchResults,
    answer_json,
    asked_slot,
    book_or_move,
    count_search,
    move_query,
    refusal_with_next,
    search_again,
    search_context,
    search_form,
    search_results,
    typed_reason,
)

KEPT_DAYS = 30


@regulators_only
def find(request: HttpRequest) -> HttpResponse:
    """Four fields, then slots; refreshed while the regulator speaks."""
    at = timezone.now()
    form = search_form(request.GET)
    results = _results(request, form, at)
    context = search_context(request, form, results, moved=_moved(request, request.GET), at=at) | {
        "zone": zone_of(results.commune.departement_id) if results else timezone.get_current_timezone(),
        "cpts": None,
        "book_name": "sas:regulation_book",
    }
    page = "unscheduled_care/_results.html" if getattr(request, "htmx", False) else "sas/find.html"
    return render(request, page, context)


@regulators_only
def find_json(request: HttpRequest) -> HttpResponse:
    """The same, for another software."""
    count_search(request.user)
    form = search_form(request.GET)
    return answer_json(form, _results(request, form, timezone.now()))


def _results(request: HttpRequest, form: FindForm, at: datetime) -> SearchResults | None:
    """Where their role lets them book."""
    return search_results(form, now=at, departements=departements_of_regulator(request))


def _own(request: HttpRequest) -> QuerySet[Appointment]:
    """What this regulator booked for the SAS: what they booked at the desk of a CPTS is that desk's."""
    assert isinstance(request.user, User)
    mine = Appointment.objects.filter(booked_by=request.user, origin=Origin.SAS)
    return mine.select_related("slot__schedule", "effector", "cpts")


def _own_one(request: HttpRequest, uuid: UUID) -> Appointment:
    """Where their role still lets them book. Raises Http404."""
    row = get_object_or_404(_own(request), uuid=uuid)
    departements = departements_of_regulator(request)
    if departements is not None and departement_of_place(row.slot.schedule) not in departements:
        raise Http404
    return row


def _moved(request: HttpRequest, asked: QueryDict) -> Appointment | None:
    """The appointment that another slot is looked for."""
    uuid = sent_uuid(asked.get("deplacer") or "")
    return _own_one(request, uuid) if uuid else None


@require_POST
@regulators_only
def book(request: HttpRequest, slot_uuid: UUID) -> HttpResponse:
    """Book, or move there what `deplacer` names; of two people at the same second the other is offered the next."""
    slot = asked_slot(slot_uuid)
    asked = QueryDict(request.POST.get("query", ""))
    at = timezone.now()
    try:
        moved, booker = _moved(request, asked), regulator_booker(request)
        reason = typed_reason(request.POST)
        appointment = book_or_move(slot, asked=asked, reason=reason, moved=moved, booker=booker, at=at)
    except LimitReached as error:
        return search_again(request, error, asked, find)
    except DomainError as error:
        messages.error(request, refusal_with_next(error, _results(request, search_form(asked), at)))
        return redirect(f"{reverse('sas:regulation')}?{asked.urlencode()}")
    if asked.get("deplacer"):
        messages.success(request, f"Rendez-vous déplacé : {when(appointment.starts_at, appointment.slot.schedule)}.")
    return redirect("sas:regulation_appointment", appointment.uuid)


@regulators_only
def appointment(request: HttpRequest, appointment_uuid: UUID) -> HttpResponse:
    """What is read to the patient: when, where, the code; and what may still change."""
    return _appointment_page(request, _own_one(request, appointment_uuid), DifficultyForm())


def _appointment_page(request: HttpRequest, row: Appointment, form: DifficultyForm) -> HttpResponse:
    assert isinstance(request.user, User)
    # A session opened here and left for hours reads no reason; one opened by the SAS ends when it is idle.
    if row.sealed and regulator_of(request) is None and not is_recent(request, ASSEMBLY_MINUTES):
        return ask_again(request)
    at = timezone.now()
    try:
        said = actions.read_appointment(appointment=row, with_difficulties=True, by=request.user, at=at)
    except DomainError as error:
        return gone(request, "Rendez-vous", error.user_message)
    context = {
        "row": row,
        "when": when(row.starts_at, row.slot.schedule),
        "form": form,
        "at": at,
        "move_query": move_query(row),
        "said": said,
    }
    return render(request, "sas/appointment.html", context)


@require_POST
@regulators_only
def act(request: HttpRequest, appointment_uuid: UUID) -> HttpResponse:
    """Cancel, or tell a difficulty."""
    row = _own_one(request, appointment_uuid)
    if request.POST.get("do") == "difficulty" and row.cpts is None:
        messages.error(request, "Ce professionnel n’est plus membre d’une CPTS : personne ne recevrait ce message.")
    elif request.POST.get("do") == "difficulty" and row.cpts:
        form = DifficultyForm(request.POST)
        if not form.is_valid():
            return _appointment_page(request, row, form)
        text, name = form.cleaned_data["text"], str(request.user)
        did(
            request,
            actions.report,
            f"Signalé à la coordination de {row.cpts.with_article}.",
            cpts=row.cpts,
            text=text,
            appointment=row,
            by_name=name,
        )
    elif request.POST.get("do") == "cancel":
        did(request, actions.cancel, "Rendez-vous annulé : le créneau est de nouveau libre.", appointment=row)
    return redirect("sas:regulation_appointment", row.uuid)


@regulators_only
def appointments(request: HttpRequest) -> HttpResponse:
    """What I booked these last days, the next one first."""
    rows = _own(request).filter(starts_at__gte=timezone.now() - timedelta(days=KEPT_DAYS)).order_by("-starts_at", "pk")
    return render(request, "sas/appointments.html", {"rows": rows[:100]})
