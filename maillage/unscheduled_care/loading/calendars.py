"""Busy times of a file, or of what lies at an address. Runs apart."""

from collections.abc import Collection
from datetime import datetime

from maillage.core.errors import UnreadableFile
from maillage.unscheduled_care.loading.fetching import fetch
from maillage.unscheduled_care.rules.busy_times import CalendarUnreadable, RuleWithoutEnd, busy_times

PlainSpan = tuple[str, str]


class NotACalendar(UnreadableFile):
    user_message = "Ce n’est pas un calendrier (.ics) lisible."


class EndlessCalendar(UnreadableFile):
    user_message = "Cet agenda contient une répétition qui n’avance pas : corrigez-la, ou exportez-le de nouveau."


def of_file(content: bytes, *, start: str, end: str) -> list[PlainSpan]:
    """Instants in ISO 8601. Raises NotACalendar, EndlessCalendar."""
    text = content.decode("utf-8", errors="replace")
    try:
        spans = busy_times(text, start=datetime.fromisoformat(start), end=datetime.fromisoformat(end))
    except RuleWithoutEnd as error:
        raise EndlessCalendar from error
    except CalendarUnreadable as error:
        raise NotACalendar from error
    return [(begin.isoformat(), finish.isoformat()) for begin, finish in spans]


def of_address(content: bytes, *, address: str, own_hosts: Collection[str], start: str, end: str) -> list[PlainSpan]:
    """The same, fetched first. Raises what `fetch` raises too."""
    return of_file(fetch(address, own_hosts), start=start, end=end)
