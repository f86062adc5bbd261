"""Unscheduled care in a CPTS: what is free and booked, what the coordinator must see, figures, settings."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from maillage.accounts.menus import links_under
from maillage.accounts.permissions import CptsRequest, requires
from maillage.accounts.signing_in import means
from maillage.accounts.signing_in.proving import (
    ASSEMBLY_MINUTES,
    ask_again,
    is_export,
    recently_proved_when,
    sent_in_this_session,
    strongly_proved,
)
from maillage.core.errors import DomainError
from maillage.core.limits import LimitReached
from maillage.core.screens.doing import did
from maillage.core.screens.gone import gone
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.core.screens.posted import sent_uuid, sent_version
from maillage.core.text import percent, plural
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.actions.reading import SealedWords
from maillage.unscheduled_care.models import (
    Appointment,
    AppointmentStatus,
    CareRequest,
    Difficulty,
    Effector,
    Origin,
    Outcome,
    Slot,
)
from maillage.unscheduled_care.permissions import CARE_MANAGE, PATIENT_DESK, SLOT_BOOK, SLOT_PUBLISH
from maillage.unscheduled_care.queries.moments import when
from maillage.unscheduled_care.queries.statistics import CareFigures, figures
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
from maillage.unscheduled_care.web.access import own_effector
from maillage.unscheduled_care.web.burst_views import bursts_of
from maillage.unscheduled_care.web.forms import AnswerForm, CareSettingsForm
from maillage.unscheduled_care.web.public_views import answer, appointment_context, say_outcome

STRONGER_WANTED = "à lire après une seconde preuve (« Mes connexions »)"
PERIODS = [("30", "30 jours"), ("90", "3 mois"), ("365", "un an")]


@requires(SLOT_BOOK)
def desk(request: CptsRequest) -> HttpResponse:
    """The page of the desk: find a slot; beside it, what waits."""
    at = timezone.now()
    form = search_form(request.GET)
    results = _results(request, form, at)
    context = search_context(request, form, results, moved=_moved(request, request.GET), at=at) | {
        "cpts": request.cpts,
        "book_name": "unscheduled_care:desk_book",
        "zone": timezone.get_current_timezone(),
    }
    if not request.htmx:
        context |= _around(request, at) | {"more": links_under("unscheduled_care:desk", request)}
    page = "unscheduled_care/_results.html" if request.htmx else "unscheduled_care/desk.html"
    return render(request, page, context)


@requires(SLOT_BOOK)
def find_json(request: CptsRequest) -> HttpResponse:
    """The same search, for another software."""
    count_search(request.user)
    form = search_form(request.GET)
    return answer_json(form, _results(request, form, timezone.now()))


def _results(request: CptsRequest, form: FindForm, at: datetime) -> SearchResults | None:
    """What the desk of this CPTS may book."""
    return search_results(form, now=at, cpts_id=request.cpts.pk)


def _around(request: CptsRequest, at: datetime) -> dict[str, Any]:
    """What waits beside the search."""
    opened = Slot.objects.of(request.cpts).shown_to_desk(request.cpts)
    return {
        "care": actions.settings_of(request.cpts),
        "left": _left_behind(request, at),
        "late": _without_outcome(request, at),
        "difficulties": Difficulty.objects.of(request.cpts).unsolved().count(),
        "free": opened.starting_between(at, at + timedelta(hours=48)).count(),
    }


def _moved(request: CptsRequest, asked: QueryDict) -> Appointment | None:
    """The appointment that another slot is looked for. Whoever sees a patient opens their file: that of a request is
    moved by the desk, or by the professional who sees them."""
    uuid = sent_uuid(asked.get("deplacer") or "")
    rows = _readable(request)
    if PATIENT_DESK not in request.permissions:
        own = own_effector(request)
        of_no_patient = Q(request=None) | Q(request__erased_at__isnull=False)
        rows = rows.filter(of_no_patient | (Q(effector=own) if own else Q(pk=None)))
    return rows.filter(uuid=uuid).first() if uuid else None


def _left_behind(request: CptsRequest, at: datetime) -> list[Appointment]:
    """To come with somebody who left the CPTS: to be handed over, not lost."""
    if CARE_MANAGE not in request.permissions:
        return []
    inside = Effector.objects.of(request.cpts).values("pk")
    ahead = Appointment.objects.of(request.cpts).filter(status=AppointmentStatus.BOOKED, starts_at__gt=at)
    return list(ahead.exclude(effector__in=inside).for_listing()[:50])


def _without_outcome(request: CptsRequest, at: datetime) -> int:
    """Past, and nobody said whether the patient came."""
    return Appointment.objects.of(request.cpts).filter(status=AppointmentStatus.BOOKED, ends_at__lt=at).count()


@require_POST
@requires(SLOT_BOOK)
def book(request: CptsRequest, slot_uuid: UUID) -> HttpResponse:
    """The desk, or a member for a patient."""
    slot = asked_slot(slot_uuid)
    asked, at = QueryDict(request.POST.get("query", "")), timezone.now()
    booker = actions.Booker(user=request.user, origin=Origin.DESK, cpts=request.cpts)
    try:
        moved = _moved(request, asked)
        row = book_or_move(slot, asked=asked, reason=typed_reason(request.POST), moved=moved, booker=booker, at=at)
    except LimitReached as error:
        return search_again(request, error, asked, desk)
    except DomainError as error:
        messages.error(request, refusal_with_next(error, _results(request, search_form(asked), at)))
        return redirect(f"{reverse('unscheduled_care:desk', args=[request.cpts.slug])}?{asked.urlencode()}")
    if care := _asked_for(request, asked):
        _end(request, care, row, at)
        return redirect("unscheduled_care:request", request.cpts.slug, care.uuid)
    if asked.get("deplacer"):
        messages.success(request, f"Rendez-vous déplacé : {when(row.starts_at, row.slot.schedule)}.")
    return redirect("unscheduled_care:appointment", request.cpts.slug, row.uuid)


def _asked_for(request: CptsRequest, asked: QueryDict) -> CareRequest | None:
    """The request that a slot is looked for."""
    uuid = sent_uuid(asked.get("demande") or "")
    desk = PATIENT_DESK in request.permissions
    rows = CareRequest.objects.of(request.cpts).visible_to(request.user, desk=desk)
    return rows.filter(uuid=uuid).first() if uuid else None


def _end(request: CptsRequest, care: CareRequest, row: Appointment, at: datetime) -> None:
    """The slot is taken: when somebody ended the request meanwhile, the desk is told and decides."""
    try:
        actions.end_request(request=care, outcome=Outcome.BOOKED, appointment=row, by=request.user, at=at)
        messages.success(
            request, f"Rendez-vous donné {when(row.starts_at)}, {row.effector}. Code du patient : {row.code}."
        )
    except DomainError as error:
        messages.error(
            request, f"{error.user_message} Le créneau est réservé quand même : annulez-le s’il ne sert pas."
        )


@requires(SLOT_BOOK)
@recently_proved_when(is_export)
def appointments(request: CptsRequest) -> HttpResponse:
    """Every appointment of the CPTS; a member reads their own bookings and their own patients."""
    listing = Listing(
        queryset=_readable(request),
        parameters=request.GET,
        columns=(
            Column("date", "Date", lambda appointment: appointment.starts_at, "starts_at"),
            Column(
                "professionnel", "Professionnel", lambda appointment: str(appointment.effector), "effector__family_name"
            ),
            Column("origine", "Réservé par", lambda appointment: appointment.get_origin_display(), "origin"),
            Column("etat", "État", lambda appointment: appointment.get_status_display(), "status"),
        ),
        search_in=("effector__search_name",),
        filters=(
            Filter("etat", "État", "status", AppointmentStatus.choices),
            Filter("origine", "Réservé par", "origin", Origin.choices),
        ),
        default_sort="-starts_at",
        dated_by="starts_at",
        filename=f"rendez-vous-{request.cpts.slug}",
        empty="Aucun rendez-vous pour l’instant.",
    )
    if response := listing.export():
        return response
    return render(request, "unscheduled_care/appointments.html", {"listing": listing, "page": listing.page()})


def _readable(request: CptsRequest) -> QuerySet[Appointment]:
    rows = Appointment.objects.of(request.cpts).select_related("slot__schedule", "effector", "cpts")
    if CARE_MANAGE in request.permissions:
        return rows
    own = own_effector(request)
    return rows.filter(Q(booked_by=request.user) | (Q(effector=own) if own else Q(pk=None)))


@requires(SLOT_BOOK)
def appointment(request: CptsRequest, appointment_uuid: UUID) -> HttpResponse:
    """One appointment, for whoever booked it or the team: what is read to the patient, and what may change."""
    row = get_object_or_404(_readable(request), uuid=appointment_uuid)
    do = request.POST.get("do")
    form = DifficultyForm(request.POST if do == "difficulty" else None)
    if request.method == "POST" and (do != "difficulty" or form.is_valid()):
        try:
            if do == "cancel":
                actions.cancel(appointment=row, by=request.user, at=timezone.now())
                messages.success(request, "Rendez-vous annulé : le créneau est de nouveau libre.")
            elif do == "difficulty":
                _report(request, row, form.cleaned_data["text"])
            else:
                say_outcome(request, row)
        except DomainError as error:
            messages.error(request, error.user_message)
        return redirect("unscheduled_care:appointment", request.cpts.slug, row.uuid)
    if _is_proof_old(request, row):
        return ask_again(request)
    try:
        said = _words(request, row)
    except DomainError as error:
        return gone(request, "Rendez-vous", error.user_message)
    context = appointment_context(row) | {"move_query": move_query(row), "form": form, "said": said}
    return render(request, "unscheduled_care/appointment.html", context)


def _is_proof_old(request: CptsRequest, row: Appointment) -> bool:
    """A session left open for hours does not read why a patient comes: who is there proves it again."""
    return bool(row.sealed) and means.is_strong(request) and not means.is_recent(request, ASSEMBLY_MINUTES)


def _words(request: CptsRequest, row: Appointment) -> SealedWords:
    """Why the patient comes, for a session that more than a password opened. Raises NoSealingKey, SealBroken."""
    if means.is_strong(request):
        return actions.read_appointment(appointment=row, by=request.user, at=timezone.now())
    return SealedWords(STRONGER_WANTED if row.sealed else "")


def _report(request: CptsRequest, row: Appointment, text: str) -> None:
    """A difficulty met by the desk, for the coordinator."""
    by = request.user
    actions.report(cpts=request.cpts, text=text, appointment=row, by=by, by_name=str(by), at=timezone.now())
    messages.success(request, "Signalé à la coordination.")


@requires(SLOT_PUBLISH)
def own_appointment(request: CptsRequest, appointment_uuid: UUID) -> HttpResponse:
    """A patient who was sent to me."""
    effector = own_effector(request)
    rows = Appointment.objects.select_related("slot__schedule", "effector", "cpts").filter(effector=effector)
    row = get_object_or_404(rows, uuid=appointment_uuid)
    if request.method == "POST":
        answer(request, row)
        return redirect("unscheduled_care:own_appointment", request.cpts.slug, row.uuid)
    if _is_proof_old(request, row):
        return ask_again(request)
    try:
        said = _words(request, row)
    except DomainError as error:
        return gone(request, "Rendez-vous", error.user_message)
    return render(request, "unscheduled_care/own_appointment.html", appointment_context(row) | {"said": said})


@requires(CARE_MANAGE)
@strongly_proved
def difficulties(request: CptsRequest) -> HttpResponse:
    """What the regulation could not do, unsolved first."""
    return _difficulties(request)


def _difficulties(request: CptsRequest, answered: AnswerForm | None = None) -> HttpResponse:
    """`answered`: an answer that could not be taken, shown again where it was typed."""
    whole = Difficulty.objects.of(request.cpts).select_related("effector", "appointment")
    rows = list(whole.order_by("solved_at", "-told_at")[:100])
    try:
        said = actions.read_difficulties(cpts=request.cpts, difficulties=rows, by=request.user, at=timezone.now())
    except DomainError as error:
        return gone(request, "Difficultés", error.user_message)
    lines = [
        {"row": row, "said": facts, "form": _answer_form(row, answered)} for row, facts in zip(rows, said, strict=True)
    ]
    bursts = bursts_of(request.cpts, timezone.now())
    return render(request, "unscheduled_care/difficulties.html", {"lines": lines, "bursts": bursts})


def _answer_form(row: Difficulty, answered: AnswerForm | None) -> AnswerForm:
    return answered if answered and answered.difficulty == row.pk else AnswerForm(difficulty=row.pk)


@require_POST
@requires(CARE_MANAGE)
def solve(request: CptsRequest, difficulty_uuid: UUID) -> HttpResponse:
    difficulty = get_object_or_404(Difficulty.objects.of(request.cpts), uuid=difficulty_uuid)
    form = AnswerForm(request.POST, difficulty=difficulty.pk)
    if not form.is_valid():
        return _difficulties(request, form)
    did(request, actions.solve, "Difficulté traitée.", difficulty=difficulty, answer=form.cleaned_data["answer"])
    return redirect("unscheduled_care:difficulties", request.cpts.slug)


@require_POST
@requires(CARE_MANAGE)
def ask(request: CptsRequest) -> HttpResponse:
    """« Pouvez-vous voir des patients ? », to every professional with an agenda."""
    did(
        request,
        actions.ask_everybody,
        lambda asked: f"{asked} {plural(asked, 'professionnel sollicité', 'professionnels sollicités')}.",
        cpts=request.cpts,
    )
    return redirect("unscheduled_care:desk", request.cpts.slug)


@requires(CARE_MANAGE)
def statistics(request: CptsRequest) -> HttpResponse:
    """What became of the slots of these last months."""
    chosen = request.GET.get("periode", "90")
    days = int(chosen) if chosen in dict(PERIODS) else 90
    at, care = timezone.now(), actions.settings_of(request.cpts)
    counted = figures(request.cpts, start=at - timedelta(days=days), end=at, target_hours=care.target_hours)
    context = {
        "figures": counted,
        "periods": PERIODS,
        "chosen": str(days),
        "at": at,
        **_wording(counted, care.target_hours),
    }
    return render(request, "unscheduled_care/statistics.html", context)


def _wording(counted: CareFigures, target_hours: int) -> dict[str, Any]:
    """The figures as the page words them."""
    absent, cancelled = counted.statuses.get("noshow", 0), counted.statuses.get("cancelled", 0)
    honoured = counted.statuses.get("fulfilled", 0)
    share = Decimal(counted.within_target) / honoured if honoured else None
    return {
        "honoured": honoured,
        "free_note": f"{counted.free} {plural(counted.free, 'resté libre', 'restés libres')}",
        "cancelled_note": f"{cancelled} {plural(cancelled, 'annulé')}",
        "elsewhere": counted.elsewhere,
        "absent_note": f"{absent} {plural(absent, 'patient absent', 'patients absents')}",
        "target_label": f"Vus en moins de {target_hours} h",
        "target_note": f"{percent(share)} des patients venus" if share is not None else "",
        "themes": [
            ("Par délai", _bars(counted.by_delay)),
            ("Par heure du rendez-vous", _bars(counted.by_hour)),
            ("Par professionnel", _bars(counted.by_professional)),
            ("Par commune du patient", _bars(counted.by_commune)),
        ],
    }


def _bars(rows: list[tuple[str, int]]) -> list[dict[str, Any]]:
    most = max((count for _, count in rows), default=1)
    return [{"label": label, "text": count, "width": 100 * count / most, "is_own": True} for label, count in rows]


@requires(CARE_MANAGE)
@sent_in_this_session
def settings(request: CptsRequest) -> HttpResponse:
    """The delay aimed at, the number to call, the agreement with the SAS, whether patients may be named."""
    care = actions.settings_of(request.cpts)
    form = CareSettingsForm(request.POST or None, initial=CareSettingsForm.initial_of(care))
    if (
        request.method == "POST"
        and form.is_valid()
        and did(
            request,
            actions.save_settings,
            "Réglages enregistrés.",
            form=form,
            cpts=request.cpts,
            read_version=sent_version(request),
            fields=form.cleaned_data,
        )
    ):
        return redirect("unscheduled_care:settings", request.cpts.slug)
    return render(request, "unscheduled_care/settings.html", {"form": form, "care": care})
