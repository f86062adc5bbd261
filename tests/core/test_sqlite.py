# ruff: noqa: S608  # tables and columns of our own schema
"""The embedded database: read by the bare engine, and written through to the disk by whoever writes."""

import re
import sqlite3
import threading
from contextlib import closing, suppress
from io import StringIO
from urllib.request import urlopen

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.backends.signals import connection_created

from maillage.core.work import jobs
from tests.factories import NOON
from tests.test_urls import arguments  # noqa: F401  # a row behind each address

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="the embedded database")
FULL = 2
NEVER_CHANGE = {"audit_auditevent": "audit", "records_snapshot": "snapshot"}  # and what is said then
LAST_SLOT = "(SELECT max(id) FROM unscheduled_care_slot)"


@pytest.fixture
def bare(tmp_path, transactional_db, arguments):  # noqa: F811
    """A populated instance copied by the documented command, opened with nothing of Django's."""
    copy = tmp_path / "copie.sqlite3"
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source:
        source.execute("VACUUM INTO ?", [str(copy)])
    with closing(sqlite3.connect(copy)) as database:
        yield database


def tables(database):
    rows = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return dict(rows.fetchall())


def test_the_bare_engine_checks_dumps_and_indexes_the_whole_file(bare):
    assert bare.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert bare.execute("PRAGMA foreign_key_check").fetchall() == []
    bare.execute("REINDEX")
    with closing(sqlite3.connect(":memory:")) as loaded:
        loaded.executescript("".join(bare.iterdump()))
        counted = [f'SELECT count(*) FROM "{table}"' for table in tables(bare)]
        assert [loaded.execute(sql).fetchone() for sql in counted] == [bare.execute(sql).fetchone() for sql in counted]


def test_the_bare_engine_evaluates_every_constraint_and_trigger(bare):
    """A statement is refused when it is prepared if its table calls a function that the engine has not."""
    checked, rows = 0, 0
    for table, sql in tables(bare).items():
        checked += sql.count("CHECK")
        columns = ", ".join(f'"{row[1]}" = "{row[1]}"' for row in bare.execute(f'PRAGMA table_info("{table}")'))
        with suppress(sqlite3.IntegrityError):  # a row without values; an unknown function is an OperationalError
            bare.execute(f'INSERT INTO "{table}" DEFAULT VALUES')
        if table not in NEVER_CHANGE:
            rows += bare.execute(f'UPDATE "{table}" SET {columns}').rowcount
    assert checked > 50
    assert rows > 1000
    for table, words in NEVER_CHANGE.items():
        with pytest.raises(sqlite3.IntegrityError, match=words):
            bare.execute(f"UPDATE {table} SET id = id")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("ends_at = datetime(starts_at, '+1 day') || '.001'", "slot_lasts_a_day_at_most"),
        ("ends_at = starts_at", "slot_ends_after_it_starts"),
        ("starts_at = datetime(starts_at, '-1 hours')", "slot_never_overlaps"),
    ],
)
def test_the_bare_engine_refuses_what_the_product_refuses(bare, change, name):
    with pytest.raises(sqlite3.IntegrityError, match=name):
        bare.execute(f"UPDATE unscheduled_care_slot SET {change} WHERE id = {LAST_SLOT}")


def test_a_slot_of_a_whole_day_is_accepted_to_the_millisecond(bare):
    change = "starts_at = '2027-01-01 10:00:00.250000', ends_at = '2027-01-02 10:00:00.250000'"
    assert bare.execute(f"UPDATE unscheduled_care_slot SET {change} WHERE id = {LAST_SLOT}").rowcount == 1


def test_no_statement_of_the_schema_names_a_function_of_django(bare):
    written = " ".join(sql for (sql,) in bare.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    assert not re.search(r"django_\w+\s*\(|\bREGEXP\b|\bBITXOR\b|\bMD5\s*\(|\bSHA\d+\s*\(", written, re.IGNORECASE)


@jobs.job("test.pragma")
def pragma(_, progress):
    with connection.cursor() as cursor:
        return str(cursor.execute("PRAGMA synchronous").fetchone()[0])


@pytest.fixture
def opened():
    """What each connection says of itself once it is open: thread -> PRAGMA synchronous."""
    levels = {}

    def note(connection, **kwargs):
        levels[threading.current_thread().name] = connection.cursor().execute("PRAGMA synchronous").fetchone()[0]

    connection_created.connect(note)
    yield levels
    connection_created.disconnect(note)


@pytest.mark.django_db(transaction=True)
def test_the_web_writes_through_to_the_disk(live_server, opened):
    urlopen(f"{live_server.url}/mentions/").read()  # noqa: S310  # ours
    assert set(opened.values()) == {FULL}
    assert threading.current_thread().name not in opened


@pytest.mark.django_db(transaction=True)
def test_the_worker_writes_through_to_the_disk(opened):
    row = jobs.enqueue("test.pragma", label="Essai", at=NOON)
    connection.close()
    call_command("run_worker", batch=True, stdout=StringIO(), verbosity=0)
    row.refresh_from_db()
    assert (row.message, set(opened.values())) == (str(FULL), {FULL})
