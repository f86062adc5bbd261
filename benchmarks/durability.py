"""What `synchronous=FULL` costs SQLite: the same writes under NORMAL and FULL, in turn, in the same run.

`make bench-durability` (BENCH_DIR: a folder of the disk to measure). Nothing differs but the pragma.
"""

import os
import tempfile

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="maillage-durability-", dir=os.environ.get("BENCH_DIR"))

import django

django.setup()

from collections.abc import Callable  # noqa: E402
from datetime import UTC, datetime  # noqa: E402

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks.measure import interleaved  # noqa: E402
from maillage.core.models import Job  # noqa: E402
from maillage.exchange.actions import write_mail  # noqa: E402

NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
WRITES, ROUNDS = 300, 9


def main() -> None:
    assert connection.vendor == "sqlite"
    call_command("migrate", verbosity=0)
    print("| what | NORMAL | FULL | time of one, FULL | part kept |\n|---|---|---|---|---|")
    line("one row a transaction", lambda: Job.objects.create(kind="bench", label="Écriture", created_at=NOW))
    line(
        "a message, its job and its place in the queue",
        lambda: write_mail(recipient="banc@exemple.invalid", subject="Essai", body="Bonjour", at=NOW),
    )


def line(name: str, write: Callable[[], object]) -> None:
    def under(level: str) -> Callable[[], None]:
        def work() -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA synchronous = {level}")
            for _ in range(WRITES):
                write()

        return work

    normal, full = interleaved(under("NORMAL"), under("FULL"), rounds=ROUNDS)
    rates = [1000 * WRITES / spent for spent in (normal, full)]
    print(f"| {name} | {rates[0]:.0f}/s | {rates[1]:.0f}/s | {full / WRITES:.2f} ms | {normal / full:.2f} |")


if __name__ == "__main__":
    main()
