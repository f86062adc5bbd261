"""Unscheduled care in number on PostgreSQL: CPTS, professionals, places, slots over fourteen days, patients' places.

`python -m benchmarks.slots_data --slots 5000000`: the database of DATABASE_URL is EMPTIED, then filled; every run gives
the same data around the present hour. Towns are few and large or many and small, activity is uneven, professions follow
Zipf.
"""

import argparse
import os
import time
from math import cos, radians

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from maillage.geography.rules.distances import KM_PER_DEGREE  # noqa: E402
from maillage.unscheduled_care.rules.places import CELL_HEIGHT, CELL_WIDTH, ROW, cells_around  # noqa: E402

DAYS, PLACES_OF_PATIENTS = 14, 20_000
SLOT = "unscheduled_care_slot"
GROUPS = "'{10G,60,70,50,21,40,86,80,91,92,26,28}'::text[]"
PEOPLE = """
SELECT setseed(0.5);
INSERT INTO geography_region (code, name) VALUES ('00', 'Banc');
INSERT INTO geography_departement (code, name, region_id) VALUES ('00', 'Banc', '00');
INSERT INTO cpts_cpts (id, uuid, name, search_name, slug, departement_id, stage, modules, settings, created_at,
    approval, decided_at, decision_reason)
SELECT n, gen_random_uuid(), 'CPTS ' || n, 'cpts ' || n, 'cpts-' || n, '00', 'emergence', '[]', '{{}}', now(),
    'approved', now(), ''
FROM generate_series(1, {cpts}) AS n;
INSERT INTO unscheduled_care_caresettings (cpts_id, target_hours, phone, finess, sas_contacts, answer_modes,
    agreed_with_sas_on, hds_host, patient_months, version)
SELECT id, 48, '', '', '', '', current_date, '', 3, 0 FROM cpts_cpts;
CREATE TABLE bench_town AS SELECT n AS id, 43 + 7 * random() AS latitude, -1 + 8 * random() AS longitude
FROM generate_series(1, 1000) AS n;
CREATE TABLE bench_person AS
SELECT n AS id, town, 1 + (town + floor(3 * random())::int) % {cpts} AS cpts, (
    {groups})[least(12, floor(exp(random() * ln(13))))::int] AS "group",
    0.5 * power(random(), 2) AS activity, random() AS east, random() AS north
FROM generate_series(1, {people}) AS n
CROSS JOIN LATERAL (SELECT least(1000, ceil(exp(random() * ln(1000) + n * 0)))::int AS town) AS t;
INSERT INTO accounts_user (id, uuid, password, kind, email, given_name, family_name, is_active, created_at)
SELECT id, gen_random_uuid(), '!', 'password', id || '@banc.invalid', 'Ada', 'Essai' || id, true, now()
FROM bench_person;
INSERT INTO accounts_numberproof (uuid, user_id, national_id, means, proved_at, checked_by_name, end_reason)
SELECT gen_random_uuid(), id, 899900000000 + id, 'trial', now(), '', '' FROM bench_person;
INSERT INTO unscheduled_care_effector (id, uuid, account_id, national_id, given_name, family_name, search_name,
    "group", skills, phone, sas_agreed_at, extra_a_day, feed, version)
SELECT id, gen_random_uuid(), id, 899900000000 + id, 'Ada', 'Essai' || id, 'essai' || id, "group", '[["SM54", ""]]',
    '0199000017', now(), 0, gen_random_uuid(), 0 FROM bench_person;
INSERT INTO members_membership (id, uuid, cpts_id, kind, structure, given_name, family_name, search_name, occupation,
    "group", email, pending_email, phone, status, message, decision_reason, joined_on, is_public, may_be_reached,
    new_patients, home_visits, languages, practical, version)
SELECT id, gen_random_uuid(), cpts, 'person', '', 'Ada', 'Essai' || id, 'essai' || id, '', "group", '', '', '',
    'accepted', '', '', current_date, false, false, '', false, '', '', 0 FROM bench_person;
INSERT INTO unscheduled_care_effectormembership (effector_id, membership_id, cpts_id)
SELECT id, id, cpts FROM bench_person;
INSERT INTO unscheduled_care_schedule (id, uuid, effector_id, name, street, city, postal_code, latitude, longitude,
    phone, finess, siret, former_id, is_closed, confirmed_at)
SELECT p.id, gen_random_uuid(), p.id, 'Cabinet', '1 rue', 'Ville ' || town, '99100',
    t.latitude + 0.12 * (p.north - 0.5), t.longitude + 0.18 * (p.east - 0.5), '0199000017', '', '', '41' || p.id, false,
    now()
FROM bench_person AS p JOIN bench_town AS t ON t.id = p.town;
"""
SLOTS = """
INSERT INTO unscheduled_care_slot (uuid, effector_id, schedule_id, "group", cell, latitude, longitude, starts_at,
    ends_at, status, kinds, modes, walk_in, reserved_for, reasons, is_masked, created_at)
SELECT gen_random_uuid(), s.id, s.id, p."group", floor(s.latitude / {height}) * {row} + floor(s.longitude / {width}),
    s.latitude, s.longitude, t.start, t.start + interval '20 minutes',
    CASE WHEN random() < 0.7 THEN 'free' ELSE 'busy-unavailable' END,
    CASE s.id % 3 WHEN 0 THEN 14 ELSE 6 END, 1, false, '', '[]', false, now()
FROM unscheduled_care_schedule AS s JOIN bench_person AS p ON p.id = s.id
CROSS JOIN LATERAL (
    SELECT date_trunc('hour', now()) + day * interval '1 day' + k * interval '20 minutes' AS start
    FROM generate_series(0, {days} - 1) AS day, generate_series(1, 36) AS k
    WHERE random() + 0 * k * day < p.activity) AS t;
INSERT INTO unscheduled_care_slotaudience (slot_id, cpts_id)
SELECT slot.id, p.cpts FROM unscheduled_care_slot AS slot JOIN bench_person AS p ON p.id = slot.effector_id
WHERE slot.kinds = 14;
"""
# A circle as wide as professionals are few: 5 to 50 km, as the SAS draws it.
NEEDS = """
CREATE TABLE bench_need AS
SELECT row_number() OVER () AS id, latitude, longitude, "group", km FROM (
    SELECT s.latitude + 0.05 * (random() - 0.5) AS latitude, s.longitude + 0.07 * (random() - 0.5) AS longitude,
        ({groups})[least(12, floor(exp(random() * ln(13))))::int] AS "group",
        CASE WHEN around.n > 600 THEN 5 WHEN around.n > 200 THEN 10 WHEN around.n > 80 THEN 20
             WHEN around.n > 40 THEN 30 WHEN around.n > 15 THEN 40 ELSE 50 END AS km
    FROM unscheduled_care_schedule AS s JOIN bench_person AS p ON p.id = s.id
    JOIN (SELECT town, count(*) AS n FROM bench_person GROUP BY town) AS around ON around.town = p.town
    ORDER BY random() LIMIT {needs}) AS drawn;
ALTER TABLE bench_need ADD PRIMARY KEY (id), ADD COLUMN cells text, ADD COLUMN wide float8;
INSERT INTO geography_commune (code, name, kind, latitude, longitude, postal_codes, neighbours, has_known_borders,
    outline, departement_id)
SELECT lpad(id::text, 5, '0'), 'Lieu ' || id, 'COM', latitude, longitude, '', '[]', false, '', '00' FROM bench_need;
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slots", type=int, default=5_000_000)
    parser.add_argument("--people", type=int, default=60_000)
    fill(**vars(parser.parse_args()))


def fill(*, slots: int, people: int) -> None:
    """Everything, then its indexes, then statistics and the visibility map. Fewer slots: less active people."""
    assert connection.vendor == "postgresql", "DATABASE_URL must name a PostgreSQL database"
    start = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    share = slots / (people * DAYS * 36 / 6)  # the mean of 0.5 x² is a sixth
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE.format(cpts=max(people // 60, 1), people=people, groups=GROUPS))
        cursor.execute("UPDATE bench_person SET activity = least(1, activity * %s)", [share])
        again = _without_indexes(cursor)
        cursor.execute(SLOTS.format(height=CELL_HEIGHT, width=CELL_WIDTH, row=ROW, days=DAYS))
        for statement in again:
            cursor.execute(statement)
        cursor.execute(NEEDS.format(groups=GROUPS, needs=PLACES_OF_PATIENTS))
        _say_cells(cursor)
        for table in ("effector", "effectormembership", "membership", "schedule"):
            name = f"members_{table}" if table == "membership" else f"unscheduled_care_{table}"
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(f"SELECT count(*), count(DISTINCT effector_id) FROM {SLOT}")
        made, owners = cursor.fetchone()
    print(f"{made:,} slots of {owners:,} professionals in {time.perf_counter() - start:.0f} s")


def _say_cells(cursor: object) -> None:
    """What pgbench cannot count: the cells of each circle, and how wide a degree is there."""
    cursor.execute("SELECT id, latitude, longitude, km FROM bench_need")  # type: ignore[attr-defined]
    rows = [
        (
            "{" + ",".join(map(str, cells_around(latitude, longitude, km))) + "}",
            (KM_PER_DEGREE * cos(radians(latitude))) ** 2,
            key,
        )
        for key, latitude, longitude, km in cursor.fetchall()  # type: ignore[attr-defined]
    ]
    cursor.executemany("UPDATE bench_need SET cells = %s, wide = %s WHERE id = %s", rows)  # type: ignore[attr-defined]


def _without_indexes(cursor: object) -> list[str]:
    """Drop what slows a load of the slots, and say how to make it again."""
    cursor.execute(  # type: ignore[attr-defined]
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'x'",
        [SLOT],
    )
    exclusions = cursor.fetchall()  # type: ignore[attr-defined]
    for name, _ in exclusions:
        cursor.execute(f"ALTER TABLE {SLOT} DROP CONSTRAINT {name}")  # type: ignore[attr-defined]
    cursor.execute(  # type: ignore[attr-defined]
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname IN ('slot_search', "
        "'slot_by_effector')",
        [SLOT],
    )
    indexes = cursor.fetchall()  # type: ignore[attr-defined]
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")  # type: ignore[attr-defined]
    return [definition for _, definition in indexes] + [
        f"ALTER TABLE {SLOT} ADD CONSTRAINT {name} {definition}" for name, definition in exclusions
    ]


if __name__ == "__main__":
    main()
