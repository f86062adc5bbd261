"""Tables of which nothing must be left in the files of the database once their rows have served.

A deleted row stays in the files: on PostgreSQL as a dead row until a vacuum, then as bytes in the hole of its page; on
SQLite in free pages, and in the write-ahead file. A table emptied whole leaves nothing: PostgreSQL gives it another
file and cuts the old one to nothing (TRUNCATE), SQLite overwrites its pages with zeros (secure_delete). What disks,
snapshots and archived WAL keep is out of reach from here (docs/adr/0012-secret-ballots.md).
"""

from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from maillage.core.errors import DomainError
from maillage.core.work import jobs

FOLD = "core.fold-log"
PATIENCE = "5s"


class TableBusy(DomainError):
    user_message = "La base est occupée, par une sauvegarde peut-être : réessayez dans un instant."


def leave_only(kept: QuerySet[Any], *, at: datetime) -> None:
    """Empty the table for good, then write these rows again in the order of their keys, in the caller's transaction.

    The table must be tied by no foreign key of the database, on either side, and its keys drawn by lot.
    Raises TableBusy when somebody reads it for long.
    """
    table = connection.ops.quote_name(kept.model._meta.db_table)
    if connection.vendor == "postgresql":
        _lock(table)
        rows = list(kept.order_by("pk"))
        _run(f"TRUNCATE TABLE {table}")
    else:
        rows = list(kept.order_by("pk"))
        _run("PRAGMA secure_delete = ON")
        _run(f"DELETE FROM {table}")  # noqa: S608  # without WHERE, SQLite clears whole pages
        transaction.on_commit(fold_log, robust=True)
        jobs.enqueue(FOLD, label="Effacement de ce qui reste dans le journal de la base", at=at)
    kept.model._default_manager.bulk_create(rows)


def _lock(table: str) -> None:
    """Nobody else reads nor writes it until the end of the transaction."""
    try:
        with transaction.atomic():
            _run(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            _run(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            _run("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        raise TableBusy from error


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def fold_log() -> bool:
    """Bring the write-ahead file of SQLite back to nothing. False while somebody else reads or writes."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return not cursor.fetchone()[0]


@jobs.job(FOLD, attempts=5)
def _fold(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """The same, should the process have died between the commit and its sequel, or the file have been busy."""
    if connection.vendor == "sqlite" and not fold_log():
        raise RuntimeError("the write-ahead file is in use")
    return "Il n’en reste rien."
