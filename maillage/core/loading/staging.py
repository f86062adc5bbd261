"""Rows on their way in: written beside the tables that people read, then moved in one transaction.

On PostgreSQL, unlogged tables filled by COPY, one connection each so that several fill at once. On SQLite, a
file of its own, attached for the move: its one writer stays free for people while the source is being read.
A staged value is bytes without `|` nor line end; NULL stands for no value.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from django.db import connection

Row = Sequence[bytes]
Columns = Mapping[str, str]  # name -> bigint, integer, boolean, text or double precision
NULL = b"\x02"  # a control character: no text file holds it
FLUSH_ROWS = 2_000
# What staging raises below Django: its connections are the drivers' own.
DriverError = (sqlite3.Error, psycopg.Error)
SCHEMA = "staged"


class Staging:
    """Tables of one loading, dropped at the end whatever happens. Use as a context manager."""

    def __init__(self, tables: Mapping[str, Columns]) -> None:
        self.tables = tables
        self.counts = dict.fromkeys(tables, 0)
        self._rows: dict[str, list[bytes]] = {table: [] for table in tables}

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        raise NotImplementedError

    def name(self, table: str) -> str:
        """How the move calls a staged table in its SQL."""
        raise NotImplementedError

    def add(self, table: str, row: Row) -> None:
        """One more row, in the order of the columns."""
        rows = self._rows[table]
        rows.append(b"|".join(row))
        if len(rows) >= FLUSH_ROWS:
            self._flush(table)

    def add_lines(self, table: str, lines: bytes, count: int) -> None:
        """Many rows at once: `|` between their values, a line end between them."""
        if count:
            self.counts[table] += count
            self._write(table, lines)

    def finish(self) -> None:
        """Send what remains and make it visible to the move. More rows may follow, up to the next finish."""
        for table in self.tables:
            self._flush(table)
        self._show()

    def _flush(self, table: str) -> None:
        rows = self._rows[table]
        self.add_lines(table, b"\n".join(rows), len(rows))
        rows.clear()

    def analyze(self) -> None:
        """Let the engine know what the tables hold, before they are compared with others."""

    def _write(self, table: str, lines: bytes) -> None:
        raise NotImplementedError

    def _show(self) -> None:
        raise NotImplementedError


def staging(tables: Mapping[str, Columns]) -> Staging:
    """The staging of the engine in use; opened outside any transaction, or readers would wait for it."""
    return PostgresStaging(tables) if connection.vendor == "postgresql" else SqliteStaging(tables)


def _definition(columns: Columns) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


class CopyStream:
    """One COPY on a connection of its own."""

    def __init__(self, sql: str) -> None:
        parameters = connection.get_connection_params()
        wanted = {
            name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters
        }
        self.connection = psycopg.connect(**wanted, autocommit=True)
        self.stack = ExitStack()
        self.copy = self.stack.enter_context(self.connection.cursor().copy(sql))

    def write(self, data: bytes) -> None:
        # Fields hold no `|` nor line end: the backslash and the carriage return alone mean something to COPY.
        if b"\\" in data:
            data = data.replace(b"\\", b"\\\\")
        self.copy.write(data.replace(b"\r", b"\\r") if b"\r" in data else data)
        self.copy.write(b"\n")

    def close(self) -> None:
        """The rows are committed."""
        self.stack.close()
        self.connection.close()

    def give_up(self) -> None:
        """Closed in the middle: the server forgets what it received."""
        with suppress(psycopg.Error):
            self.connection.close()


class PostgresStaging(Staging):
    def __enter__(self) -> Self:
        self.streams: dict[str, CopyStream] = {}
        self._drop()
        with connection.cursor() as cursor:
            for table, columns in self.tables.items():
                cursor.execute(f"CREATE UNLOGGED TABLE {self.name(table)} ({_definition(columns)})")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in self.streams.values():
            stream.give_up()
        self._drop()

    def _drop(self) -> None:
        with connection.cursor() as cursor:
            for table in self.tables:
                cursor.execute(f"DROP TABLE IF EXISTS {self.name(table)}")

    def name(self, table: str) -> str:
        return f"{SCHEMA}_{table}"

    def _write(self, table: str, lines: bytes) -> None:
        stream = self.streams.get(table)
        if stream is None:
            sql = f"COPY {self.name(table)} ({', '.join(self.tables[table])}) FROM STDIN (DELIMITER '|', NULL '\x02')"
            stream = self.streams[table] = CopyStream(sql)
        stream.write(lines)

    def _show(self) -> None:
        filled, self.streams = self.streams, {}
        for stream in filled.values():
            stream.close()

    def analyze(self) -> None:
        with connection.cursor() as cursor:
            for table in self.tables:
                cursor.execute(f"ANALYZE {self.name(table)}")


class SqliteStaging(Staging):
    def __enter__(self) -> Self:
        # Beside the database: the same disk, and a name that no other database takes.
        self.path = Path(f"{connection.settings_dict['NAME']}.staged-{'-'.join(self.tables)}")
        self.path.unlink(missing_ok=True)
        self.file = sqlite3.connect(self.path, isolation_level=None)
        self.file.execute("PRAGMA journal_mode=OFF")
        self.file.execute("PRAGMA synchronous=OFF")
        for table, columns in self.tables.items():
            self.file.execute(f"CREATE TABLE {table} ({_definition(columns)})")
        self.casts = {table: [_cast(kind) for kind in columns.values()] for table, columns in self.tables.items()}
        self.attached = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
        if self.attached:
            with connection.cursor() as cursor:
                cursor.execute(f"DETACH DATABASE {SCHEMA}")
        self.path.unlink(missing_ok=True)

    def name(self, table: str) -> str:
        return f"{SCHEMA}.{table}"

    def _write(self, table: str, lines: bytes) -> None:
        casts = self.casts[table]
        marks = ", ".join("?" * len(casts))
        rows = (line.split(b"|") for line in lines.split(b"\n"))
        values = ([cast(value) for cast, value in zip(casts, row, strict=True)] for row in rows)
        self.file.execute("BEGIN")
        self.file.executemany(f"INSERT INTO {table} VALUES ({marks})", values)  # noqa: S608  # names of ours
        self.file.execute("COMMIT")

    def _show(self) -> None:
        for table, columns in self.tables.items():
            # The move asks « is it there? » for each row: without an index SQLite would read everything each time.
            self.file.execute(f"CREATE INDEX IF NOT EXISTS {table}_key ON {table} ({next(iter(columns))})")
        if not self.attached:
            with connection.cursor() as cursor:
                cursor.execute(f"ATTACH DATABASE %s AS {SCHEMA}", [str(self.path)])
            self.attached = True


def _cast(kind: str) -> Callable[[bytes], Any]:
    convert = {"bigint": int, "integer": int, "boolean": int, "double precision": float}.get(kind, bytes.decode)
    return lambda value: None if value == NULL else convert(value)
