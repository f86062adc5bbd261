"""What is kept of a version of the statuts or of the règlement intérieur. Pure."""

from dataclasses import dataclass

from maillage.records.rules.shapes import Shape


@dataclass(frozen=True)
class GoverningRecord:
    """`file`: SHA-256 of the PDF; `meeting`: the title of the one that adopted it, '' when it was not said."""

    kind: str
    number: int
    adopted_on: str
    changes: str
    meeting: str
    file: str


GOVERNING = Shape("meetings.governing-text", 1, GoverningRecord)
