"""Create what a campaign of interoperability asks for: JSON in, identifiers out."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from maillage.core.errors import DomainError
from maillage.sas.actions.campaign import load_campaign


class Command(BaseCommand):
    help = "Read a campaign (docs/ops/sas.md) on standard input, create it whole, print the identifiers it was given."

    def handle(self, **options: Any) -> None:
        try:
            content = json.load(sys.stdin)
        except ValueError as error:
            raise CommandError(f"JSON illisible : {error}") from error
        if not isinstance(content, dict):
            raise CommandError("Un objet JSON est attendu.")
        try:
            ids = load_campaign(content=content, at=timezone.now())
        except DomainError as error:
            raise CommandError(error.user_message) from error
        self.stdout.write(json.dumps(ids, indent=2))
