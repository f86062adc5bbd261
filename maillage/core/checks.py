"""What an instance cannot run without, said before it starts."""

import sqlite3
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import connection

OLDEST_SQLITE = (3, 35)  # RETURNING


def sqlite_is_recent(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """On SQLite, the version that our statements need."""
    if connection.vendor == "sqlite" and sqlite3.sqlite_version_info < OLDEST_SQLITE:
        told = f"SQLite {sqlite3.sqlite_version} est trop ancien : il faut SQLite 3.35 ou plus récent, ou PostgreSQL."
        return [Error(told, id="maillage.E001")]
    return []
