"""Opening slots: where, when, how, and to whom."""

from datetime import datetime

from maillage.unscheduled_care.models import Schedule, Slot
from maillage.unscheduled_care.places import point_of
from maillage.unscheduled_care.rules.places import cell_of
from maillage.unscheduled_care.rules.slots import Kind, Mode


def new_slot(
    *, schedule: Schedule, starts_at: datetime, ends_at: datetime, kinds: Kind, modes: Mode, at: datetime
) -> Slot:
    """A free slot, not written yet, with what a search reads of its owner and its place."""
    point = point_of(schedule)
    return Slot(
        effector=schedule.effector, schedule=schedule, group=schedule.effector.group,
        latitude=point[0] if point else None, longitude=point[1] if point else None,
        cell=cell_of(*point) if point else None, starts_at=starts_at, ends_at=ends_at,
        kinds=int(kinds), modes=int(modes), created_at=at,
    )  # fmt: skip
