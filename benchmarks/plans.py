"""What PostgreSQL visits to answer a statement, as its own account says."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from django.db import connection
from psycopg import ClientCursor

REMOVED = ("Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck")


@dataclass(frozen=True)
class Statement:
    """One statement of a page: its text, its milliseconds, and the rows its plan visits (None when it is not asked)."""

    sql: str
    milliseconds: float
    rows: int | None


@contextmanager
def watched(*, explain: bool = False) -> Iterator[list[Statement]]:
    """Collect the statements run meanwhile. `explain` runs each SELECT once more, under EXPLAIN ANALYZE."""
    statements: list[Statement] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # Django's
        rows = visited(sql, params) if explain and sql.lstrip().upper().startswith(("SELECT", "WITH")) else None
        started = perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            statements.append(Statement(sql, 1000 * (perf_counter() - started), rows))

    with connection.execute_wrapper(watch):
        yield statements


def visited(sql: str, params: Any) -> int:
    """Rows of every node of the plan, those thrown away included, each time it was run."""
    connection.ensure_connection()
    cursor = ClientCursor(connection.connection)
    text = cursor.mogrify(sql, params) if params else sql
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {text}")
    (answer,) = cursor.fetchone() or ("[]",)
    return visited_by(answer[0]["Plan"] if isinstance(answer, list) else json.loads(answer)[0]["Plan"])


def visited_by(node: dict[str, Any]) -> int:
    here = node["Actual Rows"] + sum(node.get(name, 0) for name in REMOVED)
    return int(here * node["Actual Loops"]) + sum(visited_by(child) for child in node.get("Plans", ()))
