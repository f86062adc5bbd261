"""How long before a meeting people must be convened. Pure."""

from datetime import date


def days_short(*, meeting_on: date, convened_on: date, notice_days: int | None) -> int:
    """How many days are missing from the notice; 0 when it is long enough, or when nothing says how long it is.

    Clear days, as statutes that say "fifteen days before" are read: the day of the convening does not count.
    """
    if notice_days is None:
        return 0
    return max(notice_days - (meeting_on - convened_on).days, 0)
