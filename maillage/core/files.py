"""PDF that people join: kept out of the web root under a name that nobody guesses."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpResponse
from django.utils.crypto import get_random_string

from maillage.core.apart.reading import Reader, read_apart
from maillage.core.errors import DomainError, UnreadableFile

LARGEST = 10 * 2**20


PDFS = Reader("maillage.core.apart.documents:check_pdf", largest=LARGEST, processor=4, wall=6, most_output=1_000)


class NotADocument(DomainError):
    user_message = "Ce fichier n’est pas un PDF, ou dépasse 10 Mo : joignez un PDF."


def keep_pdf(folder: str, content: bytes) -> str:
    """Open a PDF apart, then write it; returns the name it is kept under. Outside transactions: a file whose row was
    never written is swept the next day. Raises NotADocument.
    """
    if len(content) > LARGEST or not content.startswith(b"%PDF-"):
        raise NotADocument
    try:
        read_apart(PDFS, content)
    except UnreadableFile as error:
        raise NotADocument(error.user_message) from error
    return keep_file(folder, content)


def keep_file(folder: str, content: bytes) -> str:
    """Write what is known to be a PDF; returns the name it is kept under."""
    name = f"{get_random_string(32)}.pdf"
    path = path_of(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return name


def path_of(folder: str, name: str) -> Path:
    return Path(settings.MEDIA_ROOT) / folder / name


def erase_on_commit(folder: str, name: str) -> None:
    """Remove the file once it is certain that nothing speaks of it any more."""
    if name:
        transaction.on_commit(lambda: path_of(folder, name).unlink(missing_ok=True))


def sweep(folder: str, known: set[str], *, before: datetime) -> int:
    """Erase the files of a folder that no row names any more, those just written left alone. Returns how many."""
    root = Path(settings.MEDIA_ROOT) / folder
    old = [path for path in root.glob("*.pdf") if path.stat().st_mtime < before.timestamp()] if root.is_dir() else []
    forgotten = [path for path in old if path.name not in known]
    for path in forgotten:
        path.unlink(missing_ok=True)
    return len(forgotten)


def file_response(folder: str, name: str, shown_as: str) -> HttpResponse:
    """The file, read in the browser. Raises Http404 when there is none."""
    path = path_of(folder, name)
    if not name or not path.is_file():
        raise Http404
    headers = {"Content-Disposition": f'inline; filename="{shown_as}.pdf"'}
    return HttpResponse(path.read_bytes(), content_type="application/pdf", headers=headers)
