"""Slots in number, on PostgreSQL: one SAS call over HTTP, search and booking against their bare SQL, and growth.

`make bench-slots DATABASE_URL=postgres://… SLOTS=200000`: the database named is EMPTIED. HTTP is granian with two
processes, wrk on the same machine. Nothing here is part of `make bench` nor of CI.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import time
from datetime import timedelta
from urllib.parse import quote, urlencode

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.measure import interleaved, row  # noqa: E402
from maillage.unscheduled_care import actions  # noqa: E402
from maillage.unscheduled_care.fhir import fhir_instant  # noqa: E402
from maillage.unscheduled_care.models import Origin, Slot  # noqa: E402
from maillage.unscheduled_care.search import Need, find_slots, statement  # noqa: E402

PORT, PER_PERSON, DAYS = 8093, 25, 14
SYSTEM = "urn:oid:1.2.250.1.71.4.2.1"
SERVER = {
    "DJANGO_SETTINGS_MODULE": "config.settings.prod", "SECRET_KEY": "b" * 60, "ALLOWED_HOSTS": "127.0.0.1",
    "EMAIL_URL": "smtp://localhost", "SECURE_SSL_REDIRECT": "0", "SAS_CERTIFICATE_REQUIRED": "0", "LOG_LEVEL": "ERROR",
}  # fmt: skip
GENERATOR = """
INSERT INTO geography_region (code, name) VALUES ('00', 'Banc');
INSERT INTO geography_departement (code, name, region_id) VALUES ('00', 'Banc', '00');
INSERT INTO cpts_cpts (id, uuid, name, search_name, slug, departement_id, stage, modules, settings, created_at)
SELECT n, gen_random_uuid(), 'CPTS ' || n, 'cpts ' || n, 'cpts-' || n, '00', 'emergence', '[]', '{{}}', now()
FROM generate_series(1, {cpts}) AS n;
INSERT INTO unscheduled_care_effector (id, uuid, national_id, given_name, family_name, search_name, "group",
    skills, phone,
    sas_agreed_at, extra_a_day, feed, version)
SELECT n, gen_random_uuid(), 899900000000 + n, 'A', 'N' || n, 'n' || n,
    (ARRAY['10G','60','70','50'])[1 + (n * n) % 4],
    '[["SM54", ""]]', '0553000017', now(), 0, gen_random_uuid(), 0 FROM generate_series(1, {people}) AS n;
INSERT INTO members_membership (id, uuid, cpts_id, kind, structure, given_name, family_name, search_name,
    occupation, "group",
    email, phone, status, message, decision_reason, joined_on, is_public, may_be_reached, new_patients,
    home_visits, languages,
    practical, version)
SELECT n, gen_random_uuid(), 1 + n % {cpts}, 'person', '', 'A', 'N' || n, 'n' || n, '', '10G', '', '',
    'accepted', '', '',
    current_date, false, false, '', false, '', '', 0 FROM generate_series(1, {people}) AS n;
INSERT INTO unscheduled_care_effectormembership (effector_id, membership_id, cpts_id)
SELECT n, n, 1 + n % {cpts} FROM generate_series(1, {people}) AS n;
INSERT INTO unscheduled_care_schedule (id, uuid, effector_id, name, street, city, postal_code, latitude,
    longitude, phone,
    finess, siret, former_id, is_closed)
SELECT n, gen_random_uuid(), n, 'Cabinet', '1 rue', 'Ville', '24100', 43 + 7 * power(random(), 2),
    -1 + 8 * power(random(), 2),
    '0553000017', '', '', '410000000' || n, false FROM generate_series(1, {people}) AS n;
INSERT INTO unscheduled_care_slot (uuid, effector_id, schedule_id, "group", cell, latitude, longitude,
    starts_at, ends_at,
    status, kinds, modes, walk_in, reserved_for, reasons, is_masked, created_at)
SELECT gen_random_uuid(), e.id, e.id, e."group",
    floor(s.latitude / 0.09) * 10000 + floor(s.longitude / 0.13), s.latitude,
    s.longitude, t.start, t.start + interval '20 minutes',
    CASE WHEN random() < 0.7 THEN 'free' ELSE 'busy-unavailable' END,
    6, 1, false, '', '[]', false, now()
FROM unscheduled_care_effector AS e JOIN unscheduled_care_schedule AS s ON s.effector_id = e.id
CROSS JOIN LATERAL (SELECT date_trunc('hour', now()) + (1 + k * {step}) * interval '20 minutes' AS start
    FROM generate_series(1, {each}) AS k) AS t;
ANALYZE;
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slots", type=int, default=500_000)
    wanted = parser.parse_args().slots
    assert connection.vendor == "postgresql", "DATABASE_URL must name a PostgreSQL database"
    print("| what | measured | floor | ratio | goal |\n|---|---|---|---|---|")
    times = []
    for slots in (wanted // 10, wanted):
        generate(slots)
        times.append((measure_search(slots), measure_booking(slots)))
    (search, booking), (more_search, more_booking) = times
    row("search, ten times the slots", more_search, search, "≤ 2.2")
    row("booking, ten times the slots", more_booking, booking, "≤ 1.2")
    measure_sas(wanted)


def generate(slots: int) -> None:
    """People, places and slots; as many slots a person whatever their number."""
    people = slots // PER_PERSON
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    step = DAYS * 72 // PER_PERSON
    with connection.cursor() as cursor:
        cursor.execute(GENERATOR.format(cpts=max(people // 60, 1), people=people, each=PER_PERSON, step=step))
        cursor.execute("VACUUM ANALYZE unscheduled_care_slot")


def measure_search(slots: int) -> float:
    """The 25 earliest of a profession around a place: what the screen reads, against its own first statement."""
    draw, at = random.Random(5), timezone.now()  # noqa: S311
    places = list(Slot.objects.order_by("?").values_list("latitude", "longitude", "group")[:200])

    def need() -> Need:
        latitude, longitude, group = draw.choice(places)
        return Need(
            group=group,
            latitude=latitude,
            longitude=longitude,
            km=25,
            since=at,
            until=at + timedelta(hours=48),
            limit=25,
        )

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute(*statement(need()))
            cursor.fetchall()

    mine, floor = interleaved(lambda: find_slots(need(), now=at), bare, rounds=300)
    print(
        f"| search of 25 among {slots:,} slots, in process | {mine:.2f} ms | {floor:.2f} ms | {mine / floor:.1f} | – |"
    )
    return mine


def measure_booking(slots: int) -> float:
    """A booking with its access control, trace and jobs, against an update and an insert."""
    free = iter(Slot.objects.open().filter(starts_at__gt=timezone.now()).order_by("?").select_related("effector")[:600])
    booker = actions.Booker(user=None, origin=Origin.DESK)

    def bare() -> None:
        slot = next(free)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE unscheduled_care_slot SET status = 'busy' WHERE id = %s AND status = 'free'", [slot.pk]
            )
            cursor.execute(
                "INSERT INTO unscheduled_care_appointment (uuid, slot_id, effector_id, starts_at, ends_at, status, "
                "origin, booked_at, reason, commune, code, version) "
                "VALUES (gen_random_uuid(), %s, %s, %s, %s, 'booked', 'desk', now(), '', '', '', 0)",
                [slot.pk, slot.effector_id, slot.starts_at, slot.ends_at],
            )

    mine, floor = interleaved(
        lambda: actions.book_slot(slot=next(free), booker=booker, at=timezone.now()), bare, rounds=250
    )
    row(f"booking among {slots:,} slots, in process", mine, floor, "–")
    return mine


def measure_sas(slots: int) -> None:
    """One call of 25 professionals over 72 h, by HTTP."""
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4",
         "--port", str(PORT),
         "--no-access-log", "--log-level", "warning", "config.wsgi:application"],
        env={**os.environ, **SERVER},
    )  # fmt: skip
    time.sleep(6)
    at, url = timezone.now(), f"http://127.0.0.1:{PORT}/fhir/sas/Slot?"
    numbers = ",".join(f"{SYSTEM}|{899_900_000_000 + 100 + n}" for n in range(25))
    asked = [
        ("_include", "Slot:schedule"), ("_include:iterate", "Schedule:actor"),
        ("schedule.actor:Practitioner.identifier", numbers), ("start", f"ge{fhir_instant(at)}"),
        ("start", f"le{fhir_instant(at + timedelta(hours=72))}"), ("status", "free"),
    ]  # fmt: skip
    url += urlencode(asked, quote_via=quote)
    try:
        for connections in (1, 8, 16):
            print(f"| one SAS call, {connections} connections | {wrk(url, connections)} | – | – | p99 < 50 ms at 16 |")
    finally:
        server.terminate()


def wrk(url: str, connections: int) -> str:
    command = ["wrk", "-t1", f"-c{connections}", "-d10s", "--latency", url]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    p50, p99 = (re.search(rf"{share}%\s+(\S+)", told)[1] for share in (50, 99))  # type: ignore[index]
    rate = re.search(r"Requests/sec:\s+(\S+)", told)[1]  # type: ignore[index]
    wrong = re.search(r"Non-2xx.*", told)
    return f"{rate} req/s, p50 {p50}, p99 {p99}{' ' + wrong[0] if wrong else ''}"


if __name__ == "__main__":
    main()
