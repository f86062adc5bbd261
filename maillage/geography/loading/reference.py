"""The reference files of the product: read, checked against their manifest, refused whole when altered."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maillage.core.errors import DomainError

DATA_DIR = Path(__file__).parent.parent / "data"
FILES = ("regions", "departements", "epci", "communes", "outlines", "former")


class ReferenceFileAltered(DomainError):
    user_message = "Les fichiers de référence sont incomplets ou modifiés : rien n’a été chargé."


@dataclass(frozen=True)
class Reference:
    """Files whose bytes match the manifest. `fingerprint` identifies the release."""

    directory: Path
    manifest: dict[str, Any]
    fingerprint: str

    def rows(self, name: str) -> Iterator[list[str]]:
        """Rows of one file, header left out."""
        text = gzip.decompress((self.directory / f"{name}.csv.gz").read_bytes()).decode()
        reader = csv.reader(io.StringIO(text, newline=""))
        next(reader)
        return reader

    @property
    def population_year(self) -> int:
        return int(self.manifest["population_year"])

    @property
    def geography_year(self) -> int:
        return int(self.manifest["geography_year"])

    def count(self, name: str) -> int:
        return int(self.manifest["files"][name]["rows"])


def open_reference(directory: Path = DATA_DIR) -> Reference:
    """Check every file before anything is read. Raises ReferenceFileAltered, naming the file."""
    try:
        raw = (directory / "manifest.json").read_bytes()
        manifest = json.loads(raw)
        expected = {name: manifest["files"][name]["sha256"] for name in FILES}
    except (OSError, ValueError, KeyError) as error:
        raise ReferenceFileAltered(f"Le manifeste des fichiers de référence est illisible : {error}.") from error
    for name, sha256 in expected.items():
        path = directory / f"{name}.csv.gz"
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise ReferenceFileAltered(
                f"Le fichier de référence {path.name} est absent, incomplet ou modifié : rien n’a été chargé."
            )
    return Reference(directory, manifest, hashlib.sha256(raw).hexdigest())
