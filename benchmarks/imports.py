"""Loading all communes, against a bare bulk insert of the same rows in the same tables."""

import sqlite3
from contextlib import closing

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from benchmarks.measure import milliseconds, row
from maillage.cpts.models import Cpts
from maillage.geography.actions import load_reference
from maillage.geography.loading.reference import open_reference
from maillage.geography.models import Commune, CommunePopulation, Departement, Epci, PlaceName, ReferenceRelease, Region

TABLES = (Region, Departement, Epci, Commune, CommunePopulation, PlaceName)


def run(rounds: int = 3) -> None:
    mine, floor = [], []
    for _ in range(rounds):
        Cpts.objects.all().delete()  # what an earlier run left
        Commune.objects.exclude(parent=None).delete()
        for model in (ReferenceRelease, *reversed(TABLES)):
            model.objects.all().delete()
        mine.append(milliseconds(lambda: load_reference(open_reference(), at=timezone.now())))
        floor.append(_bare_insert())
    row("import of all communes", sorted(mine)[1], sorted(floor)[1], "≤ 3")


def _bare_insert() -> float:
    """The rows just loaded, already in memory, through the driver, with the same tables, constraints and indexes."""
    rows = {model: list(model.objects.values_list(*_columns(model))) for model in TABLES}
    if connection.vendor == "sqlite":
        return milliseconds(lambda: _sqlite(rows))
    taken = milliseconds(lambda: _postgresql(rows))
    with connection.cursor() as cursor:
        for model in reversed(TABLES):
            cursor.execute(f"drop table bare_{model._meta.db_table}")
    return taken


def _columns(model):
    return [field.attname for field in model._meta.concrete_fields]


def _sqlite(rows) -> None:
    path = settings.VAR_DIR / "bare.sqlite3"
    path.unlink(missing_ok=True)
    with connection.cursor() as cursor:
        schema = cursor.execute("select sql from sqlite_master where tbl_name like 'geography_%' and sql is not null")
        statements = [sql for (sql,) in schema.fetchall()]
    with closing(sqlite3.connect(path)) as bare:
        bare.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")
        for sql in statements:
            bare.execute(sql)
        for model, values in rows.items():
            columns = _columns(model)
            marks = ", ".join("?" * len(columns))
            sql = f"insert into {model._meta.db_table} ({', '.join(columns)}) values ({marks})"
            bare.executemany(sql, values)
        bare.commit()


def _postgresql(rows) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for model, values in rows.items():
            table = model._meta.db_table
            cursor.execute(f"create table bare_{table} (like {table} including all)")
            for field in model._meta.concrete_fields:
                if field.is_relation:  # the same references to check, deferred as Django's are
                    target = f"bare_{field.related_model._meta.db_table} ({field.target_field.column})"
                    reference = f"foreign key ({field.column}) references {target} deferrable initially deferred"
                    cursor.execute(f"alter table bare_{table} add {reference}")
            with cursor.copy(f"copy bare_{table} ({', '.join(_columns(model))}) from stdin") as copy:
                for value in values:
                    copy.write_row(value)
