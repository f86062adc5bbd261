"""The pair of keys of the backups: the secret one in a file to keep elsewhere, the public one said."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from maillage.core.backups.keys import new_pair


class Command(BaseCommand):
    help = "Write a new secret key into a file, and print the public key for BACKUP_PUBLIC_KEY."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the file to make: keep it away from this machine")

    def handle(self, *, path: Path, **options: Any) -> None:
        public, secret = new_pair()
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{path} ne peut pas être écrit : {error.strerror}. Rien n’est remplacé.") from error
        with os.fdopen(handle, "w") as file:
            file.write(f"# public key: {public}\n{secret}\n")
        self.stdout.write(f"BACKUP_PUBLIC_KEY={public}")
        self.stderr.write(
            f"Clé secrète écrite dans {path} : sans elle aucune sauvegarde ne s’ouvre. Gardez-la ailleurs."
        )
