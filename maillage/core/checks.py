"""What an instance cannot run without, said before it starts."""

import sqlite3
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

OLDEST_SQLITE = (3, 35)  # RETURNING


def sqlite_is_recent(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """On SQLite, the version that our statements need."""
    if connection.vendor == "sqlite" and sqlite3.sqlite_version_info < OLDEST_SQLITE:
        message = (
            f"SQLite {sqlite3.sqlite_version} est trop ancien : il faut SQLite 3.35 ou plus récent, ou PostgreSQL."
        )
        return [Error(message, id="maillage.E001")]
    return []


def limits_are_known(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """`LIMITS` changes limits that exist, and says how many in how many seconds."""
    from maillage.core.limits import REGISTER, read_setting  # noqa: PLC0415  # models are not ready when this is read

    errors: list[CheckMessage] = []
    for name, text in settings.LIMITS.items():
        if name not in REGISTER:
            errors.append(Error(f"LIMITS : aucune limite ne s’appelle « {name} ».", id="maillage.E002"))
            continue
        try:
            read_setting(text)
        except ValueError:
            hint = f"LIMITS : « {name}={text} » se lit « {name}=nombre/secondes », l’un et l’autre positifs."
            errors.append(Error(hint, id="maillage.E003"))
    return errors


def patient_keys_fit(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """The key of patient data is whole, and the one that sealed what is kept."""
    from maillage.core.secrecy.keyring import start_fault  # noqa: PLC0415  # models are not ready when this is read

    fault = start_fault()
    return [Error(fault, id="maillage.E004")] if fault else []


def refuse_to_start() -> None:
    """For a process that no command starts: the application server. Raises ImproperlyConfigured."""
    from maillage.core.secrecy.keyring import start_fault  # noqa: PLC0415

    fault = start_fault()
    if fault:
        raise ImproperlyConfigured(fault)
