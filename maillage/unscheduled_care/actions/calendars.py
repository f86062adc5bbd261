"""Outside calendars: their busy times hide slots, and are read again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core import jobs
from maillage.core.errors import DomainError
from maillage.unscheduled_care.actions.masking import mask
from maillage.unscheduled_care.fetching import checked
from maillage.unscheduled_care.models import BusyCalendar, BusyTime, Effector
from maillage.unscheduled_care.rules.busy_times import CalendarUnreadable, busy_times

READ = "unscheduled_care.calendars"
AHEAD = timedelta(days=120)
EVERY = timedelta(minutes=15)
MOST_CALENDARS = 5
Fetch = Callable[[str], str]


class NotACalendar(DomainError):
    user_message = "Ce n’est pas un calendrier (.ics) lisible."


class TooManyCalendars(DomainError):
    user_message = f"{MOST_CALENDARS} agendas extérieurs au plus."


@transaction.atomic
def add_calendar(
    *, effector: Effector, name: str, url: str = "", text: str = "", by: User | None, at: datetime
) -> BusyCalendar:
    """An address, read in the background and again; or the text of a file, read once.

    Raises NotACalendar, TooManyCalendars, AddressForbidden.
    """
    if effector.calendars.count() >= MOST_CALENDARS:
        raise TooManyCalendars
    if url:
        checked(url)
    calendar = BusyCalendar.objects.create(effector=effector, name=name, url=url)
    if url:
        jobs.enqueue(READ, label="Lecture des agendas extérieurs", at=at)
    else:
        keep_busy_times(calendar, text, at=at)
    audit.record("calendar.added", target=calendar, by=by, at=at, summary=f"{effector} : agenda « {name} » relié")
    return calendar


@transaction.atomic
def renew_addresses(*, effector: Effector, by: User | None, at: datetime) -> None:
    """The private addresses of this agenda change: whoever had the old ones reads nothing any more."""
    Effector.objects.filter(pk=effector.pk).update(feed=uuid4())
    audit.record("agenda.renewed", target=effector, by=by, at=at, summary=f"{effector} : adresses privées changées")


@transaction.atomic
def remove_calendar(*, calendar: BusyCalendar, by: User | None, at: datetime) -> None:
    """Its busy times go with it."""
    effector = calendar.effector
    summary = f"{effector} : agenda « {calendar} » retiré"
    audit.record("calendar.removed", target=calendar, by=by, at=at, summary=summary)
    calendar.delete()
    mask(effector, at=at)


@transaction.atomic
def keep_busy_times(calendar: BusyCalendar, text: str, *, at: datetime) -> int:
    """Replace what the calendar said before. Raises NotACalendar; what was known stays then."""
    try:
        spans = busy_times(text, start=at, end=at + AHEAD)
    except CalendarUnreadable as error:
        raise NotACalendar from error
    calendar.busy_times.all().delete()
    BusyTime.objects.bulk_create(
        BusyTime(effector_id=calendar.effector_id, calendar=calendar, starts_at=start, ends_at=end)
        for start, end in spans
    )
    BusyCalendar.objects.filter(pk=calendar.pk).update(read_at=at, error="")
    mask(calendar.effector, at=at)
    return len(spans)


def read_calendar(calendar: BusyCalendar, fetch: Fetch, *, at: datetime) -> bool:
    """Once more. What cannot be read is said beside it, and what it said last still counts."""
    try:
        keep_busy_times(calendar, fetch(calendar.url), at=at)
    except DomainError as error:
        BusyCalendar.objects.filter(pk=calendar.pk).update(error=error.user_message[:200])
        return False
    return True
