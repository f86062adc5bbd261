"""Limits of what is called hundreds of times a second: a process takes acts from the database many at a time.

What is taken is counted at once, so no more than `most` pass; what a process does not use of its last lease is lost,
and a limit may be reached that much early. A refusal is remembered until it ends, and asks the database nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from threading import Lock
from typing import Any

from maillage.core.limits import Limit, LimitReached, key_of, noted, spend

KEPT = 10_000  # leases of one process


@dataclass
class Lease:
    """What a process may let pass for one key until the span ends. `refused`: how often, once nothing is left."""

    left: int
    ends_at: datetime
    is_last: bool = False
    refused: int = 0


_leases: dict[tuple[str, str], Lease] = {}
_lock = Lock()


def spend_leased(limit: Limit, *, lease: int, at: datetime, **keys: Any) -> None:
    """Count one act, `lease` of them at a time. Raises LimitReached."""
    place = limit.name, key_of(limit, **keys)
    with _lock:
        held = _leases.get(place)
        if held and held.ends_at > at and held.left:
            held.left -= 1
            return
        if held and held.ends_at > at and held.is_last:
            held.refused += 1
            raise _remembered(limit, place[1], held, lease, at)
    try:
        spent = spend(limit, cost=min(lease, limit.most), at=at, **keys)
    except LimitReached as error:
        _keep(place, Lease(0, at + timedelta(seconds=error.retry_after), is_last=True))
        raise
    if spent.rows:
        _keep(place, Lease(spent.cost - 1, spent.rows[0][2]))


def _remembered(limit: Limit, key: str, held: Lease, lease: int, at: datetime) -> LimitReached:
    """Refusals are written for the administrator `lease` at a time, too."""
    error = LimitReached(limit, key, at, ceil((held.ends_at - at).total_seconds()))
    error.times = 0 if held.refused % lease else lease
    return noted(error)


def _keep(place: tuple[str, str], lease: Lease) -> None:
    with _lock:
        if len(_leases) >= KEPT:
            _leases.clear()  # those that it held ask again
        _leases[place] = lease


def forget_leases() -> None:
    """What this process holds: for tests, whose database begins anew."""
    with _lock:
        _leases.clear()
