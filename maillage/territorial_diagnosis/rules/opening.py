"""Opening hours of a week, as people write them: « lun-ven 8h30-12h, 14h-19h ; sam 9h-12h ». Pure.

Minutes are counted from midnight by the clock on the wall; a span is half-open and stays within its day.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple
from unicodedata import combining, normalize

NAMES = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
DAY_MINUTES = 24 * 60
LONGEST = 300
EVERY_DAY = re.compile(r"\b(?:7 ?j(?:ours)? ?(?:/|sur) ?7|tous les jours)\b")
ALL_DAY = re.compile(r"\b24 ?h?(?:eures)? ?(?:/|sur) ?24(?: ?h)?\b")
DAY = r"(?P<{}>lun|mar|mer|jeu|ven|sam|dim)(?:di|credi|dredi|edi|anche)?s?\.?(?![a-z])"
DAYS = re.compile(rf"(?:(?:les?|du|et|,) *)*{DAY.format('first')}(?: *(?:-|au|a) *{DAY.format('last')})? *:? *")
HOUR = r"(\d{{1,2}})(?: ?[h:](\d{{2}})(?!\d)| ?[h:](?: (\d{{2}})(?! ?(?:{})))?)?"
SPAN = re.compile(rf"(?:(?:et|de|,) *)*{HOUR.format('[h:0-9]')} *(?:-|a) *{HOUR.format('[h:0-9-]|a ')} *,? *")


class Opening(NamedTuple):
    """One span of one day. Monday is 0."""

    weekday: int
    start: int
    end: int


class HoursUnreadable(ValueError):
    """What is wrong, in French, for the person who typed it."""


def parse_hours(text: str) -> list[Opening]:
    """What is open, in order, spans that touch or overlap made one. A night goes on into the next day.

    Raises HoursUnreadable.

    >>> parse_hours("sam 9h-12h30")
    [Opening(weekday=5, start=540, end=750)]
    """
    if len(text) > LONGEST:
        raise HoursUnreadable(f"{LONGEST} caractères au plus.")
    openings: list[Opening] = []
    for part in re.split(r"[;\n]", _plain(text)):
        if part.strip():
            openings += _part(part.strip())
    return merged(openings)


def hours_text(openings: Iterable[Opening]) -> str:
    """The same, shortest: days that open alike are named together. '' when nothing is open."""
    days = [tuple((opening.start, opening.end) for opening in openings if opening.weekday == day) for day in range(7)]
    parts, first = [], 0
    for day in range(1, 8):
        if day < 7 and days[day] == days[first]:
            continue
        if days[first]:
            name = NAMES[first] if day - first == 1 else f"{NAMES[first]}–{NAMES[day - 1]}"
            parts.append(f"{name} {', '.join(f'{_hour(start)}–{_hour(end)}' for start, end in days[first])}")
        first = day
    return " ; ".join(parts)


def merged(openings: Iterable[Opening]) -> list[Opening]:
    """In order, none touching the next."""
    result: list[Opening] = []
    for opening in sorted(openings):
        last = result[-1] if result else None
        if last and last.weekday == opening.weekday and opening.start <= last.end:
            result[-1] = last._replace(end=max(last.end, opening.end))
        else:
            result.append(opening)
    return result


def _plain(text: str) -> str:
    """Lower case, no accent, one kind of dash and of space."""
    bare = "".join(sign for sign in normalize("NFKD", text.casefold()) if not combining(sign))
    one_dash = re.sub(r"[‐-―−]", "-", bare)
    return ALL_DAY.sub("0h-24h", EVERY_DAY.sub("lun-dim", re.sub(r"[^\S\n]+", " ", one_dash)))


def _part(part: str) -> list[Opening]:
    """Days, then hours."""
    days, place = _days(part)
    if not days:
        raise HoursUnreadable(f"« {part[:40]} » : dites les jours, par exemple « lun-ven 9h-12h ».")
    openings: list[Opening] = []
    while place < len(part):
        match = SPAN.match(part, place)
        if match is None:
            raise HoursUnreadable(f"« {part[place : place + 40]} » : heures à écrire comme « 9h-12h30 ».")
        start, end = _minutes(match[1], match[2] or match[3]), _minutes(match[4], match[5] or match[6])
        openings += [span for day in days for span in _spans(day, start, end)]
        place = match.end()
    if not openings:
        raise HoursUnreadable(f"« {part[:40]} » : dites les heures, par exemple « 9h-12h30 ».")
    return openings


def _days(part: str) -> tuple[list[int], int]:
    """The days that a part begins with, and where its hours begin. « ven-lun » goes round the week."""
    days, place = [], 0
    while match := DAYS.match(part, place):
        first = _weekday(match["first"])
        last = _weekday(match["last"]) if match["last"] else first
        days += [(first + more) % 7 for more in range((last - first) % 7 + 1)]
        place = match.end()
    return days, place


def _weekday(name: str) -> int:
    return NAMES.index(f"{name}.")


def _minutes(hour: str, minutes: str | None) -> int:
    total = int(hour) * 60 + int(minutes or 0)
    if total > DAY_MINUTES or int(minutes or 0) > 59:
        raise HoursUnreadable(f"« {hour} h {minutes or ''} » n’est pas une heure.".replace("  ", " "))
    return total


def _spans(day: int, start: int, end: int) -> list[Opening]:
    if start == end and start:
        raise HoursUnreadable("Une ouverture qui finit quand elle commence : dites 0h-24h pour un jour entier.")
    if start < end:
        return [Opening(day, start, end)]
    night = [Opening(day, start, DAY_MINUTES), Opening((day + 1) % 7, 0, end)]
    return [opening for opening in night if opening.start < opening.end]


def _hour(minutes: int) -> str:
    hour, rest = divmod(minutes, 60)
    return f"{hour} h {rest:02}" if rest else f"{hour} h"
