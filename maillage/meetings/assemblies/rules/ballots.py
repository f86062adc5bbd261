"""What a ballot holds once it is closed: the question as it was put, and what was counted. Pure."""

from dataclasses import dataclass
from typing import Any

from maillage.records.rules.shapes import Shape


@dataclass(frozen=True)
class BallotRecord:
    """`scores`: {choice, votes, share: [numerator, denominator] or null} each; `weights`: of each college, as text.

    `is_adopted`: null for an election. `journal`: the digest of the slips of a secret ballot, '' for raised hands.
    """

    question: str
    mode: str
    majority: str
    choices: list[str]
    weights: dict[str, str]
    voices: int
    scores: list[dict[str, Any]]
    is_adopted: bool | None
    journal: str
    opened_at: str
    closed_at: str


BALLOT = Shape("meetings.ballot", 1, BallotRecord)
