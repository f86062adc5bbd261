"""Load many rows at once: COPY on PostgreSQL, executemany on SQLite.

The one place with raw inserts: bulk_create builds a model instance and a parameter list per row,
which costs several times the insert itself on the reference files (benchmarks/README.md).
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection, models

Row = Sequence[Any]
BATCH = 5_000


def insert_rows(model: type[models.Model], fields: Sequence[str], rows: Iterable[Row]) -> int:
    """Insert rows whose values stand in the order of `fields`; values are already fit for the database.

    Runs in the caller's transaction; `rows` must not query, since the connection is taken meanwhile.
    Raises IntegrityError like any insert. Returns the number of rows.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(column_of(model, name)) for name in fields)
    if connection.vendor == "postgresql":
        return _copy(f"COPY {table} ({columns}) FROM STDIN", rows)
    marks = ", ".join(["%s"] * len(fields))
    return _execute_many(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608  # names of our models


def column_of(model: type[models.Model], name: str) -> str:
    """Column of a plain field or foreign key."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field.attname


def _copy(sql: str, rows: Iterable[Row]) -> int:
    count = 0
    with connection.cursor() as cursor, cursor.copy(sql) as copy:
        for count, row in enumerate(rows, start=1):  # noqa: B007  # the last count is the answer
            copy.write_row(row)
    return count


def _execute_many(sql: str, rows: Iterable[Row]) -> int:
    count = 0
    with connection.cursor() as cursor:
        for batch in batches(rows, BATCH):
            # SQLite has no decimal type: Django stores them as text, in the same form.
            cursor.executemany(sql, [[str(v) if isinstance(v, Decimal) else v for v in row] for row in batch])
            count += len(batch)
    return count


def batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Cut a stream into lists of at most `size` rows."""
    iterator = iter(rows)
    while batch := list(islice(iterator, size)):
        yield batch


def rows_in(queryset: models.QuerySet[Any], field: str, values: Iterable[Any]) -> Iterator[Any]:
    """Rows whose `field` is among many values: one query up to 30,000, the limit of SQLite's parameters."""
    for batch in batches(((value,) for value in sorted(set(values))), 30_000):
        yield from queryset.filter(**{f"{field}__in": [value for (value,) in batch]})
