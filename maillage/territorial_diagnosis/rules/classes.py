"""Classes of a map: a few ranges that hold about as many places each. Pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST = 5


def class_bounds(values: Sequence[float], most: int = MOST) -> list[float]:
    """Lower bounds of the classes, the first one the smallest value; fewer than `most` when values are few.

    >>> class_bounds([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    [1, 3, 5, 7, 9]
    """
    ordered = sorted(values)
    if not ordered:
        return []
    cuts = [ordered[place * len(ordered) // most] for place in range(most)]
    return sorted(set(cuts))


@dataclass(frozen=True)
class Classes:
    """Places in their classes, 1 for the lowest and 0 where nothing is published; the range of each class."""

    places: Mapping[str, int]
    ranges: Sequence[tuple[float, float]]
    unpublished: int


def classified(values: Mapping[str, float | None], most: int = MOST) -> Classes:
    """Put each place in its class."""
    known = [value for value in values.values() if value is not None]
    bounds = class_bounds(known, most)
    places = {place: 0 if value is None else bisect_right(bounds, value) for place, value in values.items()}
    # Each class ends on its own greatest value: two classes of a legend never share a bound.
    uppers = [
        max(value for value in known if bisect_right(bounds, value) == number) for number in range(1, len(bounds) + 1)
    ]
    return Classes(places, list(zip(bounds, uppers, strict=True)), len(values) - len(known))
