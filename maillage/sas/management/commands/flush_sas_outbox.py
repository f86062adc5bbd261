"""Send to the SAS what waits for it; for a timer, or by hand after a long absence of the SAS."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from maillage.sas.actions.outbox import flush_outbox, retry_refused
from maillage.sas.fhir.client import HttpSasClient


class Command(BaseCommand):
    help = "Send the appointments that the SAS has not been told yet (INT_R03), at SAS_BASE_URL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--refused", action="store_true", help="send again what the SAS refused")

    def handle(self, *, refused: bool, **options: Any) -> None:
        if not settings.SAS_BASE_URL:
            raise CommandError("SAS_BASE_URL is not set: nothing can be sent (docs/ops/sas.md).")
        if refused:
            retry_refused(timezone.now())
        sent, waiting = flush_outbox(HttpSasClient(settings.SAS_BASE_URL), clock=timezone.now)
        self.stdout.write(f"{sent} sent, {waiting} waiting")
