"""MSSanté mailboxes, from their own file."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from django.db import transaction

from maillage.audit import actions as audit
from maillage.core.jobs import Progress
from maillage.core.money import grouped
from maillage.core.sources import TextSource, no_progress
from maillage.core.staging import staging
from maillage.directory.actions.register import READING, header_of
from maillage.directory.imports import SeemsIncomplete, TooManyRejects, one_import
from maillage.directory.loading import MAILBOX_TABLES, move_mailboxes
from maillage.directory.models import DirectoryImport, ImportKind
from maillage.directory.rules.mssante import COLUMN_NAMES, mailboxes


def import_mailboxes(
    *,
    path: Path,
    at: datetime,
    by: audit.Actor | None = None,
    progress: Progress = no_progress,
    dry_run: bool = False,
) -> DirectoryImport:
    """Load `Extraction_Correspondance_MSSante`. Raises UnreadableFile, SeemsIncomplete, TooManyRejects.

    Only mailboxes of people and structures of the directory are kept: load the register first.
    """
    source = TextSource(path, progress=progress, member="MSSante")
    with (
        one_import(ImportKind.MAILBOXES, path, departements=frozenset(), by=by, at=at, dry_run=dry_run) as (
            row,
            report,
        ),
        staging(MAILBOX_TABLES) as stage,
    ):
        layout = header_of(source, COLUMN_NAMES, "Extraction_Correspondance_MSSante")
        lines = source.lines(READING)
        next(lines)
        for mailbox in mailboxes(lines, layout, report.tell):
            stage.add("mailbox", mailbox)
        stage.finish()
        if not source.ended_whole and report.rejected:
            raise SeemsIncomplete(f"{path.name} est coupé au milieu d’une ligne : rien n’a changé.")
        if report.rejected > max(100, stage.counts["mailbox"]):
            raise TooManyRejects
        with transaction.atomic():
            difference, strangers = move_mailboxes(stage)
            transaction.set_rollback(dry_run)
        row.counts = asdict(difference) | {"strangers": strangers}
        row.message = (
            f"{grouped(difference.added)} messageries ajoutées, {grouped(difference.changed)} modifiées, "
            f"{grouped(difference.removed)} retirées, {grouped(strangers)} laissées de côté (personne ou structure "
            f"absente de l’annuaire), {grouped(report.rejected)} lignes rejetées."
        )
    return row
