"""One agenda, read by another software at the private address that its owner gave it. Nothing is written there."""

from typing import TypeVar
from uuid import UUID, uuid4

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from maillage import VERSION
from maillage.core.screens.posted import sent_uuid
from maillage.sas.actions.outbox import identifier_system
from maillage.sas.api.answering import check_answer_format, fhir_response
from maillage.sas.fhir import agenda as fhir_agenda
from maillage.sas.fhir import resources as fhir
from maillage.sas.fhir.answers import base_of, encoded
from maillage.sas.fhir.resources import Resource
from maillage.sas.rules.agenda_query import AgendaSearch, read_agenda_search
from maillage.sas.rules.sas_query import Refused
from maillage.unscheduled_care.models import Appointment, Effector, Schedule, Slot, SlotStatus
from maillage.unscheduled_care.queries.own_agenda import appointments_of, places_of, slots_of

Row = TypeVar("Row", bound=Model)


def metadata(request: HttpRequest, agenda_uuid: UUID) -> HttpResponse:
    check_answer_format(request)
    _owner(agenda_uuid)
    return fhir_response(fhir_agenda.capability_statement(_base(request, agenda_uuid), VERSION))


def schedules(request: HttpRequest, agenda_uuid: UUID) -> HttpResponse:
    effector, asked = _owner(agenda_uuid), _asked(request, "Schedule")
    places = list(_if_asked(asked, effector, places_of(effector)))
    resources = fhir_agenda.schedules(places, effector)
    around = fhir_agenda.actors(places, effector, base_of(request)) if places and _with_actors(asked) else []
    return _answer(request, agenda_uuid, "Schedule", resources, around)


def slots(request: HttpRequest, agenda_uuid: UUID) -> HttpResponse:
    effector, asked = _owner(agenda_uuid), _asked(request, "Slot")
    matching = slots_of(effector, asked.since, asked.until).filter(_of_status(asked))
    matching = matching if asked.only is None else matching.filter(schedule__uuid__in=asked.only)
    rows = list(_if_asked(asked, effector, matching))
    places = list({row.schedule_id: row.schedule for row in rows}.values())
    around = _places(request, asked, effector, places)
    return _answer(request, agenda_uuid, "Slot", [fhir_agenda.slot_resource(row) for row in rows], around)


def appointments(request: HttpRequest, agenda_uuid: UUID) -> HttpResponse:
    effector, asked = _owner(agenda_uuid), _asked(request, "Appointment")
    matching = appointments_of(effector, asked.since, asked.until)
    matching = matching.filter(status__in=asked.statuses) if asked.statuses else matching
    matching = matching if asked.only is None else matching.filter(uuid__in=asked.only)
    rows = list(_if_asked(asked, effector, matching))
    taken = list({row.slot_id: row.slot for row in rows}.values())
    around = [fhir_agenda.slot_resource(slot) for slot in taken] if "Appointment:slot" in asked.includes else []
    if around:
        around += _places(request, asked, effector, list({slot.schedule_id: slot.schedule for slot in taken}.values()))
    resources = [fhir_agenda.appointment_resource(row, identifier_system=identifier_system()) for row in rows]
    return _answer(request, agenda_uuid, "Appointment", resources, around)


def _places(request: HttpRequest, asked: AgendaSearch, effector: Effector, places: list[Schedule]) -> list[Resource]:
    """The places of slots, and who is there, when they are asked for."""
    if not places or "Slot:schedule" not in asked.includes:
        return []
    around = fhir_agenda.schedules(places, effector)
    return around + (fhir_agenda.actors(places, effector, base_of(request)) if _with_actors(asked) else [])


def read(request: HttpRequest, agenda_uuid: UUID, kind: str, key: str) -> HttpResponse:
    """One resource of this agenda."""
    check_answer_format(request)
    effector, uuid = _owner(agenda_uuid), sent_uuid(key)
    resource = _resource(effector, kind, uuid, base_of(request)) if uuid else None
    if resource is None:
        raise Refused("not-found", f"{kind[:40]}/{key[:64]} : inconnu dans cet agenda", "", 404)
    return _private(fhir_response(resource))


def _resource(effector: Effector, kind: str, uuid: UUID, base: str) -> Resource | None:
    if kind == "Slot":
        slot = Slot.objects.filter(effector=effector, uuid=uuid).for_listing().first()
        return fhir_agenda.slot_resource(slot) if slot else None
    if kind == "Appointment":
        row = Appointment.objects.filter(effector=effector, uuid=uuid).for_listing().first()
        return fhir_agenda.appointment_resource(row, identifier_system=identifier_system()) if row else None
    places = list(Schedule.objects.filter(effector=effector, uuid=uuid))
    if kind == "Schedule":
        return next(iter(fhir_agenda.schedules(places, effector)), None)
    who, *roles = fhir_agenda.actors(places, effector, base)
    if kind == "Practitioner":
        return who if effector.uuid == uuid else None
    return next(iter(roles), None) if kind == "PractitionerRole" else None


def _owner(agenda_uuid: UUID) -> Effector:
    effector = Effector.objects.uncontested().filter(feed=agenda_uuid).first()
    if effector is None:
        raise Refused("not-found", "Aucun agenda à cette adresse", "", 404)
    return effector


def _asked(request: HttpRequest, kind: str) -> AgendaSearch:
    return read_agenda_search(kind, dict(request.GET.lists()), at=timezone.now())


def _if_asked(asked: AgendaSearch, effector: Effector, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Nothing when another number than its owner's is asked for."""
    return rows if asked.national_ids is None or effector.idnps in asked.national_ids else rows.none()


def _with_actors(asked: AgendaSearch) -> bool:
    return "Schedule:actor" in asked.includes


def _of_status(asked: AgendaSearch) -> Q:
    """As they are told: a free slot that is hidden is told unavailable."""
    if not asked.statuses:
        return Q()
    stored = {fhir_agenda.STORED.get(status, status) for status in asked.statuses}
    hidden = Q(status=SlotStatus.FREE, is_masked=True)
    kept = Q(status__in=stored) & ~hidden
    return kept | hidden if SlotStatus.BLOCKED in stored else kept


def _base(request: HttpRequest, agenda_uuid: UUID) -> str:
    return request.build_absolute_uri(reverse("sas_api:agenda_root", args=[agenda_uuid])).rstrip("/")


def _answer(
    request: HttpRequest, agenda_uuid: UUID, kind: str, resources: list[Resource], around: list[Resource]
) -> HttpResponse:
    base = _base(request, agenda_uuid)
    query = encoded(request.META.get("QUERY_STRING", ""))
    self_url = f"{base}/{kind}" + (f"?{query}" if query else "")
    rows = fhir.entered(resources, around, base)
    return _private(fhir_response(fhir.bundle(rows, identifier=str(uuid4()), total=len(resources), self_url=self_url)))


def _private(response: HttpResponse) -> HttpResponse:
    """Its address is all that locks it: nobody on the way keeps it."""
    response["Cache-Control"] = "private, no-store"
    return response
