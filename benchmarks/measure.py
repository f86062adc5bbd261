"""Medians taken in turn, and the row that shows them."""

import statistics
import time
from collections.abc import Callable

ROUNDS = 15


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def interleaved(*works: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Median of each, taken in turn so that a slow moment hits all of them."""
    for work in works:
        work()
    samples = [[milliseconds(work) for work in works] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*samples, strict=True)]


def row(name: str, mine: float, floor: float, bound: str, unit: str = "ms") -> None:
    print(f"| {name} | {mine:.2f} {unit} | {floor:.2f} {unit} | {mine / floor:.2f} | {bound} |")
