"""Rows of a statement that we wrote, read as the fields of the models would be: the two engines store them apart.

For the few statements whose making by the ORM costs more than their answer (benchmarks/README.md says which).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Field, JSONField, Model
from django.db.models.base import ModelState

Converter = Callable[[Any, Any, Any], Any]
Found = TypeVar("Found", bound=Model)
Parameters = Mapping[str, Any] | Sequence[Any]


def read_rows(sql: str, parameters: Parameters, fields: Sequence[Field[Any, Any]]) -> list[tuple[Any, ...]]:
    """One tuple a row, whose columns are of `fields`, in their order."""
    with _cursor() as cursor:
        cursor.execute(sql, _stored_all(parameters))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    if connection.vendor == "postgresql":  # in binary, every column is what it is read as
        return rows
    converters = _converters(tuple(fields))
    return [_converted(row, converters) for row in rows] if converters else rows


ONE = "SELECT {columns} FROM {table} AS one WHERE {where} LIMIT 1"


def read_one(columns: "Columns[Found]", where: str, parameters: Parameters) -> Found | None:
    """A row of a table, named `one` in `where`; None when no row answers."""
    sql = ONE.format(columns=columns.of("one"), table=columns.model._meta.db_table, where=where)
    rows = read_rows(sql, parameters, columns.fields)
    return columns.made(rows[0]) if rows else None


INSERT = "INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING id"


def insert(row: Found) -> Found:
    """`save(force_insert=True)` of a row that is whole, by a statement made once. Raises IntegrityError.

    No signal is sent, and no related object is looked at: their keys are. The engine numbers the row.
    """
    sql, fields = _insertion(type(row))
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    ((row.pk,),) = read_rows(sql, values, ())
    row._state.adding, row._state.db = False, "default"
    return row


@cache
def _insertion(model: type[Model]) -> tuple[str, list[Field[Any, Any]]]:
    """For a model whose key the database numbers."""
    assert model._meta.pk is not None
    assert model._meta.pk.column == "id"
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    assert not any(field.generated or field.has_db_default() for field in fields), model
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    return INSERT.format(table=model._meta.db_table, columns=names, marks=marks), fields


def _cursor() -> Any:
    """On PostgreSQL, one that has the server plan a statement once a connection, and answer in binary.

    Planning costs more than most answers, and dates written as text more than their rows. The ORM does neither:
    Django binds on our side, and reads dates through a loader of its own.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    wrapper: Any = connection
    wrapper.close_if_health_check_failed()
    wrapper.ensure_connection()
    cursor_class, binary = _of_psycopg()
    bare = cursor_class(wrapper.connection)
    bare.format = binary
    return wrapper._prepare_cursor(bare)


@cache
def _of_psycopg() -> tuple[Any, Any]:
    """Its cursor that binds on the server, and its binary format; JSON is read by orjson. Absent on SQLite."""
    from django.db.backends.postgresql.base import ServerBindingCursor  # noqa: PLC0415
    from psycopg.pq import Format  # noqa: PLC0415
    from psycopg.types.json import set_json_loads  # noqa: PLC0415

    set_json_loads(orjson.loads)
    return ServerBindingCursor, Format.BINARY


def one_of(values: Collection[Any]) -> tuple[str, list[Any]]:
    """`= ANY(%s)` or `IN (%s, …)` with its parameters: the same statement whatever the number, where it can be."""
    if connection.vendor == "postgresql":
        return "= ANY(%s)", [list(values)]
    return f"IN ({', '.join(['%s'] * len(values))})", list(values)


AS_THEY_ARE = frozenset({int, str})  # what no engine keeps another way


def _stored_all(parameters: Parameters) -> Parameters:
    if isinstance(parameters, Mapping):
        return {name: _stored(value) for name, value in parameters.items()}
    return [value if type(value) in AS_THEY_ARE else _stored(value) for value in parameters]


def _stored(value: Any) -> Any:
    """An instant or an identifier as the engine keeps it: SQLite compares texts."""
    if isinstance(value, list):
        return [_stored(item) for item in value]
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


class Columns(Generic[Found]):
    """What a statement reads of a table, in the order of the model, whatever that of the names; no name: all of it."""

    def __init__(self, model: type[Found], *names: str) -> None:
        wanted = {model._meta.get_field(name) for name in names}
        self.model = model
        self.fields = tuple(field for field in model._meta.concrete_fields if not names or field in wanted)
        self._names = [field.attname for field in self.fields]
        assert model.__init__ is Model.__init__, model  # it is not called
        # On PostgreSQL no converter runs: a field that reads its column another way is not for here.
        assert not any(hasattr(field, "from_db_value") and not _is_plain_json(field) for field in self.fields), model

    def __len__(self) -> int:
        return len(self.fields)

    def of(self, alias: str) -> str:
        """`alias."column", …`."""
        return ", ".join(f'{alias}."{field.column}"' for field in self.fields)

    def made(self, values: Sequence[Any]) -> Found:
        """The row as its model, what was not read deferred: absent, as Django means it. No signal is sent."""
        row = self.model.__new__(self.model)
        row._state = ModelState()
        row._state.adding, row._state.db = False, "default"
        row.__dict__.update(zip(self._names, values, strict=True))
        return row


def _is_plain_json(field: Field[Any, Any]) -> bool:
    return isinstance(field, JSONField) and field.decoder is None


@cache
def _converters(fields: tuple[Field[Any, Any], ...]) -> list[tuple[int, Any, list[Converter]]]:
    """(place, expression, converters) of the columns that are not stored as they are read."""
    columns = []
    for place, field in enumerate(fields):
        expression: Any = field.cached_col
        converters = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
        if converters:
            columns.append((place, expression, converters))
    return columns


def _converted(row: tuple[Any, ...], converters: list[tuple[int, Any, list[Converter]]]) -> tuple[Any, ...]:
    values = list(row)
    for place, expression, wanted in converters:
        for convert in wanted:
            values[place] = convert(values[place], expression, connection)
    return tuple(values)
