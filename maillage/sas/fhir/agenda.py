"""One agenda in FHIR R4 (shared agendas, GAP): the resources of the SAS without its profiles, and Appointment."""

from collections.abc import Iterable
from typing import Any

from maillage.sas.fhir import resources as fhir
from maillage.sas.fhir.resources import Resource, fhir_instant
from maillage.sas.rules.agenda_query import INCLUDES
from maillage.unscheduled_care.models import Appointment, Effector, Schedule, Slot, SlotStatus
from maillage.unscheduled_care.rules.slots import names_of

# A cancelled slot keeps its id: FHIR has no other word for one that must not be used.
STATUSES = {SlotStatus.CANCELLED.value: "entered-in-error"}
STORED = {status: key for key, status in STATUSES.items()}


def slot_status(slot: Slot) -> str:
    """Hidden by an absence or another calendar: nobody may take it."""
    if slot.status == SlotStatus.FREE and slot.is_masked:
        return SlotStatus.BLOCKED.value
    return STATUSES.get(slot.status, slot.status)


def slot_resource(slot: Slot) -> Resource:
    """FHIR Slot. Reads schedule."""
    resource: Resource = {"resourceType": "Slot", "id": str(slot.uuid)}
    if names_of(slot.kind_flags):
        resource["meta"] = {"security": fhir.KIND_CODINGS[slot.kinds]}
    if services := fhir.MODE_CODINGS[slot.modes] + [{"text": reason} for reason in slot.reasons]:
        resource["serviceType"] = services
    return resource | {
        "appointmentType": fhir.WALK_IN if slot.walk_in else fhir.ROUTINE,
        "schedule": {"reference": f"Schedule/{slot.schedule.uuid}"},
        "status": slot_status(slot),
        "start": fhir_instant(slot.starts_at),
        "end": fhir_instant(slot.ends_at),
    }


def appointment_resource(appointment: Appointment, *, identifier_system: str) -> Resource:
    """FHIR Appointment: when, with whom, what became of it; no patient, no reason. Reads slot and effector."""
    return {
        "resourceType": "Appointment",
        "id": str(appointment.uuid),
        "identifier": [{"system": identifier_system, "value": str(appointment.uuid)}],
        "status": appointment.status,
        "slot": [{"reference": f"Slot/{appointment.slot.uuid}"}],
        "start": fhir_instant(appointment.starts_at),
        "end": fhir_instant(appointment.ends_at),
        "created": fhir_instant(appointment.booked_at),
        "participant": [
            {"actor": {"reference": f"Practitioner/{appointment.effector.uuid}"}, "status": "accepted"},
        ],
    }


def actors(places: Iterable[Schedule], effector: Effector, base: str) -> list[Resource]:
    """Who, and where."""
    resources = [fhir.practitioner_resource(effector)]
    if not effector.national_id:
        del resources[0]["identifier"]
    return _open(resources + [fhir.role_resource(place, effector, base=base) for place in places])


def schedules(places: Iterable[Schedule], effector: Effector) -> list[Resource]:
    rows = _open(fhir.schedule_resource(place, effector) for place in places)
    return [
        row | {"active": not place.is_closed, "actor": row["actor"]} for row, place in zip(rows, places, strict=False)
    ]


def _open(resources: Iterable[Resource]) -> list[Resource]:
    """Without the profiles of the SAS, which demand more than a shared agenda does."""
    opened = []
    for resource in resources:
        inside = [_without_meta(contained) for contained in resource.get("contained", ())]
        opened.append(_without_meta(resource) | ({"contained": inside} if inside else {}))
    return opened


def _without_meta(resource: Resource) -> Resource:
    return {name: value for name, value in resource.items() if name != "meta"}


def capability_statement(base: str, version: str) -> dict[str, Any]:
    """What the private address of an agenda serves: searched, or read only as what comes with a search."""
    kinds = {
        "Schedule": [("actor:Practitioner.identifier", "token")],
        "Slot": [
            ("start", "date"),
            ("status", "token"),
            ("schedule", "reference"),
            ("schedule.actor:Practitioner.identifier", "token"),
        ],
        "Appointment": [
            ("date", "date"),
            ("status", "token"),
            ("identifier", "token"),
            ("actor:Practitioner.identifier", "token"),
        ],
    }
    resources: list[Resource] = [
        {
            "type": kind,
            "interaction": [{"code": "search-type"}, {"code": "read"}],
            "searchInclude": sorted(INCLUDES[kind]),
            "searchParam": [{"name": name, "type": of} for name, of in parameters],
        }
        for kind, parameters in kinds.items()
    ]
    resources += [{"type": kind, "interaction": [{"code": "read"}]} for kind in ("Practitioner", "PractitionerRole")]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-27",
        "publisher": "Maillage",
        "kind": "instance",
        "software": {"name": "Maillage", "version": version},
        "implementation": {"description": "Agenda d’un professionnel, en lecture", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "rest": [{"mode": "server", "resource": resources}],
    }
