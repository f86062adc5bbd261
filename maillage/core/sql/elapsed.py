"""The time between two instants, in SQL that each engine reads without Django: a dump, a copy, `sqlite3` itself."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Func
from django.db.models.sql.compiler import SQLCompiler

SQLITE = "CAST(round((julianday({end}) - julianday({start})) * 86400000) AS integer)"
POSTGRESQL = "CAST(EXTRACT(EPOCH FROM ({end}) - ({start})) * 1000 AS bigint)"


class ElapsedMilliseconds(Func):
    """Whole milliseconds from the first instant to the second.

    `F("ends_at") - F("starts_at")` becomes, on SQLite, a function that Django registers on its own connections: a
    constraint written with it makes the file unreadable by anything else.
    """

    arity = 2
    output_field = BigIntegerField()

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        return self._written(SQLITE, compiler)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        return self._written(POSTGRESQL, compiler)

    def _written(self, template: str, compiler: SQLCompiler) -> tuple[str, tuple[Any, ...]]:
        (start, its_values), (end, values) = (compiler.compile(each) for each in self.get_source_expressions())
        return template.format(start=start, end=end), (*values, *its_values)
