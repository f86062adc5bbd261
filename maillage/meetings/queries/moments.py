"""When a meeting is, as people read it: by the clock of the territory of its CPTS, wherever they read."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.timezone import localtime

from maillage.core.templatetags.maillage import day, hour_text
from maillage.geography.rules.clocks import clock_of, zone_of
from maillage.meetings.models import Meeting
from maillage.meetings.models.poll import PollOption


def zone_of_meeting(meeting: Meeting) -> ZoneInfo:
    return zone_of(meeting.cpts.departement_id)


def day_of(meeting: Meeting) -> str:
    """3 décembre 2026."""
    assert meeting.starts_at
    return day(localtime(meeting.starts_at, zone_of_meeting(meeting)).date())


def when(meeting: Meeting) -> str:
    """jeudi 3 décembre 2026, de 20 h à 22 h (heure de Paris)."""
    if meeting.starts_at is None or meeting.ends_at is None:
        return "date à choisir"
    return _span_text(meeting.starts_at, meeting.ends_at, meeting)


def option_text(option: PollOption, meeting: Meeting) -> str:
    """The same, of a date proposed for it."""
    return _span_text(option.starts_at, option.ends_at, meeting)


def _span_text(starts_at: datetime, ends_at: datetime, meeting: Meeting) -> str:
    zone = zone_of_meeting(meeting)
    start, end = localtime(starts_at, zone), localtime(ends_at, zone)
    same_day = start.date() == end.date()
    until = hour_text(end) if same_day else f"{date_format(end, 'l')} {day(end.date())}, {hour_text(end)}"
    clock = clock_of(meeting.cpts.departement_id)
    return f"{date_format(start, 'l')} {day(start.date())}, de {hour_text(start)} à {until} ({clock})"
