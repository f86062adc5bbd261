"""Load the MSSanté mailboxes of the people and structures of the directory."""

from pathlib import Path
from typing import Any

from django.utils import timezone

from maillage.directory.actions import import_mailboxes
from maillage.directory.management.commands._shell import ImportCommand


class Command(ImportCommand):
    help = "Load Extraction_Correspondance_MSSante*.txt, after the register."

    def handle(self, *, path: Path, dry_run: bool, accept_fewer: bool, **options: Any) -> None:
        self.load(
            lambda progress: import_mailboxes(
                path=path, at=timezone.now(), progress=progress, dry_run=dry_run, accept_fewer=accept_fewer
            )
        )
