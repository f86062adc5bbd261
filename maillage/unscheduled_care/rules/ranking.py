"""In which order slots are offered: own doctor, then delay by buckets, then distance. Pure.

Source: SAS, buckets shown to regulators.
"""

from bisect import bisect_left
from datetime import datetime, timedelta
from typing import Protocol

BUCKETS = (4, 8, 12, 24, 48, 72)  # hours: 0–4, 4–8, 8–12…
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
    """8 -> 4–8 h."""
    before = {end: start for start, end in zip((0, *BUCKETS), BUCKETS, strict=False)}
    return f"{before[hours]}–{hours}\N{NO-BREAK SPACE}h"


def order(slot: Offered, *, now: datetime) -> tuple[bool, int, float, datetime]:
    """What slots are sorted by."""
    return not slot.is_own_doctor, bucket_of(slot.starts_at, now=now), round(slot.km, 1), slot.starts_at
