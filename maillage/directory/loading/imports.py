"""What every import of the directory shares: one at a time, a report, a file of what was refused."""

import csv
import errno
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.loading.sources import TextSource, date_in
from maillage.core.loading.staging import DriverError
from maillage.core.money import grouped
from maillage.core.papers.spreadsheets import harmless
from maillage.core.text import plural
from maillage.core.work.jobs import is_dead, this_worker
from maillage.directory.acts import Act
from maillage.directory.models import DirectoryImport, ImportKind, ImportState

KEPT_REJECTS = 200_000
DISK_IS_FULL = "Il n’y a plus de place sur le disque : rien n’a changé. Libérez de la place, puis recommencez."
LONGEST = timedelta(hours=6)  # beyond it, a run on a machine that is no longer there
INTERRUPTED = "L’import s’est interrompu : rien n’a changé."
HEADER = ("ligne", "identifiant", "raison", "suite")


class ImportAlreadyRunning(DomainError):
    user_message = "Un import du même fichier est déjà en cours : attendez qu’il finisse."


class SeemsIncomplete(DomainError):
    user_message = "Le fichier semble incomplet : rien n’a changé."


class OlderFile(DomainError):
    user_message = "Ce fichier est plus ancien que le dernier chargé : rien n’a changé."


class TooManyRejects(DomainError):
    user_message = "Presque aucune ligne du fichier n’a pu être lue : rien n’a changé."


class Report:
    """Counts what is told of the lines, and keeps it in a file people can download."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rejected = self.doubtful = 0
        self.reasons: Counter[str] = Counter()
        self._file: IO[str] | None = None

    def tell(self, line: int, identifier: str, reason: str, *, kept: bool = False) -> None:
        """One line refused, or kept with a doubt."""
        self.rejected += not kept
        self.doubtful += kept
        self.reasons[reason.partition(" :")[0]] += 1
        if self.rejected + self.doubtful > KEPT_REJECTS:
            return
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file, delimiter=";").writerow(HEADER)
        cells = (line, harmless(identifier), harmless(reason), "gardée" if kept else "rejetée")
        csv.writer(self._file, delimiter=";").writerow(cells)

    def close(self) -> None:
        if self._file:
            self._file.close()

    def check_whole(self, source: TextSource) -> None:
        """A file that ends in the middle of a line which could not be taken was cut. Raises SeemsIncomplete."""
        if not source.ended_whole and self.rejected:
            raise SeemsIncomplete(f"{source.path.name} est coupé au milieu d’une ligne : rien n’a changé.")

    @property
    def rejected_text(self) -> str:
        return f"{grouped(self.rejected)} {plural(self.rejected, 'ligne rejetée', 'lignes rejetées')}"

    @property
    def doubtful_text(self) -> str:
        return f"{grouped(self.doubtful)} {plural(self.doubtful, 'gardée')} avec un doute"

    def counts(self) -> dict[str, Any]:
        return {"rejected": self.rejected, "doubtful": self.doubtful, "reasons": dict(self.reasons.most_common(12))}


@contextmanager
def one_import(
    kind: ImportKind,
    path: Path,
    *,
    by: audit.Actor | None,
    at: datetime,
    departements: frozenset[str] = frozenset(),
    dry_run: bool = False,
    accept_older: bool = False,
) -> Iterator[tuple[DirectoryImport, Report]]:
    """Claim the import, report on it, and leave a trace whatever happens. Raises ImportAlreadyRunning.

    A refusal ends it as refused with its reason; so does a full disk. What was there before stays.
    """
    row = _claim(kind, path, departements, at)
    report = Report(Path(settings.MEDIA_ROOT) / "imports" / f"{row.uuid}.csv")
    state, message = ImportState.REFUSED, INTERRUPTED
    try:
        if not accept_older:
            _check_newer(row)
        yield row, report
        state, message = ImportState.DONE, row.message
    except DomainError as error:
        message = error.user_message
        raise
    except (OSError, DatabaseError, *DriverError) as error:
        if not _is_disk_full(error):
            raise
        message = DISK_IS_FULL
        raise DomainError(DISK_IS_FULL) from error
    finally:
        _end(row, report, state, message)
        if dry_run:
            row.delete()
        else:
            audit.record(Act.IMPORTED, target=row, by=by, at=at, summary=f"{row} : {message}")


def _claim(kind: ImportKind, path: Path, departements: frozenset[str], at: datetime) -> DirectoryImport:
    for running in DirectoryImport.objects.filter(kind=kind, state=ImportState.RUNNING):
        if is_dead(running.worker) or running.started_at < at - LONGEST:
            running.state, running.finished_at = ImportState.REFUSED, at
            running.message = "La machine s’est arrêtée pendant l’import : rien n’avait changé."
            running.save(update_fields=["state", "finished_at", "message"])
    try:
        with transaction.atomic():
            return DirectoryImport.objects.create(
                kind=kind,
                filename=path.name[:200],
                extracted_on=date_in(path.name) or timezone.localdate(at),
                departements=sorted(departements),
                worker=this_worker(),
                started_at=at,
            )
    except IntegrityError as error:
        raise ImportAlreadyRunning from error


def _end(row: DirectoryImport, report: Report, state: ImportState, message: str) -> None:
    report.close()
    row.state, row.message, row.counts = state, message[:500], row.counts | report.counts()
    row.rejects = report.path.name if report.path.exists() else ""
    row.finished_at = timezone.now()
    row.save(update_fields=["state", "message", "counts", "rejects", "finished_at"])


def _is_disk_full(error: BaseException) -> bool:
    """ENOSPC or EFBIG from the system; what each engine says of it otherwise."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        return True
    text = str(error).lower()
    return any(words in text for words in ("disk is full", "no space left", "disk i/o error", "file too large"))


def _check_newer(row: DirectoryImport) -> None:
    """An older extraction would tell departures that never were. Raises OlderFile."""
    latest = last_done(ImportKind(row.kind))
    if latest and latest.extracted_on > row.extracted_on:
        raise OlderFile(
            f"{row.filename} date du {row.extracted_on:%d/%m/%Y}, avant le dernier fichier chargé "
            f"({latest.extracted_on:%d/%m/%Y}) : rien n’a changé. Pour le charger tout de même : --accept-fewer."
        )


def last_done(kind: ImportKind) -> DirectoryImport | None:
    """The latest import of a file that went through."""
    done = DirectoryImport.objects.filter(kind=kind, state=ImportState.DONE)
    return done.order_by("-finished_at").first()


def known_scope(kind: ImportKind) -> frozenset[str] | None:
    """Départements loaded so far; empty when all of France was, None when nothing was."""
    scopes = list(
        DirectoryImport.objects.filter(kind=kind, state=ImportState.DONE).values_list("departements", flat=True)
    )
    if not scopes:
        return None
    return frozenset() if any(not scope for scope in scopes) else frozenset().union(*scopes)
