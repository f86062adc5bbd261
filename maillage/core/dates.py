"""Days and months. Periods are half-open everywhere: the end is the first day outside."""

import calendar
from datetime import date

from maillage.core.text import plural

MINUTE, HOUR, DAY = 60, 3600, 86_400  # in seconds


def add_months(day: date, months: int) -> date:
    """Same day `months` later, or the last day of that month when it is shorter.

    >>> add_months(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    last = 28 if day.day <= 28 else calendar.monthrange(year, month)[1]
    return date(year, month, min(day.day, last))


def full_months(start: date, end: date) -> int:
    """Whole months from `start` to `end`, both counted from the day of `start`; 0 when `end` is not after it."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if add_months(start, months) > end:
        months -= 1
    return max(months, 0)


def waiting_text(seconds: int) -> str:
    """When to try again, never too early.

    >>> waiting_text(45), waiting_text(181), waiting_text(7201), waiting_text(100_000)
    ('dans 45 secondes', 'dans 4 minutes', 'dans 3 heures', 'dans 28 heures')
    """
    return f"dans {span_text(seconds)}"


def span_text(seconds: int) -> str:
    """A span in the largest unit that still says something, rounded up: 90 minutes, 36 hours, 3 days."""
    for unit, most, name in ((1, 90, "seconde"), (MINUTE, 90, "minute"), (HOUR, 48, "heure")):
        count = -(-seconds // unit)
        if count < most or (unit == HOUR and count == most):
            return f"{count} {plural(count, name)}"
    count = -(-seconds // DAY)
    return f"{count} {plural(count, 'jour')}"
