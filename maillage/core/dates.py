"""Days and months. Periods are half-open everywhere: the end is the first day outside."""

import calendar
from datetime import date


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
