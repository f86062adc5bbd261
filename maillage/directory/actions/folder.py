"""The national files of a folder, recognised by what they hold rather than by their names."""

import csv
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.loading.sources import TextSource, date_in, delimiter_of, first_line, no_progress
from maillage.core.work.jobs import Progress
from maillage.directory.actions.establishments import import_establishments
from maillage.directory.actions.mailboxes import import_mailboxes
from maillage.directory.actions.register import import_register
from maillage.directory.models import DirectoryImport, ImportKind
from maillage.directory.rules.finess import LEGACY_MARK, missing_names
from maillage.directory.rules.mssante import COLUMN_NAMES as MAILBOX_COLUMNS
from maillage.directory.rules.register import COLUMN_NAMES as REGISTER_COLUMNS

TEXT_ENDS = (".txt", ".csv", ".json", ".gz", ".zip")
# People first: mailboxes are kept for people who are in the directory.
ORDER = (ImportKind.REGISTER, ImportKind.ESTABLISHMENTS, ImportKind.MAILBOXES)


def directory_files(paths: Iterable[Path]) -> list[tuple[Path, ImportKind]]:
    """National files among these, in the order in which they must be loaded."""
    files = [(path, kind) for path in paths if path.name.endswith(TEXT_ENDS) and (kind := _kind_of(path))]
    return sorted(files, key=lambda file: (ORDER.index(file[1]), date_in(file[0].name) or date.max, file[0].name))


def _kind_of(path: Path) -> ImportKind | None:
    try:
        head = first_line(TextSource(path)).decode("utf-8-sig").strip()
    except (DomainError, OSError, EOFError):
        return None
    if head.startswith(f"{REGISTER_COLUMNS[0]}|"):
        return ImportKind.REGISTER
    if head.startswith(f"{MAILBOX_COLUMNS[0]}|"):
        return ImportKind.MAILBOXES
    if head.startswith(LEGACY_MARK) or (head.startswith("{") and "finess" in path.name.lower()):
        return ImportKind.ESTABLISHMENTS
    if "nofinesset" in head:
        delimiter = delimiter_of(head, among=",;")
        return None if missing_names(next(csv.reader([head], delimiter=delimiter))) else ImportKind.ESTABLISHMENTS
    return None


def import_file(
    kind: ImportKind,
    path: Path,
    *,
    at: datetime,
    by: audit.Actor | None = None,
    progress: Progress = no_progress,
) -> DirectoryImport:
    """Load one file of a known kind. Raises what its own import raises."""
    if kind == ImportKind.REGISTER:
        return import_register(path=path, at=at, by=by, progress=progress)
    if kind == ImportKind.MAILBOXES:
        return import_mailboxes(path=path, at=at, by=by, progress=progress)
    return import_establishments(path=path, at=at, by=by, progress=progress)
