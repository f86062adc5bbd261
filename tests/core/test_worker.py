"""The worker as it runs: lanes that do not wait for each other; locks, full disks, restarts outlived; nothing lost."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from maillage.core.letters import Letter
from maillage.core.models import Job, JobState
from maillage.core.work import jobs, outages
from maillage.core.work.worker import Worker
from maillage.exchange.actions import write_mail
from maillage.exchange.models import OutgoingMail

pytestmark = pytest.mark.django_db(transaction=True)
LANES = {"default": 1, "mail": 1, "calendars": 2}
PATIENCE = 40  # seconds that a loaded machine may take
RELEASED = threading.Event()
HEAVY = "x" * 2**20


@jobs.job("test.stuck", lane="calendars")
def stuck(arguments, progress):
    RELEASED.wait(PATIENCE)
    return "Enfin."


@jobs.job("test.letter", lane="mail")
def letter(arguments, progress):
    return "Parti."


@jobs.job("test.slow")
def slow(arguments, progress):
    """Reads and writes for a while: an outage falls in its middle."""
    for step in range(4):
        progress("pas", step, 4)
        assert Job.objects.count()
        time.sleep(0.05)
    return "Fait."


@jobs.job("test.heavy")
def heavy(arguments, progress):
    Job.objects.filter(pk=arguments["row"]).update(arguments={"text": HEAVY})
    return "Fait."


@jobs.job("test.broken", attempts=2)
def broken(arguments, progress):
    raise ValueError


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(jobs, "INTERRUPTED_DELAY", timedelta(0))
    monkeypatch.setattr(jobs, "DAILY", {})
    monkeypatch.setattr(jobs, "LOST_AFTER", timedelta(seconds=1))
    monkeypatch.setattr("maillage.core.work.worker.WATCH_EVERY_SECONDS", 1.0)
    monkeypatch.setattr("maillage.core.work.worker.LOOK_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(outages, "LONGEST_PAUSE_SECONDS", 0.5)
    RELEASED.clear()


@contextmanager
def working(lanes=None):
    worker = Worker(lanes or LANES)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        RELEASED.set()
        worker.stop()
        thread.join(PATIENCE)
        connection.close()
    assert not any(lane.is_alive() for lane in worker.lanes)


def enqueue(kind, **arguments):
    return jobs.enqueue(kind, label="Essai", at=timezone.now(), **arguments)


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(f"never: {list(Job.objects.values_list('kind', 'state', 'message'))}")


def all_done(number):
    return Job.objects.filter(state=JobState.DONE).count() == number


def test_mail_never_waits_behind_a_calendar_nor_the_rest():
    for _ in range(5):
        enqueue("test.stuck")
    with working():
        until(lambda: Job.objects.filter(state=JobState.RUNNING).count() == 2)
        started = time.monotonic()
        for kind in ("test.letter", "test.slow", "test.letter"):
            enqueue(kind)
        until(lambda: all_done(3))
        assert time.monotonic() - started < PATIENCE / 2
        assert Job.objects.filter(kind="test.stuck", state=JobState.RUNNING).count() == 2


def test_a_lane_asked_to_stop_ends_the_job_that_runs_and_starts_no_other():
    for _ in range(4):
        enqueue("test.slow")
    with working({"default": 1}):
        until(lambda: Job.objects.filter(state=JobState.RUNNING).exists())
    states = list(Job.objects.values_list("state", flat=True))
    assert JobState.RUNNING not in states
    assert JobState.WAITING in states


def test_a_job_that_breaks_does_not_break_its_lane():
    enqueue("test.broken")
    enqueue("test.slow")
    with working({"default": 1}):
        until(lambda: all_done(1))


only_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own")
only_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's own")


@only_sqlite
def test_a_lock_that_lasts_is_outlived(monkeypatch, caplog):
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.1)
    for _ in range(6):
        enqueue("test.slow")
    connection.close()
    holder = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=20)
    with caplog.at_level("WARNING"), working():
        for _ in range(3):
            holder.execute("BEGIN IMMEDIATE")
            time.sleep(0.7)
            holder.execute("COMMIT")
            time.sleep(0.1)
        until(lambda: all_done(6))
    holder.close()
    assert "database is locked" in caplog.text
    assert set(Job.objects.values_list("attempts", flat=True)) == {1}


@only_sqlite
def test_a_full_disk_is_outlived(monkeypatch, caplog):
    connection.cursor().execute("VACUUM")  # pages freed by other tests would take what is written
    pages = connection.cursor().execute("PRAGMA page_count").fetchone()[0]
    options = connections.settings["default"]["OPTIONS"]
    full = f"{options['init_command']} PRAGMA max_page_count={pages + 40};"
    monkeypatch.setitem(options, "init_command", full)
    row = enqueue("test.slow")
    enqueue("test.heavy", row=row.pk)
    connection.close()
    with caplog.at_level("WARNING"), working({"default": 1}):
        until(lambda: "full" in caplog.text)
        monkeypatch.setitem(options, "init_command", full.partition(" PRAGMA max_page_count")[0])
        connection.close()
        until(lambda: all_done(2))
    assert Job.objects.get(kind="test.heavy").interruptions >= 1


def administrator():
    """A connection to another database of the same server."""
    settings = connection.settings_dict
    return psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"] or 5432,
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    )


END_ALL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


@only_postgresql
def test_a_restart_of_the_database_is_outlived(caplog):
    """Every connection ended, again and again, then nobody let in for two seconds: what a restart looks like."""
    name = connection.settings_dict["NAME"]
    for number in range(8):
        enqueue("test.slow" if number % 2 else "test.letter")
    connection.close()
    with caplog.at_level("WARNING"), administrator() as other, working():
        for _ in range(6):
            other.execute(END_ALL, [name])
            time.sleep(0.15)
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            other.execute(END_ALL, [name])
            time.sleep(2)
        finally:
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        connection.close()
        until(lambda: all_done(8))
    assert "not currently accepting connections" in caplog.text


@only_postgresql
def test_a_job_cut_in_its_middle_runs_again_and_loses_no_attempt():
    row = enqueue("test.slow")
    name = connection.settings_dict["NAME"]
    with administrator() as other, working({"default": 1}):
        until(lambda: Job.objects.filter(state=JobState.RUNNING).exists())
        connection.close()
        other.execute(END_ALL, [name])
        until(lambda: all_done(1))
    row.refresh_from_db()
    assert row.attempts == 1


def test_the_process_runs_every_lane_and_ends_when_it_is_asked_to(tmp_path):
    """The real command, on the database of the tests: mail goes, SIGTERM ends it without a failure."""
    mail = write_mail(recipient="a@exemple.invalid", letter=Letter.plain("Essai", "Bonjour"), at=timezone.now())
    database = connection.settings_dict
    url = (
        f"sqlite:///{database['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    connection.close()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_worker"], env=environment | {"VAR_DIR": str(tmp_path)}
    )
    try:
        until(lambda: OutgoingMail.objects.filter(pk=mail.pk, state="sent").exists())
        until(lambda: not Job.objects.filter(state=JobState.RUNNING).exists())
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(PATIENCE)
    assert code == 0


def test_a_lane_that_does_not_exist_is_said():
    with pytest.raises(CommandError, match="There are default, mail"):
        call_command("run_worker", lanes="poste")
