"""What minutes hold once they are validated: all that their document prints. Pure."""

from dataclasses import dataclass
from typing import Any

from maillage.records.rules.shapes import Shape


@dataclass(frozen=True)
class MinutesRecord:
    """As people read them: names, days and amounts are texts. `quorum` and `votes`: one mapping a line."""

    cpts: str
    title: str
    kind: str
    when: str
    place: str
    present: list[str]
    excused: list[str]
    paragraphs: list[str]
    decisions: list[str]
    tasks: list[dict[str, str]]
    words: list[str]
    is_official: bool
    quorum: list[dict[str, Any]]
    proxies: list[str]
    votes: list[dict[str, Any]]
    validated: str
    on: str


MINUTES = Shape("meetings.minutes", 1, MinutesRecord)
