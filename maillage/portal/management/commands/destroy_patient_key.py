"""Make all that is sealed for one CPTS unreadable for ever (docs/ops/install.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts
from maillage.portal.actions.keys import destroy_key


class Command(BaseCommand):
    help = "Destroy the data key of a CPTS: its patients, reasons and difficulties become unreadable for ever."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the name of the CPTS in addresses")
        parser.add_argument("--name", required=True, help="its whole name, so that nobody does it by accident")

    def handle(self, *, slug: str, name: str, **options: Any) -> None:
        cpts = Cpts.objects.filter(slug=slug).first()
        if cpts is None:
            raise CommandError(f"Aucune CPTS ne porte l’adresse « {slug} ».")
        try:
            destroy_key(cpts=cpts, typed_name=name, by=None, at=timezone.now())
        except DomainError as error:
            raise CommandError(error.user_message) from error
        self.stdout.write(f"La clé de {cpts.with_article} est détruite.")
