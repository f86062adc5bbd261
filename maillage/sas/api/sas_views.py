"""INT_R01 and INT_R04: free slots, read by the SAS. What may be read by its identifier is what a search would give."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from maillage.core.screens.posted import sent_uuid
from maillage.cpts.models import Cpts
from maillage.sas.api.answering import check_answer_format, fhir_response
from maillage.sas.api.capability import capability_statement
from maillage.sas.fhir import resources
from maillage.sas.fhir.answers import agenda_url, answer_search, base_of
from maillage.sas.models import Regulator
from maillage.sas.queries.publishing import PublishedCpts, published_slot
from maillage.sas.rules.sas_query import Refused
from maillage.unscheduled_care.models import Effector, Schedule


def search(request: HttpRequest) -> HttpResponse:
    bundle = answer_search(
        dict(request.GET.lists()),
        request.META.get("QUERY_STRING", ""),
        base=base_of(request),
        agenda_url=agenda_url(request),
        at=timezone.now(),
    )
    return fhir_response(bundle)


def read_slot(request: HttpRequest, key: str) -> HttpResponse:
    check_answer_format(request)
    uuid = sent_uuid(key)
    slot = published_slot(uuid, at=timezone.now()) if uuid else None
    if slot is None:
        raise _unknown("Slot", key)
    return fhir_response(resources.slot_resource(slot, resources.told_by(slot, agenda_url(request)), for_cpts=True))


def read_schedule(request: HttpRequest, key: str) -> HttpResponse:
    schedule = _shown_schedule("Schedule", key)
    return fhir_response(resources.schedule_resource(schedule, schedule.effector))


def read_role(request: HttpRequest, key: str) -> HttpResponse:
    schedule = _shown_schedule("PractitionerRole", key)
    return fhir_response(resources.role_resource(schedule, schedule.effector, base=base_of(request)))


def read_practitioner(request: HttpRequest, key: str) -> HttpResponse:
    """A professional who is shown, or an account that the SAS declared."""
    uuid = sent_uuid(key)
    effector = Effector.objects.shown_to_sas().filter(uuid=uuid).first() if uuid else None
    if effector:
        return fhir_response(resources.practitioner_resource(effector))
    regulator = Regulator.objects.filter(uuid=uuid).first() if uuid else None
    if regulator is None:
        raise _unknown("Practitioner", key)
    return fhir_response(resources.regulator_resource(regulator))


def read_service(request: HttpRequest, key: str) -> HttpResponse:
    return fhir_response(resources.healthcare_service_resource(_cpts("HealthcareService", key)))


def read_organization(request: HttpRequest, key: str) -> HttpResponse:
    return fhir_response(resources.organization_resource(_cpts("Organization", key)))


def metadata(request: HttpRequest) -> HttpResponse:
    check_answer_format(request)
    return fhir_response(capability_statement(base_of(request)))


def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    raise Refused("not-found", f"Rien à cette adresse : {rest[:80]}", "", 404)


def _shown_schedule(kind: str, key: str) -> Schedule:
    uuid = sent_uuid(key)
    shown = Effector.objects.shown_to_sas()
    schedules = Schedule.objects.filter(effector__in=shown).select_related("effector")
    schedule = schedules.filter(uuid=uuid).first() if uuid else None
    if schedule is None:
        raise _unknown(kind, key)
    return schedule


def _cpts(kind: str, key: str) -> PublishedCpts:
    uuid = sent_uuid(key)
    cpts = Cpts.objects.approved().filter(uuid=uuid).select_related("care_settings").first() if uuid else None
    if cpts is None:
        raise _unknown(kind, key)
    care = getattr(cpts, "care_settings", None)
    return PublishedCpts(cpts.uuid, cpts.name, care.finess if care else "", care.phone if care else "")


def _unknown(kind: str, key: str) -> Refused:
    return Refused("not-found", f"{kind}/{key[:64]} : inconnu, ou pas publié", "", 404)
