"""INT_R02: the SAS declares its regulators."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from maillage.core.errors import DomainError
from maillage.sas.actions import regulators
from maillage.sas.api.answering import body_of, fhir_response
from maillage.sas.fhir.answers import base_of
from maillage.sas.fhir.resources import regulator_resource
from maillage.sas.models import Regulator
from maillage.sas.rules.regulators import read_reference, read_regulator
from maillage.sas.rules.sas_query import Refused

BUSINESS = 422


def create(request: HttpRequest) -> HttpResponse:
    declared = read_regulator(body_of(request))
    try:
        regulator = regulators.create_regulator(declared=declared, at=timezone.now())
    except DomainError as error:
        raise Refused("duplicate", error.user_message, "Practitioner.identifier", BUSINESS) from error
    return _answer(request, regulator, 201)


def put(request: HttpRequest) -> HttpResponse:
    reference = read_reference(request.GET.getlist("identifier"))
    declared = read_regulator(body_of(request))
    try:
        regulator = regulators.put_regulator(reference=reference, declared=declared, at=timezone.now())
    except DomainError as error:
        raise Refused("duplicate", error.user_message, "Practitioner.identifier", BUSINESS) from error
    return _answer(request, regulator, 200)


def _answer(request: HttpRequest, regulator: Regulator, status: int) -> HttpResponse:
    location = f"{base_of(request)}/Practitioner/{regulator.uuid}"
    return fhir_response(regulator_resource(regulator), status, Location=location)
