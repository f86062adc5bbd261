"""The answer to a slot search of the SAS: the one that machines are given, and that the coordinator is shown."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from maillage.sas.fhir import resources as fhir
from maillage.sas.queries.publishing import published_slots
from maillage.sas.rules.sas_query import read_search


def answer_search(
    parameters: Mapping[str, Sequence[str]], raw_query: str, *, base: str, agenda_url: str, at: datetime
) -> dict[str, Any]:
    """The Bundle. `agenda_url` ends where the number of the professional goes. Raises Refused."""
    asked = read_search(parameters)
    for_cpts = asked.is_for_cpts
    slots = published_slots(asked.national_ids, since=asked.since, until=asked.until, with_cpts=for_cpts, at=at)
    rows = fhir.entries(slots, base=base, agenda_url=agenda_url, includes=asked.includes, for_cpts=for_cpts)
    self_url = f"{base}/Slot?{encoded(raw_query)}"
    profile = fhir.bundle_profile(len(slots), for_cpts=for_cpts)
    return fhir.bundle(rows, identifier=str(uuid4()), total=len(slots), self_url=self_url, profile=profile)


def encoded(raw_query: str) -> str:
    """The query as it was sent, percent-encoded whole; the `+` of an offset is one again."""
    pairs = parse_qsl(raw_query, keep_blank_values=True)
    kept = [(name, value.replace(" ", "+") if name in {"start", "date", "_format"} else value) for name, value in pairs]
    return urlencode(kept, quote_via=quote)


def base_of(request: HttpRequest) -> str:
    """[base] of the interface, on the host that was called."""
    return request.build_absolute_uri(reverse("sas_api:root")).rstrip("/")


def agenda_url(request: HttpRequest) -> str:
    """Where a regulator books with somebody; the number comes last, and `&origin=` may follow it."""
    path = f"{reverse('sas:agenda')}?ps="
    return f"{settings.SAS_AGENDA_URL}{path}" if settings.SAS_AGENDA_URL else request.build_absolute_uri(path)
