"""What a ballot holds once it is closed: the question as it was put, and what was counted. Pure."""

from dataclasses import dataclass
from typing import Any

from maillage.records.rules.shapes import Shape


@dataclass(frozen=True)
class BallotRecord:
    """`scores`: {choice, votes, share: [numerator, denominator] or null} each, weighed by college where it was said.

    `is_adopted`: null for an election. `journal`: the digest of the slips of a secret ballot, '' for raised hands. No
    college is named: of one too small to hide in, nothing written at the closing may tell.
    """

    question: str
    mode: str
    majority: str
    choices: list[str]
    is_weighted: bool
    voices: int
    scores: list[dict[str, Any]]
    is_adopted: bool | None
    journal: str
    opened_at: str
    closed_at: str


BALLOT = Shape("meetings.ballot", 1, BallotRecord)
