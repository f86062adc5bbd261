"""Free slots around a place: one statement that reads one index, then what a line of the screen shows.

The statement is written for each engine: a LATERAL for each cell on PostgreSQL, so that its cost is bounded by the
cells and not by the slots; the cells at once on SQLite, whose index holds the same columns (migration 0002).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import cos, radians
from typing import Any
from uuid import UUID

from django.db import connection

from maillage.core.sql.rows import Columns, one_of, read_rows
from maillage.geography.rules.distances import KM_PER_DEGREE
from maillage.unscheduled_care.models import Effector, Schedule, Slot
from maillage.unscheduled_care.models.visibility import FROM_A_MEMBER, OPEN_SQL, OPENED_TO_CPTS, TOLD_TO_SAS
from maillage.unscheduled_care.rules.places import cells_around, distance_km
from maillage.unscheduled_care.rules.ranking import bucket_of, order, wait_text
from maillage.unscheduled_care.rules.slots import ALL_MODES

PER_SEARCH = 100
FURTHEST_KM, OWN = 60, 10
COLUMNS = "id, effector_id, latitude, longitude, starts_at, kinds"
READ = Columns(Slot, "id", "effector", "latitude", "longitude", "starts_at", "kinds").fields
WANTED = """
"group" = %(group)s AND starts_at > %(since)s AND starts_at <= %(until)s
AND {open} AND (modes & %(modes)s) <> 0
AND (latitude - %(latitude)s) * (latitude - %(latitude)s) * %(high)s
    + (longitude - %(longitude)s) * (longitude - %(longitude)s) * %(wide)s <= %(square)s
"""
POSTGRESQL = """
SELECT found.* FROM unnest(%(cells)s::int[]) AS around(cell) CROSS JOIN LATERAL (
    SELECT {columns} FROM unscheduled_care_slot AS slot WHERE cell = around.cell AND {wanted}
    ORDER BY starts_at, id LIMIT %(limit)s
) AS found ORDER BY starts_at, id LIMIT %(limit)s
"""
SQLITE = """
SELECT {columns} FROM unscheduled_care_slot AS slot WHERE cell IN ({cells}) AND {wanted}
ORDER BY starts_at, id LIMIT %(limit)s
"""
CHECKED = "SELECT slot.*, {checks} AS is_shown FROM ({kept}) AS slot ORDER BY starts_at, id"
SLOT = Columns(
    Slot, "id", "uuid", "starts_at", "ends_at", "kinds", "modes", "walk_in", "reasons", "status", "schedule", "effector"
)
PLACE = Columns(Schedule, "id", "uuid", "name", "street", "city", "postal_code", "commune", "phone")
OWNER = Columns(Effector, "id", "uuid", "national_id", "given_name", "family_name", "group", "phone")
# Where, in a row, the place and its owner begin: each by its key.
PLACE_AT, OWNER_AT = len(SLOT), len(SLOT) + len(PLACE)
WHOLE = (*SLOT.fields, *PLACE.fields, *OWNER.fields)
SHOWN = """
SELECT {slot}, {place}, {owner} FROM unscheduled_care_slot AS slot
JOIN unscheduled_care_schedule AS place ON place.id = slot.schedule_id
JOIN unscheduled_care_effector AS owner ON owner.id = slot.effector_id
WHERE {wanted}
"""


@dataclass(frozen=True)
class Need:
    """What is looked for, and who looks: a CPTS, or the regulation (None)."""

    group: str
    latitude: float
    longitude: float
    km: float
    since: datetime
    until: datetime
    cpts_id: int | None = None
    modes: int = ALL_MODES
    own_doctor_id: int | None = None
    effector_id: int | None = None
    limit: int = PER_SEARCH


@dataclass(frozen=True, slots=True)
class Hit:
    """One slot as it is ranked."""

    id: int
    starts_at: datetime
    km: float
    is_own_doctor: bool


@dataclass(frozen=True)
class FoundSlot:
    """One slot as it is offered."""

    slot: Slot
    km: float
    bucket: int
    is_own_doctor: bool

    @property
    def starts_at(self) -> datetime:
        return self.slot.starts_at

    @property
    def wait(self) -> str:
        return wait_text(self.bucket)

    @property
    def place(self) -> str:
        place = self.slot.schedule
        return f"{place}, {place.city}" if place.name and place.city else str(place)


def statement(need: Need, *, strict: bool = False) -> tuple[str, dict[str, Any]]:
    """The SQL and its parameters: the earliest, each with whether it may be shown; `strict`: only those that may.

    The circle is flat: at sixty kilometres the earth is not far from it.
    """
    wide = KM_PER_DEGREE * cos(radians(need.latitude))
    cells = cells_around(need.latitude, need.longitude, need.km)
    parameters: dict[str, Any] = {
        "group": need.group,
        "since": need.since,
        "until": need.until,
        "modes": need.modes,
        "latitude": need.latitude,
        "longitude": need.longitude,
        "high": KM_PER_DEGREE**2,
        "wide": wide**2,
        "square": float(need.km**2),
        "limit": need.limit,
    }
    # Nearly always true, and dear, the checks are asked of the rows that are kept.
    wanted, checks = WANTED.format(open=OPEN_SQL.format(slot="slot")), TOLD_TO_SAS
    if need.cpts_id is not None:
        wanted, checks = f"{wanted} AND {OPENED_TO_CPTS}", FROM_A_MEMBER
        parameters["cpts"] = need.cpts_id
    if need.effector_id is not None:
        wanted += " AND effector_id = %(effector)s"
        parameters["effector"] = need.effector_id
    wanted += f" AND {checks}" if strict else ""
    if connection.vendor == "postgresql":
        parameters["cells"] = cells
        kept = POSTGRESQL.format(columns=COLUMNS, wanted=wanted)
    else:
        kept = SQLITE.format(columns=COLUMNS, wanted=wanted, cells=", ".join(map(str, cells)))
    return CHECKED.format(kept=kept, checks="1 = 1" if strict else checks), parameters


def find_hits(need: Need, *, now: datetime) -> list[Hit]:
    """The earliest in the circle, in the order they are offered: own doctor, delay, distance. One query, or two."""
    rows = _rows(need)
    if need.own_doctor_id:  # first, wherever the others stop
        own_rows = _rows(replace(need, own_doctor_id=None, effector_id=need.own_doctor_id, km=FURTHEST_KM, limit=OWN))
        rows = list({row[0]: row for row in [*own_rows, *rows]}.values())
    hits = [
        Hit(pk, starts_at, distance_km(need.latitude, need.longitude, latitude, longitude), owner == need.own_doctor_id)
        for pk, owner, latitude, longitude, starts_at, *_ in rows
    ]
    return sorted(hits, key=lambda hit: order(hit, now=now))


def _rows(need: Need) -> list[tuple[Any, ...]]:
    """The earliest that may be shown. Where one of them may not, its place is another's: asked again, strictly."""
    rows = read_rows(*statement(need), READ)
    shown = [row for row in rows if row[-1]]
    if len(shown) < len(rows) == need.limit:
        return read_rows(*statement(need, strict=True), READ)
    return shown


def read_hits(hits: Sequence[Hit], *, now: datetime) -> list[FoundSlot]:
    """What a line of the screen shows of each, those taken meanwhile left out. One query."""
    if not hits:
        return []
    keys, parameters = one_of([hit.id for hit in hits])
    slots = {slot.pk: slot for slot in _read(f"slot.id {keys} AND slot.status = 'free'", parameters)}
    return [
        FoundSlot(slots[hit.id], hit.km, bucket_of(hit.starts_at, now=now), hit.is_own_doctor)
        for hit in hits
        if hit.id in slots
    ]


def slot_to_book(uuid: UUID) -> Slot | None:
    """One slot as it is offered, whatever its state: the booking says why it is refused. One query."""
    return next(iter(_read("slot.uuid = %s", [uuid])), None)


def _read(wanted: str, parameters: list[Any]) -> list[Slot]:
    parts = {"slot": SLOT.of("slot"), "place": PLACE.of("place"), "owner": OWNER.of("owner")}
    places: dict[int, Schedule] = {}
    owners: dict[int, Effector] = {}
    rows = read_rows(SHOWN.format(**parts, wanted=wanted), parameters, WHOLE)
    return [_slot(row, places, owners) for row in rows]


def _slot(row: tuple[Any, ...], places: dict[int, Schedule], owners: dict[int, Effector]) -> Slot:
    """The slot, with its place and its owner beside it: each is made once, whatever its slots."""
    place, owner = row[PLACE_AT], row[OWNER_AT]
    if place not in places:
        places[place] = PLACE.made(row[PLACE_AT:OWNER_AT])
    if owner not in owners:
        owners[owner] = OWNER.made(row[OWNER_AT:])
    slot = SLOT.made(row[:PLACE_AT])
    slot.schedule, slot.effector = places[place], owners[owner]
    return slot


def find_slots(need: Need, *, now: datetime) -> list[FoundSlot]:
    """All of them, read."""
    return read_hits(find_hits(need, now=now), now=now)
