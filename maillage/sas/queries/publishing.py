"""The free slots that the SAS may see, as plain facts: two queries at most, whatever their number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from maillage.core.sql.rows import Columns, one_of, read_rows
from maillage.directory.rules.identifiers import UnknownIdentifier, practitioner_key
from maillage.unscheduled_care.models import Effector, Schedule, Slot, SlotAudience
from maillage.unscheduled_care.models.visibility import (
    OF_AN_AGREED_CPTS,
    OPEN_SQL,
    OPENED_TO_SAS,
    SHOWN_TO_SAS,
    WITHOUT_CPTS,
)
from maillage.unscheduled_care.rules.slots import ALL_KINDS, ALL_MODES, Kind, Mode

# Made once: a flag is slow to make and to read.
KINDS = [Kind(number) for number in range(ALL_KINDS + 1)]
MODES = [Mode(number) for number in range(ALL_MODES + 1)]
OPENED_TO_OTHERS = f"(slot.kinds & {WITHOUT_CPTS:d}) <> 0"


@dataclass(frozen=True, slots=True)
class PublishedCpts:
    """A CPTS as it is named beside a slot."""

    uuid: UUID
    name: str
    finess: str
    phone: str


@dataclass(frozen=True, slots=True)
class PublishedSlot:
    """A slot and all that surrounds it. `cpts` is empty unless the slot is of kind CPTS."""

    uuid: UUID
    starts_at: datetime
    ends_at: datetime
    kinds: Kind
    modes: Mode
    walk_in: bool
    reasons: Sequence[str]
    schedule: Schedule
    effector: Effector
    cpts: Sequence[PublishedCpts] = field(default=())


def keys_of(national_ids: Iterable[str]) -> list[int]:
    """Numbers that nobody can have are simply nobody's."""
    keys = []
    for national_id in national_ids:
        try:
            keys.append(practitioner_key(national_id))
        except UnknownIdentifier:
            continue
    return keys


def published_slots(
    national_ids: Iterable[str], *, since: datetime, until: datetime, with_cpts: bool, at: datetime
) -> list[PublishedSlot]:
    """Free slots that start in [since, until] and have not begun at `at`, by start.

    Without `with_cpts` a slot loses its kind CPTS, and is left out when it had no other.
    """
    keys = keys_of(national_ids)
    if until <= at or not keys:
        return []
    owners, parameters = one_of(keys)
    wanted = f"owner.national_id {owners} AND slot.starts_at >= %s AND slot.starts_at <= %s"
    return _published(wanted, [*parameters, since, until], at=at, with_cpts=with_cpts)


def published_slot(uuid: UUID, *, at: datetime) -> PublishedSlot | None:
    """One slot by its identifier; None when nobody outside may see it."""
    slots = _published("slot.uuid = %s", [uuid], at=at, with_cpts=True)
    return slots[0] if slots else None


SLOT = Columns(Slot, "id", "uuid", "schedule", "starts_at", "ends_at", "kinds", "modes", "walk_in", "reasons")
OWNER = Columns(Effector, "id", "uuid", "national_id", "given_name", "family_name", "group", "skills", "phone")
PLACE = Columns(
    Schedule,
    "id",
    "uuid",
    "effector",
    "name",
    "street",
    "city",
    "postal_code",
    "latitude",
    "longitude",
    "phone",
    "finess",
    "siret",
    "former_id",
)
# What SlotQuerySet.told_to_sas says, with the owner and the place beside it.
SLOTS = """
SELECT {slot}, {place}, {owner} FROM unscheduled_care_slot AS slot
JOIN unscheduled_care_effector AS owner ON owner.id = slot.effector_id
JOIN unscheduled_care_schedule AS place ON place.id = slot.schedule_id
WHERE {wanted} AND slot.starts_at > %s AND {open} AND {opened} AND place.confirmed_at IS NOT NULL AND {shown}
ORDER BY slot.starts_at, slot.id
"""
# Where, in a row, the place and its owner begin.
PLACE_AT, OWNER_AT = len(SLOT), len(SLOT) + len(PLACE)
WHOLE = (*SLOT.fields, *PLACE.fields, *OWNER.fields)


def _published(wanted: str, parameters: list[Any], *, at: datetime, with_cpts: bool) -> list[PublishedSlot]:
    """One query for slots, places and owners, one for their CPTS. Rows are read bare: objects cost more."""
    sql = SLOTS.format(
        slot=SLOT.of("slot"),
        place=PLACE.of("place"),
        owner=OWNER.of("owner"),
        wanted=wanted,
        shown=SHOWN_TO_SAS,
        open=OPEN_SQL.format(slot="slot"),
        opened=OPENED_TO_SAS if with_cpts else OPENED_TO_OTHERS,
    )
    rows = read_rows(sql, [*parameters, at], WHOLE)
    places: dict[int, tuple[Schedule, Effector]] = {}
    audiences = _audiences([row[0] for row in rows if row[5] & Kind.CPTS]) if with_cpts else {}
    slots = []
    for row in rows:
        pk, uuid, place, starts_at, ends_at, kinds, modes, walk_in, reasons = row[:PLACE_AT]
        cpts = audiences.get(pk, ())
        shown = KINDS[kinds if cpts else kinds & WITHOUT_CPTS]
        if shown:  # an agreement may end between the two queries
            where = places.get(place) or places.setdefault(place, _around(row))
            slots.append(PublishedSlot(uuid, starts_at, ends_at, shown, MODES[modes], walk_in, reasons, *where, cpts))
    return slots


def _around(row: tuple[Any, ...]) -> tuple[Schedule, Effector]:
    """Its place and its owner: made once a place."""
    return PLACE.made(row[PLACE_AT:OWNER_AT]), OWNER.made(row[OWNER_AT:])


def _audiences(slot_ids: list[int]) -> dict[int, list[PublishedCpts]]:
    """The CPTS each slot is open to, by name."""
    if not slot_ids:
        return {}
    audiences: dict[int, list[PublishedCpts]] = {}
    agreed = SlotAudience.objects.filter(OF_AN_AGREED_CPTS, slot__in=slot_ids)
    rows = agreed.order_by("cpts__name", "cpts")
    known: dict[UUID, PublishedCpts] = {}
    for slot, uuid, name, finess, phone in rows.values_list(
        "slot_id", "cpts__uuid", "cpts__name", "cpts__care_settings__finess", "cpts__care_settings__phone"
    ):
        cpts = known.setdefault(uuid, PublishedCpts(uuid, name, finess or "", phone or ""))
        audiences.setdefault(slot, []).append(cpts)
    return audiences
