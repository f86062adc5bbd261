"""Never twice: clients by the dozen on the slots of a few professionals, crossing book, cancel, move and FHIR reads.

`python -m benchmarks.contention --attempts 100000 --clients 64`: the database of DATABASE_URL is EMPTIED. At the end
every rule of the database is looked at again by plain SQL; anything but a refusal in French is an error.
"""

import argparse
import os
import random
import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing import get_context

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.checks import wrongs  # noqa: E402
from maillage.accounts.models import AccountKind, User  # noqa: E402
from maillage.core.errors import DomainError  # noqa: E402
from maillage.sas.actions.campaign import load_campaign  # noqa: E402
from maillage.sas.models import Regulator  # noqa: E402
from maillage.sas.queries.publishing import published_slots  # noqa: E402
from maillage.unscheduled_care import actions  # noqa: E402
from maillage.unscheduled_care.models import Appointment, Origin, Slot  # noqa: E402

PEOPLE, EACH, PROCESSES = 50, 12, 4
FIRST = 99_900_000_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--attempts", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=64)
    asked = parser.parse_args()
    prepare()
    connection.close()
    started = time.perf_counter()
    share, threads = asked.attempts // asked.clients, asked.clients // PROCESSES
    with get_context("spawn").Pool(PROCESSES) as pool:
        answers = pool.starmap(run, [(number, threads, share) for number in range(PROCESSES)])
    spent = time.perf_counter() - started
    tell(answers, spent)


def prepare() -> None:
    """Fifty professionals, a regulator, and slots one after the other, tomorrow."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    if connection.vendor != "postgresql":
        call_command("flush", interactive=False, verbosity=0)
    at = timezone.now()
    start = (at + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    people = [
        {
            "key": f"p{n}",
            "rpps": str(FIRST + n),
            "family": f"Essai{n}",
            "given": "Ada",
            "cpts": ["c"],
            "sas": True,
            "phone": "",
        }
        for n in range(PEOPLE)
    ]
    slots = [
        {
            "of": f"p{n}",
            "at": f"l{n}",
            "start": (start + k * timedelta(minutes=20)).isoformat(),
            "minutes": 20,
            "codes": ["PRO"],
            "cpts": [],
            "modes": ["AMB"],
            "reasons": [],
            "walkin": False,
            "state": "free",
            "audience": "all",
        }
        for n in range(PEOPLE)
        for k in range(EACH)
    ]
    places = [{"key": f"l{n}", "of": f"p{n}", "line": "", "city": "", "postal": ""} for n in range(PEOPLE)]
    cpts = [{"key": "c", "name": "CPTS du banc"}]
    load_campaign(content={"cpts": cpts, "practitioners": people, "places": places, "slots": slots}, at=at)
    account = User.objects.create(kind=AccountKind.EXTERNAL, identifier="regulator:banc")
    regulator = Regulator.objects.create(
        given_name="Zoé", family_name="Loret", email="z@sas.test", account=account, created_at=at, updated_at=at
    )
    regulator.identifiers.create(system="urn:oid:1.2.250.1.213.3.6", value="banc")


def run(number: int, threads: int, share: int) -> tuple[Counter[str], list[float], list[float]]:
    """One process of clients. What came of each attempt, and how long winners and losers of a booking waited."""
    slots = list(Slot.objects.values_list("pk", flat=True))
    told: Counter[str] = Counter()
    won: list[float] = []
    lost: list[float] = []

    def client(seed: int) -> None:
        draw = random.Random(seed)  # noqa: S311
        booker = actions.Booker(user=Regulator.objects.select_related("account").get().account, origin=Origin.SAS)
        for _ in range(share):
            what = draw.choices(("book", "cancel", "move", "read"), (60, 20, 12, 8))[0]
            begun = time.perf_counter()
            try:
                done = attempt(what, draw, slots, booker)
            except DomainError as error:
                done = type(error).__name__
            except Exception as error:  # counted: there must be none
                done = f"ERROR {type(error).__name__}"
            told[f"{what}: {done}"] += 1
            if what == "book":
                (won if done == "done" else lost).append(1000 * (time.perf_counter() - begun))
        connection.close()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(client, range(number * 1000, number * 1000 + threads)))
    return told, won, lost


def attempt(what: str, draw: random.Random, slots: list[int], booker: actions.Booker) -> str:
    at = timezone.now()
    if what == "read":
        numbers = [f"8{FIRST + draw.randrange(PEOPLE)}" for _ in range(25)]
        published_slots(numbers, since=at, until=at + timedelta(days=3), with_cpts=False, at=at)
        return "done"
    slot = Slot.objects.select_related("effector").get(pk=draw.choice(slots))
    if what == "book":
        actions.book_slot(slot=slot, booker=booker, at=at)
        return "done"
    appointment = Appointment.objects.live().filter(slot=draw.choice(slots)).first()
    if appointment is None:
        return "nothing there"
    if what == "cancel":
        actions.cancel(appointment=appointment, by=None, at=at)
    else:
        actions.move(appointment=appointment, to=slot, booker=booker, at=at)
    return "done"


def tell(answers: list[tuple[Counter[str], list[float], list[float]]], spent: float) -> None:
    told = sum((one for one, _, _ in answers), Counter())
    won, lost = (sorted(value for answer in answers for value in answer[place]) for place in (1, 2))
    total = sum(told.values())
    print(f"{total:,} attempts in {spent:.0f} s ({total / spent:.0f}/s), {connection.vendor}")
    for what, count in sorted(told.items()):
        print(f"  {what}: {count:,}")
    print(
        f"bookings: winners p50 {statistics.median(won):.0f} ms; losers p50 {statistics.median(lost):.0f} ms, "
        f"p99 {lost[int(0.99 * len(lost))]:.0f} ms"
    )
    found = wrongs()
    print("rules looked at again: " + ("; ".join(found) if found else "nothing wrong"))


if __name__ == "__main__":
    main()
