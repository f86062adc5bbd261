"""Background work on the application's own database: enqueued in the transaction, retried, rescued.

django-tasks holds the queue, the claim and the worker loop. Added here: lanes, progress, retry with a growing
delay, and the rescue of work that an outage or the end of a process cut short. A job may run twice: what it calls
must bear it.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from maillage.core.errors import DomainError
from maillage.core.models import Job, JobState
from maillage.core.sql.rows import insert
from maillage.core.work.outages import is_outage, one_line, outlive

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
Work = Callable[[dict[str, Any], Progress], "str | Outcome"]
OnFailure = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Outcome:
    """The sentence shown at the end, and the address where the result is seen."""

    message: str
    link: str


@dataclass(frozen=True)
class Kind:
    """A kind of work: what it calls, how often it is tried, how long one run may take, what follows giving up, and
    the lane it waits in."""

    work: Work
    attempts: int
    limit: timedelta
    on_failure: OnFailure | None = None
    lane: str = "default"


@dataclass(frozen=True)
class Daily:
    """Work of each day, when there is reason to do it."""

    label: str
    is_due: Callable[[], bool]


KINDS: dict[str, Kind] = {}
DAILY: dict[str, Daily] = {}
LOST_AFTER = timedelta(minutes=2)
INTERRUPTED_DELAY = timedelta(seconds=5)
MOST_INTERRUPTIONS = 20  # outages and ends of processes that do not count as attempts
RETRY_DELAYS = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))


def job(
    kind: str,
    *,
    attempts: int = 1,
    limit: timedelta = timedelta(minutes=15),
    on_failure: OnFailure | None = None,
    lane: str = "default",
) -> Callable[[Work], Work]:
    """Register a function as a kind of work. It returns the sentence shown at the end, or an Outcome.

    Work that waits for the outside, or for long, takes a lane of its own (settings.WORKER_LANES).
    """
    assert lane in settings.WORKER_LANES, lane

    def register(work: Work) -> Work:
        KINDS[kind] = Kind(work, attempts, limit, on_failure, lane)
        return work

    return register


def daily(kind: str, label: str, is_due: Callable[[], bool] = lambda: True) -> None:
    """Have a registered kind of work done once a day, by whichever worker sees the day first."""
    assert kind in KINDS, kind
    DAILY[kind] = Daily(label, is_due)


def enqueue(
    kind: str,
    *,
    label: str,
    at: datetime,
    owner_id: int | None = None,
    due_on: date | None = None,
    not_before: datetime | None = None,
    link: str = "",
    **arguments: Any,
) -> Job:
    """Ask for work, in the caller's transaction: rolled back together, never lost, never early.

    `link`: where whoever asked goes on from, until the work says better.
    """
    assert kind in KINDS, kind
    with transaction.atomic(savepoint=due_on is not None):  # only the work of a day may exist already
        row = insert(
            Job(kind=kind, label=label, arguments=arguments, owner_id=owner_id, due_on=due_on, created_at=at, link=link)
        )
        _queue(row, not_before)
    return row


def _queue(row: Job, not_before: datetime | None = None) -> None:
    """Give a job its place in the lane of its kind."""
    kind = KINDS.get(row.kind)
    run_job.using(queue_name=kind.lane if kind else "default", run_after=not_before).enqueue(str(row.uuid))


def enqueue_daily(at: datetime) -> list[Job]:
    """The daily work of today that nobody has asked for yet."""
    today = timezone.localdate(at)
    done = set(Job.objects.filter(due_on=today).values_list("kind", flat=True))
    made = []
    for kind, work in DAILY.items():
        if kind not in done and work.is_due():
            with suppress(IntegrityError):  # another worker was faster
                made.append(enqueue(kind, label=work.label, at=at, due_on=today))
    return made


@task()
def run_job(job_uuid: str) -> None:
    """Run one job once. A second call while it runs, or after, does nothing."""
    row = outlive(partial(_claimed, job_uuid, timezone.now()))
    if row is None:
        return
    try:
        result = KINDS[row.kind].work(row.arguments, _progress_of(row))
    except DomainError as error:
        outlive(partial(_give_up, row, error.user_message))
    except Exception as error:  # the worker must outlive any job; the trace goes to the log, a plain word to the screen
        if is_outage(error):
            logger.warning("job %s (%s) interrupted: %s", row.uuid, row.kind, one_line(error))
            connection.close_if_unusable_or_obsolete()
            outlive(partial(_ask_again, row, "Interrompu par une panne."))
        else:
            logger.exception("job %s (%s) failed", row.uuid, row.kind)
            outlive(partial(_retry_or_give_up, row, "Le travail s’est interrompu sur une erreur inattendue."))
    else:
        outlive(partial(_done, row, result))


def _claimed(job_uuid: str, at: datetime) -> Job | None:
    """The job, this run's; None when it runs already, or is over. Called again after an outage, it finds its own."""
    mine = {"state": JobState.RUNNING, "started_at": at, "worker": this_worker()}
    Job.objects.filter(uuid=job_uuid, state=JobState.WAITING).update(**mine, attempts=F("attempts") + 1)
    return Job.objects.filter(uuid=job_uuid, **mine).first()


def _this_run(row: Job) -> QuerySet[Job]:
    """The row, as long as it is still this run's: one taken back by a rescue belongs to the next."""
    return Job.objects.filter(
        pk=row.pk, state=JobState.RUNNING, attempts=row.attempts, worker=row.worker, started_at=row.started_at
    )


def _progress_of(row: Job) -> Progress:
    def progress(message: str, done: int, total: int) -> None:
        # Inside a transaction nobody would see it, and SQLite has one writer.
        if not connection.in_atomic_block:
            try:
                _this_run(row).update(message=message, done=done, total=total)
            except OperationalError as error:  # a lock is no reason to lose hours of work
                logger.warning("progress of job %s not written: %s", row.uuid, one_line(error))

    return progress


def _end(row: Job, state: JobState, message: str) -> bool:
    return bool(_this_run(row).update(state=state, message=message[:500], finished_at=timezone.now()))


def _done(row: Job, result: str | Outcome) -> bool:
    outcome = result if isinstance(result, Outcome) else Outcome(result, row.link)
    if outcome.link != row.link:
        _this_run(row).update(link=outcome.link)
    return _end(row, JobState.DONE, outcome.message)


@transaction.atomic
def _give_up(row: Job, message: str) -> bool:
    kind = KINDS.get(row.kind)
    ended = _end(row, JobState.FAILED, message)
    if ended and kind and kind.on_failure:
        kind.on_failure(row.arguments)
    return ended


@transaction.atomic
def _retry_or_give_up(row: Job, message: str) -> bool:
    """Ask again after a growing delay, or give up. False when the row is no longer this run's."""
    kind = KINDS.get(row.kind)
    if kind is None or row.attempts >= kind.attempts:
        return _give_up(row, message)
    if not _this_run(row).update(state=JobState.WAITING, message=f"{message} Nouvel essai prévu."):
        return False
    _queue(row, timezone.now() + RETRY_DELAYS[min(row.attempts, len(RETRY_DELAYS)) - 1])
    return True


@transaction.atomic
def _ask_again(row: Job, message: str) -> bool:
    """Ask again for a run that something outside of it cut short: it is no attempt. False as above."""
    if row.kind not in KINDS or row.interruptions >= MOST_INTERRUPTIONS:
        return _retry_or_give_up(row, message)
    again = _this_run(row).update(
        state=JobState.WAITING,
        message=f"{message} Nouvel essai prévu.",
        attempts=F("attempts") - 1,
        interruptions=F("interruptions") + 1,
    )
    if again:
        _queue(row, timezone.now() + INTERRUPTED_DELAY)
    return bool(again)


def take_back_from(worker: str) -> None:
    """Ask again for what a worker began and no longer runs: it says so itself, after an outage."""
    for row in Job.objects.filter(state=JobState.RUNNING, worker=worker):
        _ask_again(row, "Interrompu par une panne.")


def rescue(at: datetime) -> list[UUID]:
    """Take back jobs whose process is gone, that overran their limit, or whose place in the queue was lost."""
    rescued = []
    for row in Job.objects.filter(state=JobState.RUNNING):
        assert row.started_at
        kind = KINDS.get(row.kind)
        overran = kind is None or row.started_at + kind.limit <= at
        if overran:
            taken = _retry_or_give_up(row, "Le travail a été interrompu.")
        else:
            taken = is_dead(row.worker) and _ask_again(row, "Le travail a été interrompu.")
        if taken:
            rescued.append(row.uuid)
    return rescued + _requeue_lost(at)


def _requeue_lost(at: datetime) -> list[UUID]:
    """Waiting jobs that no task of the queue will ever run: their task died between its claim and theirs."""
    waiting = Job.objects.filter(state=JobState.WAITING, created_at__lt=at - LOST_AFTER)
    if not waiting:
        return []
    # A task claims its job at once: one that runs for long while its job waits was claimed by a process that died.
    runs = Q(status="RUNNING", started_at__gte=at - LOST_AFTER)
    living = DBTaskResult.objects.filter(Q(status="READY") | runs, task_path=run_job.module_path)
    queued = {str(uuid) for task_ in living for uuid in task_.args_kwargs["args"]}
    lost = [row for row in waiting if str(row.uuid) not in queued]
    for row in lost:
        _queue(row)
    return [row.uuid for row in lost]


def this_worker() -> str:
    """Machine, process, and thread: a lane runs one job at a time."""
    return f"{socket.gethostname()}:{os.getpid()}/{threading.current_thread().name}"


def is_dead(worker: str) -> bool:
    """True only when the process ran on this machine and is gone."""
    host, _, rest = worker.rpartition(":")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(rest.partition("/")[0]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # alive, and somebody else's
        pass
    return False
