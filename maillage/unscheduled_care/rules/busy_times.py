"""Busy times of an outside calendar: recurrences, exceptions, time zones, cancelled occurrences. Pure.

Nothing of an event is kept but its hours. An event that says it leaves its owner available hides nothing.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

import recurring_ical_events
from icalendar import Calendar, Event

from maillage.geography.rules.clocks import PARIS
from maillage.unscheduled_care.rules.series import Span

MOST_EVENTS = 5_000
TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}  # no agenda of a cabinet; a way to keep a machine busy
FOLD = re.compile(r"\r?\n[ \t]")  # RFC 5545, 3.1: a long line goes on after a blank
INTERVAL, FREQUENCY = re.compile(r"\bINTERVAL=\s*([+-]?\d+)"), re.compile(r"\bFREQ=\s*(\w+)")
OF_ZONES = {"YEARLY", "MONTHLY"}  # how often clocks change


class CalendarUnreadable(ValueError):
    """What was given is no iCalendar."""


class RuleWithoutEnd(CalendarUnreadable):
    """A repetition that never gets further: readers of calendars follow it for ever."""


def busy_times(text: str, *, start: datetime, end: datetime) -> list[Span]:
    """Hours busy between two instants, in order, those that touch brought together.

    Raises CalendarUnreadable, RuleWithoutEnd.
    """
    check_rules(text)
    try:
        calendar = Calendar.from_ical(text)
        events = _events(_sober(calendar), start, end)
        spans = [span for event in events if _is_busy(event) and (span := _span(event))]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        raise CalendarUnreadable(str(error)[:120]) from error
    return _joined([(max(begin, start), min(finish, end)) for begin, finish in spans if begin < end and finish > start])


def check_rules(text: str) -> None:
    """Look at the repetitions before anything follows them: reading a time zone already does. Raises RuleWithoutEnd."""
    for is_of_zone, rule in _written_rules(text):
        interval, frequency = INTERVAL.search(rule), FREQUENCY.search(rule)
        if interval and int(interval[1][:9]) < 1:
            raise RuleWithoutEnd(rule[:120])
        if is_of_zone and frequency and frequency[1] not in OF_ZONES:
            raise RuleWithoutEnd(rule[:120])


def _written_rules(text: str) -> Iterator[tuple[bool, str]]:
    """Each rule as it is written, in capitals, and whether it is one of a time zone."""
    in_zone = False
    for line in FOLD.sub("", text).upper().splitlines():
        if line.startswith(("BEGIN:VTIMEZONE", "END:VTIMEZONE")):
            in_zone = line.startswith("BEGIN")
        elif line.startswith(("RRULE", "EXRULE")):
            yield in_zone, line


def _sober(calendar: Any) -> Calendar:
    """Without the events that happen every second."""
    if calendar.name != "VCALENDAR":
        raise CalendarUnreadable("VCALENDAR attendu")
    kept = [
        subcomponent for subcomponent in calendar.subcomponents if not any(map(_is_too_often, _rules(subcomponent)))
    ]
    calendar.subcomponents = kept
    sober: Calendar = calendar
    return sober


def _rules(component: Any) -> list[Any]:
    rules = component.get("RRULE") or []
    return rules if isinstance(rules, list) else [rules]


def _is_too_often(rule: Any) -> bool:
    often = {str(frequency).upper() for frequency in rule.get("FREQ", [])} & TOO_OFTEN
    return bool(often) or any(len(rule.get(part, [])) > 1 for part in ("BYSECOND", "BYMINUTE", "BYHOUR"))


def _events(calendar: Calendar, start: datetime, end: datetime) -> list[Event]:
    events = recurring_ical_events.of(calendar, components=["VEVENT"]).between(start, end)
    return list(islice(events, MOST_EVENTS))


def _is_busy(event: Event) -> bool:
    status, transparency = str(event.get("STATUS", "")).upper(), str(event.get("TRANSP", "")).upper()
    return status != "CANCELLED" and transparency != "TRANSPARENT"


def _span(event: Event) -> Span | None:
    """None for what lasts no time."""
    start, end = _instant(event.start), _instant(event.end)
    return (start, end) if end > start else None


def _instant(value: date | datetime) -> datetime:
    """A whole day begins at midnight, and an hour without a zone is one, on the clock of Paris."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value if value.tzinfo else value.replace(tzinfo=PARIS)).astimezone(UTC)


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
