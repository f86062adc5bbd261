"""Load a matrix of road times between communes."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from maillage.core.errors import DomainError
from maillage.territorial_diagnosis.actions import import_travel_times


class Command(BaseCommand):
    help = "Load origin,destination,minutes (INSEE codes); refresh_diagnosis then uses them instead of its estimate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *, path: Path, **options: Any) -> None:
        try:
            self.stdout.write(str(import_travel_times(path=path, at=timezone.now())))
        except DomainError as error:
            raise CommandError(error.user_message) from error
