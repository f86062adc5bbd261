"""In which order slots are offered: own doctor, then delay by buckets, then distance. Pure.

Source: SAS, buckets shown to regulators.
"""

from bisect import bisect_left
from datetime import datetime, timedelta
from typing import Protocol

BUCKETS = (4, 8, 12, 24, 48, 72)  # hours: 0–4, 4–8, 8–12…
BEFORE = dict(zip(BUCKETS, (0, *BUCKETS), strict=False))
ENDS = [timedelta(hours=hours) for hours in BUCKETS]
RADII = (5, 10, 25, 40, 60)
USUAL_RADIUS = 25


class Offered(Protocol):
    @property
    def starts_at(self) -> datetime: ...
    @property
    def km(self) -> float: ...
    @property
    def is_own_doctor(self) -> bool: ...


def bucket_of(starts_at: datetime, *, now: datetime) -> int:
    """The end of the bucket, in hours: 4 for a slot in three hours; 72 for all that is further."""
    return BUCKETS[min(bisect_left(ENDS, starts_at - now), len(BUCKETS) - 1)]


def bucket_label(hours: int) -> str:
    """8 -> 4–8 h, as the SAS names it."""
    return f"{BEFORE[hours]}–{hours}\N{NO-BREAK SPACE}h"


def wait_text(hours: int) -> str:
    """8 -> dans 4 à 8 h: beside an hour of the day, 4–8 h would be taken for one."""
    if not BEFORE[hours]:
        return f"dans moins de {hours}\N{NO-BREAK SPACE}h"
    return f"dans {BEFORE[hours]} à {hours}\N{NO-BREAK SPACE}h"


def order(slot: Offered, *, now: datetime) -> tuple[bool, int, float, datetime]:
    """What slots are sorted by."""
    return not slot.is_own_doctor, bucket_of(slot.starts_at, now=now), round(slot.km, 1), slot.starts_at
