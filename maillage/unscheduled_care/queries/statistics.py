"""What became of the slots of a CPTS over a period, counted by hour, commune, professional, delay."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from maillage.core.text import plural
from maillage.cpts.models import Cpts
from maillage.geography.models import Commune
from maillage.unscheduled_care.models import Appointment, AppointmentStatus, Slot, SlotAudience, SlotStatus
from maillage.unscheduled_care.rules.ranking import bucket_label, bucket_of

SHOWN = 12


@dataclass(frozen=True)
class CareFigures:
    """Counts over a period. Slots are those opened to the CPTS that start in it, appointments those that do.

    `elsewhere`: appointments given on slots that were not opened to the CPTS: by the SAS, or among professionals.
    """

    opened: int
    free: int
    statuses: dict[str, int]
    elsewhere: int
    within_target: int
    by_hour: list[tuple[str, int]]
    by_commune: list[tuple[str, int]]
    by_professional: list[tuple[str, int]]
    by_delay: list[tuple[str, int]]

    @property
    def booked(self) -> int:
        """All that were given, cancelled ones left out."""
        return sum(count for status, count in self.statuses.items() if status != AppointmentStatus.CANCELLED)


def figures(cpts: Cpts, *, start: datetime, end: datetime, target_hours: int) -> CareFigures:
    """Three queries whatever the period."""
    slots = Counter(Slot.objects.of(cpts).live().starting_between(start, end).values_list("status", flat=True))
    rows = list(
        Appointment.objects.of(cpts)
        .filter(starts_at__gte=start, starts_at__lt=end)
        .annotate(is_opened=Exists(SlotAudience.objects.filter(slot=OuterRef("slot"), cpts=cpts)))
        .values_list(
            "status",
            "starts_at",
            "booked_at",
            "commune",
            "effector__given_name",
            "effector__family_name",
            "is_opened",
        )
    )
    given = [row for row in rows if row[0] != AppointmentStatus.CANCELLED]
    waits = [(starts_at, booked_at) for _, starts_at, booked_at, *_ in given]
    names = dict(Commune.objects.filter(code__in={row[3] for row in given if row[3]}).values_list("code", "name"))
    return CareFigures(
        opened=sum(slots.values()),
        free=slots[SlotStatus.FREE],
        statuses=dict(Counter(row[0] for row in rows)),
        elsewhere=sum(not row[6] for row in given),
        within_target=sum(_in_time(row, target_hours) for row in given),
        by_hour=_in_order(Counter(timezone.localtime(starts).hour for starts, _ in waits), "{} h"),
        by_commune=_most(Counter(names.get(row[3], "non précisée") for row in given)),
        by_professional=_most(Counter(f"{row[4]} {row[5]}".strip() for row in given)),
        by_delay=[
            (bucket_label(bucket), count)
            for bucket, count in sorted(Counter(bucket_of(starts, now=booked) for starts, booked in waits).items())
        ],
    )


def _in_time(row: tuple[Any, ...], target_hours: int) -> bool:
    """Somebody came, and within the delay aimed at."""
    status, starts_at, booked_at, *_ = row
    return bool(status == AppointmentStatus.FULFILLED and starts_at - booked_at <= timedelta(hours=target_hours))


def _in_order(counts: Counter[int], form: str) -> list[tuple[str, int]]:
    return [(form.format(key), count) for key, count in sorted(counts.items())]


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    """The most frequent; the others together."""
    rows = counts.most_common()
    kept, rest = rows[:SHOWN], rows[SHOWN:]
    others = sum(count for _, count in rest)
    label = f"{len(rest)} {plural(len(rest), 'autre')}"
    return kept + ([(label, others)] if others else [])
