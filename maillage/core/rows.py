"""Rows of a statement that we wrote, read as the fields of the models would be: the two engines store them apart.

For the few statements whose making by the ORM costs more than their answer (benchmarks/README.md says which).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Field

Converter = Callable[[Any, Any, Any], Any]
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


def _cursor() -> Any:
    """On PostgreSQL, one that has the server plan a statement once a connection, and answer in binary.

    Planning costs more than most answers, and dates written as text more than their rows. The ORM does neither:
    Django binds on our side, and reads dates through a loader of its own.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor  # noqa: PLC0415  # asks for psycopg
    from psycopg.pq import Format  # noqa: PLC0415

    wrapper: Any = connection
    wrapper.close_if_health_check_failed()
    wrapper.ensure_connection()
    bare: Any = ServerBindingCursor(wrapper.connection)  # type: ignore[call-arg]
    bare.format = Format.BINARY
    return wrapper._prepare_cursor(bare)


def one_of(values: Collection[Any]) -> tuple[str, list[Any]]:
    """`= ANY(%s)` or `IN (%s, …)` with its parameters: the same statement whatever the number, where it can be."""
    if connection.vendor == "postgresql":
        return "= ANY(%s)", [list(values)]
    return f"IN ({', '.join(['%s'] * len(values))})", list(values)


def _stored_all(parameters: Parameters) -> Parameters:
    if isinstance(parameters, Mapping):
        return {name: _stored(value) for name, value in parameters.items()}
    return [_stored(value) for value in parameters]


def _stored(value: Any) -> Any:
    """An instant or an identifier as the engine keeps it: SQLite compares texts."""
    if isinstance(value, list):
        return [_stored(one) for one in value]
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


def fields_of(model: Any, *names: str) -> tuple[Field[Any, Any], ...]:
    """What a statement reads of a table, in the order of the model (`from_db` wants it), whatever that of the names."""
    wanted = {model._meta.get_field(name) for name in names}
    return tuple(field for field in model._meta.concrete_fields if field in wanted)


@cache
def names_of(fields: tuple[Field[Any, Any], ...]) -> list[str]:
    """As `Model.from_db` wants them."""
    return [field.attname for field in fields]


def columns(alias: str, fields: Sequence[Field[Any, Any]]) -> str:
    """`alias."column", …`."""
    return ", ".join(f'{alias}."{field.column}"' for field in fields)


@cache
def _converters(fields: tuple[Field[Any, Any], ...]) -> list[tuple[int, Any, list[Converter]]]:
    """(place, expression, converters) of the columns that are not stored as they are read."""
    found = []
    for place, field in enumerate(fields):
        expression: Any = field.cached_col
        converters = [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]
        if converters:
            found.append((place, expression, converters))
    return found


def _converted(row: tuple[Any, ...], converters: list[tuple[int, Any, list[Converter]]]) -> tuple[Any, ...]:
    values = list(row)
    for place, expression, wanted in converters:
        for convert in wanted:
            values[place] = convert(values[place], expression, connection)
    return tuple(values)
