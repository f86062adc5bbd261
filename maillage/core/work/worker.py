"""The worker: threads of its own for each lane, so that mail never waits behind a calendar.

One look at the queue wakes the lanes that have work; a lane without work holds no connection. Nothing ends a lane but
the end of the worker: what breaks it is logged, and it starts again after a growing pause.
"""

import logging
import threading
import time
from collections.abc import Mapping

from django.db import connection, connections
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker as TaskLoop
from django_tasks_db.models import DBTaskResult

from maillage.core.work import jobs
from maillage.core.work.outages import FIRST_PAUSE_SECONDS, is_outage, longer, one_line

logger = logging.getLogger(__name__)
LOOK_EVERY_SECONDS, WATCH_EVERY_SECONDS = 0.5, 30.0
STOP_SECONDS = 25.0  # what a job that runs is given to end; systemd kills after ninety


class Lane(threading.Thread):
    """Runs what waits in one lane, one job at a time, whenever it is woken."""

    def __init__(self, lane: str, number: int) -> None:
        super().__init__(name=f"{lane}-{number}", daemon=True)
        self.lane = lane
        self.awake, self.stopping = threading.Event(), threading.Event()
        self.loop: TaskLoop | None = None
        self.is_hurt = False

    def run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            self.awake.wait()
            self.awake.clear()
            if self.stopping.is_set():
                return
            if self._drained():
                pause = FIRST_PAUSE_SECONDS
            else:
                self.stopping.wait(pause)
                pause = longer(pause)
                self.awake.set()

    def _drained(self) -> bool:
        """Run all that waits. False when it could not be: the lane is hurt, and begins by what it left."""
        try:
            if self.is_hurt:
                jobs.take_back_from(jobs.this_worker())
                self.is_hurt = False
            self._drain()
        except Exception as error:  # a lane outlives whatever breaks it: the database above all
            self.is_hurt = True
            if is_outage(error):
                logger.warning("lane %s stopped by the database, and starts again: %s", self.name, one_line(error))
            else:
                logger.exception("lane %s broke, and starts again", self.name)
            return False
        finally:
            connections.close_all()
        return True

    def _drain(self) -> None:
        self.loop = TaskLoop(
            queue_names=[self.lane],
            excluded_queue_names=[],
            interval=LOOK_EVERY_SECONDS,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
        )
        self.loop.running = not self.stopping.is_set()
        self.loop.run()

    def stop(self) -> None:
        """End after the job that runs, if there is one."""
        self.stopping.set()
        if self.loop:
            self.loop.running = False
        self.awake.set()


class Worker:
    """All the lanes of one process, and the watch over work that others left."""

    def __init__(self, lanes: Mapping[str, int]) -> None:
        self.lanes = [Lane(lane, number) for lane, threads in lanes.items() for number in range(1, threads + 1)]
        self.names = list(lanes)
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        threads = [*self.lanes, threading.Thread(target=self._keep_watch, name="watch", daemon=True)]
        for thread in threads:
            thread.start()
        logger.info("worker started, lanes %s", ", ".join(self.names))
        pause = LOOK_EVERY_SECONDS
        while not self.stopping.wait(pause):
            pause = LOOK_EVERY_SECONDS if self._woken() else longer(pause)
        self._end()

    def stop(self) -> None:
        self.stopping.set()

    def _woken(self) -> bool:
        """Wake the lanes that have work. False when the database does not answer."""
        try:
            ready = DBTaskResult.objects.ready().filter(queue_name__in=self.names).order_by()
            waiting = set(ready.values_list("queue_name", flat=True).distinct())
            connection.close_if_unusable_or_obsolete()
        except Exception as error:
            if not is_outage(error):
                raise
            logger.warning("the queue cannot be read: %s", one_line(error))
            connection.close()
            return False
        for lane in self.lanes:
            if lane.lane in waiting:
                lane.awake.set()
        return True

    def _keep_watch(self) -> None:
        """Take back work whose process is gone, and ask for the work of the day."""
        while True:
            try:
                jobs.rescue(timezone.now())
                jobs.enqueue_daily(timezone.now())
            except Exception as error:  # the next round finds the database back
                if is_outage(error):
                    logger.warning("the watch over background work missed a round: %s", one_line(error))
                else:
                    logger.exception("the watch over background work missed a round")
            connection.close()
            if self.stopping.wait(WATCH_EVERY_SECONDS):
                return

    def _end(self) -> None:
        for lane in self.lanes:
            lane.stop()
        deadline = time.monotonic() + STOP_SECONDS
        for lane in self.lanes:
            lane.join(max(deadline - time.monotonic(), 0))
        connection.close()
