"""Quorums and votes. Pure, exact: shares are fractions until they are shown."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from maillage.core.text import percent

FOR, AGAINST, ABSTAIN = "Pour", "Contre", "Abstention"
RESOLUTION = (FOR, AGAINST, ABSTAIN)
BLANK = "Blanc"
UNCOUNTED = frozenset({ABSTAIN, BLANK})  # they are told, and weigh on no side


class Majority(StrEnum):
    """What a resolution needs among the votes expressed, as the statutes say."""

    SIMPLE = "simple"
    TWO_THIRDS = "two-thirds"
    THREE_QUARTERS = "three-quarters"

    def reached(self, share: Fraction) -> bool:
        """More than half; at least two thirds; at least three quarters."""
        if self == Majority.SIMPLE:
            return share > Fraction(1, 2)
        return share >= (Fraction(2, 3) if self == Majority.TWO_THIRDS else Fraction(3, 4))


@dataclass(frozen=True)
class Seat:
    """One voter as the quorum sees them: in which college, there or represented."""

    college: str
    counts: bool


@dataclass(frozen=True)
class QuorumLine:
    """One college, or all of them: how many vote, how many are there or represented, how many are needed."""

    college: str
    voters: int
    there: int
    needed: int
    is_whole: bool = False

    @property
    def is_reached(self) -> bool:
        return self.there >= self.needed


def quorum(seats: Iterable[Seat], *, percent: int | None, by_college: bool) -> list[QuorumLine]:
    """One line a college, and the whole. Without a rule nothing is needed.

    By college each must reach it, and the whole with them; otherwise the whole alone is judged.
    """
    seats = list(seats)
    lines = [
        _line(name, [seat for seat in seats if seat.college == name], percent if by_college else None)
        for name in sorted({seat.college for seat in seats})
    ]
    whole = replace(_line("", seats, percent), is_whole=True)
    return [*lines, whole] if len(lines) > 1 else [whole]


def _line(college: str, seats: Sequence[Seat], percent: int | None) -> QuorumLine:
    needed = -(-len(seats) * percent // 100) if percent else 0  # rounded up: a half person counts whole
    return QuorumLine(college, len(seats), sum(seat.counts for seat in seats), needed)


@dataclass(frozen=True)
class Vote:
    """One vote, or several alike counted by hand."""

    college: str
    choice: str
    count: int = 1


@dataclass(frozen=True)
class Score:
    """What one choice gathered: votes, and its share of what was expressed (None: it weighs on no side)."""

    choice: str
    votes: int
    share: Fraction | None

    @property
    def share_text(self) -> str:
        """66,67 %; '' for what weighs on no side."""
        return percent(float(self.share)) if self.share is not None else ""


def tally(votes: Iterable[Vote], choices: Sequence[str], weights: Mapping[str, Fraction] | None = None) -> list[Score]:
    """The score of each choice, in the order of the choices.

    Without weights, each vote is one. With weights, each college that expressed itself weighs its own, shared out
    as its votes were: a big college does not drown a small one.
    """
    votes = list(votes)
    counts = {choice: sum(vote.count for vote in votes if vote.choice == choice) for choice in choices}
    shares = _by_college(votes, choices, weights) if weights is not None else _by_head(counts)
    return [Score(choice, counts[choice], shares.get(choice)) for choice in choices]


def _by_head(counts: Mapping[str, int]) -> dict[str, Fraction]:
    expressed = {choice: count for choice, count in counts.items() if choice not in UNCOUNTED}
    total = sum(expressed.values())
    return {choice: Fraction(count, total) if total else Fraction(0) for choice, count in expressed.items()}


def _by_college(votes: list[Vote], choices: Sequence[str], weights: Mapping[str, Fraction]) -> dict[str, Fraction]:
    shares = {choice: Fraction(0) for choice in choices if choice not in UNCOUNTED}
    whole = Fraction(0)
    for college in sorted({vote.college for vote in votes}):
        held = [vote for vote in votes if vote.college == college and vote.choice in shares]
        total, weight = sum(vote.count for vote in held), weights.get(college, Fraction(0))
        if not total or not weight:
            continue
        whole += weight
        for vote in held:
            shares[vote.choice] += weight * Fraction(vote.count, total)
    return {choice: share / whole if whole else share for choice, share in shares.items()}


def is_adopted(scores: Iterable[Score], majority: Majority) -> bool:
    """Whether a resolution passes. With nothing expressed it does not."""
    share = next((score.share for score in scores if score.choice == FOR), None)
    return share is not None and majority.reached(share)


def journal_digest(lines: Iterable[tuple[str, str, str]]) -> str:
    """What the minutes print of the journal of a secret ballot: (receipt, college, choice), whatever their order.

    Whoever has the exported journal computes it again: one line changed, added or removed, and it differs.
    """
    text = "\n".join(";".join(line) for line in sorted(lines))
    return hashlib.sha256(text.encode()).hexdigest()
