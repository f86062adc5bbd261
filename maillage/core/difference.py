"""Move staged rows into a table as a difference: insert what is new, write what differs, touch nothing else.

SQL written once for both engines; the names come from our models and stagings, never from people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from maillage.core.bulk import column_of


@dataclass(frozen=True)
class Move:
    """A staged table and the table it goes to. `key` is the primary key of both."""

    model: type[models.Model]
    staged: str
    key: str
    fields: Sequence[str]

    @property
    def target(self) -> str:
        return connection.ops.quote_name(self.model._meta.db_table)

    @property
    def columns(self) -> list[str]:
        return [connection.ops.quote_name(column_of(self.model, name)) for name in self.fields]


def give_room() -> None:
    """Let PostgreSQL sort and hash millions of rows in memory, for this transaction only."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '128MB'")
            cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
            cursor.execute("SET LOCAL jit = off")


def drop_indexes(models_: Iterable[type[models.Model]]) -> None:
    """Before filling empty tables: indexes made at the end take a quarter of the time. In a transaction of its own."""
    with transaction.atomic(), connection.cursor() as cursor:
        for model in models_:
            for name, found in connection.introspection.get_constraints(cursor, model._meta.db_table).items():
                if found["index"] and not found["unique"] and not found["primary_key"]:
                    cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")


def make_indexes(models_: Iterable[type[models.Model]]) -> None:
    """Make the indexes that the models declare and the tables lack. Readers go on reading."""
    # Without transaction of its own: inside a loading, it is part of it.
    editor = connection.SchemaEditorClass(connection, atomic=False)
    with connection.cursor() as cursor:
        for model in models_:
            there = connection.introspection.get_constraints(cursor, model._meta.db_table)
            for statement in editor._model_indexes_sql(model):  # type: ignore[attr-defined]
                if statement is not None and str(statement.parts["name"]).strip('"') not in there:
                    cursor.execute(str(statement))


def differ() -> str:
    """How the engine says that two rows of values differ, nulls included."""
    return "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"


def run(sql: str, parameters: Sequence[Any] = ()) -> int:
    """Execute, and say how many rows were written."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters))
        return int(cursor.rowcount)


def scalar(sql: str, parameters: Sequence[Any] = ()) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters))
        row = cursor.fetchone()
    return int(row[0] or 0)


def rows(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters))
        return list(cursor.fetchall())


def insert_new(move: Move, *, extra: Sequence[tuple[str, str]] = (), parameters: Sequence[Any] = ()) -> int:
    """Rows whose key is not in the table; `extra` columns take an SQL expression over the staged row `s`.

    The staged table must hold each key once. Sorted, so that the index of keys is filled from one end.
    """
    into = [move.key, *move.columns, *(name for name, _ in extra)]
    values = [*(f"s.{name}" for name in [move.key, *move.columns]), *(sql for _, sql in extra)]
    return run(
        f"INSERT INTO {move.target} ({', '.join(into)}) SELECT {', '.join(values)} FROM {move.staged} s "  # noqa: S608
        f"WHERE NOT EXISTS (SELECT 1 FROM {move.target} t WHERE t.{move.key} = s.{move.key}) "
        f"ORDER BY s.{move.key}",
        parameters,
    )


def update_changed(move: Move, *, only: str = "1 = 1") -> int:
    """Rows whose values differ from the staged ones. The staged table must hold each key once.

    `only` narrows the rows `t` that may be written.
    """
    sets = ", ".join(f"{name} = s.{name}" for name in move.columns)
    mine = ", ".join(f"t.{name}" for name in move.columns)
    theirs = ", ".join(f"s.{name}" for name in move.columns)
    return run(
        f"UPDATE {move.target} AS t SET {sets} FROM {move.staged} s "  # noqa: S608
        f"WHERE t.{move.key} = s.{move.key} AND {only} AND ({mine}) {differ()} ({theirs})"
    )


def keep_first(move: Move) -> int:
    """Of several staged rows with one key, keep the one of the earliest line. Returns how many were dropped."""
    row = "ctid" if connection.vendor == "postgresql" else "rowid"
    return run(
        f"DELETE FROM {move.staged} WHERE {row} IN (SELECT s.{row} FROM {move.staged} s JOIN "  # noqa: S608
        f"(SELECT {move.key}, min(line) AS line FROM {move.staged} GROUP BY {move.key} HAVING count(*) > 1) f "
        f"ON f.{move.key} = s.{move.key} WHERE s.line > f.line)"
    )
