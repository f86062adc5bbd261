"""Notices of refusal, one on standard input (an alias of the mail server) or a Maildir of them."""

import sys
from argparse import ArgumentParser
from mailbox import Maildir
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.utils import timezone

from maillage.core.apart.reading import Reader, read_apart
from maillage.core.errors import UnreadableFile
from maillage.exchange.actions import record_bounce
from maillage.exchange.rules.bounce import Bounce

LARGEST = 2**20  # bytes; a notice quotes headers, sometimes a whole message
NOTICES = Reader("maillage.exchange.rules.bounce:read", largest=LARGEST, processor=3, wall=6, most_output=10_000)


class Command(BaseCommand):
    help = "Note the addresses that servers refused. Reads one notice on standard input, or every one of a Maildir."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("maildir", nargs="?", type=Path, help="read and emptied of what was understood")

    def handle(self, *, maildir: Path | None, **options: Any) -> None:
        if maildir is None:
            self.stdout.write(str(int(_take(sys.stdin.buffer.read(LARGEST + 1)))))
            return
        box, taken = Maildir(maildir, create=False), 0
        for key in list(box.keys()):
            if _take(box.get_bytes(key)):
                box.remove(key)
                taken += 1
        self.stdout.write(str(taken))


def _take(raw: bytes) -> bool:
    """Whether a notice, read apart, was understood and taken. What cannot be read is left for people."""
    try:
        plain = read_apart(NOTICES, raw)
    except UnreadableFile:
        return False
    if plain is None:
        return False
    return record_bounce(Bounce(UUID(plain["mail_uuid"]), plain["reason"]), at=timezone.now())
