"""The register of all France, against the bare loading of the same columns: `python -m benchmarks.national FILE`.

FILE is an extraction `PS_LibreAcces_Personne_activite`. Minutes long, so never part of `make bench` nor of CI. Each
import runs as the command people type, in a process of its own whose peak memory is read; the floor is taken before and
after it in the same run.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

WORK = Path(tempfile.mkdtemp(prefix="maillage-national-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
os.environ["VAR_DIR"] = str(WORK)
os.environ["LOG_LEVEL"] = "ERROR"

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from benchmarks.measure import row  # noqa: E402
from maillage.directory.rules.register import EXERCISE, STRUCTURE, read_header  # noqa: E402

COLUMNS = [f"c{place}" for place in range(len(EXERCISE) + len(STRUCTURE))]
TABLE = "bare_register"
# The memory of the command and of the processes it starts, added up; pages that they share are counted once.
WATCHER = """
import subprocess, sys, threading
from pathlib import Path

def family(pid):
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from family(child)

def kibibytes(pid):
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))

command, peak, ended = subprocess.Popen(sys.argv[1:]), 0, threading.Event()
def watch():
    global peak
    while not ended.wait(0.25):
        try:
            peak = max(peak, sum(kibibytes(pid) for pid in family(command.pid)))
        except (OSError, StopIteration):
            pass
watcher = threading.Thread(target=watch)
watcher.start()
code = command.wait()
ended.set()
watcher.join()
print(peak)
sys.exit(code)
"""


def projected(path: Path) -> Iterator[bytes]:
    """The columns that the import keeps, line by line."""
    with path.open("rb") as file:
        pick = read_header(file.readline()).pick((*EXERCISE, *STRUCTURE))
        for line in file:
            yield b"|".join(pick(line.rstrip(b"\n").split(b"|")))


def write_projected(path: Path) -> Path:
    target = WORK / f"projected-{path.name}"
    with target.open("wb") as file:
        file.writelines(line + b"\n" for line in projected(path))
    return target


def changed(path: Path, every: int = 100) -> Path:
    """The same register with one line in `every` changed: another telephone."""
    target = WORK / "changed-20270101.txt"
    with path.open("rb") as source, target.open("wb") as file:
        header = source.readline()
        place = read_header(header).positions["telephone coord structure"]
        file.write(header)
        for number, line in enumerate(source):
            fields = line.split(b"|")
            if number % every == 0:
                fields[place] = b"0536490099"
            file.write(b"|".join(fields))
    return target


def shortened(path: Path, share: int) -> Path:
    """One person's lines in `share` are kept: the first lines of the file."""
    target = WORK / f"part-{share}-20270101.txt"
    lines = sum(1 for _ in path.open("rb"))
    with path.open("rb") as source, target.open("wb") as file:
        for _ in range(lines // share):
            file.write(source.readline())
    return target


def floor(file: Path) -> float:
    """Seconds of the bare loading: COPY into an unlogged table, executemany into a plain one."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        kind = "UNLOGGED TABLE" if connection.vendor == "postgresql" else "TABLE"
        cursor.execute(f"CREATE {kind} {TABLE} ({', '.join(f'{name} text' for name in COLUMNS)})")
    start = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor, file.open("rb") as source:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {TABLE} FROM STDIN (DELIMITER '|')") as copy:
                while block := source.read(1 << 20):
                    copy.write(block.replace(b"\\", b"\\\\"))
        else:
            marks = ", ".join(["%s"] * len(COLUMNS))
            while lines := source.readlines(1 << 20):
                rows = [line.rstrip(b"\n").decode().split("|") for line in lines]
                cursor.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", rows)
    taken = time.perf_counter() - start
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")
    return taken


def imported(path: Path, *options: str) -> tuple[float, float]:
    """Seconds and peak MiB of the command, as a process of its own."""
    connection.close()
    start = time.perf_counter()
    command = [sys.executable, "-c", WATCHER, sys.executable, "manage.py", "import_rpps", str(path), *options]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    print(*told[:-1], sep="\n", file=sys.stderr)
    return time.perf_counter() - start, int(told[-1]) / 1024


def empty() -> None:
    with connection.cursor() as cursor:
        for table in ("practitionerrole", "practitioner", "organization", "directoryimport", "mailbox"):
            cursor.execute(f"DELETE FROM directory_{table}")
        if connection.vendor == "postgresql":
            connection.commit()
            cursor.execute("VACUUM FULL directory_practitionerrole, directory_practitioner, directory_organization")


def main(path: Path) -> None:
    call_command("migrate", verbosity=0)
    call_command("import_communes", verbosity=0)
    bare = write_projected(path)
    print(f"Database: {connection.vendor}; {bare.stat().st_size / 2**20:.0f} MiB of projected columns\n")
    print("| what | measured | floor | ratio | goal |\n|---|---|---|---|---|")
    empty()
    before = floor(bare)
    first, memory = imported(path)
    bound = (before + floor(bare)) / 2
    row("register of all France, first load", first, bound, "≤ 8", "s")
    same, same_memory = imported(path)
    row("the same file again", same, floor(bare), "–", "s")
    other = changed(path)
    reload, reload_memory = imported(other)
    row("one line in a hundred changed", reload, floor(bare), "≤ 4", "s")
    print(
        f"| peak memory: first, again, changed | {memory:.0f}, {same_memory:.0f}, {reload_memory:.0f} MiB | | | ≤ 120 |"
    )
    tenth = shortened(path, 10)
    empty()
    part, part_memory = imported(tenth)
    print(f"| a tenth of the lines | {part:.1f} s, {part_memory:.0f} MiB | | {first / part:.1f} times less | ≤ 11 |")
    empty()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
