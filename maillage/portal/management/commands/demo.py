"""The demonstration: database, data, web and worker, in one command."""

import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from maillage.portal.demo.directory import load_directory
from maillage.portal.demo.seed import is_seeded, show

STOP_SECONDS = 5


class Command(BaseCommand):
    help = "Prepare the demonstration and serve it; --reset puts its data back; --no-serve stops there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true")
        parser.add_argument("--no-serve", action="store_true")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *, reset: bool, no_serve: bool, host: str, port: int, **options: Any) -> None:
        if not (settings.DEMO and settings.DEBUG):
            raise CommandError("demo runs on config.settings.demo only: it opens every account without a password.")
        started = time.monotonic()
        if reset:
            self.forget()
        self.prepare()
        self.stdout.write(f"Démonstration prête en {time.monotonic() - started:.1f} s.")
        if not no_serve:
            self.serve(host, port)

    def forget(self) -> None:
        """Drop everything: the file of SQLite, the tables' rows elsewhere."""
        connection.close()
        if connection.vendor == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                Path(f"{settings.DATABASES['default']['NAME']}{suffix}").unlink(missing_ok=True)
        else:
            call_command("migrate", verbosity=0)
            call_command("flush", interactive=False, verbosity=0)

    def prepare(self) -> None:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        if not is_seeded():
            self.stdout.write("Chargement des communes de France…")
            call_command("import_communes", stdout=self.stdout)
            self.stdout.write("Annuaire de professionnels inventés…")
            load_directory(timezone.now())
            show(timezone.localdate())

    def serve(self, host: str, port: int) -> None:
        """Web and worker as two processes; Ctrl-C, or the end of one, stops both."""
        web = ["granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--no-access-log"]
        web += ["--blocking-threads", "4", "--backpressure", "64"]
        commands = (
            [sys.executable, "-m", *web, "--log-level", "warning", "config.wsgi:application"],
            [sys.executable, "manage.py", "run_worker", "--verbosity", "0"],
        )
        connection.close()
        environment = os.environ | {"PUBLIC_URL": f"http://{host}:{port}"}  # links in mails lead back here
        processes = [subprocess.Popen(command, env=environment) for command in commands]
        self.stdout.write(f"Ouvrez http://{host}:{port} (Ctrl-C pour arrêter).")
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopped by a service manager: both stop too
        try:
            while all(process.poll() is None for process in processes):
                time.sleep(0.3)
        except KeyboardInterrupt:
            self.stdout.write("Arrêt.")
        finally:
            self.stop(processes)

    def stop(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            with suppress(ProcessLookupError):
                process.terminate()
        for process in processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
