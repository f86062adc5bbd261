"""Run background work, take back what a stopped process left unfinished, and ask for the work of the day."""

import logging
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from django.utils import timezone

from maillage.core import jobs

logger = logging.getLogger(__name__)
WATCH_EVERY_SECONDS = 30


class Command(BaseCommand):
    help = "Run background work until stopped; --batch runs what waits, then ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--batch", action="store_true")

    def handle(self, *, batch: bool, verbosity: int, **options: Any) -> None:
        jobs.rescue(timezone.now())
        stopped = threading.Event()
        if not batch:
            threading.Thread(target=self.keep_watch, args=(stopped,), daemon=True).start()
        try:
            call_command("db_worker", batch=batch, reload=False, startup_delay=False, interval=0.5, verbosity=verbosity)
        finally:
            stopped.set()

    def keep_watch(self, stopped: threading.Event) -> None:
        while True:
            try:
                jobs.rescue(timezone.now())
                jobs.enqueue_daily(timezone.now())
            except OperationalError:  # a database that restarts: the next round finds it back
                logger.exception("the watch over background work missed a round")
            connection.close()
            if stopped.wait(WATCH_EVERY_SECONDS):
                return
