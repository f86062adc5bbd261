"""The screen of a regulator, on a call: find, book, read the code aloud, cancel, move, tell a difficulty."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from maillage.accounts.models import User
from maillage.core.errors import DomainError
from maillage.core.gone import gone
from maillage.core.limits import LimitReached
from maillage.core.posted import sent_uuid
from maillage.core.sealing import can_seal
from maillage.geography.fields import commune_text
from maillage.geography.models import Commune
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import Appointment
from maillage.unscheduled_care.notifications import when
from maillage.unscheduled_care.rules.pdsa import zone_of
from maillage.unscheduled_care.web.access import (
    departements_of_regulator,
    regulator_booker,
    regulator_of,
    regulators_only,
)
from maillage.unscheduled_care.web.finding import (
    Found,
    answer_json,
    asked_slot,
    bound,
    count_search,
    found,
    give,
    search_again,
    told_kindly,
    typed_reason,
)
from maillage.unscheduled_care.web.forms import DifficultyForm
from maillage.unscheduled_care.web.found_lines import slot_lines

KEPT_DAYS = 30


@regulators_only
def find(request: HttpRequest) -> HttpResponse:
    """Four fields, then slots; refreshed while the regulator speaks."""
    form = bound(request.GET)
    results = found(form, now=timezone.now(), departements=departements_of_regulator(request))
    moved = _moved(request, request.GET)
    context = {
        "form": form, "found": results, "moved": moved, "at": timezone.now(),
        "query": request.GET.urlencode(), "may_seal": can_seal(),
        "lines": _lines(results, is_move=moved is not None) if results else "",
    }  # fmt: skip
    page = "unscheduled_care/_results.html" if getattr(request, "htmx", False) else "unscheduled_care/find.html"
    return render(request, page, context)


def _lines(results: Found, *, is_move: bool) -> SafeString:
    """By the clock of the patient."""
    with timezone.override(zone_of(results.commune.departement_id)):
        return slot_lines(results.slots, cpts_slug="", is_move=is_move)


@regulators_only
def find_json(request: HttpRequest) -> HttpResponse:
    """The same, for another software."""
    count_search(request.user)
    form = bound(request.GET)
    return answer_json(form, found(form, now=timezone.now(), departements=departements_of_regulator(request)))


def _own(request: HttpRequest) -> QuerySet[Appointment]:
    """What this regulator booked."""
    regulator = regulator_of(request)
    mine = Q(booked_by=request.user) | (Q(regulator=regulator) if regulator else Q(pk=None))
    return Appointment.objects.filter(mine).select_related("slot__schedule", "effector", "cpts")


def _moved(request: HttpRequest, asked: QueryDict) -> Appointment | None:
    """The appointment that another slot is looked for."""
    uuid = sent_uuid(asked.get("deplacer") or "")
    return _own(request).filter(uuid=uuid).first() if uuid else None


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
        appointment = give(slot, asked=asked, reason=reason, moved=moved, booker=booker, at=at)
    except LimitReached as error:
        return search_again(request, error, asked, find)
    except DomainError as error:
        messages.error(request, told_kindly(error, found(bound(asked), now=at)))
        return redirect(f"{reverse('unscheduled_care:regulation')}?{asked.urlencode()}")
    if asked.get("deplacer"):
        messages.success(request, f"Rendez-vous déplacé : {when(appointment.starts_at, appointment.slot.schedule)}.")
    return redirect("unscheduled_care:regulation_appointment", appointment.uuid)


@regulators_only
def appointment(request: HttpRequest, appointment_uuid: UUID) -> HttpResponse:
    """What is read to the patient: when, where, the code; and what may still change."""
    return _told(request, get_object_or_404(_own(request), uuid=appointment_uuid), DifficultyForm())


def _told(request: HttpRequest, row: Appointment, form: DifficultyForm) -> HttpResponse:
    assert isinstance(request.user, User)
    at = timezone.now()
    try:
        said = actions.read_appointment(appointment=row, with_difficulties=True, by=request.user, at=at)
    except DomainError as error:
        return gone(request, "Rendez-vous", error.user_message)
    context = {
        "row": row, "when": when(row.starts_at, row.slot.schedule), "form": form, "at": at,
        "move_query": move_query(row), "said": said,
    }  # fmt: skip
    return render(request, "unscheduled_care/regulation_appointment.html", context)


def commune_of(row: Appointment) -> str:
    """As the field reads it back, whatever its homonyms."""
    return commune_text(Commune.objects.filter(code=row.commune).only("code", "name").first())


def move_query(row: Appointment) -> str:
    """The search of another slot for an appointment."""
    parameters = QueryDict(mutable=True)
    parameters.update(
        {"commune": commune_of(row), "profession": row.effector.group, "delai": "72", "deplacer": str(row.uuid)}
    )
    return parameters.urlencode()


@require_POST
@regulators_only
def act(request: HttpRequest, appointment_uuid: UUID) -> HttpResponse:
    """Cancel, or tell a difficulty."""
    row = get_object_or_404(_own(request), uuid=appointment_uuid)
    user, at = regulator_booker(request).user, timezone.now()
    if request.POST.get("do") == "difficulty" and row.cpts is None:
        messages.error(request, "Ce professionnel n’est plus membre d’une CPTS : personne ne recevrait ce message.")
    elif request.POST.get("do") == "difficulty" and row.cpts:
        form = DifficultyForm(request.POST)
        if not form.is_valid():
            return _told(request, row, form)
        text, name = form.cleaned_data["text"], str(request.user)
        try:
            actions.report(cpts=row.cpts, text=text, appointment=row, by=user, by_name=name, at=at)
            messages.success(request, f"Signalé à la coordination de {row.cpts.with_article}.")
        except DomainError as error:
            messages.error(request, error.user_message)
    elif request.POST.get("do") == "cancel":
        try:
            actions.cancel(appointment=row, by=user, at=at)
            messages.success(request, "Rendez-vous annulé : le créneau est de nouveau libre.")
        except DomainError as error:
            messages.error(request, error.user_message)
    return redirect("unscheduled_care:regulation_appointment", row.uuid)


@regulators_only
def appointments(request: HttpRequest) -> HttpResponse:
    """What I booked these last days, the next one first."""
    rows = _own(request).filter(starts_at__gte=timezone.now() - timedelta(days=KEPT_DAYS)).order_by("-starts_at", "pk")
    return render(request, "unscheduled_care/regulation_appointments.html", {"rows": rows[:100]})
