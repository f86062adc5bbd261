"""Load the establishments of FINESS."""

from pathlib import Path
from typing import Any

from django.utils import timezone

from maillage.directory.actions import import_establishments
from maillage.directory.management.commands._shell import ImportCommand


class Command(ImportCommand):
    help = "Load FINESS: the legacy CSV feed, the JSON feed, or a CSV with a header of names."

    def handle(self, *, path: Path, dry_run: bool, accept_fewer: bool, **options: Any) -> None:
        self.load(
            lambda progress: import_establishments(
                path=path, at=timezone.now(), progress=progress, dry_run=dry_run, accept_fewer=accept_fewer
            )
        )
