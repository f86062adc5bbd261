"""What exists and what is missing over one week: the census of the diagnosis, and the slots of the members."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from maillage.cpts.models import Cpts
from maillage.geography.rules.clocks import zone_of
from maillage.territorial_diagnosis.models import Resource, ResourceKind
from maillage.unscheduled_care.models import Reserved, Slot, SlotStatus
from maillage.unscheduled_care.rules.week import Cell, Hole, Presence, cells, holes, presences_in_week, presences_of

# What receives patients; a contract, a network or an office has hours too, and sees nobody.
RECEIVE = (
    ResourceKind.UNSCHEDULED,
    ResourceKind.DUTY,
    ResourceKind.MSP,
    ResourceKind.ESP,
    ResourceKind.CENTRE,
    ResourceKind.HOSPITAL,
)
GIVEN_OR_FREE = (SlotStatus.FREE, SlotStatus.BUSY)


@dataclass(frozen=True)
class Week:
    """`days`: seven lists of 24 cells. `unknown`: what the census lists without its hours."""

    monday: date
    days: list[list[Cell]]
    holes: list[Hole]
    census: list[Resource]
    unknown: int

    @property
    def missing(self) -> int:
        """Hours."""
        return sum(hole.hours for hole in self.holes)

    @property
    def of_the_cpts(self) -> int:
        """Hours that are not those of the permanence des soins."""
        return sum(not cell.outside for day in self.days for cell in day)


def week_of(cpts: Cpts, monday: date) -> Week:
    """Two queries whatever the week: what the census opens, and the slots of members that were opened to the CPTS."""
    receiving = Resource.objects.of(cpts).filter(kind__in=RECEIVE).select_related("commune").defer("commune__outline")
    listed = list(receiving.order_by("name"))
    known = [resource for resource in listed if resource.opening]
    presences = [
        presence
        for resource in known
        for presence in presences_in_week(
            resource.name, resource.openings, monday, cpts.departement_id, f"resource {resource.pk}"
        )
    ]
    presences += _of_slots(cpts, monday)
    days = cells(monday, presences, cpts.departement_id)
    return Week(monday, days, holes(days), known, len(listed) - len(known))


def _of_slots(cpts: Cpts, monday: date) -> list[Presence]:
    """Slots of that week, free or given, by the clock of the territory."""
    zone = zone_of(cpts.departement_id)
    start = datetime.combine(monday, time(), tzinfo=zone)
    end = datetime.combine(monday + timedelta(days=7), time(), tzinfo=zone)
    rows = (
        Slot.objects.of(cpts)
        .filter(status__in=GIVEN_OR_FREE, is_masked=False, reserved_for=Reserved.NOBODY, modes__gt=0)
        .overlapping(start, end)
        .values_list("effector__given_name", "effector__family_name", "effector", "starts_at", "ends_at")
    )
    return [
        presence
        for given, family, key, starts_at, ends_at in rows
        for presence in presences_of(
            f"{given} {family}".strip(), starts_at.astimezone(zone), ends_at.astimezone(zone), monday, f"{key}"
        )
    ]
