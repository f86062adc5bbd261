"""Load the reference files of the product, or others of the same shape."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from maillage.core.errors import DomainError
from maillage.core.terminal import progress_bar
from maillage.geography.actions import load_reference
from maillage.geography.loading.reference import DATA_DIR, open_reference


class Command(BaseCommand):
    help = "Load the communes of France. The files are refused whole when one of them is altered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--directory", type=Path, default=DATA_DIR, help="where the reference files lie")

    def handle(self, *, directory: Path, **options: Any) -> None:
        with progress_bar(" étape") as progress:
            try:
                report = load_reference(open_reference(directory), at=timezone.now(), progress=progress)
            except DomainError as error:
                raise CommandError(error.user_message) from error
        self.stdout.write(str(report))
