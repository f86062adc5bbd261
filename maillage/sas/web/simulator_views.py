"""« Voir ce que voit le régulateur »: the answer of our own interface, as a screen of the SAS would lay it out."""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db.models import Count, Max, Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from maillage.accounts.permissions import CptsRequest, requires
from maillage.cpts.models import Cpts
from maillage.sas.fhir.answers import agenda_url, answer_search, base_of
from maillage.sas.fhir.resources import fhir_instant
from maillage.sas.models import MessageState, SasMessage
from maillage.sas.rules.fhir_codes import CPTS_CATEGORY
from maillage.sas.rules.sas_query import IDENTIFIER, MOST_PRACTITIONERS, PRACTITIONER_SYSTEM
from maillage.unscheduled_care.models import Effector, Slot, SlotStatus
from maillage.unscheduled_care.permissions import CARE_MANAGE
from maillage.unscheduled_care.queries.presence import presences

WINDOW = timedelta(hours=72)
SHOWN_UNSENT = 10
FLOWS = {
    "R04": {
        "_include": ["Slot:schedule", "Slot:service-type-reference"],
        "_include:iterate": ["Schedule:actor", "HealthcareService:organization"],
    },
    "R01": {"_include": ["Slot:schedule"], "_include:iterate": ["Schedule:actor"]},
}


@requires(CARE_MANAGE)
def simulator(request: CptsRequest) -> HttpResponse:
    """The real search, for 25 professionals of the CPTS; who is missing, and why."""
    flow = "R01" if request.GET.get("flux") == "R01" else "R04"
    at = timezone.now()
    shown = list(Effector.objects.of(request.cpts).shown_to_sas().order_by("search_name"))
    page = sent_page(request.GET.get("lot", ""), len(shown))
    batch = shown[page * MOST_PRACTITIONERS : (page + 1) * MOST_PRACTITIONERS]
    query = query_of([effector.idnps for effector in batch], flow, at)
    base = base_of(request)
    bundle: dict[str, Any] = {"total": 0}
    if batch:
        parameters = dict(QueryDict(query).lists())
        bundle = answer_search(parameters, query, base=base, agenda_url=agenda_url(request), at=at)
    context = {
        "flow": flow,
        "cards": cards_of(bundle),
        "total": bundle["total"],
        "url": f"{base}/Slot?{query}",
        "json": json.dumps(bundle, indent=2, ensure_ascii=False)[:30_000],
        "asked": len(batch),
        "missing": missing(request.cpts, at),
        "told": told_to_sas(request.cpts),
        "is_joined": bool(settings.SAS_BASE_URL),
        "batches": range(1, (len(shown) - 1) // MOST_PRACTITIONERS + 2),
        "batch": page + 1,
    }
    return render(request, "sas/simulator.html", context)


def sent_page(text: str, count: int) -> int:
    """Which batch of 25 is asked for; the first when that says nothing."""
    number = int(text) - 1 if text.isascii() and text.isdigit() and len(text) < 4 else 0
    return number if 0 <= number * MOST_PRACTITIONERS < count else 0


def query_of(national_ids: list[str], flow: str, at: datetime) -> str:
    """The search that the SAS would send."""
    pairs = [(name, value) for name, values in FLOWS[flow].items() for value in values]
    pairs += [
        (IDENTIFIER, ",".join(f"{PRACTITIONER_SYSTEM}|{national_id}" for national_id in national_ids)),
        ("start", f"ge{fhir_instant(at)}"),
        ("start", f"le{fhir_instant(at + WINDOW)}"),
        ("status", "free"),
    ]
    return urlencode(pairs, quote_via=quote)


def cards_of(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """What a regulator reads of a Bundle, slot by slot: nothing that is not in it."""
    held = {
        f"{resource['resourceType']}/{resource['id']}": resource
        for resource in (row["resource"] for row in bundle.get("entry", []))
    }
    return [_card(resource, held) for resource in held.values() if resource["resourceType"] == "Slot"]


def _card(slot: dict[str, Any], held: dict[str, dict[str, Any]]) -> dict[str, Any]:
    schedule = held[slot["schedule"]["reference"]]
    person, role = (held[actor["reference"]] for actor in schedule["actor"])
    name = person["name"][0]
    address = role["contained"][0].get("address", {})
    services = [held[_service(service_type)] for service_type in slot["serviceType"] if _service(service_type) in held]
    cpts = [held[service["providedBy"]["reference"]] for service in services]
    codes = [coding["code"] for service_type in slot["serviceType"] for coding in service_type.get("coding", [])]
    return {
        "starts_at": datetime.fromisoformat(slot["start"]),
        "ends_at": datetime.fromisoformat(slot["end"]),
        "name": f"{' '.join(name.get('given', []))} {name['family']}".strip(),
        "address": ", ".join([*address.get("line", []), address.get("city", "")]),
        "phone": role.get("telecom", [{}])[0].get("value", ""),
        "kinds": [coding["code"] for coding in slot["meta"]["security"]],
        "modes": [code for code in codes if code != CPTS_CATEGORY],
        "reasons": [service_type["text"] for service_type in slot["serviceType"] if "text" in service_type],
        "cpts": [
            {"name": organization["name"], "phone": organization.get("telecom", [{}])[0].get("value", "")}
            for organization in cpts
        ],
        "walk_in": slot["appointmentType"]["coding"][0]["code"] == "WALKIN",
        "url": slot["comment"],
    }


def _service(service_type: dict[str, Any]) -> str:
    reference: str = service_type.get("extension", [{}])[0].get("valueReference", {}).get("reference", "")
    return reference


def told_to_sas(cpts: Cpts) -> dict[str, Any]:
    """What the SAS was told of the appointments of a CPTS, and what it was not yet. One query, or two."""
    messages = SasMessage.objects.filter(appointment__cpts=cpts)
    unsent = messages.exclude(state=MessageState.SENT).select_related("appointment__effector")
    counts = {
        "waiting": Count("pk", filter=Q(state=MessageState.WAITING)),
        "refused": Count("pk", filter=Q(state=MessageState.REFUSED)),
        "sent": Count("pk", filter=Q(state=MessageState.SENT)),
        "last": Max("sent_at"),
    }
    counted = messages.aggregate(**counts)
    is_late = counted["waiting"] or counted["refused"]
    return counted | {"unsent": list(unsent.order_by("created_at", "pk")[:SHOWN_UNSENT]) if is_late else []}


def missing(cpts: Cpts, at: datetime) -> dict[str, Any]:
    """Why the SAS does not see more: professionals, each with what is missing, and slots that say too little."""
    people = Effector.objects.of(cpts)
    ahead = Slot.objects.filter(effector__in=people, starts_at__gt=at, status=SlotStatus.FREE)
    return {
        "people": [presence for presence in presences(people) if not presence.is_shown][:40],
        "incomplete": ahead.filter(Q(kinds=0) | Q(modes=0)).count(),
    }
