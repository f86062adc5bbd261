"""Files that wait for the worker: out of the web root, under a name that nobody guesses, a day at most."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import get_random_string

from maillage.core.errors import DomainError, UnreadableFile

KEPT_SECONDS = 24 * 3_600


def _folder() -> Path:
    folder = Path(settings.MEDIA_ROOT) / "waiting"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def keep_waiting(content: bytes) -> str:
    """Keep a content for the job that will read it; returns its key."""
    sweep_waiting()
    key = get_random_string(32)
    (_folder() / key).write_bytes(content)
    return key


@contextmanager
def taken(key: str) -> Iterator[bytes]:
    """The content, forgotten once it was read or refused; kept for another try when the reading was cut short.

    Raises UnreadableFile.
    """
    content = waiting(key)
    try:
        yield content
    except DomainError:
        forget_waiting(key)
        raise
    forget_waiting(key)


def waiting(key: str) -> bytes:
    """The content of a key that we gave. Raises UnreadableFile once it was swept."""
    try:
        return (_folder() / key).read_bytes()
    except FileNotFoundError as error:
        raise UnreadableFile("Ce fichier n’est plus là : envoyez-le de nouveau.") from error


def forget_waiting(key: str) -> None:
    (_folder() / key).unlink(missing_ok=True)


def sweep_waiting() -> int:
    """Erase what nobody came for. Returns how many."""
    before, swept = timezone.now().timestamp() - KEPT_SECONDS, 0
    for path in _folder().iterdir():
        with suppress(FileNotFoundError):  # another process sweeps too
            if path.stat().st_mtime < before:
                path.unlink()
                swept += 1
    return swept
