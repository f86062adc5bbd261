"""Run every benchmark on a database of its own and print ratios: `make bench`.

Each figure is compared, in the same run and interleaved, with a floor: the bare SQL, the bare insert, or an
empty page of the same shell. Ratios travel from machine to machine; milliseconds do not.
"""

import os
import tempfile
from pathlib import Path

WORK = Path(tempfile.mkdtemp(prefix="maillage-bench-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
os.environ["VAR_DIR"] = str(WORK)

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402


def main() -> None:
    from benchmarks import (  # noqa: PLC0415  # after django.setup
        accessibility,
        diagnosis,
        imports,
        meetings,
        members,
        pages,
        simulations,
    )

    call_command("migrate", verbosity=0)
    print(f"Database: {connection.vendor}\n")
    print("| what | measured | floor | ratio | goal |\n|---|---|---|---|---|")
    imports.run()
    simulations.run()
    pages.run()
    accessibility.run()
    diagnosis.run()
    members.run()
    meetings.run()


if __name__ == "__main__":
    main()
