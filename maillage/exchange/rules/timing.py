"""When a message that nobody asked for may arrive. Pure: local clock times in, local clock time out."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

OPENS, CLOSES = time(8), time(20)
MOST_A_DAY = 4
SATURDAY = 5
HORIZON = 60  # days; beyond, waiting means nothing


def arrival(at: datetime, *, already: Iterable[date], weekdays_only: bool = False, most: int = MOST_A_DAY) -> datetime:
    """The first moment from `at` on, between 8 and 20 o'clock, on a day that has not had its fill.

    `already` holds the day of each message this person has had or will have; `at` is aware, on the clock that people
    read.
    """
    days = list(already)
    moment = at if at.time() >= OPENS else _opening(at)
    for _ in range(HORIZON):
        day = moment.date()
        closed = moment.time() >= CLOSES or (weekdays_only and day.weekday() >= SATURDAY)
        if not closed and days.count(day) < most:
            break
        moment = _opening(moment + timedelta(days=1))
    return moment


def _opening(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), OPENS, tzinfo=moment.tzinfo)
