"""A dump of a PostgreSQL database by its own tools, counted within the same snapshot; and its way back."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from maillage.core.errors import DomainError

FILE = "database.dump"
LIBPQ = {"host", "port", "user", "dbname", "service", "passfile", "options", "connect_timeout"}
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
AND n.nspname NOT LIKE 'pg_toast%%' AND n.nspname NOT LIKE 'pg_temp%%' AND (%(any)s OR c.relkind IN ('r', 'p'))
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1, 2
"""


class ToolMissing(DomainError):
    user_message = (
        "pg_dump et pg_restore sont introuvables : installez le paquet postgresql-client de la version du serveur."
    )


class ToolFailed(DomainError):
    user_message = "L’outil de PostgreSQL a échoué."


class Unreachable(DomainError):
    user_message = "La base PostgreSQL ne répond pas."


class NotEmpty(DomainError):
    user_message = "La base de destination n’est pas vide : la restauration se fait dans une base neuve (createdb)."


class RowsDiffer(DomainError):
    user_message = "Les lignes restaurées ne sont pas celles de la sauvegarde : ne vous servez pas de cette base."


def server_of(database: Mapping[str, Any]) -> dict[str, str]:
    """What libpq needs of an entry of DATABASES."""
    named = {"host": "HOST", "port": "PORT", "user": "USER", "dbname": "NAME", "password": "PASSWORD"}
    server = {key: str(database[name]) for key, name in named.items() if database.get(name)}
    options = database.get("OPTIONS", {})
    return server | {key: str(value) for key, value in options.items() if key in LIBPQ or key.startswith("ssl")}


def dump(server: dict[str, str], into: Path) -> dict[str, int]:
    """Returns rows by table, as they are in the dump. Raises ToolMissing, ToolFailed, Unreachable."""
    with _connected(server) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        (snapshot,) = connection.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        _run(
            "pg_dump",
            server,
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={snapshot}",
            f"--file={into}",
        )
        return _rows(connection)


def refuse_unless_empty(server: dict[str, str]) -> None:
    """Raises NotEmpty, Unreachable."""
    with _connected(server) as connection:
        if connection.execute(TABLES, {"any": True}).fetchone():
            raise NotEmpty


def load(server: dict[str, str], dumped: Path, rows: dict[str, int]) -> None:
    """All in one transaction, then counted. Raises ToolMissing, ToolFailed, Unreachable, RowsDiffer."""
    _run(
        "pg_restore",
        server,
        "--exit-on-error",
        "--single-transaction",
        "--no-owner",
        "--no-privileges",
        "--no-comments",
        str(dumped),
    )
    with _connected(server) as connection:
        if _rows(connection) != rows:
            raise RowsDiffer
        connection.execute("ANALYZE")


@contextmanager
def _connected(server: dict[str, str]) -> Iterator[psycopg.Connection[Any]]:
    try:
        connection = psycopg.connect(make_conninfo("", **server))
    except psycopg.OperationalError as error:
        raise Unreachable from error
    with connection:
        yield connection


def _rows(connection: psycopg.Connection[Any]) -> dict[str, int]:
    counted = {}
    for schema, name in connection.execute(TABLES, {"any": False}).fetchall():
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name))
        (counted[name if schema == "public" else f"{schema}.{name}"],) = connection.execute(query).fetchone() or (0,)
    return counted


def _run(tool: str, server: dict[str, str], *arguments: str) -> None:
    """The password goes by the environment: other users of the machine read command lines."""
    program = shutil.which(tool)
    if program is None:
        raise ToolMissing
    place = make_conninfo("", **{key: value for key, value in server.items() if key != "password"})
    environment = os.environ | ({"PGPASSWORD": server["password"]} if "password" in server else {})
    command = [program, f"--dbname={place}", "--no-password", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # no shell
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [""]
        raise ToolFailed(f"{tool} a échoué : {last[0]}")
