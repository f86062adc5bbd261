"""Put an archive back, where there is nothing."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import environ
from django.core.management.base import BaseCommand, CommandError

from maillage.core.backups.postgresql import server_of
from maillage.core.backups.restoring import restore_backup
from maillage.core.errors import DomainError


class Command(BaseCommand):
    help = "Restore an archive into a new folder, and into an empty database when it comes from PostgreSQL."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("archive", type=Path)
        parser.add_argument("--key", type=Path, required=True, help="the file of the secret key")
        parser.add_argument("--to", type=Path, required=True, help="a new folder: the VAR_DIR of the restored instance")
        parser.add_argument("--database", help="an empty PostgreSQL database, as DATABASE_URL says it")
        parser.add_argument(
            "--from-elsewhere", action="store_true", help="accept an archive that another SECRET_KEY signed"
        )

    def handle(self, *, archive: Path, key: Path, to: Path, database: str | None, **options: Any) -> None:
        server = server_of(environ.Env.db_url_config(database)) if database else None
        try:
            restored = restore_backup(
                path=archive,
                keys=key.read_text(encoding="utf-8"),
                folder=to.absolute(),
                server=server,
                from_elsewhere=options["from_elsewhere"],
            )
        except DomainError as error:
            raise CommandError(error.user_message) from error
        except OSError as error:
            raise CommandError(f"{error.filename or archive} : {error.strerror or error}") from error
        self.stdout.write(str(restored))
