"""Backups as the instance sees to them: one a day where the database is a file, and what the administrator is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.backups.keeping import Kept, kept_archives
from maillage.core.backups.making import is_configured, make_backup
from maillage.core.models import Job, JobState
from maillage.core.work import jobs
from maillage.portal.acts import Act

BACKUP = "portal.backup"
LABEL = "Sauvegarde de l’instance"
TOO_OLD = timedelta(hours=36)  # a day, and a night for whoever looks


@dataclass(frozen=True)
class Backups:
    """What a page shows: whole archives, the newest first, and what is wrong, '' when nothing is."""

    archives: list[Kept]
    is_configured: bool
    is_automatic: bool
    warning: str

    @property
    def last(self) -> Kept | None:
        return self.archives[0] if self.archives else None


def is_automatic() -> bool:
    """PostgreSQL is saved by a timer of its host, beside the tools of its version (docs/ops/backup.md)."""
    return connection.vendor == "sqlite" and is_configured()


@jobs.job(BACKUP, attempts=3, limit=timedelta(hours=3), lane="long")
def back_up(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Running it twice makes two backups."""
    at = timezone.now()
    made = make_backup(at=at)
    by = User.objects.filter(pk=arguments["by"]).first() if "by" in arguments else None
    row = Job(kind=BACKUP, label=made.kept.path.name)
    audit.record(Act.INSTANCE_BACKED_UP, target=row, by=by, at=at, summary=str(made))
    return str(made)


jobs.daily(BACKUP, LABEL, is_automatic)


def backups_at(at: datetime) -> Backups:
    archives, unreadable = [], ""
    if is_configured():
        try:
            archives = kept_archives(Path(settings.BACKUP_DIR))
        except FileNotFoundError:
            pass
        except OSError:
            unreadable = "Le dossier des sauvegardes ne peut pas être lu d’ici."
    return Backups(archives, is_configured(), is_automatic(), unreadable or _warning(archives, at))


def _warning(archives: list[Kept], at: datetime) -> str:
    if not is_configured():
        return "Aucune sauvegarde n’est prévue : ce qui est perdu le sera pour de bon."
    if not archives:
        return "Aucune sauvegarde n’a encore été faite."
    if at - archives[0].made_at > TOO_OLD:
        return "La dernière sauvegarde a plus d’un jour et demi."
    last = Job.objects.filter(kind=BACKUP, state__in=[JobState.DONE, JobState.FAILED]).order_by("-finished_at").first()
    if last and last.state == JobState.FAILED:
        return f"La dernière tentative a échoué : {last.message}"
    return ""
