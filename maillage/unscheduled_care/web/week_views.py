"""The week hour by hour: when a patient can be received, and when nobody can."""

import re
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from maillage.accounts.permissions import CptsRequest, requires
from maillage.unscheduled_care.permissions import SLOT_BOOK
from maillage.unscheduled_care.queries.week import Week, week_of
from maillage.unscheduled_care.rules.week import HOURS

DAY_BEGINS, DAY_ENDS = 8, 20  # the hours shown at once; the night is folded
YEARS = range(2000, 2100)


@requires(SLOT_BOOK)
def week(request: CptsRequest) -> HttpResponse:
    """One week, the present one unless `semaine` (2026-W48) says another."""
    monday = _monday(request.GET.get("semaine", ""), timezone.localdate())
    shown_week = week_of(request.cpts, monday)
    context = {
        "week": shown_week,
        "days": [monday + timedelta(days=day) for day in range(7)],
        "rows": _rows(shown_week, range(DAY_BEGINS, DAY_ENDS)),
        "night": _rows(shown_week, [*range(DAY_ENDS, HOURS), *range(DAY_BEGINS)]),
        "holes": [
            (monday + timedelta(days=weekday), list(spans))
            for weekday, spans in groupby(shown_week.holes, key=attrgetter("weekday"))
        ],
        "before": _name(monday - timedelta(days=7)),
        "after": _name(monday + timedelta(days=7)),
    }
    return render(request, "unscheduled_care/week.html", context)


def _rows(shown_week: Week, hours: range | list[int]) -> list[tuple[int, list[object]]]:
    """One line an hour, one cell a day."""
    return [(hour, [day[hour] for day in shown_week.days]) for hour in hours]


def _name(monday: date) -> str:
    year, number, _ = monday.isocalendar()
    return f"{year}-W{number:02}"


def _monday(text: str, today: date) -> date:
    """As a browser names a week; anything else is the present one."""
    match = re.fullmatch(r"(\d{4})-W(\d{2})", text)
    if match and int(match[1]) in YEARS:
        try:
            return date.fromisocalendar(int(match[1]), int(match[2]), 1)
        except ValueError:
            pass
    return today - timedelta(days=today.weekday())
