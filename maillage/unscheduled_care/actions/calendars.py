"""Outside calendars: their busy times hide slots, and are read again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least

from maillage.accounts.models import User
from maillage.audit import actions as audit
from maillage.core.apart.reading import Reader, TakesLonger, read_apart
from maillage.core.errors import DomainError
from maillage.core.loading.waiting import keep_waiting
from maillage.core.models import Job
from maillage.core.work import jobs
from maillage.unscheduled_care.actions.masking import mask
from maillage.unscheduled_care.acts import Act
from maillage.unscheduled_care.loading.fetching import MOST_BYTES, checked
from maillage.unscheduled_care.models import BusyCalendar, BusyTime, Effector
from maillage.unscheduled_care.rules.series import Span

READ, READ_NEW = "unscheduled_care.calendars", "unscheduled_care.calendar"
READ_FILE = "unscheduled_care.calendar-file"
FILES = Reader("maillage.unscheduled_care.loading.calendars:of_file", largest=MOST_BYTES, wall=12, most_output=2**20)
ADDRESSES = Reader(
    "maillage.unscheduled_care.loading.calendars:of_address", wall=35, most_output=2**20, connects=True
)  # twenty seconds to fetch, ten to read, and some to start
AHEAD = timedelta(days=120)
EVERY = timedelta(minutes=15)
MOST_CALENDARS = 5
MOST_FAILURES = 5  # then every eight hours
Reading = Callable[[], list[Span]]


class TooManyCalendars(DomainError):
    user_message = f"{MOST_CALENDARS} agendas extérieurs au plus."


def add_calendar(
    *,
    effector: Effector,
    name: str,
    url: str = "",
    content: bytes = b"",
    by: User | None,
    at: datetime,
    patience: float | None = None,
) -> BusyCalendar:
    """An address, read in the background and again; or a file, read once.

    Raises UnreadableFile, TooManyCalendars, AddressForbidden; TakesLonger once `patience`, in seconds, is over.
    """
    if effector.calendars.count() >= MOST_CALENDARS:
        raise TooManyCalendars
    spans: list[Span] = []
    if url:
        checked(url, settings.CALENDAR_OWN_HOSTS)
    else:
        spans = _spans(read_apart(FILES, content, patience=patience, **_window(at)))
    return _add(effector, name, url, spans, by=by, at=at)


def send_calendar(
    *, effector: Effector, name: str, url: str, content: bytes, by: User, at: datetime, link: str
) -> BusyCalendar | Job:
    """Add it at once; or, when its file takes more than a second to read, have the worker do it.

    `link`: the page of calendars. Raises UnreadableFile, TooManyCalendars, AddressForbidden.
    """
    try:
        patience = settings.READ_PATIENCE_SECONDS
        return add_calendar(effector=effector, name=name, url=url, content=content, by=by, at=at, patience=patience)
    except TakesLonger:
        return jobs.enqueue(
            READ_FILE,
            label=f"Lecture de l’agenda « {name} »",
            at=at,
            owner_id=by.pk,
            link=link,
            effector=effector.pk,
            name=name,
            by=by.pk,
            key=keep_waiting(content),
        )


@transaction.atomic
def _add(effector: Effector, name: str, url: str, spans: list[Span], *, by: User | None, at: datetime) -> BusyCalendar:
    Effector.objects.select_for_update().get(pk=effector.pk)
    if effector.calendars.count() >= MOST_CALENDARS:
        raise TooManyCalendars
    calendar = BusyCalendar.objects.create(effector=effector, name=name, url=url)
    if url:
        jobs.enqueue(READ_NEW, label="Lecture d’un agenda extérieur", at=at, calendar_id=calendar.pk)
    else:
        keep_busy_times(calendar, spans, at=at)
    audit.record(Act.CALENDAR_ADDED, target=calendar, by=by, at=at, summary=f"{effector} : agenda « {name} » relié")
    return calendar


@transaction.atomic
def renew_addresses(*, effector: Effector, by: User | None, at: datetime) -> None:
    """The private addresses of this agenda change: whoever had the old ones reads nothing any more."""
    Effector.objects.filter(pk=effector.pk).update(feed=uuid4())
    audit.record(Act.AGENDA_RENEWED, target=effector, by=by, at=at, summary=f"{effector} : adresses privées changées")


@transaction.atomic
def remove_calendar(*, calendar: BusyCalendar, by: User | None, at: datetime) -> None:
    """Its busy times go with it."""
    effector = calendar.effector
    summary = f"{effector} : agenda « {calendar} » retiré"
    audit.record(Act.CALENDAR_REMOVED, target=calendar, by=by, at=at, summary=summary)
    calendar.delete()
    mask(effector, at=at)


@transaction.atomic
def keep_busy_times(calendar: BusyCalendar, spans: list[Span], *, at: datetime) -> None:
    """Replace what the calendar said before. Removed meanwhile: nothing to do."""
    if not BusyCalendar.objects.filter(pk=calendar.pk).update(read_at=at, tried_at=at, failures=0, error=""):
        return
    calendar.busy_times.all().delete()
    BusyTime.objects.bulk_create(
        BusyTime(effector_id=calendar.effector_id, calendar=calendar, starts_at=start, ends_at=end)
        for start, end in spans
    )
    mask(calendar.effector, at=at)


def note_failure(calendar: BusyCalendar, error: DomainError, *, at: datetime) -> None:
    """What cannot be read is said beside it, what it said last still counts, and it is asked less and less often."""
    BusyCalendar.objects.filter(pk=calendar.pk).update(
        error=error.user_message[:200], tried_at=at, failures=Least(F("failures") + 1, MOST_FAILURES)
    )


def busy_times_at_address(calendar: BusyCalendar, at: datetime) -> list[Span]:
    """Fetched and read by a process of its own, which is ended in time. Raises UnreadableFile."""
    own = list(settings.CALENDAR_OWN_HOSTS)
    return _spans(read_apart(ADDRESSES, address=calendar.url, own_hosts=own, **_window(at)))


def read_calendar(calendar: BusyCalendar, reading: Reading, *, at: datetime) -> bool:
    """Keep what a reading gives, or why it gives nothing."""
    try:
        spans = reading()
    except DomainError as error:
        note_failure(calendar, error, at=at)
        return False
    keep_busy_times(calendar, spans, at=at)
    return True


def _window(at: datetime) -> dict[str, Any]:
    return {"start": at.isoformat(), "end": (at + AHEAD).isoformat()}


def _spans(plain: list[list[str]]) -> list[Span]:
    return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in plain]
