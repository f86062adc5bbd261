"""Save the instance: one encrypted archive in BACKUP_DIR."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from maillage.core.backups.making import make_backup
from maillage.core.errors import DomainError


class Command(BaseCommand):
    help = "Save the database and the files into one archive of BACKUP_DIR, encrypted for BACKUP_PUBLIC_KEY."

    def handle(self, **options: Any) -> None:
        try:
            self.stdout.write(str(make_backup(at=timezone.now())))
        except DomainError as error:
            raise CommandError(error.user_message) from error
