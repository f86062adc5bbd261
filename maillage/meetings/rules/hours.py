"""The time somebody spent at a meeting. Pure."""

from datetime import datetime, timedelta

NOTHING = timedelta(0)


def counted(*, arrived: datetime, left: datetime | None, starts: datetime, ends: datetime) -> timedelta:
    """The part of a presence that falls inside the meeting: coming early or staying late counts for nothing.

    Without a departure, until the end.
    """
    return max(min(left or ends, ends) - max(arrived, starts), NOTHING)


def duration_text(duration: timedelta) -> str:
    """1:30 -> 1 h 30; 45 minutes -> 45 min; nothing -> 0 min.

    >>> duration_text(timedelta(minutes=90))
    '1 h 30'
    """
    hours, minutes = divmod(round(duration.total_seconds() / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
