"""Send to the SAS what waits for it; for a timer, or by hand after a long absence of the SAS."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from maillage.unscheduled_care.actions import flush_outbox
from maillage.unscheduled_care.sas_client import HttpSasClient


class Command(BaseCommand):
    help = "Send the appointments that the SAS has not been told yet (INT_R03), at SAS_BASE_URL."

    def handle(self, **options: Any) -> None:
        if not settings.SAS_BASE_URL:
            raise CommandError("SAS_BASE_URL is not set: nothing can be sent (docs/ops/sas.md).")
        sent, waiting = flush_outbox(HttpSasClient(settings.SAS_BASE_URL), at=timezone.now())
        self.stdout.write(f"{sent} sent, {waiting} waiting")
