"""An account of regulator as the SAS declares it (INT_R02), read and checked. Pure.

Source: SAS interface guide, profile FrPractitionerRegul. The id of the body means nothing: it is always the same.
"""

from dataclasses import dataclass
from typing import Any

from maillage.sas.rules.fhir_codes import SAS_SYSTEM
from maillage.sas.rules.sas_query import PRACTITIONER_SYSTEM, Refused

SYSTEMS = (PRACTITIONER_SYSTEM, SAS_SYSTEM)
LONGEST_VALUE, LONGEST_NAME, LONGEST_EMAIL = 120, 120, 254


@dataclass(frozen=True)
class DeclaredRegulator:
    """What the SAS says of somebody: (system, value) pairs, name, e-mail, open or closed."""

    identifiers: tuple[tuple[str, str], ...]
    family_name: str
    given_name: str
    email: str
    is_active: bool


def read_regulator(body: dict[str, Any]) -> DeclaredRegulator:
    """Raises Refused, with the element at fault."""
    if body.get("resourceType") != "Practitioner":
        raise Refused("invalid", "Ressource Practitioner attendue", "Practitioner.resourceType")
    _check_source(body.get("meta"))
    family, given = _name(body)
    active = body.get("active")
    if active is None:
        raise Refused("required", "Élément active obligatoire", "Practitioner.active")
    if not isinstance(active, bool):
        raise Refused("value", "active est vrai ou faux", "Practitioner.active")
    return DeclaredRegulator(_identifiers(body), family, given, _email(body), active)


def _check_source(meta: Any) -> None:
    source = meta.get("source") if isinstance(meta, dict) else None
    if source is not None and source != SAS_SYSTEM:
        raise Refused("value", f"meta.source attendu : {SAS_SYSTEM}", "Practitioner.meta.source")


def _objects(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects that must not be empty."""
    objects = body.get(name)
    if objects is None or objects == []:
        raise Refused("required", f"Élément {name} obligatoire", f"Practitioner.{name}")
    if not isinstance(objects, list) or not all(isinstance(item, dict) for item in objects):
        raise Refused("structure", f"{name} est une liste d’objets", f"Practitioner.{name}")
    return objects


def _text(value: Any, longest: int, path: str) -> str:
    """'' when there is none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused("structure", "Texte attendu", path)
    text = " ".join(value.split())
    if len(text) > longest or "\0" in text:
        raise Refused("too-long" if len(text) > longest else "value", f"{longest} caractères au plus", path)
    return text


def _name(body: dict[str, Any]) -> tuple[str, str]:
    first = _objects(body, "name")[0]
    family = _text(first.get("family"), LONGEST_NAME, "Practitioner.name.family")
    given = first.get("given") or []
    if not isinstance(given, list):
        raise Refused("structure", "given est une liste de textes", "Practitioner.name.given")
    called = " ".join(filter(None, (_text(name, LONGEST_NAME, "Practitioner.name.given") for name in given)))
    for part, path in ((family, "Practitioner.name.family"), (called, "Practitioner.name.given")):
        if not part:
            raise Refused("required", "Nom et prénom obligatoires", path)
    return family, called[:LONGEST_NAME]


def _email(body: dict[str, Any]) -> str:
    for telecom in _objects(body, "telecom"):
        if telecom.get("system") == "email":
            email = _text(telecom.get("value"), LONGEST_EMAIL, "Practitioner.telecom")
            if email:
                return email
    raise Refused("required", "Une adresse électronique est obligatoire", "Practitioner.telecom")


def _identifiers(body: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    identifiers = []
    for identifier in _objects(body, "identifier"):
        system, value = (
            identifier.get("system"),
            _text(identifier.get("value"), LONGEST_VALUE, "Practitioner.identifier.value"),
        )
        if system not in SYSTEMS:
            raise Refused("value", "Système d’identifiant inconnu", "Practitioner.identifier.system")
        if not value:
            raise Refused("required", "Valeur d’identifiant obligatoire", "Practitioner.identifier.value")
        identifiers.append((system, value))
    return tuple(dict.fromkeys(identifiers))


def read_reference(values: list[str]) -> tuple[str, str]:
    """The account a PUT speaks of: ?identifier=system|value, once. The value may hold slashes. Raises Refused."""
    if not any(values):
        raise Refused("required", "Paramètre identifier obligatoire", "identifier")
    if len(values) > 1:
        raise Refused("invalid", "Paramètre identifier donné deux fois", "identifier")
    system, bar, value = values[0].partition("|")
    value = value.strip()
    if not bar or system.strip() not in SYSTEMS or not value or len(value) > LONGEST_VALUE or "\0" in value:
        raise Refused("value", "Paramètre attendu : identifier=système|valeur", "identifier")
    return system.strip(), value
