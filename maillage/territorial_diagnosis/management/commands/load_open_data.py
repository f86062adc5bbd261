"""Load every open file that the product recognises in a folder."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from maillage.core.errors import DomainError
from maillage.core.terminal import progress_bar
from maillage.territorial_diagnosis.actions import load_open_data
from maillage.territorial_diagnosis.jobs import open_data_folder


class Command(BaseCommand):
    help = "Load the open data of OPEN_DATA_DIR: every file that is recognised by its columns."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--directory", type=Path, default=open_data_folder(), help="default: the setting OPEN_DATA_DIR"
        )

    def handle(self, *, directory: Path | None, **options: Any) -> None:
        with progress_bar(" fichier") as progress:
            try:
                report = load_open_data(directory, at=timezone.now(), progress=progress)
            except DomainError as error:
                raise CommandError(error.user_message) from error
        for name, message in report.directory.items():
            self.stdout.write(f"{name} : {message}")
        for name, vintages in report.loaded.items():
            unmatched = report.unmatched.get(name, 0)
            self.stdout.write(
                f"{name} : {vintages} millésimes" + (f", {unmatched} codes sans commune" if unmatched else "")
            )
        for name in report.unknown:
            self.stdout.write(f"{name} : laissé de côté (aucun indicateur connu)")
        self.stdout.write(str(report))
