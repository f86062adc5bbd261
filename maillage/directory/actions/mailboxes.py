"""MSSanté mailboxes, from their own file."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from django.db import transaction

from maillage.audit import actions as audit
from maillage.core.loading.sources import TextSource, no_progress
from maillage.core.loading.staging import staging
from maillage.core.money import grouped
from maillage.core.work.jobs import Progress
from maillage.directory.actions.register import LEAST_KEPT, READING, header_of
from maillage.directory.loading.imports import SeemsIncomplete, TooManyRejects, one_import
from maillage.directory.loading.register import MAILBOX_TABLES, move_mailboxes
from maillage.directory.models import DirectoryImport, ImportKind, Mailbox
from maillage.directory.rules.mssante import COLUMN_NAMES, mailboxes


def import_mailboxes(
    *,
    path: Path,
    at: datetime,
    by: audit.Actor | None = None,
    progress: Progress = no_progress,
    dry_run: bool = False,
    accept_fewer: bool = False,
) -> DirectoryImport:
    """Load `Extraction_Correspondance_MSSante`. Raises UnreadableFile, SeemsIncomplete, TooManyRejects.

    Only mailboxes of people and structures of the directory are kept: load the register first.
    """
    source = TextSource(path, progress=progress, member="MSSante")
    with (
        one_import(ImportKind.MAILBOXES, path, by=by, at=at, dry_run=dry_run, accept_older=accept_fewer) as (
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
        report.check_whole(source)
        if report.rejected > max(100, stage.counts["mailbox"]):
            raise TooManyRejects
        _check_whole(path, stage.counts["mailbox"], accept_fewer=accept_fewer)
        with transaction.atomic():
            difference, strangers = move_mailboxes(stage)
            transaction.set_rollback(dry_run)
        row.counts = asdict(difference) | {"strangers": strangers}
        row.message = (
            f"{grouped(difference.added)} messageries ajoutées, {grouped(difference.changed)} modifiées, "
            f"{grouped(difference.removed)} retirées, {grouped(strangers)} laissées de côté (personne ou structure "
            f"absente de l’annuaire), {report.rejected_text}."
        )
    return row


def _check_whole(path: Path, staged: int, *, accept_fewer: bool) -> None:
    """A file that holds far fewer mailboxes than the directory was cut at the end of a line. Raises SeemsIncomplete."""
    before = Mailbox.objects.count()
    if not staged or (not accept_fewer and before > 100 and staged < LEAST_KEPT * before):
        raise SeemsIncomplete(
            f"{path.name} ne contient que {grouped(staged)} messageries, contre {grouped(before)} dans l’annuaire : "
            "il semble incomplet, rien n’a changé. S’il est bien entier, importez-le seul en ligne de commande, avec "
            "--accept-fewer."
        )
