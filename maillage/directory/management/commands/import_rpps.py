"""Load the national register of professionals."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from maillage.directory.actions import import_register
from maillage.directory.management.commands._shell import ImportCommand, departements_of


class Command(ImportCommand):
    help = "Load PS_LibreAcces_Personne_activite_*.txt. Nothing is written before the whole file has been read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--departements", type=departements_of, default=frozenset(), help="24,33; default: all")

    def handle(
        self, *, path: Path, departements: frozenset[str], dry_run: bool, accept_fewer: bool, **options: Any
    ) -> None:
        self.load(
            lambda progress: import_register(
                path=path,
                departements=departements,
                at=timezone.now(),
                progress=progress,
                dry_run=dry_run,
                accept_fewer=accept_fewer,
            )
        )
