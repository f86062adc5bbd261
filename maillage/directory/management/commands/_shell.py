"""What the import commands share: a bar on a terminal, refusals in plain words."""

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from maillage.core.errors import DomainError
from maillage.core.terminal import progress_bar
from maillage.core.work.jobs import Progress
from maillage.directory.models import DirectoryImport


class ImportCommand(BaseCommand):
    """Reads one file; `load` is the action."""

    # They would load every page of the product: 30 MiB and a second, beside an import of bounded memory.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the file, as downloaded: plain, .gz or .zip")
        parser.add_argument("--dry-run", action="store_true", help="only count what would change")
        parser.add_argument(
            "--accept-fewer", action="store_true", help="load a file much smaller, or older, than the last one"
        )

    def load(self, load: Callable[[Progress], DirectoryImport]) -> None:
        with progress_bar("o", scaled=True) as progress:
            try:
                row = load(progress)
            except DomainError as error:
                raise CommandError(error.user_message) from error
        self.stdout.write(row.message)
        self.stdout.write("Les chiffres des diagnostics suivront cette nuit, ou tout de suite : refresh_diagnosis.")
        if row.rejects:
            self.stdout.write(f"Lignes rejetées ou douteuses : imports/{row.rejects}")


def departements_of(text: str) -> frozenset[str]:
    """24, 33 -> {"24", "33"}."""
    return frozenset(code.strip().upper() for code in text.split(",") if code.strip())
