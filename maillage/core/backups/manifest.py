"""What an archive says of itself: where and when it was made, of what, sealed by which keys."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from maillage import VERSION
from maillage.core.backups.archive import DamagedArchive
from maillage.core.secrecy.sealing import fingerprint
from maillage.core.text import plural

NAME = "manifest.json"
FORMAT = 1
SQLITE, POSTGRESQL = "sqlite", "postgresql"


@dataclass(frozen=True)
class Manifest:
    """`keys` holds fingerprints, '' where there was no key; `migrations` are "app.name"."""

    version: str
    made_at: datetime
    engine: str
    migrations: tuple[str, ...]
    tables: dict[str, int]
    keys: dict[str, str]

    def written(self) -> bytes:
        facts = asdict(self) | {"format": FORMAT, "made_at": self.made_at.isoformat()}
        return json.dumps(facts, indent=1, ensure_ascii=False, sort_keys=True).encode()

    @property
    def counted(self) -> str:
        rows, tables = sum(self.tables.values()), len(self.tables)
        return f"{rows} {plural(rows, 'ligne', 'lignes')} de {tables} {plural(tables, 'table', 'tables')}"


def counted_files(number: int) -> str:
    return f"{number} {plural(number, 'fichier', 'fichiers')}"


def manifest_of(engine: str, tables: Mapping[str, int], migrations: tuple[str, ...], *, at: datetime) -> Manifest:
    return Manifest(VERSION, at, engine, migrations, dict(tables), key_fingerprints())


def key_fingerprints() -> dict[str, str]:
    """Of the keys that an archive needs beside it and never holds."""
    signing = sha256(b"maillage.backup." + settings.SECRET_KEY.encode()).hexdigest()[:16]
    return {"PATIENT_DATA_KEY": fingerprint(), "SECRET_KEY": signing}


def applied_migrations(connection: Any) -> tuple[str, ...]:
    return tuple(sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()))


def unknown_migrations(manifest: Manifest) -> list[str]:
    """Those that this version of the product has not: the archive comes from a later one."""
    ours = MigrationLoader(None).disk_migrations
    known = set(ours) | {replaced for migration in ours.values() for replaced in migration.replaces}
    return sorted(set(manifest.migrations) - {f"{app}.{name}" for app, name in known})


def read_manifest(content: bytes) -> Manifest:
    """Raises DamagedArchive."""
    try:
        facts = json.loads(content)
        if facts.pop("format") != FORMAT or facts["engine"] not in {SQLITE, POSTGRESQL}:
            raise DamagedArchive
        at = datetime.fromisoformat(facts.pop("made_at"))
        return Manifest(**facts | {"made_at": at, "migrations": tuple(facts["migrations"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedArchive from error
