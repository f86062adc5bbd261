"""A copy of an SQLite file while others write to it, and what it holds."""

import sqlite3
from contextlib import closing
from pathlib import Path

from maillage.core.errors import DomainError

FILE = "database.sqlite3"


class DamagedDatabase(DomainError):
    user_message = "La base de données elle-même est abîmée : PRAGMA integrity_check y trouve des erreurs."


def dump(database: Path, into: Path) -> dict[str, int]:
    """One consistent copy, in one step: writers go on meanwhile. Returns rows by table. Raises DamagedDatabase."""
    address = f"{database.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as source, closing(sqlite3.connect(into)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # a single file; the product sets WAL again
    return rows_of(into)


def rows_of(database: Path) -> dict[str, int]:
    """Rows by table, of a file that nobody writes to. Raises DamagedDatabase."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as file:
            if file.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise DamagedDatabase
            names = file.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            ).fetchall()
            return {name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names}  # noqa: S608  # names of the schema
    except sqlite3.DatabaseError as error:
        raise DamagedDatabase from error
