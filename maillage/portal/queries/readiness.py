"""Whether this process can work: each thing that it cannot do without, tried."""

import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from maillage.geography.models import ReferenceRelease

PROBE = 64 * 1024  # bytes written, then forgotten
RESERVE = 16 * 1024 * 1024  # below it, a file that people join may not find its room


def checks() -> dict[str, bool]:
    """By name; what the database would have told is absent when it does not answer."""
    return _database() | {"disk": all(takes_files(folder) for folder in written_folders())}


def _database() -> dict[str, bool]:
    try:
        return {
            "database": _may_write(),
            "migrations": not _pending(),
            "communes": ReferenceRelease.objects.exists(),
        }
    except Error:
        return {"database": False}


def _may_write() -> bool:
    """A PostgreSQL standby, or one that was put in read-only mode, answers and takes nothing."""
    if connection.vendor != "postgresql":
        return True  # its folder is tried with the others
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return bool(cursor.fetchone() == ("off",))


def _pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def written_folders() -> list[Path]:
    """Files of people, and on SQLite the database with its journal."""
    folders = [Path(settings.MEDIA_ROOT)]
    if connection.vendor == "sqlite":
        folders.append(Path(connection.settings_dict["NAME"]).parent)
    return folders


def takes_files(folder: Path) -> bool:
    """Written for good, and room left: a full disk may still have a place for an empty file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
            written = probe.write(bytes(PROBE))
        return written == PROBE and shutil.disk_usage(folder).free >= RESERVE
    except OSError:
        return False
