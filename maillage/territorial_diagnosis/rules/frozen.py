"""What a version of the diagnosis holds: all that is printed, exported and compared. Pure."""

from dataclasses import dataclass
from typing import Any

from maillage.records.rules.shapes import Shape

Line = dict[str, Any]


@dataclass(frozen=True)
class DiagnosisRecord:
    """Figures as they were shown (`themes`, each with its figures), with what they rest on.

    `on`: the day, as ISO writes it. `communes`: {"columns": [label], "rows": [line]}.
    """

    cpts: str
    slug: str
    on: str
    departement: str
    region: str
    perimeter: Line
    themes: list[Line]
    summary: list[str]
    maps: list[Line]
    communes: Line
    resources: list[Line]
    unchecked: list[str]
    gaps: list[Line]
    priorities: list[Line]


DIAGNOSIS = Shape("territorial_diagnosis.version", 1, DiagnosisRecord)
