"""What one more professional in a place changes around it. Pure Python: it answers in a page, without numpy."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

PER = 100_000


def changes(
    minutes: Mapping[str, float], demand: Mapping[str, float], steps: Sequence[tuple[float, float]], more: float
) -> dict[str, float]:
    """Change of accessibility (per 100,000) of each place around one where `more` professionals would exercise.

    Exact, not an approximation: the share-out of the other places does not move. Steps: (minutes excluded, weight).
    """
    bounds = [limit for limit, _ in steps]
    weights = {}
    for place, time in minutes.items():
        step = bisect_right(bounds, time)
        if step < len(steps) and steps[step][1] > 0:
            weights[place] = steps[step][1]
    reached = sum(weight * demand[place] for place, weight in weights.items())
    if not reached:
        return {}
    return {place: weight * more / reached * PER for place, weight in weights.items()}
