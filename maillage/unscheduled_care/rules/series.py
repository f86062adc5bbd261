"""Laying slots in time: one after the other in a span, week after week, or a few where there is room. Pure.

Spans are (start, end), half-open, aware.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

Span = tuple[datetime, datetime]
LONGEST_RULE = timedelta(days=366)


def instant(day: date, hour: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, hour, tzinfo=zone).astimezone(UTC)


def slots_between(day: date, starts: time, ends: time, minutes: int, zone: tzinfo) -> list[Span]:
    """As many slots of that length as the span holds, by the clock of the place. The night it changes, by real time.

    >>> from zoneinfo import ZoneInfo
    >>> len(slots_between(date(2026, 11, 24), time(9), time(10), 20, ZoneInfo("Europe/Paris")))
    3
    """
    start, end, length = instant(day, starts, zone), instant(day, ends, zone), timedelta(minutes=minutes)
    return [(start + length * n, start + length * (n + 1)) for n in range(max((end - start) // length, 0))]


def days_of_rule(first: date, last: date, weekdays: Collection[int], except_on: Collection[date]) -> Iterator[date]:
    """Days of a weekly rule, `last` included, exceptions left out. Monday is 0."""
    day = first
    while day <= last and day - first <= LONGEST_RULE:
        if day.weekday() in weekdays and day not in except_on:
            yield day
        day += timedelta(days=1)


def overlaps(span: Span, others: Iterable[Span]) -> bool:
    return any(start < span[1] and end > span[0] for start, end in others)


def first_free(window: Span, minutes: int, count: int, taken: Iterable[Span]) -> list[Span]:
    """The first `count` slots of that length that hit nothing taken; fewer when the window holds fewer."""
    busy = sorted(taken)
    free: list[Span] = []
    length, start = timedelta(minutes=minutes), window[0]
    while len(free) < count and start + length <= window[1]:
        span = (start, start + length)
        hit = next((end for begin, end in busy if begin < span[1] and end > span[0]), None)
        if hit is None:
            free.append(span)
        start = hit if hit is not None else span[1]
    return free
