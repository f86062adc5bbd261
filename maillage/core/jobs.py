"""Background work on the application's own database: enqueued in the transaction, retried, rescued.

django-tasks holds the queue, the claim and the worker loop. Added here: progress, retry with a growing
delay, and the rescue of work whose process died. A job may run twice: what it calls must bear it.
"""

import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_tasks import task

from maillage.core.errors import DomainError
from maillage.core.models import Job, JobState

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
Work = Callable[[dict[str, Any], Progress], str]


@dataclass(frozen=True)
class Kind:
    """A kind of work: what it calls, how often it is tried, how long one run may take."""

    work: Work
    attempts: int
    limit: timedelta


KINDS: dict[str, Kind] = {}
DAILY: dict[str, str] = {}
RETRY_DELAYS = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))


def job(kind: str, *, attempts: int = 1, limit: timedelta = timedelta(minutes=15)) -> Callable[[Work], Work]:
    """Register a function as a kind of work. It returns the sentence shown at the end."""

    def register(work: Work) -> Work:
        KINDS[kind] = Kind(work, attempts, limit)
        return work

    return register


def daily(kind: str, label: str) -> None:
    """Have a registered kind of work done once a day, by whichever worker sees the day first."""
    assert kind in KINDS, kind
    DAILY[kind] = label


@transaction.atomic
def enqueue(
    kind: str, *, label: str, at: datetime, owner_id: int | None = None, due_on: date | None = None, **arguments: Any
) -> Job:
    """Ask for work, in the caller's transaction: rolled back together, never lost, never early."""
    assert kind in KINDS, kind
    row = Job.objects.create(
        kind=kind, label=label, arguments=arguments, owner_id=owner_id, due_on=due_on, created_at=at
    )
    run_job.enqueue(str(row.uuid))
    return row


def enqueue_daily(at: datetime) -> list[Job]:
    """The daily work of today that nobody has asked for yet."""
    today = timezone.localdate(at)
    done = set(Job.objects.filter(due_on=today).values_list("kind", flat=True))
    made = []
    for kind, label in DAILY.items():
        if kind not in done:
            with suppress(IntegrityError):  # another worker was faster
                made.append(enqueue(kind, label=label, at=at, due_on=today))
    return made


@task()
def run_job(job_uuid: str) -> None:
    """Run one job once. A second call while it runs, or after, does nothing."""
    started = Job.objects.filter(uuid=job_uuid, state=JobState.WAITING).update(
        state=JobState.RUNNING, started_at=timezone.now(), worker=this_worker()
    )
    if not started:
        return
    row = Job.objects.get(uuid=job_uuid)
    Job.objects.filter(pk=row.pk).update(attempts=row.attempts + 1)
    try:
        message = KINDS[row.kind].work(row.arguments, _progress_of(row))
    except DomainError as error:
        _finish(row, JobState.FAILED, error.user_message)
    except Exception:  # the worker must outlive any job; the trace goes to the log, a plain word to the screen
        logger.exception("job %s (%s) failed", row.uuid, row.kind)
        _retry_or_fail(row, row.attempts + 1, "Le travail s’est interrompu sur une erreur inattendue.")
    else:
        _finish(row, JobState.DONE, message)


def _progress_of(row: Job) -> Progress:
    def progress(message: str, done: int, total: int) -> None:
        # Inside a transaction nobody would see it, and SQLite has one writer.
        if not connection.in_atomic_block:
            Job.objects.filter(pk=row.pk).update(message=message, done=done, total=total)

    return progress


def _finish(row: Job, state: JobState, message: str) -> None:
    Job.objects.filter(pk=row.pk).update(state=state, message=message[:500], finished_at=timezone.now())


@transaction.atomic
def _retry_or_fail(row: Job, attempts: int, message: str) -> None:
    if attempts >= KINDS[row.kind].attempts:
        _finish(row, JobState.FAILED, message)
        return
    delay = RETRY_DELAYS[min(attempts, len(RETRY_DELAYS)) - 1]
    Job.objects.filter(pk=row.pk).update(state=JobState.WAITING, message=f"{message} Nouvel essai prévu.")
    run_job.using(run_after=timezone.now() + delay).enqueue(str(row.uuid))


def rescue(at: datetime) -> list[UUID]:
    """Take back jobs whose process is gone, or that overran their limit. Returns those taken back."""
    rescued = []
    for row in Job.objects.filter(state=JobState.RUNNING):
        assert row.started_at
        if not _is_dead(row.worker) and row.started_at + KINDS[row.kind].limit > at:
            continue
        with transaction.atomic():
            # Conditional: two rescuers may look at the same row.
            if Job.objects.filter(pk=row.pk, state=JobState.RUNNING, started_at=row.started_at).update(worker=""):
                _retry_or_fail(row, row.attempts, "Le travail a été interrompu.")
                rescued.append(row.uuid)
    return rescued


def this_worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _is_dead(worker: str) -> bool:
    """True only when the process ran on this machine and is gone."""
    host, _, pid = worker.rpartition(":")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
