"""What opens without an account: the page of a professional for one appointment, the cancellation by a patient."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maillage.accounts.models import User
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.core.limits import LimitReached, spend_from
from maillage.core.screens.access import public
from maillage.core.screens.gone import gone
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.limits import CODES, CODES_BLOCK
from maillage.unscheduled_care.models import Appointment, Effector, SlotStatus
from maillage.unscheduled_care.queries.calendar import feed_text
from maillage.unscheduled_care.queries.moments import when
from maillage.unscheduled_care.queries.own_agenda import appointments_of, slots_of
from maillage.unscheduled_care.rules.subscribed import AHEAD, BACK
from maillage.unscheduled_care.web.access import appointment_of
from maillage.unscheduled_care.web.forms import CancelForm

FURTHEST = timedelta(days=400)  # slots open a year ahead
MOST = 1000  # of each, in a subscribed calendar


@public
def personal(request: HttpRequest, owner: int, token: str) -> HttpResponse:
    """The professional: seen in one tap, cannot, honoured or not. A visit changes nothing."""
    try:
        row = appointment_of(owner, token, timezone.now())
    except links.LinkUnusable as error:
        return gone(request, "Rendez-vous", error.user_message)
    if request.method == "POST":
        answer(request, row)
        return redirect("unscheduled_care:personal", owner, token)
    return render(request, "unscheduled_care/personal.html", appointment_context(row) | {"action": ""})


def appointment_context(row: Appointment) -> dict[str, Any]:
    at = timezone.now()
    return {
        "row": row,
        "when": when(row.starts_at, row.slot.schedule),
        "is_coming": row.starts_at > at,
        "place": row.slot.schedule,
    }


def answer(request: HttpRequest, row: Appointment) -> None:
    """What the owner of the slot says of an appointment."""
    do, at, user = request.POST.get("do"), timezone.now(), _account(request)
    try:
        if do == "seen":
            actions.acknowledge(appointment=row, by=user, at=at)
            messages.success(request, "C’est noté : vous l’avez bien reçu.")
        elif do == "cannot":
            actions.cancel(appointment=row, by=user, at=at, keep_slot=True)
            messages.success(request, "Le rendez-vous est annulé et le créneau fermé. Qui l’avait réservé est prévenu.")
        else:
            say_outcome(request, row)
    except DomainError as error:
        messages.error(request, error.user_message)


def say_outcome(request: HttpRequest, row: Appointment) -> None:
    """Whether the patient came. Raises DomainError."""
    if (do := request.POST.get("do")) in {"came", "absent"}:
        actions.record_outcome(appointment=row, came=do == "came", by=_account(request), at=timezone.now())
        messages.success(request, "C’est noté, merci.")


def _account(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


@public
@require_safe
def feed(request: HttpRequest, agenda_uuid: UUID) -> HttpResponse:
    """The private address that a telephone reads: hours and places, no patient."""
    at = timezone.now()
    effector = get_object_or_404(Effector.objects.uncontested(), feed=agenda_uuid)
    slots = slots_of(effector, at - BACK, at + AHEAD).filter(status=SlotStatus.FREE)
    booked = appointments_of(effector, at - BACK, at + FURTHEST).live()
    text = feed_text("Soins non programmés", slots[:MOST], booked[:MOST], at=at)
    headers = {
        "Content-Disposition": 'inline; filename="soins-non-programmes.ics"',
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(text, content_type="text/calendar; charset=utf-8", headers=headers)


@public
def cancel(request: HttpRequest) -> HttpResponse:
    """A patient gives their appointment back, with the code that was read to them."""
    form = CancelForm(request.POST or None)
    done = ""
    if request.method == "POST" and form.is_valid():
        row = _named(request, form)
        if row:
            try:
                actions.cancel(appointment=row, by=None, at=timezone.now())
                done = when(row.starts_at, row.slot.schedule)
            except DomainError as error:
                form.add_error(None, error.user_message)
    context = {"form": form, "done": done}
    return render(request, "unscheduled_care/cancel.html", context)


def _named(request: HttpRequest, form: CancelForm) -> Appointment | None:
    """The appointment of that code; a machine that tries them all is stopped long before it finds one."""
    try:
        spent = spend_from(request, CODES, CODES_BLOCK)
    except LimitReached as error:
        form.add_error(None, f"{error.user_message} Vous pouvez aussi appeler le numéro de la CPTS.")
        return None
    row = actions.find_by_code(code=form.cleaned_data["code"], on=form.cleaned_data["on"])
    if row:
        spent.give_back()
    else:
        form.add_error("code", "Aucun rendez-vous à venir ne porte ce code ce jour-là.")
    return row
