"""Growth and wear on PostgreSQL: ten times the slots, ten times the history, ten minutes of bookings.

`python -m benchmarks.churn --seconds 600`, with DATABASE_URL naming one filled by slots_data: works on copies.
"""

import argparse
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

import django

django.setup()

from django.db import connection, connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.load import copied  # noqa: E402
from maillage.core.errors import DomainError  # noqa: E402
from maillage.unscheduled_care import actions  # noqa: E402
from maillage.unscheduled_care.models import Appointment, Origin, Slot  # noqa: E402
from maillage.unscheduled_care.queries.search import Need, find_hits, find_slots  # noqa: E402

BOOKER = actions.Booker(user=None, origin=Origin.DESK)
HISTORY = """
INSERT INTO unscheduled_care_appointment (uuid, slot_id, effector_id, starts_at, ends_at, status, origin, booked_at,
    ended_at, sealed, commune, code, version)
SELECT gen_random_uuid(), id, effector_id, starts_at, ends_at, 'cancelled', 'desk', now(), now(), '', '', '00000000', 1
FROM unscheduled_care_slot ORDER BY id LIMIT {rows}
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--small", default="", help="URL of a database with a tenth of the slots")
    parser.add_argument("--only", choices=("growth", "wear"))
    asked = parser.parse_args()
    url = os.environ["DATABASE_URL"]
    print("| what, in process | before | after | ratio | goal |\n|---|---|---|---|---|")
    if asked.only != "wear":
        measure_growth(url, asked.small)
    if asked.only != "growth":
        measure_wear(url, asked.seconds)


def measure_growth(url: str, small: str) -> None:
    """Ten times the slots, then ten times the history."""
    with copied(url, "bench_copy") as fresh:
        search, booking = on(fresh, median_search), on(fresh, median_booking)
        if small:
            with copied(small, "bench_small_copy") as few:
                told("search, ten times the slots", on(few, median_search), search, "≤ 2.2")
                told("booking, ten times the slots", on(few, median_booking), booking, "≤ 1.2")
        rows = 100_000
        on(fresh, lambda: execute(HISTORY.format(rows=rows)))
        some = on(fresh, median_booking), on(fresh, median_search)
        on(fresh, lambda: execute(HISTORY.format(rows=9 * rows), "VACUUM ANALYZE unscheduled_care_appointment"))
        told("booking, ten times the history", some[0], on(fresh, median_booking), "≤ 1.1")
        told("search, ten times the history", some[1], on(fresh, median_search), "≤ 1.1")


def measure_wear(url: str, seconds: int) -> None:
    """Searches, bookings and cancellations as fast as they go; autovacuum must be on, as any server has it."""
    with copied(url, "bench_copy") as fresh:
        assert on(fresh, lambda: setting("autovacuum")) == "on", "ALTER SYSTEM SET autovacuum = on"
        before = on(fresh, median_search)
        count = wear(fresh, seconds)
        told(
            f"search after {seconds} s of {sum(count.values()):,} {dict(count)}",
            before,
            on(fresh, median_search),
            "≤ 1.3",
        )
        print(f"after it: {on(fresh, heap_fetches)}")


def told(what: str, before: float, after: float, goal: str) -> None:
    print(f"| {what} | {before:.2f} ms | {after:.2f} ms | {after / before:.2f} | {goal} |", flush=True)


def on(url: str, work: Callable[[], Any]) -> Any:
    """On another database than the one of the environment."""
    connection.close()
    connection.settings_dict["NAME"] = url.rsplit("/", 1)[-1]
    try:
        return work()
    finally:
        connection.close()


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for one in statements:
            cursor.execute(one)


def setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


def need(draw: random.Random) -> Need:
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT "group", latitude, longitude, km FROM bench_need WHERE id = %s', [draw.randrange(1, 20_001)]
        )
        group, latitude, longitude, km = cursor.fetchone()
    at = timezone.now()
    return Need(
        group=group, latitude=latitude, longitude=longitude, km=km, since=at, until=at + timedelta(hours=48), limit=25
    )


def median_search() -> float:
    """Milliseconds of the statement of a search, over the same places."""
    draw = random.Random(5)  # noqa: S311
    needs = [need(draw) for _ in range(400)]
    return median(lambda: find_hits(needs.pop(), now=timezone.now()), 400)


def median_booking() -> float:
    """Milliseconds of a booking with its access control, trace and job."""
    after = timezone.now() + timedelta(hours=2)
    free = list(Slot.objects.open().filter(starts_at__gt=after).select_related("effector").order_by("uuid")[:300])
    return median(lambda: actions.book_slot(slot=free.pop(), booker=BOOKER, at=timezone.now()), 300)


def median(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def wear(url: str, seconds: int) -> Counter[str]:
    """85 searches, 12 bookings, 3 cancellations, as fast as four processes can."""
    with get_context("spawn").Pool(4) as pool:
        return sum(pool.starmap(worn, [(url, seconds, seed) for seed in range(4)]), Counter())


def worn(url: str, seconds: int, seed: int) -> Counter[str]:
    connections.close_all()
    connection.settings_dict["NAME"] = url.rsplit("/", 1)[-1]
    draw, done, end = random.Random(seed), Counter(), time.monotonic() + seconds  # noqa: S311
    while time.monotonic() < end:
        what = draw.choices(("search", "book", "cancel"), (85, 12, 3))[0]
        try:
            act(what, draw)
            done[what] += 1
        except DomainError:
            done["refused"] += 1
    return done


def act(what: str, draw: random.Random) -> None:
    at = timezone.now()
    if what == "cancel":
        last = Appointment.objects.live().filter(starts_at__gt=at).order_by("-pk").first()
        if last:
            actions.cancel(appointment=last, by=None, at=at)
        return
    found = find_slots(need(draw), now=at)
    if what == "book" and found:
        actions.book_slot(slot=draw.choice(found[:5]).slot, booker=BOOKER, at=at)


def heap_fetches() -> str:
    """Rows that an index-only search had to look up in the table all the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_dead_tup, autovacuum_count FROM pg_stat_user_tables WHERE relname = %s", ["unscheduled_care_slot"]
        )
        dead, swept = cursor.fetchone()
    return f"{dead} dead rows, swept {swept} times"


if __name__ == "__main__":
    main()
