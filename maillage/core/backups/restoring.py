"""An archive put back where there is nothing: read and compared whole before anything takes its place."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.timezone import localtime

from maillage.core.backups import archive, postgresql, sqlite
from maillage.core.backups.keys import secret_keys
from maillage.core.backups.making import FILES
from maillage.core.backups.manifest import (
    NAME,
    POSTGRESQL,
    SQLITE,
    Manifest,
    counted_files,
    key_fingerprints,
    read_manifest,
    unknown_migrations,
)
from maillage.core.errors import DomainError
from maillage.core.text import megabytes

LOST = {
    "PATIENT_DATA_KEY": "Ce qui nomme des patients ne se lira pas sans elle.",
    "SECRET_KEY": "Les liens des invitations en attente ne s’ouvriront pas sans elle.",
}
DATABASE, MEDIA, UNFINISHED = "maillage.sqlite3", "media", ".unfinished"


class TargetNotEmpty(DomainError):
    user_message = "Le dossier de destination n’est pas vide : donnez-en un neuf."


class DatabaseExpected(DomainError):
    user_message = "Cette sauvegarde vient de PostgreSQL : donnez une base vide (--database postgres://…)."


class NoDatabaseExpected(DomainError):
    user_message = "Cette sauvegarde vient de SQLite : sa base va dans le dossier, sans --database."


class TwoAtOnce(DomainError):
    user_message = "Une restauration est déjà en cours vers ce dossier."


class LaterVersion(DomainError):
    user_message = "Cette sauvegarde vient d’une version plus récente du produit : mettez-le à jour d’abord."


@dataclass(frozen=True)
class Restored:
    """What was put back, where; `other_keys` are those whose fingerprint is not that of the keys at hand."""

    manifest: Manifest
    folder: Path
    files: int
    size: int
    other_keys: tuple[str, ...]

    def __str__(self) -> str:
        manifest, when = self.manifest, localtime(self.manifest.made_at)
        held = f"{manifest.counted} et {counted_files(self.files)} ({megabytes(self.size)})"
        lines = [
            f"Sauvegarde du {when:%d/%m/%Y à %H:%M}, version {manifest.version}, {manifest.engine}.",
            f"{held} : toutes les empreintes concordent.",
            f"Restauré dans {self.folder}. Suite : VAR_DIR={self.folder}, DATABASE_URL vers la base, puis migrate.",
        ]
        lines += [f"Attention : {name} n’est pas celle de la sauvegarde. {LOST[name]}" for name in self.other_keys]
        return "\n".join(lines)


def restore_backup(
    *, path: Path, keys: str, folder: Path, server: dict[str, str] | None = None, from_elsewhere: bool = False
) -> Restored:
    """The archive put in `folder` (its files under `media`), and in the empty database of `server` on PostgreSQL.

    `keys` is the text of a key file. Nothing takes its place before every fingerprint was compared; a folder and a
    database hold all or nothing. Raises TargetNotEmpty, WrongKey, DamagedArchive, UntrustedArchive, NoRoom,
    DatabaseExpected, NoDatabaseExpected, LaterVersion and what the engine's module raises.
    """
    identities = secret_keys(keys)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TargetNotEmpty
    if server is not None:
        postgresql.refuse_unless_empty(server)
    with _beside(folder) as work:
        archive.read_archive(path, work, keys=identities, secret=settings.SECRET_KEY, from_elsewhere=from_elsewhere)
        manifest = _checked(work, server)
        files, size = _weighed(work / FILES)
        _put(work, folder, manifest, server)
    return Restored(manifest, folder, files, size, _other_keys(manifest))


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """A folder on the same disk as the target; what a killed restore left there is erased."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = folder.with_name(folder.name + UNFINISHED)
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TwoAtOnce from error
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
            Path(lock.name).unlink(missing_ok=True)


def _checked(work: Path, server: dict[str, str] | None) -> Manifest:
    described = work / NAME
    if not described.is_file():
        raise archive.DamagedArchive
    manifest = read_manifest(described.read_bytes())
    if not (work / (sqlite.FILE if manifest.engine == SQLITE else postgresql.FILE)).is_file():
        raise archive.DamagedArchive
    if manifest.engine == POSTGRESQL and server is None:
        raise DatabaseExpected
    if manifest.engine == SQLITE and server is not None:
        raise NoDatabaseExpected
    if unknown_migrations(manifest):
        raise LaterVersion
    if manifest.engine == SQLITE and sqlite.rows_of(work / sqlite.FILE) != manifest.tables:
        raise archive.DamagedArchive
    return manifest


def _weighed(files: Path) -> tuple[int, int]:
    sizes = [Path(place, name).stat().st_size for place, _, names in os.walk(files) for name in names]
    return len(sizes), sum(sizes)


def _put(work: Path, folder: Path, manifest: Manifest, server: dict[str, str] | None) -> None:
    """One rename puts the folder in its place; on PostgreSQL one transaction then fills the database."""
    place = work / "place"
    place.mkdir(mode=0o700)
    (work / FILES).mkdir(exist_ok=True)
    (work / FILES).rename(place / MEDIA)
    if manifest.engine == SQLITE:
        (work / sqlite.FILE).rename(place / DATABASE)
    place.rename(folder)
    if server is not None:
        try:
            postgresql.load(server, work / postgresql.FILE, manifest.tables)
        except DomainError:
            shutil.rmtree(folder)  # we have just made it
            raise


def _other_keys(manifest: Manifest) -> tuple[str, ...]:
    here = key_fingerprints()
    return tuple(name for name, fingerprint in manifest.keys.items() if fingerprint and here.get(name) != fingerprint)
