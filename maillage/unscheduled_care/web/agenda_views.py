"""One's own agenda: open, show, take back slots; places, absences, agreement to the SAS."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from maillage.accounts.limits import IMPORTS
from maillage.accounts.permissions import CptsRequest, requires
from maillage.accounts.signing_in.proving import is_sent, recently_proved_when
from maillage.core.errors import DomainError
from maillage.core.limits import spend
from maillage.core.models import Job
from maillage.core.screens.doing import did
from maillage.core.screens.posted import sent_uuid, sent_version
from maillage.core.text import plural
from maillage.core.workspaces import declared
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import (
    Absence,
    Appointment,
    AppointmentStatus,
    BusyCalendar,
    Effector,
    Schedule,
    Slot,
    SlotStatus,
)
from maillage.unscheduled_care.permissions import SLOT_PUBLISH
from maillage.unscheduled_care.queries.presence import presences
from maillage.unscheduled_care.rules.series import Span, first_free, instant, overlaps
from maillage.unscheduled_care.rules.slots import Kind, names_of
from maillage.unscheduled_care.web.access import own_effector, own_membership
from maillage.unscheduled_care.web.agenda_forms import (
    AbsenceForm,
    CalendarForm,
    HowForm,
    OpenSlotsForm,
    PlaceForm,
    QuickForm,
    ShowForm,
)

SHOWN_DAYS, FURTHEST_DAYS = 28, 370
USUAL_MINUTES = 20
SHORT_KINDS = {Kind.CPTS: "CPTS", Kind.SNP: "SAS", Kind.PRO: "professionnels", Kind.PUBLIC: "public"}


def _effector(request: CptsRequest) -> Effector:
    """Raises Http404 for whoever has no agenda here."""
    effector = own_effector(request)
    if effector is None:
        raise Http404
    return effector


@requires(SLOT_PUBLISH)
def agenda(request: CptsRequest) -> HttpResponse:
    """The weeks to come, and « je peux voir 3 patients demain matin »."""
    effector = own_effector(request)
    if effector is None:
        return _first_time(request)
    at = timezone.now()
    form = QuickForm(
        request.POST or None, effector=effector, at=at, today=timezone.localdate(at), initial=usual_audience(effector)
    )
    if request.method == "POST" and form.is_valid():
        try:
            opened = open_quickly(effector, form, by=request.user, at=at)
        except DomainError as error:
            form.add_error(None, error.user_message)
        else:
            messages.success(request, opened.message)
            return redirect("unscheduled_care:own_agenda", request.cpts.slug)
    shown = FURTHEST_DAYS if request.GET.get("tout") else SHOWN_DAYS
    context = {
        "effector": effector,
        "quick": form,
        "days": _days(effector, at, shown),
        "shown": shown,
        **_show_context(effector),
    }
    return render(request, "unscheduled_care/agenda.html", context)


def _first_time(request: CptsRequest) -> HttpResponse:
    membership = own_membership(request)
    if request.method == "POST" and membership:
        try:
            actions.start_agenda(membership=membership, by=request.user, at=timezone.now())
        except DomainError as error:
            messages.error(request, error.user_message)
            return redirect("members:identity")
        messages.success(request, "Votre agenda est ouvert : vérifiez vos lieux, puis ouvrez vos créneaux.")
        return redirect("unscheduled_care:places", request.cpts.slug)
    return render(request, "unscheduled_care/first_time.html", {"membership": membership})


def open_quickly(effector: Effector, form: QuickForm, *, by: Any, at: datetime) -> actions.Opened:
    """The first free times of the half-day."""
    window = form.window()
    taken = actions.taken_spans(effector, [window]) + actions.busy_spans(effector, *window)
    spans = first_free(window, USUAL_MINUTES, form.cleaned_data["count"], taken)
    place = form.cleaned_data["place"]
    return actions.open_slots(schedule=place, spans=spans, opening=form.opening(), by=by, at=at)


def usual_audience(effector: Effector) -> dict[str, Any]:
    """What they said last time: never more than that."""
    last = Slot.objects.filter(effector=effector).order_by("-pk").first()
    if last is None:
        return {}
    return {"kinds": names_of(last.kind_flags), "cpts": list(last.audiences.values_list("cpts", flat=True))}


def _days(effector: Effector, at: datetime, shown: int) -> list[dict[str, Any]]:
    """Slots of the weeks to come by day, with what a line says."""
    rows = (
        Slot.objects.live()
        .filter(effector=effector)
        .starting_between(at - timedelta(hours=12), at + timedelta(days=shown))
        .for_listing()
        .prefetch_related("audiences__cpts", Prefetch("appointments", Appointment.objects.live()))
    )
    by_day = groupby(rows, key=lambda slot: timezone.localdate(slot.starts_at))
    return [{"day": day, "slots": [_line(slot, at) for slot in slots]} for day, slots in by_day]


def _line(slot: Slot, at: datetime) -> dict[str, Any]:
    booked = next(iter(slot.appointments.all()), None)
    cpts = [audience.cpts.name for audience in slot.audiences.all()]
    kinds = [", ".join(cpts) or "CPTS" if kind == Kind.CPTS else SHORT_KINDS[kind] for kind in slot.kind_flags]
    return {
        "slot": slot,
        "kinds": kinds,
        "modes": slot.mode_labels,
        "booked": booked,
        "is_over": slot.starts_at <= at,
        "is_closed": slot.status == SlotStatus.BLOCKED,
    }


def _show_context(effector: Effector) -> dict[str, Any]:
    return {"show": ShowForm(effector=effector, auto_id="show_%s")}


@requires(SLOT_PUBLISH)
def open_slots(request: CptsRequest) -> HttpResponse:
    """One by one, or every week with exceptions."""
    effector, at = _effector(request), timezone.now()
    form = OpenSlotsForm(request.POST or None, effector=effector, initial=usual_audience(effector))
    if request.method == "POST" and form.is_valid():
        try:
            opened = actions.open_slots(
                schedule=form.cleaned_data["place"],
                spans=form.spans(),
                opening=form.opening(),
                skip_taken=form.is_repeated,
                by=request.user,
                at=at,
            )
        except DomainError as error:
            form.add_error(None, error.user_message)
        else:
            messages.success(request, opened.message)
            return redirect("unscheduled_care:own_agenda", request.cpts.slug)
    return render(request, "unscheduled_care/open_slots.html", {"form": form, "effector": effector})


@require_POST
@requires(SLOT_PUBLISH)
def act(request: CptsRequest) -> HttpResponse:
    """What is done to the slots that were ticked, or to the one whose button was pressed."""
    effector, at = _effector(request), timezone.now()
    keys = [uuid for text in request.POST.getlist("slot") if (uuid := sent_uuid(text))]
    slots = list(Slot.objects.filter(effector=effector, uuid__in=keys[:500]).select_related("schedule"))
    try:
        if not slots:
            messages.error(request, "Cochez d’abord les créneaux.")
        elif request.POST.get("do") == "close":
            count = actions.close_slots(effector=effector, slots=slots, by=request.user, at=at)
            messages.success(request, f"{count} {plural(count, 'créneau retiré', 'créneaux retirés')}.")
        else:
            _show(request, effector, slots, at)
    except DomainError as error:
        messages.error(request, error.user_message)
    return redirect("unscheduled_care:own_agenda", request.cpts.slug)


def _show(request: CptsRequest, effector: Effector, slots: Iterable[Slot], at: datetime) -> None:
    form = ShowForm(request.POST, effector=effector)
    if not form.is_valid():
        messages.error(request, "Choix illisible : recommencez.")
        return
    kinds, cpts = form.audience()
    count = actions.show_slots(effector=effector, slots=list(slots), kinds=kinds, cpts=cpts, by=request.user, at=at)
    messages.success(request, f"Visibilité de {count} {plural(count, 'créneau enregistrée', 'créneaux enregistrée')}.")


def _is_told_to_sas(request: HttpRequest) -> bool:
    """A form sent by whoever agreed to be shown to the SAS, or agrees by it: a passer-by does not say it for them."""
    effector = own_effector(cast("CptsRequest", request)) if is_sent(request) else None
    return effector is not None and (effector.sas_agreed_at is not None or "agrees" in request.POST)


@requires(SLOT_PUBLISH)
@recently_proved_when(_is_told_to_sas)
def places(request: CptsRequest, place_uuid: UUID | None = None) -> HttpResponse:
    """Where I see patients; a form for one more, or for one that changes."""
    effector, at = _effector(request), timezone.now()
    own = (
        effector.schedules.filter(is_closed=False)
        .select_related("commune")
        .defer("commune__outline", "commune__neighbours")
    )
    place = get_object_or_404(own, uuid=place_uuid) if place_uuid else None
    form = PlaceForm(request.POST or None, initial=PlaceForm.initial_of(place) if place else {})
    if request.method == "POST" and request.POST.get("do") == "close" and place:
        return _close_place(request, place, at)
    if request.method == "POST" and request.POST.get("do") == "confirm" and place:
        actions.confirm_place(place=place, by=request.user, at=at)
        messages.success(request, "Lieu confirmé : le SAS peut en connaître l’adresse et le téléphone.")
        return redirect("unscheduled_care:places", request.cpts.slug)
    if request.method == "POST" and form.is_valid():
        actions.save_place(effector=effector, place=place, fields=form.values(), by=request.user, at=at)
        messages.success(request, "Lieu enregistré.")
        return redirect("unscheduled_care:places", request.cpts.slug)
    context = {"effector": effector, "places": own.order_by("pk"), "place": place, "form": form}
    return render(request, "unscheduled_care/places.html", context)


def _close_place(request: CptsRequest, place: Schedule, at: datetime) -> HttpResponse:
    did(request, actions.close_place, "Ce lieu n’est plus proposé.", place=place)
    return redirect("unscheduled_care:places", request.cpts.slug)


@requires(SLOT_PUBLISH)
def absences(request: CptsRequest) -> HttpResponse:
    """When I see nobody; and who was to be seen then."""
    effector, at = _effector(request), timezone.now()
    form = AbsenceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        starts_at, ends_at = _absence_span(form)
        try:
            actions.add_absence(
                effector=effector,
                starts_at=starts_at,
                ends_at=ends_at,
                substitute=form.cleaned_data["substitute"],
                by=request.user,
                at=at,
            )
        except DomainError as error:
            form.add_error("last", error.user_message)
        else:
            messages.success(request, "Absence enregistrée : vos créneaux libres de ces jours sont masqués.")
            form = AbsenceForm()
    coming = list(effector.absences.filter(ends_at__gt=at).order_by("starts_at"))
    booked = _still_booked(effector, coming, at)
    context = {
        "effector": effector,
        "form": form,
        "booked": booked,
        "absences": [_absence_line(absence) for absence in coming],
    }
    return render(request, "unscheduled_care/absences.html", context)


def _still_booked(effector: Effector, absences: list[Absence], at: datetime) -> list[Appointment]:
    """Patients expected while their professional is away: until each is handed over or given back."""
    ahead = Appointment.objects.filter(effector=effector, status=AppointmentStatus.BOOKED, starts_at__gt=at)
    spans = [(absence.starts_at, absence.ends_at) for absence in absences]
    return [
        appointment
        for appointment in ahead.for_listing()[:200]
        if overlaps((appointment.starts_at, appointment.ends_at), spans)
    ]


def _absence_line(absence: Absence) -> dict[str, Any]:
    last = absence.ends_at - timedelta(seconds=1)
    return {
        "row": absence,
        "last": last,
        "is_one_day": timezone.localdate(absence.starts_at) == timezone.localdate(last),
    }


def _absence_span(form: AbsenceForm) -> Span:
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    midnight = datetime.min.time()
    zone = timezone.get_current_timezone()
    return instant(first, midnight, zone), instant(last + timedelta(days=1), midnight, zone)


@require_POST
@requires(SLOT_PUBLISH)
def remove_absence(request: CptsRequest, absence_uuid: UUID) -> HttpResponse:
    absence = get_object_or_404(Absence.objects.filter(effector=_effector(request)), uuid=absence_uuid)
    actions.remove_absence(absence=absence, by=request.user, at=timezone.now())
    messages.success(request, "Absence retirée : vos créneaux sont de nouveau visibles.")
    return redirect("unscheduled_care:absences", request.cpts.slug)


@requires(SLOT_PUBLISH)
def calendars(request: CptsRequest) -> HttpResponse:
    """My other calendars, whose busy times hide my slots; and the address of this one."""
    effector, at = _effector(request), timezone.now()
    if request.POST.get("do") == "renew":
        actions.renew_addresses(effector=effector, by=request.user, at=at)
        messages.success(request, "Adresses changées : les anciennes ne montrent plus rien.")
        return redirect("unscheduled_care:calendars", request.cpts.slug)
    form = CalendarForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            spend(IMPORTS, at=at, account=request.user.pk)
            added = actions.send_calendar(
                effector=effector,
                name=form.cleaned_data["name"],
                url=form.cleaned_data["url"],
                content=form.content(),
                by=request.user,
                at=at,
                link=request.path,
            )
        except DomainError as error:
            form.add_error("url" if form.cleaned_data["url"] else "file", error.user_message)
        else:
            if isinstance(added, Job):
                return redirect(added)
            messages.success(request, "Agenda relié : ses heures occupées masquent vos créneaux.")
            return redirect("unscheduled_care:calendars", request.cpts.slug)
    feed, software = (
        request.build_absolute_uri(reverse(name, args=[effector.feed]))
        for name in ("unscheduled_care:feed", *declared("AGENDA_FOR_SOFTWARE"))
    )
    context = {
        "form": form,
        "calendars": effector.calendars.order_by("pk"),
        "feed": feed,
        "software": software.rstrip("/"),
        "webcal": feed.replace("https://", "webcal://", 1).replace("http://", "webcal://", 1),
    }
    return render(request, "unscheduled_care/calendars.html", context)


@require_POST
@requires(SLOT_PUBLISH)
def remove_calendar(request: CptsRequest, calendar_uuid: UUID) -> HttpResponse:
    own = BusyCalendar.objects.filter(effector=_effector(request)).select_related("effector")
    calendar = get_object_or_404(own, uuid=calendar_uuid)
    actions.remove_calendar(calendar=calendar, by=request.user, at=timezone.now())
    messages.success(request, "Agenda retiré.")
    return redirect("unscheduled_care:calendars", request.cpts.slug)


@requires(SLOT_PUBLISH)
@recently_proved_when(_is_told_to_sas)
def how(request: CptsRequest) -> HttpResponse:
    """My telephone, the SAS, patients « en sus »; what the SAS sees of me, and what is missing."""
    effector = _effector(request)
    initial = {
        "phone": effector.phone or phone_of_membership(request),
        "agrees": effector.sas_agreed_at is not None,
        "extra_a_day": effector.extra_a_day,
    }
    form = HowForm(request.POST or None, initial=initial)
    if (
        request.method == "POST"
        and form.is_valid()
        and did(
            request,
            actions.say_how,
            "C’est enregistré.",
            form=form,
            effector=effector,
            read_version=sent_version(request),
            **form.cleaned_data,
        )
    ):
        return redirect("unscheduled_care:how", request.cpts.slug)
    presence = presences(Effector.objects.filter(pk=effector.pk))[0]
    return render(request, "unscheduled_care/how.html", {"form": form, "effector": effector, "presence": presence})


def phone_of_membership(request: CptsRequest) -> str:
    """What the team wrote, to be confirmed by its owner."""
    membership = own_membership(request)
    return membership.phone if membership else ""
