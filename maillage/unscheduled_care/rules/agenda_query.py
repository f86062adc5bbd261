"""What is asked of one agenda by the shared agendas flows (GAP 4a and 4b), read and checked. Pure.

Source: ANS, « Gestion d’agendas partagés », searches of Slot and Appointment. The agenda is already named by its
private address: an identifier that is given narrows to it, or to nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maillage.unscheduled_care.rules.sas_query import Refused, check_format, national_id, read_instant

LONGEST_WINDOW = timedelta(days=92)
BACK, AHEAD = timedelta(days=7), timedelta(days=60)  # when nothing is asked: what a subscribed calendar shows
ALWAYS = {"_include", "_include:iterate", "_format", "_pretty"}
DATES = {"Slot": "start", "Appointment": "date"}
ACTORS = {
    "Slot": "schedule.actor:Practitioner.identifier", "Schedule": "actor:Practitioner.identifier",
    "Appointment": "actor:Practitioner.identifier",
}  # fmt: skip
STATUSES = {
    "Slot": {"free", "busy", "busy-unavailable", "busy-tentative", "entered-in-error"},
    "Appointment": {"booked", "fulfilled", "noshow", "cancelled", "proposed", "pending", "arrived"},
    "Schedule": set(),
}  # fmt: skip
OTHERS = {"Slot": {"schedule"}, "Schedule": set(), "Appointment": {"identifier"}}
Parameters = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class AgendaSearch:
    """A search that can be executed. Both ends are inside; `statuses` empty: any; `national_ids` None: its owner's."""

    since: datetime
    until: datetime
    statuses: frozenset[str]
    national_ids: frozenset[str] | None
    only: frozenset[str]
    includes: frozenset[str]


def read_agenda_search(kind: str, parameters: Parameters, *, at: datetime) -> AgendaSearch:
    """`only`: identifiers of the places (Slot) or of the appointments asked for. Raises Refused."""
    actor = ACTORS[kind]
    known = ALWAYS | {actor} | OTHERS[kind] | ({DATES[kind], "status"} if kind in DATES else set())
    for name in parameters:
        if name not in known:
            raise Refused("not-supported", f"Paramètre inconnu : {name[:80]}", name[:80])
    for value in parameters.get("_format", ()):
        check_format(value)
    since, until = _window(DATES.get(kind, ""), parameters, at)
    tokens = _tokens(parameters.get(actor, ()))
    return AgendaSearch(
        since, until, _statuses(kind, parameters.get("status", ())),
        frozenset(national_id(token) for token in tokens) if tokens else None,
        frozenset(_last(token) for name in OTHERS[kind] for token in _tokens(parameters.get(name, ()))),
        frozenset(value.strip() for name in ("_include", "_include:iterate") for value in parameters.get(name, ())),
    )  # fmt: skip


def _window(name: str, parameters: Parameters, at: datetime) -> tuple[datetime, datetime]:
    """From `ge` to `le`; one that is not given is where a subscribed calendar stops."""
    bounds: dict[str, datetime] = {}
    for value in parameters.get(name, ()):
        prefix = value[:2]
        if prefix not in ("ge", "le") or prefix in bounds:
            raise Refused("value", f"{name} s’écrit avec ge et le, une fois chacun", name)
        bounds[prefix] = read_instant(value[2:], is_end=prefix == "le")
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


def _last(token: str) -> str:
    """The identifier of `Schedule/<id>` or of `system|<id>`."""
    return token.replace("|", "/").rsplit("/", 1)[-1].lower()
