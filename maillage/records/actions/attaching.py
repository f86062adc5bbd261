"""Files joined: opened apart, examined, kept once under their content, for all that join the same; erased by the daily
sweep once no row names them."""

import base64
import fcntl
import hashlib
import os
import shlex
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from maillage.accounts.models import User
from maillage.core.apart.reading import Reader, read_apart
from maillage.core.errors import DomainError, UnreadableFile
from maillage.cpts.models import Cpts
from maillage.records.models import Attachment
from maillage.records.rules.kinds import ANY, PDF_ONLY, Kind

LARGEST = 10 * 2**20  # bytes
PDFS = Reader("maillage.core.apart.documents:check_pdf", largest=LARGEST, processor=4, wall=6, most_output=1_000)
OFFICE = Reader("maillage.core.apart.office:check_office", largest=LARGEST, processor=4, wall=6, most_output=1_000)
PICTURES = Reader("maillage.core.apart.pictures:clean_picture", largest=LARGEST, processor=8, wall=10)
SCAN_SECONDS = 30


class NotADocument(DomainError):
    user_message = "Ce fichier n’est ni un PDF, ni une photo (JPEG, PNG), ni un document bureautique, ou dépasse 10 Mo."


class NotAPdf(NotADocument):
    user_message = "Ce fichier n’est pas un PDF, ou dépasse 10 Mo : joignez un PDF."


class Infected(NotADocument):
    user_message = "L’antivirus refuse ce fichier : il n’a pas été gardé."


class NotScanned(DomainError):
    user_message = "L’antivirus ne répond pas : rien n’a été gardé, réessayez dans quelques minutes."


@dataclass(frozen=True)
class KeptFile:
    """What lies on the disk, before any row names it."""

    kind: Kind
    sha256: str
    size: int
    is_scanned: bool


def keep(content: bytes, *, kinds: frozenset[Kind] = ANY) -> KeptFile:
    """Open a file apart, have it examined, write it. Outside transactions: a file whose row was never written is swept
    the next day. Raises NotADocument or one of its kinds, NotScanned.
    """
    kind, clean = _opened(content, kinds)
    is_scanned = _scanned(clean)
    sha256 = hashlib.sha256(clean).hexdigest()
    path = path_of(sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, clean)
    return KeptFile(kind, sha256, len(clean), is_scanned)


def _opened(content: bytes, kinds: frozenset[Kind]) -> tuple[Kind, bytes]:
    """What it is by its content, and what is kept of it. Raises NotADocument."""
    refusal = NotAPdf if kinds == PDF_ONLY else NotADocument
    if not content or len(content) > LARGEST:
        raise refusal
    try:
        kind, clean = _read(content)
    except UnreadableFile as error:
        raise refusal(error.user_message) from error
    if kind not in kinds:
        raise refusal
    return kind, clean


def _read(content: bytes) -> tuple[Kind, bytes]:
    """Raises UnreadableFile, NotADocument."""
    if content.startswith(b"%PDF-"):
        read_apart(PDFS, content)
        return Kind.PDF, content
    if content.startswith(b"PK\x03\x04"):
        return Kind(read_apart(OFFICE, content)), content
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n")):
        answer = read_apart(PICTURES, content)
        return Kind(answer["kind"]), base64.b64decode(answer["content"])
    raise NotADocument


def _scanned(content: bytes) -> bool:
    """By the command of the instance, which reads the file on its input: 0 clean, 1 refused. Raises Infected,
    NotScanned; False when the instance has none."""
    if not settings.FILE_SCANNER:
        return False
    command = shlex.split(settings.FILE_SCANNER)
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=SCAN_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotScanned from error
    if done.returncode == 1:
        raise Infected
    if done.returncode:
        raise NotScanned
    return True


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody writes while the sweep erases one file, nor the other way round: what is told to be young stays."""
    with (root() / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file closes
        yield


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all. A file that is there is told to be young: the sweep leaves it to its new row."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    with _alone():
        if path.is_file():
            os.utime(path)
            return
        draft.write_bytes(content)
        draft.replace(path)


def attach(kept: KeptFile, *, cpts: Cpts, name: str, by: User | None, at: datetime) -> Attachment:
    """The row of a kept file, in the transaction of the row that names it."""
    return Attachment.objects.create(
        cpts=cpts,
        name=name[:160],
        kind=kept.kind,
        size=kept.size,
        sha256=kept.sha256,
        is_scanned=kept.is_scanned,
        created_at=at,
        created_by=by,
    )


def discard(attachment: Attachment | None) -> None:
    """Once nothing names it: its row now, its file by the sweep. A neighbour may be joining the same file meanwhile,
    whose row is not there yet."""
    if attachment is not None:
        attachment.delete()


def sweep(*, before: datetime) -> int:
    """Rows that nothing names any more, then files that no row names; those just written left alone. How many."""
    erased, _ = Attachment.objects.orphaned().filter(created_at__lt=before).delete()
    named = set(Attachment.objects.values_list("sha256", flat=True).iterator())
    for path in root().glob("??/*") if root().is_dir() else ():
        if path.name not in named:
            erased += _erase(path, before)
    return erased


def _erase(path: Path, before: datetime) -> bool:
    """Unless somebody just wrote it."""
    with _alone():
        is_old = path.is_file() and path.stat().st_mtime < before.timestamp()
        if is_old:
            path.unlink()
    return is_old


def root() -> Path:
    return Path(settings.MEDIA_ROOT) / "attachments"


def path_of(sha256: str) -> Path:
    return root() / sha256[:2] / sha256
