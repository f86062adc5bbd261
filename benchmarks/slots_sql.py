"""The floors: what the product asks of PostgreSQL, written for pgbench."""

from urllib.parse import urlencode

import psycopg
from django.db import connection

from maillage.unscheduled_care.queries.search import Need, statement
from maillage.unscheduled_care.rules.ranking import RADII
from maillage.unscheduled_care.rules.slots import ALL_KINDS, ALL_MODES, Kind

A_NEED = Need(group="", latitude=45, longitude=0, km=1, since=None, until=None)  # type: ignore[arg-type]
NEED = """\\set n random(1, 20000)
SELECT "group" AS grp, latitude AS lat, longitude AS lon, km, wide, cells FROM bench_need WHERE id = :n \\gset
"""
TABLES = (
    "unscheduled_care_appointment",
    "audit_auditevent",
    "sas_sasmessage",
    "core_job",
    "django_tasks_database_dbtaskresult",
)


def queries() -> list[str]:
    """Places of patients as the page is asked of them."""
    with connection.cursor() as cursor:
        cursor.execute('SELECT id, "group", km FROM bench_need ORDER BY id')
        rows = cursor.fetchall()
    connection.close()
    return [
        urlencode(
            {
                "commune": f"Lieu {key} ({key:05})",
                "profession": group,
                "delai": 48,
                "km": min(RADII, key=lambda one: abs(one - km)),
            }
        )
        for key, group, km in rows
    ]


def search(limit: int) -> str:
    """The statement of a search, its parameters read from the table of needs."""
    sql, _ = statement(A_NEED)
    named = {
        "group": ":grp",
        "since": "now()",
        "until": "now() + interval '48 hours'",
        "modes": ALL_MODES,
        "others": ALL_KINDS & ~int(Kind.CPTS),
        "latitude": ":lat",
        "longitude": ":lon",
        "high": 12365.44,
        "wide": ":wide",
        "square": "(:km::int * :km::int)",
        "limit": limit,
        "cells": ":cells",
    }
    return f"{NEED}{' '.join(sql.split()) % named};\n"


def rows_of_a_booking(url: str) -> dict[str, dict[str, str | None]]:
    """One row of each table that a booking writes, as it was written."""
    found = {}
    with psycopg.connect(url) as wire:
        for table in TABLES:
            cursor = wire.execute(f"SELECT * FROM {table} ORDER BY 1 DESC LIMIT 1")
            names = [one.name for one in cursor.description or ()]
            text = ", ".join(f'"{name}"::text' for name in names)
            row = wire.execute(f"SELECT {text} FROM {table} ORDER BY 1 DESC LIMIT 1").fetchone()
            assert row, f"{table}: nothing was booked"
            found[table] = dict(zip(names, row, strict=True))
    return found


def booking(url: str, rows: dict[str, dict[str, str | None]]) -> str:
    """The same rows in one transaction: the slot by a conditional update, then one INSERT a table."""
    with psycopg.connect(url, autocommit=True) as wire:
        wire.execute("CREATE SEQUENCE bench_next")
        wire.execute(
            "CREATE TABLE bench_free AS "
            "SELECT row_number() OVER (ORDER BY uuid) AS n, id, effector_id, starts_at, ends_at "
            "FROM unscheduled_care_slot WHERE status = 'free' AND starts_at > now() + interval '2 hours'"
        )
        wire.execute("ALTER TABLE bench_free ADD PRIMARY KEY (n)")
        wire.execute("VACUUM ANALYZE bench_free")
    return f"""SELECT nextval('bench_next') AS n \\gset
SELECT id AS slot, effector_id AS owner, starts_at AS starts, ends_at AS ends FROM bench_free WHERE n = :n \\gset
BEGIN;
{_written(rows)}COMMIT;
"""


def journey(rows: dict[str, dict[str, str | None]]) -> str:
    """A search, then one of its first five slots booked, when nobody took it meanwhile."""
    found = search(100).removeprefix(NEED).rstrip(";\n")
    return f"""\\set k random(0, 4)
{NEED}SELECT coalesce(max(id), 0) AS slot, coalesce(max(effector_id), 0) AS owner, max(starts_at) AS starts,
max(starts_at) + interval '20 minutes' AS ends FROM (SELECT * FROM ({found}) AS found OFFSET :k LIMIT 1) AS one \\gset
BEGIN;
SELECT coalesce((SELECT 1 FROM unscheduled_care_slot WHERE id = :slot AND status = 'free' FOR UPDATE), 0) AS free \\gset
\\if :free
{_written(rows)}\\endif
COMMIT;
"""


def booked(url: str) -> int:
    with psycopg.connect(url) as wire:
        row = wire.execute("SELECT count(*) FROM unscheduled_care_appointment").fetchone()
    return int(row[0]) if row else 0


def _written(rows: dict[str, dict[str, str | None]]) -> str:
    """The slot by a conditional update, then one INSERT a table."""
    inserts = "\n".join(_insert(table, row) for table, row in rows.items())
    return f"""UPDATE unscheduled_care_slot SET status = 'busy' WHERE id = :slot AND status = 'free' AND NOT is_masked;
{inserts}
"""


def _insert(table: str, row: dict[str, str | None]) -> str:
    """Keys anew, the rest as it was."""
    anew = {
        "uuid": "gen_random_uuid()",
        "slot_id": ":slot",
        "effector_id": ":owner",
        "starts_at": ":starts",
        "ends_at": ":ends",
        "booked_at": "now()",
        "code": "'00000000'",
    }
    if table == "sas_sasmessage":
        anew |= {"appointment_id": "lastval_appointment", "number": "0"}
    if table == "django_tasks_database_dbtaskresult":
        anew["id"] = "gen_random_uuid()"
    kept = {name: value for name, value in row.items() if name != "id" or name in anew}
    values = [anew.get(name, _literal(value)) for name, value in kept.items()]
    columns = ", ".join(f'"{name}"' for name in kept)
    text = f"INSERT INTO {table} ({columns}) VALUES ({', '.join(values)});"
    return text.replace("lastval_appointment", "currval(pg_get_serial_sequence('unscheduled_care_appointment', 'id'))")


def _literal(value: str | None) -> str:
    """Without a colon, which pgbench would read as one of its variables."""
    if value is None:
        return "NULL"
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
    return f"E'{escaped}'"
