"""Who can receive a patient, hour by hour over a week, and when nobody can. Pure.

A week is seven days from a Monday, by the clock on the wall of the territory; minutes are counted from midnight.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from maillage.geography.rules.clocks import holiday_on, zone_of
from maillage.unscheduled_care.rules.pdsa import SUNDAY, pdsa_reason

HOURS, DAYS = 24, 7


@dataclass(frozen=True)
class Presence:
    """Somebody, or a place, that receives. Monday is 0; `end` stays within the day. `key` parts homonyms."""

    name: str
    weekday: int
    start: int
    end: int
    key: str = ""


@dataclass(frozen=True)
class Cell:
    """One hour of one day. `outside` says why it belongs to the permanence des soins, not to the CPTS; '' otherwise."""

    weekday: int
    hour: int
    names: tuple[str, ...]
    outside: str

    @property
    def is_missing(self) -> bool:
        """An hour of the CPTS at which nobody receives."""
        return not self.names and not self.outside


@dataclass(frozen=True)
class Hole:
    """Hours in a row, of one day, at which nobody receives."""

    weekday: int
    start: int
    end: int

    @property
    def hours(self) -> int:
        return self.end - self.start


def cells(monday: date, presences: Iterable[Presence], departement: str) -> list[list[Cell]]:
    """Seven days of 24 hours. Whoever is there for a part of an hour is there: a hole is an hour with nobody at all."""
    there: dict[tuple[int, int], set[tuple[str, str]]] = {}
    for presence in presences:
        for hour in range(presence.start // 60, -(-presence.end // 60)):
            there.setdefault((presence.weekday, hour), set()).add((presence.name, presence.key))
    zone = zone_of(departement)
    return [
        [
            Cell(
                day,
                hour,
                tuple(name for name, _ in sorted(there.get((day, hour), ()))),
                pdsa_reason(datetime.combine(monday + timedelta(days=day), time(hour), tzinfo=zone), departement),
            )
            for hour in range(HOURS)
        ]
        for day in range(DAYS)
    ]


def holes(week: Sequence[Sequence[Cell]]) -> list[Hole]:
    """In the order of the week."""
    missing: list[Hole] = []
    for cell in (cell for day in week for cell in day if cell.is_missing):
        last = missing[-1] if missing else None
        if last and last.weekday == cell.weekday and last.end == cell.hour:
            missing[-1] = Hole(last.weekday, last.start, cell.hour + 1)
        else:
            missing.append(Hole(cell.weekday, cell.hour, cell.hour + 1))
    return missing


def presences_in_week(
    name: str, spans: Iterable[tuple[int, int, int]], monday: date, departement: str, key: str = ""
) -> list[Presence]:
    """The hours of a place, (weekday, start, end): on a public holiday, those of its Sundays."""
    days = [monday + timedelta(days=day) for day in range(DAYS)]
    like = [SUNDAY if holiday_on(day, departement) else day.weekday() for day in days]
    listed = list(spans)
    return [
        Presence(name, day, start, end, key)
        for day in range(DAYS)
        for weekday, start, end in listed
        if weekday == like[day]
    ]


def presences_of(name: str, starts_at: datetime, ends_at: datetime, monday: date, key: str = "") -> list[Presence]:
    """What a span, aware and by the clock of the place, is in a week: one presence for each day that it touches."""
    presences, day = [], starts_at.date()
    while day <= ends_at.date():
        start = starts_at.hour * 60 + starts_at.minute if day == starts_at.date() else 0
        end = ends_at.hour * 60 + ends_at.minute if day == ends_at.date() else HOURS * 60
        if 0 <= (weekday := (day - monday).days) < DAYS and start < end:
            presences.append(Presence(name, weekday, start, end, key))
        day += timedelta(days=1)
    return presences
