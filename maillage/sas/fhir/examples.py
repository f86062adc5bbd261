"""The examples of docs/ops/sas.md, read from it: what the guide says is what is run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

BLOCK = re.compile(
    r"^```http\n(?P<method>[A-Z]+) (?P<path>\S+)\n(?:\n(?P<body>\{.*?\})\n)?→ (?P<wanted>.+?)\n```$", re.M | re.S
)
TYPED_BY_HAND = "/?&=:%,"  # what a URL keeps as people write it


@dataclass(frozen=True)
class Example:
    """One request, and what the guide says of its answer: a status, then words found in it."""

    method: str
    path: str
    body: str
    wanted: tuple[str, ...]

    def failures(self, status: int, answer: str) -> list[str]:
        """What the guide says and the answer does not."""
        said, *words = self.wanted
        wrong = [] if str(status) == said else [f"statut {status} au lieu de {said}"]
        return wrong + [f"« {word} » absent de la réponse" for word in words if f'"{word}"' not in answer]


def read_examples(guide: Path, values: Mapping[str, str]) -> list[Example]:
    """Every example of the guide, its names in braces replaced."""
    return [
        Example(
            match["method"],
            quote(_filled(match["path"], values), safe=TYPED_BY_HAND),
            _filled(match["body"] or "", values),
            tuple(match["wanted"].split()),
        )
        for match in BLOCK.finditer(guide.read_text(encoding="utf-8"))
    ]


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
