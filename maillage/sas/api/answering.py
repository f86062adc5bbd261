"""What every address of /fhir/sas has in common: the certificate of the caller, JSON, refusals as OperationOutcome."""

import re
from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.utils import timezone

from maillage.core.apart.reading import MEBI, Reader, read_apart
from maillage.core.errors import UnreadableFile
from maillage.core.leases import spend_leased
from maillage.core.limits import LimitReached
from maillage.core.network import address_of
from maillage.core.screens.access import View, machine
from maillage.sas.fhir.resources import Resource, outcome
from maillage.sas.limits import FHIR_CALLS, MACHINE_LEASE, SAS_CALLS
from maillage.sas.rules.sas_query import Refused, check_format

JSON = "application/fhir+json; charset=utf-8"
LARGEST_BODY, READ_APART_FROM = 2**20, 32 * 2**10  # bytes; an appointment or a regulator takes some thousands
LARGE_BODIES = Reader(
    "maillage.core.apart.json_shape:check", largest=LARGEST_BODY, memory=256 * MEBI, processor=2, wall=4
)
SUBJECT = re.compile(r"(?:^|[,/])\s*(CN|OU)\s*=\s*([^,/]+)")


def fhir_response(resource: Resource, status: int = 200, **headers: str) -> HttpResponse:
    response = HttpResponse(orjson.dumps(resource), content_type=JSON, status=status)
    for name, value in headers.items():
        response[name] = value
    return response


def refusal(error: Refused) -> HttpResponse:
    expression = (error.expression,) if error.expression else ()
    return fhir_response(outcome(error.code, error.text, *expression), error.status)


def address(*, certificate: bool = True, **methods: View) -> View:
    """One address for machines: a function for each method it takes; any other is refused in JSON."""

    @machine
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        handler = methods.get("GET" if request.method == "HEAD" else str(request.method))
        try:
            if certificate:
                check_certificate(request.META)
            _count(request, certificate=certificate)
            if handler is None:
                raise Refused("not-supported", f"Méthode {request.method} non servie ici", "", 405)
            return handler(request, *args, **kwargs)
        except SuspiciousOperation:  # more parameters than anybody writes
            return refusal(Refused("too-costly", "Requête trop grande"))
        except LimitReached as error:  # its status and Retry-After: core.web.limits
            return refusal(Refused("throttled", error.user_message, "", 429))
        except Refused as error:
            response = refusal(error)
            if error.status == 405:
                response["Allow"] = ", ".join(methods)
            return response

    return view


def _count(request: HttpRequest, *, certificate: bool) -> None:
    """By the subject of the certificate where one is demanded, else by network. Raises LimitReached."""
    at = timezone.now()
    if certificate and settings.SAS_CERTIFICATE_REQUIRED:
        subject = request.META["HTTP_X_SSL_CLIENT_SUBJECT"]
        spend_leased(SAS_CALLS, lease=MACHINE_LEASE, at=at, of=subject)
    else:
        spend_leased(FHIR_CALLS, lease=MACHINE_LEASE, at=at, address=address_of(request))


def check_certificate(meta: Mapping[str, Any]) -> None:
    """What the reverse proxy says of the certificate that the caller showed (docs/ops/sas.md). Raises Refused."""
    if not settings.SAS_CERTIFICATE_REQUIRED:
        return
    if meta.get("HTTP_X_SSL_CLIENT_VERIFY") != "SUCCESS":
        raise Refused("login", "Certificat client absent ou refusé", "", 403)
    named = {(part, value.strip()) for part, value in SUBJECT.findall(meta.get("HTTP_X_SSL_CLIENT_SUBJECT", ""))}
    for part, accepted in (("CN", settings.SAS_CERTIFICATE_CN), ("OU", settings.SAS_CERTIFICATE_OU)):
        if not any((part, value) in named for value in accepted):
            raise Refused("forbidden", f"Certificat d’un autre appelant ({part})", "", 403)


def body_of(request: HttpRequest) -> Resource:
    """The resource that was sent; a large one is looked at apart first. Raises Refused when it is no JSON object."""
    try:
        body = request.body
        if len(body) > LARGEST_BODY:
            raise Refused("too-long", "Le corps dépasse 1 Mo", "", 413)
        if len(body) > READ_APART_FROM:
            read_apart(LARGE_BODIES, body)
        sent = orjson.loads(body)
    except UnreadableFile as error:
        raise Refused("too-costly", error.user_message) from error
    except (orjson.JSONDecodeError, RequestDataTooBig, RawPostDataException) as error:  # the last: sent as a form
        raise Refused("structure", "Le corps n’est pas du JSON lisible") from error
    if not isinstance(sent, dict):
        raise Refused("structure", "Le corps n’est pas une ressource FHIR")
    return sent


def check_answer_format(request: HttpRequest) -> None:
    """_format, where a search does not already read it. Raises Refused."""
    for value in request.GET.getlist("_format"):
        check_format(value)
