"""Seal patient data again, here and now, after a change of key (docs/ops/install.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from maillage.core.secrecy.resealing import reseal


class Command(BaseCommand):
    help = "Seal again what a former key sealed; the worker does it by itself when it starts with two keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--everything", action="store_true", help="renew every data key, even under the same key")

    def handle(self, *, everything: bool, **options: Any) -> None:
        arguments = {"everything": everything, "asked_at": timezone.now().isoformat()}
        self.stdout.write(str(reseal(arguments, self.tell)))

    def tell(self, message: str, done: int, total: int) -> None:
        self.stdout.write(f"{message} : {done} sur {total}")
