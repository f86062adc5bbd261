"""The free slots that the SAS may see, as plain facts: three queries whatever their number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from maillage.directory.rules.identifiers import UnknownIdentifier, practitioner_key
from maillage.unscheduled_care.models import Effector, Schedule, Slot, SlotAudience, SlotQuerySet
from maillage.unscheduled_care.rules.slots import ALL_KINDS, ALL_MODES, Kind, Mode

# Made once: a flag is slow to make and to read.
KINDS = [Kind(number) for number in range(ALL_KINDS + 1)]
MODES = [Mode(number) for number in range(ALL_MODES + 1)]
WITHOUT_CPTS = ALL_KINDS & ~int(Kind.CPTS)


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
    if until <= at:
        return []
    shown = Effector.objects.shown_to_sas().filter(national_id__in=keys_of(national_ids))
    effectors = {one.pk: one for one in shown}
    if not effectors:
        return []
    slots = Slot.objects.open().filter(effector__in=list(effectors), starts_at__lte=until, starts_at__gt=at)
    if since > at:
        slots = slots.filter(starts_at__gte=since)
    return _published(slots, effectors, with_cpts=with_cpts)


def published_slot(uuid: UUID, *, at: datetime) -> PublishedSlot | None:
    """One slot by its identifier; None when nobody outside may see it."""
    slots = Slot.objects.open().filter(uuid=uuid, starts_at__gt=at, effector__in=Effector.objects.shown_to_sas())
    effectors = {one.effector_id: one.effector for one in slots.select_related("effector")}
    found = _published(slots, effectors, with_cpts=True)
    return found[0] if found else None


READ = ("pk", "uuid", "starts_at", "ends_at", "kinds", "modes", "walk_in", "reasons", "schedule_id", "effector_id")


def _published(slots: SlotQuerySet, effectors: dict[int, Effector], *, with_cpts: bool) -> list[PublishedSlot]:
    """Rows are read bare, places once each: objects cost more than the queries."""
    rows = list(slots.order_by("starts_at", "pk").values_list(*READ))
    places = Schedule.objects.in_bulk({row[8] for row in rows})
    audiences = _audiences([row[0] for row in rows if row[4] & Kind.CPTS]) if with_cpts else {}
    found = []
    for pk, uuid, starts_at, ends_at, kinds, modes, walk_in, reasons, place, owner in rows:
        cpts = audiences.get(pk, ())
        shown = kinds if cpts else kinds & WITHOUT_CPTS
        if shown:
            found.append(
                PublishedSlot(
                    uuid, starts_at, ends_at, KINDS[shown], MODES[modes], walk_in, reasons, places[place],
                    effectors[owner], cpts,
                )
            )  # fmt: skip
    return found


def _audiences(slot_ids: list[int]) -> dict[int, list[PublishedCpts]]:
    """The CPTS each slot is open to, by name."""
    if not slot_ids:
        return {}
    found: dict[int, list[PublishedCpts]] = {}
    rows = SlotAudience.objects.filter(slot__in=slot_ids).order_by("cpts__name", "cpts")
    known: dict[UUID, PublishedCpts] = {}
    for slot, uuid, name, finess, phone in rows.values_list(
        "slot_id", "cpts__uuid", "cpts__name", "cpts__care_settings__finess", "cpts__care_settings__phone"
    ):
        cpts = known.setdefault(uuid, PublishedCpts(uuid, name, finess or "", phone or ""))
        found.setdefault(slot, []).append(cpts)
    return found
