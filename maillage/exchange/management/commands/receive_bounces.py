"""Notices of refusal, one on standard input (an alias of the mail server) or a Maildir of them."""

import sys
from argparse import ArgumentParser
from mailbox import Maildir
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from maillage.exchange.actions import record_bounce
from maillage.exchange.rules.bounce import bounce_of


class Command(BaseCommand):
    help = "Note the addresses that servers refused. Reads one notice on standard input, or every one of a Maildir."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("maildir", nargs="?", type=Path, help="read and emptied of what was understood")

    def handle(self, *, maildir: Path | None, **options: Any) -> None:
        if maildir is None:
            self.stdout.write(str(int(_take(sys.stdin.buffer.read()))))
            return
        box, taken = Maildir(maildir, create=False), 0
        for key in list(box.keys()):
            if _take(box.get_bytes(key)):
                box.remove(key)
                taken += 1
        self.stdout.write(str(taken))


def _take(raw: bytes) -> bool:
    bounce = bounce_of(raw)
    return bounce is not None and record_bounce(bounce, at=timezone.now())
