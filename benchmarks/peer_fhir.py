"""The same SAS call answered by a named peer, fhirstarter: `make bench-slots` runs it in an environment of its own.

It reads the same rows by the same join, and builds the same entries; the framework validates and writes the Bundle,
which is its way. `schedule` bears the national numbers, as it knows no chained parameter.
"""

import os
import threading
from datetime import datetime, timedelta, timezone

os.environ["FHIR_SEQUENCE"] = "R4B"

import psycopg
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.slot import Slot
from fhirstarter import FHIRProvider, FHIRStarter, InteractionContext

SQL = """
SELECT slot.uuid, slot.starts_at, slot.ends_at, place.uuid, place.street, place.city, place.postal_code,
    place.latitude, place.longitude, place.phone, place.former_id, owner.uuid, owner.national_id, owner.family_name,
    owner.given_name
FROM unscheduled_care_slot AS slot JOIN unscheduled_care_effector AS owner ON owner.id = slot.effector_id
JOIN unscheduled_care_schedule AS place ON place.id = slot.schedule_id
WHERE owner.national_id = ANY(%s) AND slot.starts_at > %s AND slot.starts_at <= %s AND slot.status = 'free'
AND NOT slot.is_masked AND slot.reserved_for = '' AND slot.kinds > 0 AND slot.modes > 0
ORDER BY slot.starts_at, slot.id
"""
KIND = "https://mos.esante.gouv.fr/NOS/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
MODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
NUMBER = "urn:oid:1.2.250.1.71.4.2.1"
local = threading.local()
app = FHIRStarter(title="peer")
provider = FHIRProvider()


@provider.search_type(Slot)
def search(context: InteractionContext, schedule: str | None = None) -> Bundle:
    """25 numbers, 72 hours."""
    if not hasattr(local, "connection"):
        local.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    at = datetime.now(timezone.utc)  # noqa: UP017
    numbers = [int(one) for one in (schedule or "").split(",")]
    rows = local.connection.execute(SQL, [numbers, at, at + timedelta(hours=72)]).fetchall()
    entries = [entry(slot(row), "match") for row in rows]
    places = {row[3]: row for row in rows}
    for row in places.values():
        entries += [entry(one, "include") for one in around(row)]
    return Bundle.model_validate({"resourceType": "Bundle", "type": "searchset", "total": len(rows), "entry": entries})


def entry(resource: dict, mode: str) -> dict:
    url = f"http://127.0.0.1/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": mode}}


def slot(row: tuple) -> dict:
    return {
        "resourceType": "Slot",
        "id": str(row[0]),
        "meta": {"security": [{"system": KIND, "code": "PRO"}]},
        "serviceType": [{"coding": [{"system": MODE, "code": "AMB"}]}],
        "schedule": {"reference": f"Schedule/{row[3]}"},
        "appointmentType": {"coding": [{"code": "ROUTINE"}]},
        "status": "free",
        "start": row[1].isoformat(),
        "end": row[2].isoformat(),
        "comment": f"https://agenda.test/?ps=8{row[12]}",
    }


def around(row: tuple) -> list[dict]:
    place, person = str(row[3]), str(row[11])
    location = {
        "resourceType": "Location",
        "id": "loc-1",
        "address": {"line": [row[4]], "city": row[5], "postalCode": row[6]},
        "position": {"longitude": row[8], "latitude": row[7]},
    }
    return [
        {
            "resourceType": "Schedule",
            "id": place,
            "actor": [{"reference": f"Practitioner/{person}"}, {"reference": f"PractitionerRole/{place}"}],
        },
        {
            "resourceType": "Practitioner",
            "id": person,
            "identifier": [{"system": NUMBER, "value": str(row[12])}],
            "name": [{"family": row[13], "given": [row[14]]}],
        },
        {
            "resourceType": "PractitionerRole",
            "id": place,
            "contained": [location],
            "practitioner": {"reference": f"Practitioner/{person}"},
            "location": [{"reference": "#loc-1"}],
            "telecom": [{"system": "phone", "value": row[9]}],
        },
    ]


app.add_providers(provider)
