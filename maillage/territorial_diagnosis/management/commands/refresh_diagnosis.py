"""Count the directory again, and compute what follows from it."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from maillage.territorial_diagnosis.actions import refresh_computed


class Command(BaseCommand):
    help = "Head counts by commune, establishments, accessibility of every commune, time to emergency care."

    def handle(self, **options: Any) -> None:
        done = refresh_computed(at=timezone.now())
        self.stdout.write(
            f"{done['supply']} effectifs, {done['establishments']} catégories d’établissements, "
            f"{done['accessibility']} accessibilités, {done['emergency']} temps d’accès aux urgences."
        )
