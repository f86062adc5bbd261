"""The same instance on SQLite: the rows of a PostgreSQL database copied into a file, then the same requests to both.

`make bench-sqlite DATABASE_URL=postgres://…`, naming a database filled by slots_data. The file goes to .cache.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psycopg
from django.db import connection
from django.db.backends.sqlite3._functions import register

from benchmarks import slots, slots_sql
from benchmarks.load import PORT, PRODUCTION, Load, copied, server, wrk

FILE = Path(".cache/slots.sqlite3").absolute()
STORED = {
    "timestamp with time zone": "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
    "uuid": "replace({0}::text, '-', '')",
    "jsonb": "{0}::text",
    "boolean": "{0}::int",
    "date": "{0}::text",
    "numeric": "{0}::text",
    "bytea": "{0}",
}
PATH = "/regulation/creneaux.json"
BATCH = 20_000


def main() -> None:
    url = os.environ["DATABASE_URL"]
    session = slots.sign_in()
    connection.close()
    build(url)
    free, needs = slots.free_slots(60_000), slots.quoted(slots_sql.queries())
    search = slots.READING % (needs, PATH, session)
    book = slots.BOOKING % (slots.quoted(free), session, slots.TOKEN, slots.TOKEN, PORT, "")
    ours = measured(f"sqlite:///{FILE}", search, ""), booked_on_file(book)
    with copied(url, "bench_copy") as fresh:
        theirs = measured(fresh, search, ""), measured(fresh, "", book)
    print("| what, at 16 connections | SQLite | PostgreSQL | part of it | goal |\n|---|---|---|---|---|")
    for what, mine, other, goal in zip(("search, as JSON", "booking"), ours, theirs, ("≥ 1/2", "≥ 1/4"), strict=True):
        print(f"| {what} | {mine} | {other} | {mine.rate / other.rate:.2f} | {goal} |")


def measured(url: str, search: str, book: str) -> Load:
    with server(url):
        if search:
            return wrk(PATH, slots.CONNECTIONS, script=search)
        wrk("/regulation/", slots.CONNECTIONS, warm=3, seconds=1)
        return wrk("/", slots.CONNECTIONS, script=book, warm=0)


def booked_on_file(book: str) -> Load:
    """On a copy: what is booked is not for the next run."""
    copy = FILE.with_name("slots-copy.sqlite3")
    shutil.copy(FILE, copy)
    try:
        return measured(f"sqlite:///{copy}", "", book)
    finally:
        for one in FILE.parent.glob("slots-copy.sqlite3*"):
            one.unlink()


def build(url: str) -> None:
    """Tables made by the migrations, rows copied, then indexes and triggers made again."""
    for one in FILE.parent.glob(f"{FILE.name}*"):
        one.unlink()
    settings = {**os.environ, **PRODUCTION, "DATABASE_URL": f"sqlite:///{FILE}"}
    for command in ("migrate", "createcachetable"):
        subprocess.run([sys.executable, "manage.py", command, "-v0"], env=settings, check=True)
    started = time.perf_counter()
    with psycopg.connect(url) as theirs, sqlite3.connect(FILE) as ours:
        register(ours)  # what our checks and triggers call
        ours.execute("PRAGMA foreign_keys = OFF")
        ours.execute("PRAGMA synchronous = OFF")
        made = ours.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
        ).fetchall()
        for kind, name, _ in made:
            ours.execute(f'DROP {kind} "{name}"')
        for (table,) in ours.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            copy(table, theirs, ours)
        for _, _, sql in made:
            ours.execute(sql)
        ours.execute("ANALYZE")
    print(f"{FILE.stat().st_size / 2**20:.0f} MiB in {time.perf_counter() - started:.0f} s", flush=True)


def copy(table: str, theirs: psycopg.Connection, ours: sqlite3.Connection) -> None:
    """Every row, each value as Django keeps it on SQLite."""
    columns = theirs.execute(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position",
        [table],
    ).fetchall()
    if not columns:
        return
    read = ", ".join(STORED.get(kind, "{0}").format(f'"{name}"') for name, kind in columns)
    names, marks = ", ".join(f'"{name}"' for name, _ in columns), ", ".join("?" * len(columns))
    ours.execute(f'DELETE FROM "{table}"')
    with theirs.cursor(name="copied") as cursor:
        cursor.execute(f'SELECT {read} FROM "{table}"')
        while rows := cursor.fetchmany(BATCH):
            ours.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)


if __name__ == "__main__":
    main()
