# ruff: noqa: S608  # tables and columns of our own schema
"""A populated instance to save, the rows of any database, and a child process killed where the test says."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils.crypto import get_random_string
from psycopg import sql

from maillage.core.backups import postgresql
from maillage.core.backups.keys import new_pair
from maillage.core.backups.restoring import DATABASE
from tests.test_urls import arguments  # noqa: F401  # a row behind each address

PUBLIC, SECRET = new_pair()
ENGINE = connection.vendor
CHILD = """
import importlib, json, os, signal, sys
import django
from django.conf import settings
from django.db import connection
from django.utils import timezone

told = json.loads(sys.argv[1])
django.setup()
for name, value in told["settings"].items():
    setattr(settings, name, value)
connection.settings_dict["NAME"] = told["database"]
module = importlib.import_module(told["module"])
real, calls = getattr(module, told["function"]), []

def killed(*arguments, **options):
    calls.append(None)
    if len(calls) == told["call"]:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **options)

setattr(module, told["function"], killed)
from pathlib import Path
from maillage.core.backups.making import make_backup
from maillage.core.backups.restoring import restore_backup
if told["restore"]:
    told["restore"]["path"], told["restore"]["folder"] = Path(told["restore"]["path"]), Path(told["restore"]["folder"])
    restore_backup(**told["restore"])
else:
    make_backup(at=timezone.now())
"""
NAMED_SETTINGS = ("VAR_DIR", "MEDIA_ROOT", "BACKUP_DIR", "BACKUP_PUBLIC_KEY", "BACKUP_KEEP", "SECRET_KEY")


@pytest.fixture
def instance(tmp_path, settings, transactional_db, arguments):  # noqa: F811
    """A row behind each address, three files, a folder for backups."""
    settings.VAR_DIR = tmp_path / "var"
    settings.MEDIA_ROOT = tmp_path / "var" / "media"
    settings.BACKUP_DIR = str(tmp_path / "backups")
    settings.BACKUP_PUBLIC_KEY = PUBLIC
    settings.MEDIA_ROOT.mkdir(parents=True)
    for number in range(3):
        keep_file(b"%PDF-1.7 " + bytes([number]) * 100_000)
    return tmp_path


def keep_file(content: bytes) -> str:
    """A file that people joined, under a name of its own."""
    path = Path(settings.MEDIA_ROOT) / "attachments" / f"{get_random_string(32)}.pdf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path.name


def backups_in(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "backups").glob("*"))


@pytest.fixture
def target(tmp_path):
    """Where a restore goes: a folder that does not exist, and on PostgreSQL a database that has just been made."""
    place = {"keys": SECRET, "folder": tmp_path / "restored"}
    if ENGINE == "sqlite":
        yield place
        return
    server = postgresql.server_of(connection.settings_dict)
    fresh = {**server, "dbname": f"{server['dbname']}_restored"}
    recreate(server, fresh["dbname"])
    yield place | {"server": fresh}
    recreate(server, fresh["dbname"], make=False)


def recreate(server: dict[str, str], name: str, *, make: bool = True) -> None:
    with closing(psycopg.connect(**server | {"dbname": "postgres"}, autocommit=True)) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        if make:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def source_rows() -> dict[str, set]:
    """Every row of every table of the instance under test, as text."""
    return rows_of(connection.settings_dict["NAME"], postgresql.server_of(connection.settings_dict))


def restored_rows(target: dict) -> dict[str, set]:
    return rows_of(target["folder"] / DATABASE, target.get("server"))


def rows_of(file, server) -> dict[str, set]:
    if ENGINE == "sqlite":
        with closing(sqlite3.connect(file)) as database:
            names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            return {name: set(database.execute(f'SELECT * FROM "{name}"')) for (name,) in names.fetchall()}
    with closing(psycopg.connect(**server)) as database:
        names = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        query = sql.SQL("SELECT line::text FROM {} AS line")
        return {name: set(database.execute(query.format(sql.Identifier(name))).fetchall()) for (name,) in names}


def files_of(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def killed_at(module: str, function: str, call: int, settings, *, restore: dict | None = None) -> None:
    """Run a backup, or a restore, in a process that dies by SIGKILL at the nth call of a function."""
    told = {
        "module": f"maillage.core.backups.{module}",
        "function": function,
        "call": call,
        "database": str(connection.settings_dict["NAME"]),
        "settings": {name: str(getattr(settings, name)) for name in NAMED_SETTINGS if name != "BACKUP_KEEP"},
        "restore": restore,
    }
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(told, default=str)],
        env=dict(os.environ),
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == -9, ended.stderr
