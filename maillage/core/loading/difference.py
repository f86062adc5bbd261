"""Move staged rows into a table as a difference: insert what is new, write what differs, touch nothing else.

SQL written once for both engines; the names come from our models and stagings, never from people.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from maillage.core.sql.bulk import column_of

FOREIGN_KEY = "_fk_%(to_table)s_%(to_column)s"  # how Django names one


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


@contextmanager
def comparing_all() -> Iterator[None]:
    """Whole tables are read: PostgreSQL hashes them, rather than look their rows up one by one. In no transaction yet.

    SQLite needs none: it would keep its one writer waiting.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(durable=True):  # the settings end with it
        give_room()
        run("SET LOCAL enable_nestloop = off")
        yield


def give_room() -> None:
    """Let PostgreSQL sort and hash millions of rows in memory, for this transaction only."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '128MB'")
            cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
            cursor.execute("SET LOCAL jit = off")


def drop_indexes(models_: Iterable[type[models.Model]]) -> None:
    """Before filling empty tables: indexes made at the end take a quarter of the time. In a transaction of its own.

    On PostgreSQL the primary keys go too, and the foreign keys that refer to them: nothing refers to an empty table.
    """
    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        for model in models_:
            table = model._meta.db_table
            for name, constraint in connection.introspection.get_constraints(cursor, table).items():
                if constraint["index"] and not constraint["unique"] and not constraint["primary_key"]:
                    cursor.execute(f"DROP INDEX {quote(name)}")
                elif constraint["primary_key"] and connection.vendor == "postgresql":
                    for referring, reference in _references_to(model):
                        cursor.execute(f"ALTER TABLE {quote(referring)} DROP CONSTRAINT {quote(reference)}")
                    cursor.execute(f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(name)}")


def _references_to(model: type[models.Model]) -> list[tuple[str, str]]:
    """(table, foreign key) of those that refer to this table."""
    references = rows(
        "SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint c "
        "WHERE c.contype = 'f' AND c.confrelid = %s::regclass",
        [model._meta.db_table],
    )
    return [(str(table).strip('"'), str(name)) for table, name in references]


def has_key(model: type[models.Model]) -> bool:
    """False between `drop_indexes` and `make_keys`."""
    with connection.cursor() as cursor:
        return connection.introspection.get_primary_key_column(cursor, model._meta.db_table) is not None


def _key_of(model: type[models.Model]) -> tuple[str, str, str]:
    """Table, name of the index of its primary key, column."""
    table, quote = model._meta.db_table, connection.ops.quote_name
    return quote(table), quote(f"{table}_pkey"), quote(column_of(model, model._meta.pk.name))


def make_keys(models_: Iterable[type[models.Model]]) -> None:
    """Make the keys that `drop_indexes` took away, of their unique indexes.

    An instant, which locks readers out. The references that the models declare are made again, whoever took them.
    """
    if connection.vendor != "postgresql":
        return
    for model in models_:
        if not has_key(model):
            table, index, _ = _key_of(model)
            run(f"ALTER TABLE {table} ADD CONSTRAINT {index} PRIMARY KEY USING INDEX {index}")
        _make_references(model)


def _make_references(model: type[models.Model]) -> None:
    editor = connection.SchemaEditorClass(connection, atomic=False)
    there = {table for table, _ in _references_to(model)}
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel) or relation.related_model._meta.db_table in there:
            continue
        if relation.field.db_constraint:  # type: ignore[attr-defined]
            run(str(editor._create_fk_sql(relation.related_model, relation.field, FOREIGN_KEY)))  # type: ignore[attr-defined]


def make_unique_indexes(models_: Collection[type[models.Model]]) -> None:
    """Those of the keys that `drop_indexes` took away, in the transaction that filled. Raises IntegrityError."""
    for model in models_:
        if not has_key(model):
            table, index, column = _key_of(model)
            run(f"CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {table} ({column})")


def make_indexes(models_: Collection[type[models.Model]]) -> None:
    """Make the indexes that the models declare and the tables lack. Readers go on reading. Raises IntegrityError.

    Without transaction of its own: inside a loading, it is part of it; outside, PostgreSQL makes two at a time.
    """
    make_unique_indexes(models_)
    missing = [statement for model in models_ for statement in _missing_indexes(model)]
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        for statement in missing:
            run(statement)
        return
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_run_apart, reversed(missing)))  # a loading names its largest tables last: they begin


def _missing_indexes(model: type[models.Model]) -> Iterator[str]:
    with connection.cursor() as cursor:
        there = connection.introspection.get_constraints(cursor, model._meta.db_table)
    editor = connection.SchemaEditorClass(connection, atomic=False)
    for statement in editor._model_indexes_sql(model):  # type: ignore[attr-defined]
        name = str(statement.parts["name"]).strip('"') if statement is not None else ""
        # No `_like` index: keys are looked for whole, and names by an index of their own.
        if name and name not in there and not name.endswith("_like"):
            yield str(statement).replace("INDEX ", "INDEX IF NOT EXISTS ", 1)  # another import may make it meanwhile


def _run_apart(sql: str) -> None:
    """On a connection of this thread alone."""
    try:
        run("SET maintenance_work_mem = '256MB'")
        run(sql)
    finally:
        connection.close()


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

    The staged table must hold each key once.
    """
    known = f"EXISTS (SELECT 1 FROM {move.target} t WHERE t.{move.key} = s.{move.key})"  # noqa: S608  # names of ours
    return _insert(move, extra, parameters, f"WHERE NOT {known}")


def insert_all(move: Move, *, extra: Sequence[tuple[str, str]] = (), parameters: Sequence[Any] = ()) -> int:
    """Every staged row, into an empty table. Raises IntegrityError when a key is staged twice, if the key is there."""
    return _insert(move, extra, parameters, "")


def _insert(move: Move, extra: Sequence[tuple[str, str]], parameters: Sequence[Any], only: str) -> int:
    into = [move.key, *move.columns, *(name for name, _ in extra)]
    values = [*(f"s.{name}" for name in [move.key, *move.columns]), *(sql for _, sql in extra)]
    # Sorted, so that the index of keys is filled from one end.
    order = f"ORDER BY s.{move.key}" if has_key(move.model) else ""
    return run(
        f"INSERT INTO {move.target} ({', '.join(into)}) SELECT {', '.join(values)} FROM {move.staged} s {only} {order}",  # noqa: S608
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
