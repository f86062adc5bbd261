"""Run background work, take back what a stopped process left unfinished, and ask for the work of the day."""

import signal
import sys
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from maillage.core.secrecy import resealing
from maillage.core.work import jobs
from maillage.core.work.outages import outlive
from maillage.core.work.worker import Worker


class Command(BaseCommand):
    help = "Run background work until stopped, each lane in its own threads; --batch runs what waits, then ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", action="store_true")
        parser.add_argument("--lanes", default="", help="only these, separated by commas; all of them by default")

    def handle(self, *, batch: bool, lanes: str, verbosity: int, **options: Any) -> None:
        threads = _chosen(lanes)
        outlive(lambda: jobs.rescue(timezone.now()))
        outlive(lambda: resealing.ask_when_needed(timezone.now()))
        if batch:
            queues = ",".join(threads)
            call_command(
                "db_worker", batch=True, reload=False, startup_delay=False, queue_name=queues, verbosity=verbosity
            )
            return
        worker = Worker(threads)

        def stop(number: int, frame: FrameType | None) -> None:
            if worker.stopping.is_set():  # asked twice: at once
                sys.exit(1)
            worker.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        worker.run()


def _chosen(lanes: str) -> dict[str, int]:
    """Threads of each lane. Raises CommandError for a lane that does not exist."""
    every: dict[str, int] = settings.WORKER_LANES
    names = [name.strip() for name in lanes.split(",") if name.strip()] or list(every)
    if unknown := set(names) - set(every):
        raise CommandError(f"No such lane: {', '.join(sorted(unknown))}. There are {', '.join(every)}.")
    return {name: every[name] for name in names}
