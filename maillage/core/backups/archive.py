"""The archive: members written and read as a stream, whatever their size, each with its SHA-256.

`SHA256SUMS` lists every other member, in the format of `sha256sum`; `SIGNATURE` says which instance made the list.
"""

import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

import pyrage
from django.utils.crypto import constant_time_compare, salted_hmac

from maillage.core.errors import DomainError

SUMS, SIGNATURE = "SHA256SUMS", "SIGNATURE"
BLOCK = 1 << 20
LONGEST_SIGNATURE = 1000  # bytes
GZIP_LEVEL = 5
SALT = "maillage.backup"


class WrongKey(DomainError):
    user_message = "Cette clé n’ouvre pas cette sauvegarde : elle a été chiffrée pour une autre."


class DamagedArchive(DomainError):
    user_message = "Cette sauvegarde est incomplète, abîmée, ou n’en est pas une : rien n’a été restauré."


class UntrustedArchive(DomainError):
    user_message = (
        "Cette sauvegarde n’est pas signée par la SECRET_KEY d’ici : elle vient d’une autre instance, ou quelqu’un l’a "
        "fabriquée. Si vous savez d’où elle vient, ajoutez --from-elsewhere."
    )


class NoRoom(DomainError):
    user_message = "Il n’y a pas assez de place sur le disque pour ce que contient cette sauvegarde."


@dataclass(frozen=True)
class Member:
    """A file on the disk, and its name in the archive."""

    name: str
    path: Path


def write_archive(path: Path, members: Iterable[Member], *, key: pyrage.x25519.Recipient, secret: str) -> int:
    """Members, their sums and the signature, encrypted for `key`; on the disk when this returns. How many members.

    A file erased since it was listed is left out. Raises OSError, FileExistsError.
    """
    with path.open("xb") as out:
        path.chmod(0o600)
        with _fed(lambda source: _encrypt(source, out, key)) as pipe:
            written = _write_tar(pipe, members, secret)
        out.flush()
        os.fsync(out.fileno())
    return written


def _encrypt(source: IO[bytes], out: IO[bytes], key: pyrage.x25519.Recipient) -> None:
    try:
        pyrage.encrypt_io(source, out, [key])
    except pyrage.EncryptError as error:  # a full disk, said in its words
        raise OSError(str(error)) from error


@contextmanager
def _fed(reader: Callable[[IO[bytes]], None]) -> Iterator[IO[bytes]]:
    """A pipe to write to, whose other end is given to `reader`, in a thread; its error is ours."""
    reading, writing = os.pipe()

    def read() -> None:
        with os.fdopen(reading, "rb") as source:
            reader(source)

    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(read)
        try:
            with os.fdopen(writing, "wb", buffering=BLOCK) as pipe:
                yield pipe
        except BrokenPipeError:
            task.result()  # the reader gave up first, and knows why
            raise
        task.result()


def _write_tar(pipe: IO[bytes], members: Iterable[Member], secret: str) -> int:
    written = 0
    with (
        tempfile.TemporaryFile() as sums,
        gzip.GzipFile(fileobj=pipe, mode="wb", compresslevel=GZIP_LEVEL) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for member in members:
            try:
                source = member.path.open("rb")
            except FileNotFoundError:
                continue
            with source:
                sums.write(_line(_add(tar, member.name, source), member.name))
            written += 1
        sums.seek(0)
        signature = _signature(_add(tar, SUMS, sums), secret)
        _add(tar, SIGNATURE, BytesIO(signature.encode()))
    return written


class _Summed:
    """A file that is read once, and the digest of what was read."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.sha256 = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.source.read(size)
        self.sha256.update(block)
        return block


def _add(tar: tarfile.TarFile, name: str, source: IO[bytes]) -> str:
    """The digest of what was added: as long as the file was when it was opened. Raises OSError when it shrinks."""
    entry = tarfile.TarInfo(name)
    entry.size = source.seek(0, os.SEEK_END)
    source.seek(0)
    entry.mode = 0o600
    summed = _Summed(source)
    tar.addfile(entry, summed)
    _forget(tar)
    return summed.sha256.hexdigest()


def _forget(tar: tarfile.TarFile) -> None:
    """It would remember every file of the instance."""
    tar.members = []  # type: ignore[attr-defined]  # the usual way, which its stubs do not know


def _line(digest: str, name: str) -> bytes:
    return f"{digest}  {name}\n".encode()


def _signature(digest: str, secret: str) -> str:
    return salted_hmac(SALT, digest, secret=secret, algorithm="sha256").hexdigest()


def read_archive(
    path: Path, folder: Path, *, keys: list[pyrage.x25519.Identity], secret: str, from_elsewhere: bool = False
) -> None:
    """Every member written under `folder`, then compared with its sum; the list of sums with its signature.

    Raises WrongKey, DamagedArchive, UntrustedArchive, NoRoom; `folder` is then not to be used.
    """
    with _feeding(lambda out: _decrypt(path, out, keys)) as (pipe, task):
        try:
            signature, digest = _read_tar(pipe, folder)
        except (tarfile.TarError, zlib.error, EOFError, UnicodeError, ValueError) as error:
            pipe.close()
            task.result()  # what the cipher says comes first
            raise DamagedArchive from error
    if not from_elsewhere and not constant_time_compare(signature, _signature(digest, secret)):
        raise UntrustedArchive


@contextmanager
def _feeding(writer: Callable[[IO[bytes]], None]) -> Iterator[tuple[IO[bytes], "Future[None]"]]:
    """A pipe to read from, whose other end is given to `writer`, in a thread."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=BLOCK) as out:
            writer(out)

    with ThreadPoolExecutor(1) as pool:
        task = pool.submit(write)
        with os.fdopen(reading, "rb", buffering=BLOCK) as pipe:
            yield pipe, task
        task.result()


def _decrypt(path: Path, out: IO[bytes], keys: list[pyrage.x25519.Identity]) -> None:
    with path.open("rb") as source:
        try:
            pyrage.decrypt_io(source, out, keys)
            out.flush()
        except pyrage.DecryptError as error:
            raise (WrongKey if "No matching keys" in str(error) else DamagedArchive) from error
        except OSError as error:
            raise DamagedArchive from error


def _read_tar(pipe: IO[bytes], folder: Path) -> tuple[str, str]:
    """The signature, and the digest of the list that it signs. Raises DamagedArchive, NoRoom, TarError."""
    with tempfile.TemporaryFile() as sums, tarfile.open(fileobj=pipe, mode="r|gz") as tar:
        while (entry := _next(tar)).name != SUMS:
            sums.write(_line(_extract(tar, entry, folder / _safe(entry)), entry.name))
        digest = _same_sums(tar, entry, sums)
        last = _next(tar)
        if last.name != SIGNATURE or last.size > LONGEST_SIGNATURE:
            raise DamagedArchive
        signature = _content(tar, last).read().decode()
        if tar.next() is not None:
            raise DamagedArchive
        while pipe.read(BLOCK):  # to the end: the cipher vouches for the whole file, or not at all
            pass
    return signature, digest


def _next(tar: tarfile.TarFile) -> tarfile.TarInfo:
    """Raises DamagedArchive when there is none."""
    entry = tar.next()
    _forget(tar)
    if entry is None:
        raise DamagedArchive
    return entry


def _safe(entry: tarfile.TarInfo) -> PurePosixPath:
    """A plain file with a place of its own under the folder. Raises DamagedArchive."""
    name = PurePosixPath(entry.name)
    if not entry.isreg() or name.is_absolute() or ".." in name.parts or not name.parts:
        raise DamagedArchive
    return name


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(entry)
    if content is None:
        raise DamagedArchive
    return content


def _extract(tar: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> str:
    summed = _Summed(_content(tar, entry))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.size > shutil.disk_usage(target.parent).free:
            raise NoRoom
        with target.open("xb") as out:
            target.chmod(0o600)
            shutil.copyfileobj(summed, out, BLOCK)
            out.flush()
            os.fsync(out.fileno())
    except (FileExistsError, NotADirectoryError) as error:  # two members for one place
        raise DamagedArchive from error
    return summed.sha256.hexdigest()


def _same_sums(tar: tarfile.TarFile, entry: tarfile.TarInfo, computed: IO[bytes]) -> str:
    """The digest of the list, once it says of each member what was read of it. Raises DamagedArchive."""
    size = computed.tell()
    computed.seek(0)
    summed = _Summed(_content(tar, entry))
    if entry.size != size:
        raise DamagedArchive
    while block := summed.read(BLOCK):
        if block != computed.read(len(block)):
            raise DamagedArchive
    return summed.sha256.hexdigest()
