"""Background work: in the transaction, once, retried, rescued when its process is killed."""

import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from maillage.core.errors import DomainError
from maillage.core.letters import Letter
from maillage.core.models import Job, JobState
from maillage.core.work import jobs
from tests.factories import NOON

RUNS: list[str] = []


@jobs.job("test.fine")
def fine(arguments, progress):
    progress("moitié", 1, 2)
    RUNS.append(arguments["name"])
    return "Fait."


@jobs.job("test.flaky", attempts=3)
def flaky(arguments, progress):
    RUNS.append("flaky")
    raise RuntimeError("network")


@jobs.job("test.refused", attempts=3)
def refused(arguments, progress):
    raise DomainError("Le fichier est vide.")


@pytest.fixture(autouse=True)
def forget():
    RUNS.clear()


def run(row):
    jobs.run_job.call(str(row.uuid))
    row.refresh_from_db()
    return row


def test_a_job_runs_once_whoever_calls_it_again(db):
    row = run(jobs.enqueue("test.fine", label="Essai", at=NOON, name="a"))
    run(row)
    assert (RUNS, row.state, row.message) == (["a"], JobState.DONE, "Fait.")


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_leaves_no_job_behind():
    with transaction.atomic():
        jobs.enqueue("test.fine", label="Essai", at=NOON, name="a")
        transaction.set_rollback(True)
    assert (Job.objects.count(), DBTaskResult.objects.count()) == (0, 0)


def test_an_unexpected_error_is_tried_again_later_then_given_up(db):
    row = run(jobs.enqueue("test.flaky", label="Essai", at=NOON))
    assert (row.state, row.attempts) == (JobState.WAITING, 1)
    soon = (timezone.now(), timezone.now() + timedelta(hours=1))
    assert DBTaskResult.objects.filter(run_after__range=soon).count() == 1
    run(row)
    row = run(row)
    assert (row.state, row.attempts, len(RUNS)) == (JobState.FAILED, 3, 3)
    assert "inattendue" in row.message


def test_a_refusal_is_final_and_says_why(db):
    row = run(jobs.enqueue("test.refused", label="Essai", at=NOON))
    assert (row.state, row.attempts, row.message) == (JobState.FAILED, 1, "Le fichier est vide.")


def test_a_job_of_a_dead_process_is_taken_back_at_once(db):
    row = jobs.enqueue("test.flaky", label="Essai", at=NOON)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    worker = jobs.this_worker().replace(str(os.getpid()), str(gone.pid))
    Job.objects.update(state=JobState.RUNNING, started_at=timezone.now(), worker=worker, attempts=1)
    assert jobs.rescue(timezone.now()) == [row.uuid]
    row.refresh_from_db()
    assert row.state == JobState.WAITING


def test_the_end_of_a_process_is_no_attempt_but_not_for_ever(db, monkeypatch):
    row = jobs.enqueue("test.fine", label="Essai", at=NOON, name="a")  # tried once only
    monkeypatch.setattr(jobs, "is_dead", lambda _: True)
    monkeypatch.setattr(jobs, "MOST_INTERRUPTIONS", 2)
    states = []
    for _ in range(3):
        Job.objects.update(state=JobState.RUNNING, started_at=timezone.now(), worker="x:1", attempts=1)
        jobs.rescue(timezone.now())
        row.refresh_from_db()
        states.append((row.state, row.attempts))
    assert states == [(JobState.WAITING, 0), (JobState.WAITING, 0), (JobState.FAILED, 1)]


def test_a_task_claimed_by_a_process_that_died_gives_its_job_back(db):
    row = jobs.enqueue("test.fine", label="Essai", at=NOON, name="a")
    later = NOON + timedelta(minutes=3)
    DBTaskResult.objects.update(status="RUNNING", started_at=later - timedelta(seconds=5))
    assert jobs.rescue(later) == []
    DBTaskResult.objects.update(started_at=NOON)
    assert jobs.rescue(later) == [row.uuid]
    assert jobs.rescue(later) == []


def test_each_kind_waits_in_its_lane(db):
    from maillage.exchange.actions import write_mail  # noqa: PLC0415

    jobs.enqueue("test.fine", label="Essai", at=NOON, name="a")
    write_mail(recipient="a@exemple.invalid", letter=Letter.plain("Essai", "Bonjour"), at=NOON)
    jobs.enqueue("unscheduled_care.calendars", label="Agendas", at=NOON)
    assert sorted(DBTaskResult.objects.values_list("queue_name", flat=True)) == ["calendars", "default", "mail"]


def test_a_job_of_a_living_process_is_left_until_its_limit(db):
    jobs.enqueue("test.flaky", label="Essai", at=NOON)
    Job.objects.update(state=JobState.RUNNING, started_at=NOON, worker=jobs.this_worker(), attempts=1)
    assert jobs.rescue(NOON + timedelta(minutes=14)) == []
    assert len(jobs.rescue(NOON + timedelta(minutes=16))) == 1


def test_a_waiting_job_that_lost_its_place_in_the_queue_gets_it_back(db):
    row = jobs.enqueue("test.fine", label="Essai", at=NOON, name="a")
    later = NOON + timedelta(minutes=3)
    assert jobs.rescue(later) == []
    DBTaskResult.objects.update(status="FAILED")
    assert jobs.rescue(later) == [row.uuid]
    assert jobs.rescue(later) == []


def test_a_kind_that_a_release_removed_is_given_up_and_the_worker_lives_on(db):
    Job.objects.create(kind="gone", label="Essai", state=JobState.RUNNING, started_at=NOON, created_at=NOON, attempts=1)
    jobs.rescue(NOON)
    assert Job.objects.get().state == JobState.FAILED


def test_a_run_already_taken_back_no_longer_writes(db):
    row = jobs.enqueue("test.flaky", label="Essai", at=NOON)
    Job.objects.update(state=JobState.RUNNING, started_at=NOON, worker="ailleurs:1", attempts=1)
    late = Job.objects.get()
    assert jobs.rescue(NOON + timedelta(hours=1)) == [row.uuid]
    assert jobs._retry_or_give_up(late, "Trop tard.") is False
    assert not jobs._end(late, JobState.DONE, "Trop tard.")
    assert Job.objects.get().state == JobState.WAITING


@pytest.mark.django_db(transaction=True)
def test_the_real_worker_runs_what_waits_even_after_being_killed(monkeypatch):
    """A worker is killed in the middle of a job; the next one takes it back and ends it."""
    from maillage.exchange.actions import write_mail  # noqa: PLC0415

    mail = write_mail(recipient="a@exemple.invalid", letter=Letter.plain("Essai", "Bonjour"), at=timezone.now())
    row = Job.objects.get()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    worker = jobs.this_worker().replace(str(os.getpid()), str(gone.pid))
    DBTaskResult.objects.all().delete()  # its task was claimed by the dead worker, and will not be claimed again
    Job.objects.update(state=JobState.RUNNING, started_at=timezone.now(), worker=worker, attempts=1)

    database = connection.settings_dict
    url = (
        f"sqlite:///{database['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    command = [sys.executable, "manage.py", "run_worker", "--batch"]
    monkeypatch.setattr(jobs, "INTERRUPTED_DELAY", timedelta(0))
    jobs.rescue(timezone.now())
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
        row.refresh_from_db()
        if row.is_over:
            break
    mail.refresh_from_db()
    assert (row.state, mail.state) == (JobState.DONE, "sent")
