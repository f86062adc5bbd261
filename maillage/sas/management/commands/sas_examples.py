"""Print and run each request of docs/ops/sas.md against a running server: the demonstration, or --url."""

from argparse import ArgumentParser
from datetime import timedelta
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from maillage.sas.fhir.examples import Example, read_examples
from maillage.sas.fhir.resources import fhir_instant
from maillage.sas.rules.sas_query import MOST_PRACTITIONERS, PRACTITIONER_SYSTEM
from maillage.unscheduled_care.models import Effector

GUIDE = settings.BASE_DIR / "docs" / "ops" / "sas.md"
SHOWN = 700


class Command(BaseCommand):
    help = "Run the requests of the guide, and say where the answer is not what the guide says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000")

    def handle(self, *, url: str, **options: Any) -> None:
        wrong = 0
        for example in read_examples(GUIDE, self.values()):
            status, answer = self.call(url, example)
            failures = example.failures(status, answer)
            wrong += bool(failures)
            self.stdout.write(f"\n{example.method} {example.path}")
            if example.body:
                self.stdout.write(example.body)
            self.stdout.write(f"→ {status} {answer[:SHOWN]}{'…' if len(answer) > SHOWN else ''}")
            for failure in failures:
                self.stderr.write(f"   ✗ {failure}")
        if wrong:
            raise CommandError(f"{wrong} answers are not what the guide says.")
        self.stdout.write("\nEvery answer is what the guide says.")

    def values(self) -> dict[str, str]:
        """Professionals of this database, and today."""
        at = timezone.now()
        shown = Effector.objects.shown_to_sas().order_by("pk")[:MOST_PRACTITIONERS]
        return {
            "numbers": ",".join(f"{PRACTITIONER_SYSTEM}%7C{effector.idnps}" for effector in shown),
            "unknown": f"{PRACTITIONER_SYSTEM}%7C899999999999",
            "account": str(uuid4()),
            "now": fhir_instant(at).replace("+", "%2B"),
            "later": fhir_instant(at + timedelta(hours=72)).replace("+", "%2B"),
        }

    def call(self, url: str, example: Example) -> tuple[int, str]:
        base = urlsplit(url)
        kind = HTTPSConnection if base.scheme == "https" else HTTPConnection
        connection = kind(base.netloc, timeout=10)
        headers = {"Accept": "application/json+fhir", "Content-Type": "application/fhir+json"}
        try:
            connection.request(example.method, example.path, example.body.encode() or None, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError as error:
            raise CommandError(f"Nothing answers at {url}: run make demo in another terminal.") from error
        finally:
            connection.close()
