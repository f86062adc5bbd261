"""What a slot search of the SAS asks, read and checked before the database hears of it. Pure.

Source: SAS interface guide, INT_R01 and INT_R04. Where it is silent our choices are public:
docs/ops/sas.md lists them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from maillage.geography.rules.clocks import PARIS

PRACTITIONER_SYSTEM = "urn:oid:1.2.250.1.71.4.2.1"
MOST_PRACTITIONERS = 25
LONGEST_WINDOW = timedelta(days=31)
FIRST_YEAR, LAST_YEAR = 1900, 2200
IDENTIFIER = "schedule.actor:Practitioner.identifier"
INCLUDES = ("_include", "_include:iterate", "_include:recurse")
KNOWN = {"start", "status", IDENTIFIER, *INCLUDES, "_count", "_format", "_pretty"}
JSON_FORMATS = {"json", "application/json", "application/fhir+json", "application/json+fhir", "text/json"}
CPTS_INCLUDE = "Slot:service-type-reference"
INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(\.\d{1,9})?)?(Z|[+\- ]\d\d:?\d\d)?)?", re.ASCII)
Parameters = Mapping[str, Sequence[str]]


@dataclass
class Refused(Exception):
    """The request cannot be executed: an issue of an OperationOutcome. `code` is an IssueType of FHIR."""

    code: str
    text: str
    expression: str = ""
    status: int = 400


@dataclass(frozen=True)
class SlotSearch:
    """A search that can be executed. Both ends of the window are inside."""

    since: datetime
    until: datetime
    national_ids: tuple[str, ...]
    includes: frozenset[str]

    @property
    def is_for_cpts(self) -> bool:
        """INT_R04; otherwise INT_R01."""
        return CPTS_INCLUDE in self.includes


def read_search(parameters: Parameters) -> SlotSearch:
    """Raises Refused, with the name of the parameter at fault."""
    _check_names(parameters)
    since, until = _window(parameters.get("start", ()))
    national_ids = _identifiers(parameters.get(IDENTIFIER, ()))
    _check_status(parameters.get("status", ()))
    includes = frozenset(value.strip() for name in INCLUDES for value in parameters.get(name, ()))
    return SlotSearch(since, until, national_ids, includes)


def _check_names(parameters: Parameters) -> None:
    for name in parameters:
        if name not in KNOWN:
            raise Refused("not-supported", f"Paramètre inconnu : {name[:80]}", name[:80])
    for value in parameters.get("_format", ()):
        check_format(value)


def check_format(value: str) -> None:
    if value.split(";", maxsplit=1)[0].replace(" ", "+").strip().lower() not in JSON_FORMATS:
        raise Refused("not-supported", "Seul le format JSON est servi", "_format", 406)


def _window(values: Sequence[str]) -> tuple[datetime, datetime]:
    bounds: dict[str, datetime] = {}
    for value in values:
        prefix, text = value[:2], value[2:]
        if prefix not in ("ge", "le"):
            raise Refused("value", "Chaque start commence par ge ou le", "start")
        if prefix in bounds:
            raise Refused("invalid", f"Paramètre start={prefix}… donné deux fois", "start")
        bounds[prefix] = read_instant(text, is_end=prefix == "le")
    for prefix in ("ge", "le"):
        if prefix not in bounds:
            raise Refused("required", f"Paramètre start={prefix}… obligatoire", "start")
    _check_order(bounds["ge"], bounds["le"])
    return bounds["ge"], bounds["le"]


def _check_order(since: datetime, until: datetime) -> None:
    """A month counts by the clock on the wall too: a night when it changes makes it no longer."""
    if since > until:
        raise Refused("value", "Le début de la fenêtre (ge) vient après sa fin (le)", "start")
    wall = until.astimezone(PARIS).replace(tzinfo=None) - since.astimezone(PARIS).replace(tzinfo=None)
    if min(until - since, wall) > LONGEST_WINDOW:
        raise Refused("value", f"Fenêtre limitée à {LONGEST_WINDOW.days} jours", "start")


def read_instant(text: str, *, is_end: bool = False) -> datetime:
    """An instant of FHIR. Without offset it is of Paris; a `+` that a URL made a blank is a `+` again.

    A day alone begins at midnight, and ends with its last millisecond. Raises Refused.
    """
    match = INSTANT.fullmatch(text.strip())
    if not match:
        raise Refused("value", f"Instant illisible : {text[:40]}", "start")
    day, minute, second, fraction, offset = match.groups()
    if not FIRST_YEAR <= int(day[:4]) <= LAST_YEAR:  # further, windows and zones leave the calendar
        raise Refused("value", f"Instant illisible : {text[:40]}", "start")
    try:
        if minute is None:
            whole = datetime.fromisoformat(day)
            return datetime.combine(whole, time(23, 59, 59, 999000) if is_end else time(), PARIS)
        written = f"{day}T{minute}:{second or '00'}{(fraction or '')[:7]}{_offset(offset)}"
        instant = datetime.fromisoformat(written)
        instant = instant if instant.tzinfo else instant.replace(tzinfo=PARIS)
        instant.astimezone(PARIS)  # the ends of the calendar overflow
    except (ValueError, OverflowError) as error:
        raise Refused("value", f"Instant illisible : {text[:40]}", "start") from error
    return instant


def _offset(text: str | None) -> str:
    if not text or text == "Z":
        return "+00:00" if text else ""
    return text.replace(" ", "+")


def _identifiers(values: Sequence[str]) -> tuple[str, ...]:
    if len(values) > 1:
        raise Refused("invalid", "Un seul paramètre d’identifiants, valeurs séparées par des virgules", IDENTIFIER)
    tokens = [token.strip() for value in values for token in value.split(",") if token.strip()]
    if not tokens:
        raise Refused("required", f"Paramètre {IDENTIFIER} obligatoire", IDENTIFIER)
    if len(tokens) > MOST_PRACTITIONERS:
        raise Refused("too-costly", f"{MOST_PRACTITIONERS} identifiants au plus par appel", IDENTIFIER)
    return tuple(dict.fromkeys(national_id(token) for token in tokens))


def national_id(token: str) -> str:
    """The number of `system|number`. Raises Refused for another system."""
    system, bar, value = token.partition("|")
    if not bar or system.strip() != PRACTITIONER_SYSTEM or not value.strip():
        raise Refused("value", f"Identifiant attendu sous la forme {PRACTITIONER_SYSTEM}|numéro", IDENTIFIER)
    return value.strip()


def _check_status(values: Sequence[str]) -> None:
    if not any(values):
        raise Refused("required", "Paramètre status obligatoire", "status")
    if list(values) != ["free"]:
        raise Refused("value", "Seul status=free est servi", "status")
