"""What is asked of one agenda by the shared agendas flows (GAP 4a and 4b), read and checked. Pure.

Source: ANS, « Gestion d’agendas partagés », searches of Slot and Appointment. The agenda is already named by its
private address: an identifier that is given narrows to it, or to nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from maillage.sas.rules.sas_query import (
    FIRST_YEAR,
    LAST_YEAR,
    Refused,
    check_format,
    national_id,
    read_instant,
)
from maillage.unscheduled_care.rules.subscribed import AHEAD, BACK

LONGEST_WINDOW = timedelta(days=92)
FIRST, LAST = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR, 1, 1, tzinfo=UTC)
ALWAYS = {"_include", "_include:iterate", "_format", "_pretty"}
DATES = {"Slot": "start", "Appointment": "date"}
ACTORS = {
    "Slot": "schedule.actor:Practitioner.identifier",
    "Schedule": "actor:Practitioner.identifier",
    "Appointment": "actor:Practitioner.identifier",
}
STATUSES = {
    "Slot": {"free", "busy", "busy-unavailable", "busy-tentative", "entered-in-error"},
    "Appointment": {"booked", "fulfilled", "noshow", "cancelled", "proposed", "pending", "arrived"},
    "Schedule": set(),
}
INCLUDES = {
    "Slot": {"Slot:schedule", "Schedule:actor"},
    "Schedule": {"Schedule:actor"},
    "Appointment": {"Appointment:slot", "Slot:schedule", "Schedule:actor"},
}
OTHERS = {"Slot": {"schedule"}, "Schedule": set(), "Appointment": {"identifier"}}
Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class AgendaSearch:
    """A search that can be executed. Both ends are inside; `statuses` empty: any; `national_ids` None: its owner's.

    `only`: identifiers of the places (Slot) or of the appointments asked for; None: any.
    """

    since: datetime
    until: datetime
    statuses: frozenset[str]
    national_ids: frozenset[str] | None
    only: frozenset[UUID] | None
    includes: frozenset[str]


def read_agenda_search(kind: str, parameters: Parameters, *, at: datetime) -> AgendaSearch:
    """Raises Refused."""
    actor = ACTORS[kind]
    known = ALWAYS | {actor} | OTHERS[kind] | ({DATES[kind], "status"} if kind in DATES else set())
    for name in parameters:
        if name not in known:
            raise Refused("not-supported", f"Paramètre inconnu : {name[:80]}", name[:80])
    for value in parameters.get("_format", ()):
        check_format(value)
    since, until = _window(DATES.get(kind, ""), parameters, at)
    tokens = _tokens(parameters.get(actor, ()))
    named = [name for name in OTHERS[kind] if name in parameters]
    return AgendaSearch(
        since,
        until,
        _statuses(kind, parameters.get("status", ())),
        frozenset(national_id(token) for token in tokens) if tokens else None,
        frozenset(_uuids(token for name in named for token in _tokens(parameters[name]))) if named else None,
        _includes(kind, parameters),
    )


def _window(name: str, parameters: Parameters, at: datetime) -> tuple[datetime, datetime]:
    """From `ge` to `le`; one that is not given is where a subscribed calendar stops. By its identifier, any day."""
    bounds: dict[str, datetime] = {}
    for value in parameters.get(name, ()):
        prefix = value[:2]
        if prefix not in ("ge", "le") or prefix in bounds:
            raise Refused("value", f"{name} s’écrit avec ge et le, une fois chacun", name)
        bounds[prefix] = read_instant(value[2:], is_end=prefix == "le")
    if not bounds and "identifier" in parameters:
        return FIRST, LAST
    since = bounds.get("ge", bounds["le"] - BACK if "le" in bounds else at - BACK)
    until = bounds.get("le", bounds["ge"] + AHEAD if "ge" in bounds else at + AHEAD)
    if since > until or until - since > LONGEST_WINDOW:
        raise Refused("value", f"Fenêtre à l’endroit, de {LONGEST_WINDOW.days} jours au plus", name)
    return since, until


def _statuses(kind: str, values: Sequence[str]) -> frozenset[str]:
    asked = frozenset(_tokens(values))
    if unknown := asked - STATUSES[kind]:
        raise Refused("value", f"Statut inconnu : {sorted(unknown)[0][:40]}", "status")
    return asked


def _tokens(values: Sequence[str]) -> list[str]:
    return [token.strip() for value in values for token in value.split(",") if token.strip()]


def _includes(kind: str, parameters: Parameters) -> frozenset[str]:
    values = [value.strip() for name in ("_include", "_include:iterate") for value in parameters.get(name, ())]
    asked = {":".join(value.split(":")[:2]) for value in values}  # the type that is meant may come third
    if unknown := asked - INCLUDES[kind]:
        raise Refused("not-supported", f"_include inconnu : {min(unknown)[:80]}", "_include")
    return frozenset(asked)


def _uuids(tokens: Iterable[str]) -> Iterator[UUID]:
    """The identifiers of `Schedule/<id>` or of `system|<id>`; what is none of ours names nothing."""
    for token in tokens:
        with suppress(ValueError):
            yield UUID(token.replace("|", "/").rsplit("/", 1)[-1])
