"""The database of the tests is migrated once and copied: for each process of a run, and for the runs that follow.

A copy is kept for each content of the migrations, on SQLite as a file of `var/`, on PostgreSQL as a database that the
server copies. The one before is thrown away when another is made.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import setup_databases

ROOT = Path(__file__).parent.parent
# What the database of the tests is made from.
SOURCES = (
    "maillage/*/migrations/*.py",
    "maillage/core/sql/*.py",
    "maillage/core/loading/*.py",
    "maillage/core/text.py",
    "maillage/geography/*.py",
    "maillage/geography/loading/*.py",
    "maillage/geography/data/manifest.json",
    "maillage/territorial_diagnosis/rules/**/*",
    "requirements/base.txt",
    "tests/conftest.py",
)
PREFIX = "maillage_tests_migrated_"


def ready_databases(fill: Callable[[], object]) -> list[tuple[BaseDatabaseWrapper, str, bool]]:
    """The database of this process, migrated and filled, as teardown_databases takes it.

    One process makes it; the others wait, and copy.
    """
    store = _PostgreSQL() if connection.vendor == "postgresql" else _SQLite()
    own, kept = connection.creation._get_test_db_name(), f"{PREFIX}{_digest()}"
    with store.one_at_a_time():
        if kept in store.kept():
            store.copy(kept, own)
            return setup_databases(verbosity=0, interactive=False, keepdb=True, serialized_aliases=set())
        databases = setup_databases(verbosity=0, interactive=False, serialized_aliases=set())
        fill()
        connection.close()  # and the log of SQLite with it: what is copied is whole
        for old in store.kept():
            store.drop(old)
        store.copy(own, kept)
        return databases


def _digest() -> str:
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(path for path in ROOT.glob(pattern) if path.is_file()):
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


class _SQLite:
    def __init__(self) -> None:
        self.folder = Path(settings.VAR_DIR)

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        with (self.folder / "tests.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def kept(self) -> list[str]:
        return [path.name for path in self.folder.glob(f"{PREFIX}*") if path.suffix != ".part"]

    def copy(self, source: str, target: str) -> None:
        for suffix in ("-wal", "-shm"):
            (self.folder / f"{target}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self.folder / source, self.folder / f"{target}.part")
        (self.folder / f"{target}.part").replace(self.folder / target)  # whole, or not there

    def drop(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)


class _PostgreSQL:
    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        with connection._nodb_cursor() as cursor:
            self.cursor = cursor
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [PREFIX])
            yield

    def kept(self) -> list[str]:
        self.cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        return [name for (name,) in self.cursor.fetchall()]

    def copy(self, source: str, target: str) -> None:
        self.drop(target)
        self.cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')

    def drop(self, name: str) -> None:
        self.cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
