"""The server killed with -9 in the middle of bookings, again and again; then every rule looked at once more.

`python -m benchmarks.kill --rounds 10`: the database of DATABASE_URL (PostgreSQL) is EMPTIED. With `--postgres`, every
other round a process of PostgreSQL is killed too: the whole of it starts again from its log.
"""

import argparse
import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from threading import Thread

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
os.environ.setdefault("SECRET_KEY", "b" * 60)

import django

django.setup()

from django.db import connection  # noqa: E402

from benchmarks import contention  # noqa: E402
from benchmarks.checks import wrongs  # noqa: E402
from benchmarks.load import PORT, server, wrk  # noqa: E402
from benchmarks.slots import BOOKING, TOKEN, quoted, sign_in  # noqa: E402
from maillage.unscheduled_care.models import Appointment, Slot  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--postgres", action="store_true", help="kill its processes too")
    asked = parser.parse_args()
    contention.PEOPLE, contention.EACH = 400, 30
    contention.prepare()
    session, draw = sign_in(), random.Random(1)  # noqa: S311
    for number in range(asked.rounds):
        one_round(session, draw, kill_postgres=asked.postgres and number % 2 == 1)
    found = wrongs()
    print(
        f"{asked.rounds} rounds, {Appointment.objects.count():,} bookings acknowledged or not: "
        + ("; ".join(found) if found else "nothing half-booked, nothing lost")
    )


def one_round(session: str, draw: random.Random, *, kill_postgres: bool) -> None:
    """Bookings for a few seconds, cut short."""
    free = [str(one) for one in Slot.objects.open().order_by("?").values_list("uuid", flat=True)]
    connection.close()
    script = BOOKING % (quoted(free), session, TOKEN, TOKEN, PORT, "")
    url = os.environ["DATABASE_URL"]
    with server(url) as process:
        load = Thread(target=cut_short, args=(script,))
        load.start()
        time.sleep(1 + 2 * draw.random())
        if kill_postgres:
            name = url.rsplit("/", 1)[-1]
            subprocess.run(["pkill", "-9", "-f", f"postgres: .* {name} "], check=False)
        os.killpg(process.pid, signal.SIGKILL)
        load.join()
    time.sleep(3)  # PostgreSQL reads its log again
    connection.close()


def cut_short(script: str) -> None:
    """Its server dies under it."""
    with suppress(subprocess.CalledProcessError):
        wrk("/", 16, seconds=4, script=script)


if __name__ == "__main__":
    main()
