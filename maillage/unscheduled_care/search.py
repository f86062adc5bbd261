"""Free slots around a place: one statement that reads one index, then what a line of the screen shows.

The statement is written for each engine: a LATERAL for each cell on PostgreSQL, so that its cost is bounded by the
cells and not by the slots; the cells at once on SQLite, whose index holds the same columns (migration 0002).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from math import cos, radians, sqrt
from typing import Any

from django.db import connection

from maillage.geography.rules.distances import KM_PER_DEGREE
from maillage.unscheduled_care.models import Slot
from maillage.unscheduled_care.rules.places import cells_around
from maillage.unscheduled_care.rules.ranking import bucket_of, order
from maillage.unscheduled_care.rules.slots import ALL_KINDS, ALL_MODES, Kind

PER_SEARCH = 100
FURTHEST_KM, OWN = 60, 10
COLUMNS = "id, starts_at, latitude, longitude"
WANTED = """
"group" = %(group)s AND starts_at > %(since)s AND starts_at <= %(until)s
AND status = 'free' AND NOT is_masked AND reserved_for = '' AND kinds > 0 AND modes > 0
AND (modes & %(modes)s) <> 0
AND (latitude - %(latitude)s) * (latitude - %(latitude)s) * %(high)s
    + (longitude - %(longitude)s) * (longitude - %(longitude)s) * %(wide)s <= %(square)s
AND EXISTS (
    SELECT 1 FROM unscheduled_care_effectormembership AS link
    JOIN members_membership AS membership ON membership.id = link.membership_id
    WHERE link.effector_id = slot.effector_id AND membership.status IN ('accepted', 'up-to-date'))
"""
# The regulation sees what the SAS is told of: those who agreed to it; of the kind CPTS, what some CPTS is shown.
TO_THE_REGULATION = """((kinds & %(others)s) <> 0 OR EXISTS (
    SELECT 1 FROM unscheduled_care_slotaudience WHERE slot_id = slot.id))
AND EXISTS (SELECT 1 FROM unscheduled_care_effector AS owner WHERE owner.id = slot.effector_id
    AND owner.sas_agreed_at IS NOT NULL AND owner.national_id IS NOT NULL)"""
TO_A_CPTS = """((kinds & %(kinds)s) <> 0 OR ((kinds & %(cpts_kind)s) <> 0 AND EXISTS (
    SELECT 1 FROM unscheduled_care_slotaudience WHERE slot_id = slot.id AND cpts_id = %(cpts)s)))"""
POSTGRESQL = """
SELECT found.* FROM unnest(%(cells)s::int[]) AS around(cell) CROSS JOIN LATERAL (
    SELECT {columns} FROM unscheduled_care_slot AS slot WHERE cell = around.cell AND {wanted} AND {shown}
    ORDER BY starts_at, id LIMIT %(limit)s
) AS found ORDER BY starts_at, id LIMIT %(limit)s
"""
SQLITE = """
SELECT {columns} FROM unscheduled_care_slot AS slot WHERE cell IN ({cells}) AND {wanted} AND {shown}
ORDER BY starts_at, id LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Need:
    """What is looked for, and who looks: a CPTS, with the kinds shown to any of them, or the regulation (None)."""

    group: str
    latitude: float
    longitude: float
    km: float
    since: datetime
    until: datetime
    kinds: int = ALL_KINDS
    cpts_id: int | None = None
    modes: int = ALL_MODES
    own_doctor_id: int | None = None
    effector_id: int | None = None
    limit: int = PER_SEARCH


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


def statement(need: Need) -> tuple[str, dict[str, Any]]:
    """The SQL and its parameters. The circle is flat: at sixty kilometres the earth is not far from it."""
    wide = KM_PER_DEGREE * cos(radians(need.latitude))
    cells = cells_around(need.latitude, need.longitude, need.km)
    parameters: dict[str, Any] = {
        "group": need.group, "since": need.since, "until": need.until, "kinds": need.kinds, "modes": need.modes,
        "latitude": need.latitude, "longitude": need.longitude, "high": KM_PER_DEGREE**2, "wide": wide**2,
        "square": need.km**2, "limit": need.limit, "cells": cells,
    }  # fmt: skip
    shown, parameters["others"] = TO_THE_REGULATION, ALL_KINDS & ~Kind.CPTS
    if need.cpts_id is not None:
        shown = TO_A_CPTS
        parameters |= {"cpts": need.cpts_id, "cpts_kind": int(Kind.CPTS)}
    if need.effector_id is not None:
        shown += " AND effector_id = %(effector)s"
        parameters["effector"] = need.effector_id
    parts = {"columns": COLUMNS, "wanted": WANTED, "shown": shown}
    if connection.vendor == "postgresql":
        return POSTGRESQL.format(**parts), parameters
    del parameters["cells"]
    return SQLITE.format(cells=", ".join(map(str, cells)), **parts), parameters


def find_rows(need: Need) -> list[tuple[int, datetime, float, float]]:
    """(id, start, latitude, longitude) of the earliest. SQLite gives its dates as text: ids are what it is read for."""
    sql, parameters = statement(need)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def find_slots(need: Need, *, now: datetime) -> list[FoundSlot]:
    """The earliest in the circle, in the order they are offered: own doctor, delay, distance."""
    rows = find_rows(need)
    if need.own_doctor_id:  # first, wherever the others stop
        own_rows = find_rows(
            replace(need, own_doctor_id=None, effector_id=need.own_doctor_id, km=FURTHEST_KM, limit=OWN)
        )
        rows = list({row[0]: row for row in [*own_rows, *rows]}.values())
    slots = Slot.objects.select_related("schedule", "effector").in_bulk([row[0] for row in rows])
    found = []
    for row in rows:
        slot = slots.get(row[0])
        if slot and slot.is_free:  # taken between the two reads
            km = flat_km(need, row[2], row[3])
            own = slot.effector_id == need.own_doctor_id
            found.append(FoundSlot(slot, km, bucket_of(slot.starts_at, now=now), own))
    return sorted(found, key=lambda one: order(one, now=now))


def flat_km(need: Need, latitude: float, longitude: float) -> float:
    up = (latitude - need.latitude) * KM_PER_DEGREE
    along = (longitude - need.longitude) * KM_PER_DEGREE * cos(radians(need.latitude))
    return sqrt(up * up + along * along)
