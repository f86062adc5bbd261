"""Whether a set of communes is in one piece: pure graph work on shared borders."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Contiguity:
    """Pieces from the largest to the smallest (number of communes, then code), and what cannot be told."""

    pieces: tuple[frozenset[str], ...]
    unknown: frozenset[str]

    @property
    def is_whole(self) -> bool:
        """In one piece as far as borders are known."""
        return len(self.pieces) <= 1

    @property
    def islands(self) -> tuple[frozenset[str], ...]:
        """Every piece but the largest."""
        return self.pieces[1:]


def contiguity(borders: Mapping[str, Iterable[str]], *, unknown: Iterable[str] = ()) -> Contiguity:
    """Split communes into pieces. `borders`: code -> codes that share a border, in or out of the set.

    Communes whose borders are not published go to `unknown`: they are neither attached nor islands.
    """
    apart = frozenset(unknown)
    remaining = set(borders) - apart
    pieces: list[frozenset[str]] = []
    while remaining:
        piece: set[str] = set()
        waiting = [min(remaining)]
        while waiting:
            code = waiting.pop()
            if code in remaining:
                remaining.remove(code)
                piece.add(code)
                waiting.extend(borders[code])
        pieces.append(frozenset(piece))
    pieces.sort(key=lambda piece: (-len(piece), min(piece)))
    return Contiguity(tuple(pieces), apart)
