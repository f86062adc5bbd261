"""One backup: the database as it was at one moment, then its files, in one encrypted archive."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from maillage.core.backups import archive, postgresql, sqlite
from maillage.core.backups.keeping import PART, Kept, kept_archives, name_of, rotate
from maillage.core.backups.keys import public_key
from maillage.core.backups.manifest import (
    NAME,
    POSTGRESQL,
    SQLITE,
    Manifest,
    applied_migrations,
    counted_files,
    manifest_of,
)
from maillage.core.errors import DomainError
from maillage.core.text import megabytes

FILES = "files"
WORK, LOCK = "backup-work", "backup.lock"


class NotConfigured(DomainError):
    user_message = "Les sauvegardes demandent un dossier (BACKUP_DIR) et une clé publique (BACKUP_PUBLIC_KEY)."


class FolderAmongTheFiles(DomainError):
    user_message = (
        "Le dossier des sauvegardes (BACKUP_DIR) est dans celui des fichiers : donnez-lui une place ailleurs."
    )


class AlreadyRunning(DomainError):
    user_message = "Une sauvegarde est déjà en cours."


class FolderUnusable(DomainError):
    user_message = "Le dossier des sauvegardes ne peut pas être écrit."


@dataclass(frozen=True)
class Made:
    """A backup just made: where it is, what it says of itself, how many files it holds."""

    kept: Kept
    manifest: Manifest
    files: int

    def __str__(self) -> str:
        held = f"{self.manifest.counted}, {counted_files(self.files)}"
        return f"Sauvegarde {self.kept.path.name} : {held}, {megabytes(self.kept.size)}."


def is_configured() -> bool:
    return bool(settings.BACKUP_DIR and settings.BACKUP_PUBLIC_KEY)


def make_backup(*, at: datetime) -> Made:
    """The archive of this instance, named by its instant, once it is whole; older ones than BACKUP_KEEP are erased.

    Raises NotConfigured, AlreadyRunning, FolderUnusable and what the engine's module raises; the folder then holds what
    it held.
    """
    if not is_configured():
        raise NotConfigured
    key, folder = public_key(settings.BACKUP_PUBLIC_KEY), Path(settings.BACKUP_DIR)
    if folder.resolve().is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
        raise FolderAmongTheFiles
    with _alone() as work:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for left in folder.glob(f"*{PART}"):
                left.unlink()
            database, manifest = _snapshot(work, at)
            path = folder / name_of(at)
            written = _write(path, [database, *_described(work, manifest)], key)
            made = next(each for each in kept_archives(folder) if each.path == path)
            rotate(folder, settings.BACKUP_KEEP)
        except OSError as error:
            raise FolderUnusable(f"{FolderUnusable.user_message} ({error.strerror or error})") from error
    return Made(made, manifest, written - 2)


@contextmanager
def _alone() -> Iterator[Path]:
    """A folder to work in, beside the database, readable by nobody else; what a killed backup left there is erased."""
    place = Path(settings.VAR_DIR)
    with (place / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning from error
        work = place / WORK
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _snapshot(work: Path, at: datetime) -> tuple[archive.Member, Manifest]:
    """Migrations are read first: none is applied while the product is saved (docs/ops/backup.md)."""
    migrations = applied_migrations(connection)
    database: Any = connection.settings_dict
    if connection.vendor == SQLITE:
        member = archive.Member(sqlite.FILE, work / sqlite.FILE)
        tables = sqlite.dump(Path(database["NAME"]), member.path)
        return member, manifest_of(SQLITE, tables, migrations, at=at)
    member = archive.Member(postgresql.FILE, work / postgresql.FILE)
    tables = postgresql.dump(postgresql.server_of(database), member.path)
    return member, manifest_of(POSTGRESQL, tables, migrations, at=at)


def _described(work: Path, manifest: Manifest) -> Iterator[archive.Member]:
    """The manifest, then the files: listed after the database was read, so that every row finds its own."""
    described = work / NAME
    described.write_bytes(manifest.written())
    yield archive.Member(NAME, described)
    root = Path(settings.MEDIA_ROOT)
    for directory, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(directory, name)
            if path.is_file() and not path.is_symlink():
                yield archive.Member(f"{FILES}/{path.relative_to(root).as_posix()}", path)


def _write(path: Path, members: Any, key: Any) -> int:
    """Under a name that says it is not whole, until it is."""
    part = path.with_name(path.name + PART)
    try:
        written = archive.write_archive(part, members, key=key, secret=settings.SECRET_KEY)
        part.replace(path)
        _flush_names(path.parent)
    finally:
        part.unlink(missing_ok=True)
    return written


def _flush_names(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
