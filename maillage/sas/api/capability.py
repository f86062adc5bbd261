"""CapabilityStatement: what /fhir/sas serves, as it says of itself on /metadata."""

from typing import Any

from maillage import VERSION
from maillage.sas.rules import fhir_codes as codes
from maillage.sas.rules.sas_query import IDENTIFIER

PUBLISHED = "2026-11-24"


def capability_statement(base: str) -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": PUBLISHED,
        "publisher": "Maillage",
        "kind": "instance",
        "software": {"name": "Maillage", "version": VERSION},
        "implementation": {"description": "Créneaux de soins non programmés pour le SAS", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "rest": [{"mode": "server", "documentation": DOCUMENTATION, "resource": [_slot(), _practitioner(), *_read()]}],
    }


DOCUMENTATION = (
    "INT_R01 et INT_R04 : même adresse ; la recherche qui porte _include=Slot:service-type-reference est celle des "
    "CPTS. INT_R02 : comptes des régulateurs. Transport : TLS 1.2 au moins, certificat client de l’IGC-Santé."
)


def _slot() -> dict[str, Any]:
    parameters = [
        {"name": "start", "type": "date", "documentation": "ge et le, une fois chacun ; 31 jours au plus"},
        {"name": IDENTIFIER, "type": "token", "documentation": "1 à 25 identifiants nationaux"},
        {"name": "status", "type": "token", "documentation": "free"},
    ]
    return {
        "type": "Slot",
        "profile": codes.SLOT,
        "supportedProfile": [codes.SLOT, codes.CPTS_SLOT],
        "interaction": [{"code": "search-type"}, {"code": "read"}],
        "searchInclude": [
            "Slot:schedule",
            "Slot:service-type-reference",
            "Schedule:actor",
            "HealthcareService:organization",
        ],
        "searchParam": parameters,
    }


def _practitioner() -> dict[str, Any]:
    return {
        "type": "Practitioner",
        "profile": codes.PRACTITIONER,
        "supportedProfile": [codes.PRACTITIONER, codes.REGULATOR],
        "interaction": [{"code": "read"}, {"code": "create"}, {"code": "update"}],
        "conditionalUpdate": True,
        "searchParam": [{"name": "identifier", "type": "token"}],
    }


def _read() -> list[dict[str, Any]]:
    profiles = {
        "Schedule": codes.SCHEDULE,
        "PractitionerRole": codes.PRACTITIONER_ROLE,
        "HealthcareService": codes.HEALTHCARE_SERVICE,
        "Organization": codes.ORGANIZATION,
    }
    return [{"type": kind, "profile": profile, "interaction": [{"code": "read"}]} for kind, profile in profiles.items()]
