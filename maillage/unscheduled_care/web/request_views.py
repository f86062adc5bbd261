"""The desk: a call becomes a request in one screen; orientation is proposed; every request ends."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.permissions import CptsRequest, requires
from maillage.accounts.signing_in.proving import is_export, recently_proved_when, strongly_proved
from maillage.core import links
from maillage.core.errors import DomainError
from maillage.core.limits import LimitReached
from maillage.core.screens.access import public
from maillage.core.screens.gone import gone
from maillage.core.screens.listing import Column, Filter, Listing
from maillage.core.screens.posted import sent_uuid
from maillage.core.text import percent
from maillage.geography.fields import commune_text
from maillage.patients import actions as patients
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.models import CareRequest, CareRequestQuerySet, Effector, Outcome, Solicitation
from maillage.unscheduled_care.models.request import SEEN
from maillage.unscheduled_care.notifications import SOLICITATION
from maillage.unscheduled_care.permissions import PATIENT_DESK, SLOT_BOOK
from maillage.unscheduled_care.queries.moments import when
from maillage.unscheduled_care.queries.places import point_of
from maillage.unscheduled_care.rules.places import distance_km
from maillage.unscheduled_care.rules.ranking import USUAL_RADIUS
from maillage.unscheduled_care.rules.warning_signs import warning_signs
from maillage.unscheduled_care.screens.finding import own_doctor, search_form, search_results
from maillage.unscheduled_care.web.request_forms import EndForm, MessageForm, PatientSearchForm, RequestForm

MEASURED_DAYS = 90
OFFERED, SOLICITED = 8, 15
TICKED = 5  # asked at once unless the desk says otherwise: the nearest, not everybody
EVERYTHING = "toutes"


def _readable(request: CptsRequest) -> CareRequestQuerySet:
    desk = PATIENT_DESK in request.permissions
    rows = CareRequest.objects.of(request.cpts).visible_to(request.user, desk=desk)
    late = ExpressionWrapper(Q(outcome="", due_at__lt=timezone.now()), output_field=BooleanField())
    whole = rows.annotate(is_late=late).select_related(
        "cpts", "patient", "commune", "taken_by", "appointment__effector", "appointment__slot__schedule"
    )
    return whole.defer("commune__outline", "commune__neighbours")


@requires(SLOT_BOOK)
@recently_proved_when(is_export)
def request_list(request: CptsRequest) -> HttpResponse:
    """Waiting ones first, by deadline. No name here: a patient's file is opened one at a time, and that is written."""
    at = timezone.now()
    rows = _readable(request)
    listing = Listing(
        queryset=rows if request.GET.get("issue") else rows.waiting(),
        parameters=request.GET,
        columns=(
            Column("numero", "Demande", lambda care_request: care_request.number, "number"),
            Column("recue", "Reçue", lambda care_request: care_request.opened_at, "opened_at"),
            Column("avant", "À voir avant", lambda care_request: care_request.due_at, "due_at"),
            Column("commune", "Commune", lambda care_request: care_request.commune.name, "commune__name"),
            Column("issue", "Issue", lambda care_request: care_request.get_outcome_display(), "outcome"),
        ),
        search_in=("commune__name",),
        filters=(Filter("issue", "Issue", "outcome", Outcome.choices, blank="En attente", everything=EVERYTHING),),
        default_sort="due_at",
        dated_by="opened_at",
        filename=f"demandes-{request.cpts.slug}",
        empty="Aucune demande en attente.",
    )
    if response := listing.export():
        return response
    context = {
        "listing": listing,
        "page": listing.page(),
        "at": at,
        "late": rows.late(at).count(),
        "may_name": actions.may_name_patients(request.cpts),
        "measured": _measured(request, at),
        "search": PatientSearchForm() if PATIENT_DESK in request.permissions else None,
    }
    return render(request, "unscheduled_care/requests.html", context)


def _measured(request: CptsRequest, at: datetime) -> str:
    """The share seen in time, of those that ended with somebody seeing them."""
    since = at - timedelta(days=MEASURED_DAYS)
    ended = CareRequest.objects.of(request.cpts).filter(outcome__in=SEEN, ended_at__gte=since)
    seen = ended.count()
    return percent(ended.filter(seen_at__lte=F("due_at")).count() / seen) if seen else ""


@requires(PATIENT_DESK)
@strongly_proved
def find_patient(request: CptsRequest) -> HttpResponse:
    """The requests of a patient by what they are called: numbers and days, no name; that one looked is written.

    Whoever comes back from proving who they are has nothing sent any more: they are asked whom they look for.
    """
    form, rows = PatientSearchForm(request.POST if request.method == "POST" else None), None
    if form.is_valid():
        try:
            matches = patients.search(
                cpts=request.cpts, text=form.cleaned_data["text"], by=request.user, at=timezone.now()
            )
            rows = _readable(request).of_patients(matches)[:SOLICITED]
        except DomainError as error:
            form.add_error("text", error.user_message)
    return render(request, "unscheduled_care/find_patient.html", {"form": form, "rows": rows})


@requires(SLOT_BOOK)
def new_request(request: CptsRequest) -> HttpResponse:
    """Who, where, what, how soon."""
    care, at = actions.settings_of(request.cpts), timezone.now()
    form = RequestForm(request.POST or None, initial={"hours": care.target_hours})
    signs: list[str] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        signs = warning_signs(data["what"])
        if signs and not request.POST.get("confirmed"):
            context = {"form": form, "signs": signs, "may_name": True}
            return render(request, "unscheduled_care/request_new.html", context)
        try:
            row = actions.open_request(
                cpts=request.cpts,
                patient={name: data[name] for name in ("who", "what", "doctor")},
                commune=data["commune"],
                group=data["group"],
                hours=data["hours"],
                by=request.user,
                at=at,
            )
        except DomainError as error:
            form.add_error(None, error.user_message)
        else:
            return redirect("unscheduled_care:request", request.cpts.slug, row.uuid)
    context = {"form": form, "signs": signs, "may_name": actions.may_name_patients(request.cpts)}
    return render(request, "unscheduled_care/request_new.html", context)


@requires(SLOT_BOOK)
@strongly_proved
def show_request(request: CptsRequest, request_uuid: UUID) -> HttpResponse:
    """One patient: who they are, who could see them, what was said, how it ends."""
    row = get_object_or_404(_readable(request), uuid=request_uuid)
    do = request.POST.get("do")
    message = MessageForm(request.POST if do == "message" else None)
    end = EndForm(request.POST if do == "end" else None)
    refusal = ""
    if request.method == "POST" and all(form.is_valid() for form in (message, end) if form.is_bound):
        try:
            messages.success(request, _act(request, row, message, end))
        except LimitReached as error:
            refusal = error.user_message
        except DomainError as error:
            messages.error(request, error.user_message)
        if not refusal:
            return redirect("unscheduled_care:request", request.cpts.slug, row.uuid)
    try:
        patient, thread = actions.read_request(request=row, by=request.user, at=timezone.now())
    except DomainError as error:
        return gone(request, "Demande", error.user_message)
    context = {
        "row": row,
        "patient": patient,
        "thread": thread,
        "end": end,
        "message": message,
        "when": when(row.appointment.starts_at, row.appointment.slot.schedule) if row.appointment else "",
        "solicited": row.solicitations.select_related("effector").order_by("pk"),
        "signs": warning_signs(patient.get("what", "")),
        "term": actions.term_of(row),
        "alike": _alike(request, row, patient),
        "refusal": refusal,
    }
    if row.is_waiting:
        context |= _orientation(request, row, patient)
    return render(request, "unscheduled_care/request.html", context)


def _alike(request: CptsRequest, row: CareRequest, patient: dict[str, str]) -> list[CareRequest]:
    """Other requests that may be of the same person, for the desk."""
    if PATIENT_DESK not in request.permissions or not patient:
        return []
    records = patients.look_alikes(row.patient, patient, at=timezone.now())
    return list(_readable(request).of_patients(records)[:OFFERED]) if records else []


def _act(request: CptsRequest, row: CareRequest, message: MessageForm, end: EndForm) -> str:
    """What is done to a request by the form that was sent, and what is said of it. Raises DomainError."""
    at = timezone.now()
    if message.is_bound:
        actions.write_message(request=row, text=message.cleaned_data["text"], by=request.user, at=at)
        return "Message enregistré."
    if end.is_bound:
        actions.end_request(request=row, outcome=end.cleaned_data["outcome"], by=request.user, at=at)
        return "Issue enregistrée."
    if request.POST.get("do") != "solicit":
        raise DomainError("Choix illisible : recommencez.")
    keys = [uuid for text in request.POST.getlist("effector") if (uuid := sent_uuid(text))]
    chosen = list(Effector.objects.of(request.cpts).filter(uuid__in=keys[:SOLICITED]).order_by("pk"))
    count = actions.solicit(request=row, effectors=chosen, by=request.user, at=at)
    return f"{count} professionnels sollicités." if count > 1 else "Un professionnel sollicité."


def _orientation(request: CptsRequest, row: CareRequest, patient: dict[str, str]) -> dict[str, Any]:
    """Own doctor first, then free slots, then those who take patients « en sus », then everybody."""
    asked = QueryDict(mutable=True)
    hours = max(int((row.due_at - timezone.now()).total_seconds() // 3600), 0)
    delay = next((choice for choice in (12, 24, 48) if hours <= choice), 72)
    asked.update(
        {
            "commune": commune_text(row.commune),
            "profession": row.group,
            "delai": str(delay),
        }
    )
    asked["demande"] = str(row.uuid)
    sought = asked.copy()  # of the doctor, who is sealed with the patient, nothing goes into an address
    sought["medecin"] = patient.get("doctor", "")
    results = search_results(search_form(sought), now=timezone.now(), cpts_id=request.cpts.pk)
    people = _near(request, row)
    return {
        "offered": results.slots[:OFFERED] if results else [],
        "query": asked.urlencode(),
        "all_url": f"{reverse('unscheduled_care:desk', args=[request.cpts.slug])}?{asked.urlencode()}",
        "own": own_doctor(patient.get("doctor", ""), row.group),
        "extra": [person for person in people if person["effector"].extra_a_day][:OFFERED],
        "people": people[:SOLICITED],
    }


def _near(request: CptsRequest, row: CareRequest) -> list[dict[str, Any]]:
    """Members of that profession, the nearest first; those whose place is not known last."""
    commune = row.commune
    rows = Effector.objects.of(request.cpts).filter(group=row.group).prefetch_related("schedules__commune")
    near: list[dict[str, Any]] = []
    ticked = request.POST.getlist("effector")
    for effector in rows:
        points = [point for place in effector.schedules.all() if not place.is_closed and (point := point_of(place))]
        if commune.latitude is None or commune.longitude is None or not points:
            km = None
        else:
            km = min(distance_km(commune.latitude, commune.longitude, *point) for point in points)
        near.append({"effector": effector, "km": km})
    near.sort(key=lambda person: (person["km"] is None, person["km"] or 0, person["effector"].search_name))
    for place, person in enumerate(near):
        is_close = place < TICKED and person["km"] is not None and person["km"] <= USUAL_RADIUS
        person["is_ticked"] = str(person["effector"].uuid) in ticked if ticked else is_close
    return near


@public
def solicited(request: HttpRequest, token: str) -> HttpResponse:
    """One tap: I can, or I cannot. Where and when; who the patient is, is read after signing in."""
    at = timezone.now()
    try:
        uuid = links.read(SOLICITATION, token, at=at)
    except links.LinkUnusable as error:
        return gone(request, "Demande", error.user_message)
    rows = Solicitation.objects.select_related("effector", "request__cpts", "request__commune", "request__taken_by")
    row = rows.defer("request__commune__outline").filter(uuid=uuid).first()
    if row is None:
        return gone(request, "Demande", "Cette demande n’existe plus.")
    if request.method == "POST":
        try:
            actions.answer_solicitation(solicitation=row, accepts=request.POST.get("do") == "yes", at=at)
        except DomainError as error:
            messages.error(request, error.user_message)
        return redirect("unscheduled_care:solicited", token)
    care = row.request
    context = {
        "row": row,
        "care": care,
        "due": when(care.due_at),
        "is_mine": care.taken_by_id == row.effector_id,
        "is_over": not care.is_waiting,
        "phone": actions.settings_of(care.cpts).phone,
    }
    return render(request, "unscheduled_care/solicited.html", context)
