"""Facts -> FHIR R4 resources, one function each. An optional datum that is unknown is left out, never empty.

What each must hold, letter by letter: SAS interface guide, INT_R01 and INT_R04.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from maillage.core.sql.rows import read_rows
from maillage.geography.rules.clocks import PARIS
from maillage.sas.models import Regulator
from maillage.sas.queries.publishing import PublishedCpts, PublishedSlot
from maillage.sas.rules import fhir_codes as codes
from maillage.sas.rules.phones import sas_phone
from maillage.sas.rules.sas_query import PRACTITIONER_SYSTEM
from maillage.unscheduled_care.models import Appointment, Effector, Schedule
from maillage.unscheduled_care.rules.slots import ALL_KINDS, ALL_MODES, Kind, Mode, names_of

Resource = dict[str, Any]
POSTAL_CODE_LENGTH = 5


@lru_cache(maxsize=4096)
def fhir_instant(at: datetime) -> str:
    """2027-01-12T16:40:00.000+01:00: milliseconds always, an offset always, never Z. Many slots begin together."""
    return at.astimezone(PARIS).isoformat(timespec="milliseconds")


def _coding(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


KIND_CODINGS = [
    [{"system": codes.SLOT_KIND_SYSTEM, "code": name} for name in names_of(Kind(number))]
    for number in range(ALL_KINDS + 1)
]
MODE_CODINGS = [
    [_coding(codes.MODE_SYSTEM, name) for name in names_of(Mode(number))] for number in range(ALL_MODES + 1)
]
WALK_IN, ROUTINE = (_coding(codes.APPOINTMENT_TYPE_SYSTEM, code) for code in ("WALKIN", "ROUTINE"))


def _meta(profile: str) -> Resource:
    return {"profile": [profile]}


# Made once: nothing that is sent is changed afterwards.
SLOT_META = {
    for_cpts: [{**_meta(profile), "security": codings} for codings in KIND_CODINGS]
    for for_cpts, profile in ((False, codes.SLOT), (True, codes.CPTS_SLOT))
}


@dataclass(frozen=True)
class Told:
    """What all the slots of one place say alike."""

    schedule: Resource
    comment: str
    specialities: list[Resource]


def told_by(slot: PublishedSlot, agenda_url: str) -> Told:
    """`agenda_url` ends where the number of the professional goes, and already holds a `?`."""
    reference = {"reference": f"Schedule/{slot.schedule.uuid}"}
    return Told(reference, f"{agenda_url}{slot.effector.idnps}", _specialities(slot.effector))


def slot_resource(slot: PublishedSlot, common: Told, *, for_cpts: bool) -> Resource:
    """FHIR Slot."""
    resource: Resource = {
        "resourceType": "Slot",
        "id": str(slot.uuid),
        "meta": SLOT_META[for_cpts][slot.kinds],
        "serviceType": MODE_CODINGS[slot.modes]
        + [_cpts_service(cpts) for cpts in slot.cpts]
        + [{"text": reason} for reason in slot.reasons],
    }
    if common.specialities:
        resource["specialty"] = common.specialities
    resource["appointmentType"] = WALK_IN if slot.walk_in else ROUTINE
    resource["schedule"] = common.schedule
    resource["status"] = "free"
    resource["start"] = fhir_instant(slot.starts_at)
    resource["end"] = fhir_instant(slot.ends_at)
    resource["comment"] = common.comment
    return resource


def _cpts_service(cpts: PublishedCpts) -> Resource:
    reference = {"url": codes.SERVICE_EXTENSION, "valueReference": {"reference": f"HealthcareService/{cpts.uuid}"}}
    return {"extension": [reference], **_coding(codes.CATEGORY_SYSTEM, codes.CPTS_CATEGORY)}


def _specialities(effector: Effector) -> list[Resource]:
    return [
        _coding(codes.SPECIALITY_SYSTEM, code) if code else {"text": label}
        for code, label in effector.skills
        if code or label
    ]


def schedule_resource(schedule: Schedule, effector: Effector) -> Resource:
    """FHIR Schedule: one place of one professional, whose actors are the two of them."""
    return {
        "resourceType": "Schedule",
        "id": str(schedule.uuid),
        "meta": _meta(codes.SCHEDULE),
        "actor": [
            {"reference": f"Practitioner/{effector.uuid}"},
            {"reference": f"PractitionerRole/{schedule.uuid}"},
        ],
    }


def practitioner_resource(effector: Effector) -> Resource:
    name: Resource = {"family": effector.family_name}
    if effector.given_name:
        name["given"] = [effector.given_name]
    return {
        "resourceType": "Practitioner",
        "id": str(effector.uuid),
        "meta": _meta(codes.PRACTITIONER),
        "identifier": [practitioner_identifier(effector)],
        "name": [name],
    }


def practitioner_identifier(effector: Effector) -> Resource:
    return {
        "type": _coding(codes.IDENTIFIER_TYPES, "IDNPS"),
        "system": PRACTITIONER_SYSTEM,
        "value": effector.idnps,
    }


def role_resource(schedule: Schedule, effector: Effector, *, base: str) -> Resource:
    """FHIR PractitionerRole, with its place contained."""
    resource: Resource = {
        "resourceType": "PractitionerRole",
        "id": str(schedule.uuid),
        "meta": _meta(codes.PRACTITIONER_ROLE),
        "contained": [location_resource(schedule, base=base)],
        "practitioner": {"reference": f"Practitioner/{effector.uuid}"},
    }
    if structure := schedule.structure_id:
        resource["organization"] = {
            "identifier": {
                "type": _coding(codes.IDENTIFIER_TYPES, "IDNST"),
                "system": codes.STRUCTURE_SYSTEM,
                "value": structure,
            }
        }
    resource["location"] = [{"reference": "#loc-1"}]
    return _with_phone(resource, schedule.phone, effector.phone)


def location_resource(schedule: Schedule, *, base: str) -> Resource:
    """FHIR Location. The position is whole or absent."""
    address: Resource = {}
    if line := " ".join(schedule.street.split()):
        address["line"] = [line]
    if schedule.city:
        address["city"] = schedule.city
    if len(schedule.postal_code) == POSTAL_CODE_LENGTH:
        address["postalCode"] = schedule.postal_code
    identifier = {
        "type": _coding(codes.LOCATION_IDENTIFIER_TYPES, "INTRN"),
        "system": f"{base}/lieux",
        "value": str(schedule.uuid),
    }
    resource: Resource = {
        "resourceType": "Location",
        "id": "loc-1",
        "meta": _meta(codes.LOCATION),
        "identifier": [identifier],
    }
    if address:
        resource["address"] = address
    if schedule.latitude is not None and schedule.longitude is not None:
        resource["position"] = {"longitude": schedule.longitude, "latitude": schedule.latitude}
    return resource


def _with_phone(resource: Resource, *numbers: str) -> Resource:
    """The first that the SAS takes."""
    number = next(filter(None, map(sas_phone, numbers)), "")
    return resource | {"telecom": [{"system": "phone", "value": number}]} if number else resource


def healthcare_service_resource(cpts: PublishedCpts) -> Resource:
    return {
        "resourceType": "HealthcareService",
        "id": str(cpts.uuid),
        "meta": _meta(codes.HEALTHCARE_SERVICE),
        "providedBy": {"reference": f"Organization/{cpts.uuid}"},
    }


def organization_resource(cpts: PublishedCpts) -> Resource:
    resource: Resource = {"resourceType": "Organization", "id": str(cpts.uuid), "meta": _meta(codes.ORGANIZATION)}
    if cpts.finess:
        identifier = {
            "type": _coding(codes.LOCATION_IDENTIFIER_TYPES, "IDNST"),
            "system": codes.STRUCTURE_SYSTEM,
            "value": f"1{cpts.finess}",
        }
        resource["identifier"] = [identifier]
    return _with_phone(resource | {"name": cpts.name}, cpts.phone)


def entries(
    slots: Sequence[PublishedSlot], *, base: str, agenda_url: str, includes: frozenset[str], for_cpts: bool
) -> list[Resource]:
    """Slots first, then what was asked to come with them, each once. `agenda_url` ends where the number goes."""
    places = {slot.schedule.id: slot for slot in slots}
    common = {key: told_by(slot, agenda_url) for key, slot in places.items()}
    resources = [slot_resource(slot, common[slot.schedule.id], for_cpts=for_cpts) for slot in slots]
    around = [*_around(slots, includes, base), *(_services(slots, includes) if for_cpts else ())]
    return entered(resources, around, base)


def _around(slots: Sequence[PublishedSlot], includes: frozenset[str], base: str) -> Iterable[Resource]:
    if "Slot:schedule" not in includes:
        return
    places = {slot.schedule.id: slot for slot in slots}
    yield from (schedule_resource(slot.schedule, slot.effector) for slot in places.values())
    if "Schedule:actor" in includes:
        people = {slot.effector.id: slot.effector for slot in slots}
        yield from (practitioner_resource(effector) for effector in people.values())
        yield from (role_resource(slot.schedule, slot.effector, base=base) for slot in places.values())


def _services(slots: Sequence[PublishedSlot], includes: frozenset[str]) -> Iterable[Resource]:
    cpts = {published.uuid: published for slot in slots for published in slot.cpts}
    yield from (healthcare_service_resource(published) for published in cpts.values())
    if "HealthcareService:organization" in includes:
        yield from (organization_resource(published) for published in cpts.values())


def entered(matches: Iterable[Resource], around: Iterable[Resource], base: str) -> list[Resource]:
    """The entries of a searchset: what was looked for, then what comes with it."""
    return [_entry(resource, base, "match") for resource in matches] + [
        _entry(resource, base, "include") for resource in around
    ]


def _entry(resource: Resource, base: str, mode: str) -> Resource:
    url = f"{base}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": mode}}


def bundle_profile(total: int, *, for_cpts: bool) -> str:
    """Without result it is the one of INT_R01, which alone may be empty."""
    return codes.CPTS_BUNDLE if for_cpts and total else codes.BUNDLE


def bundle(rows: list[Resource], *, identifier: str, total: int, self_url: str, profile: str = "") -> Resource:
    """A searchset, whole: nothing is cut."""
    resource: Resource = {
        "resourceType": "Bundle",
        "id": identifier,
        **({"meta": _meta(profile)} if profile else {}),
        "type": "searchset",
        "total": total,
        "link": [{"relation": "self", "url": self_url}],
    }
    return resource | {"entry": rows} if rows else resource


def outcome(code: str, text: str, *expression: str) -> Resource:
    issue: Resource = {"severity": "error", "code": code, "details": {"text": text}}
    if expression:
        issue["expression"] = list(expression)
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def regulator_resource(regulator: Regulator) -> Resource:
    """FHIR Practitioner, profile FrPractitionerRegul. One query."""
    return {
        "resourceType": "Practitioner",
        "id": str(regulator.uuid),
        "meta": {"source": codes.SAS_SYSTEM, **_meta(codes.REGULATOR)},
        "identifier": [regulator_identifier(*pair) for pair in _borne(regulator)],
        "active": regulator.is_active,
        "name": [{"family": regulator.family_name, "given": [regulator.given_name]}],
        "telecom": [{"system": "email", "value": regulator.email}],
    }


BORNE = "SELECT system, value, is_active FROM sas_regulatoridentifier WHERE regulator_id = %s ORDER BY id"


def _borne(regulator: Regulator) -> list[tuple[str, str]]:
    """Those of today; of a closed account, all it had. One query, of each booking of the SAS."""
    rows = read_rows(BORNE, [regulator.pk], ())
    return [(system, value) for system, value, is_active in rows if is_active] or [row[:2] for row in rows]


def regulator_identifier(system: str, value: str) -> Resource:
    kind = "INTRN" if system == codes.SAS_SYSTEM else "IDNPS"
    return {"type": _coding(codes.IDENTIFIER_TYPES, kind), "system": system, "value": value}


def appointment_resource(appointment: Appointment, regulator: Regulator, *, identifier_system: str) -> Resource:
    """FHIR Appointment as the SAS takes it (INT_R03): who booked, with whom, when, what became of it. No patient.

    Reads effector. One query.
    """
    resource: Resource = {"resourceType": "Appointment", "meta": _meta(codes.APPOINTMENT)}
    if operator := _operator(regulator):
        resource["extension"] = [{"url": codes.OPERATOR_EXTENSION, "valueReference": {"identifier": operator}}]
    participant = {"actor": {"identifier": practitioner_identifier(appointment.effector)}, "status": "accepted"}
    return resource | {
        "identifier": [{"system": identifier_system, "value": str(appointment.uuid)}],
        "status": appointment.status,
        "start": fhir_instant(appointment.starts_at),
        "end": fhir_instant(appointment.ends_at),
        "created": fhir_instant(appointment.booked_at),
        "participant": [participant],
    }


def _operator(regulator: Regulator) -> Resource | None:
    """By the technical identifier of the SAS when there is one."""
    pairs = dict(_borne(regulator))
    system = next((system for system in (codes.SAS_SYSTEM, PRACTITIONER_SYSTEM) if system in pairs), "")
    return regulator_identifier(system, pairs[system]) if system else None
