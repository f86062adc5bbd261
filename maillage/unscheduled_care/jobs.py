"""Work behind an appointment: its professional told, calendars read."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from maillage.accounts.models import User
from maillage.core.loading.waiting import taken
from maillage.core.models import Job, JobState
from maillage.core.text import plural
from maillage.core.work import jobs
from maillage.unscheduled_care.actions.booking import FOLLOW
from maillage.unscheduled_care.actions.bursts import watch
from maillage.unscheduled_care.actions.calendars import (
    EVERY,
    READ,
    READ_FILE,
    READ_NEW,
    add_calendar,
    busy_times_at_address,
    read_calendar,
)
from maillage.unscheduled_care.hooks import appointment_given_back
from maillage.unscheduled_care.models import Appointment, BusyCalendar, Effector, Origin
from maillage.unscheduled_care.notifications import tell_desk, tell_professional

LONGEST_ROUND = timedelta(minutes=20)
SIDE_BY_SIDE = 4  # calendars read at once


@jobs.job(FOLLOW, attempts=5, limit=timedelta(minutes=2))
def follow(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """What leaves the system once a change of an appointment is committed."""
    at = timezone.now()
    rows = Appointment.objects.select_related("slot__schedule", "effector", "cpts", "booked_by")
    appointment = rows.filter(pk=arguments["appointment_id"]).first()
    if appointment is None:
        return "Rendez-vous effacé."
    had = arguments.get("effector_id")
    before = Effector.objects.filter(pk=had).first() if had else None
    if arguments["what"] == "booked":
        watch(appointment=appointment, at=at)
    is_told = appointment.starts_at > at and tell_professional(appointment, arguments["what"], effector=before, at=at)
    if arguments["what"] == "given-back":
        is_told = _give_back(appointment, at)
    return "Prévenu." if is_told else "Personne à prévenir."


def _give_back(appointment: Appointment, at: datetime) -> bool:
    """True when the desk that booked was told; others follow the hook."""
    if appointment.origin != Origin.SAS and appointment.cpts:
        return tell_desk(appointment, appointment.cpts, at=at)
    appointment_given_back(appointment, at=at)
    return False


@jobs.job(READ, limit=timedelta(minutes=30), lane="calendars")
def read_calendars(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """Every outside calendar whose turn it is, a few side by side; then again in a quarter of an hour."""
    at = timezone.now()
    rows = list(BusyCalendar.objects.with_address())
    # Asked before the work: whatever happens to it, the next round comes.
    if rows and not Job.objects.filter(kind=READ, state=JobState.WAITING).exists():
        jobs.enqueue(READ, label="Lecture des agendas extérieurs", at=at, not_before=at + EVERY)
    due = [calendar for calendar in rows if calendar.is_due(at, EVERY)]
    read = 0
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        readings = {pool.submit(busy_times_at_address, calendar, at): calendar for calendar in due}
        try:
            for number, reading in enumerate(as_completed(readings, LONGEST_ROUND.total_seconds()), start=1):
                read += read_calendar(readings[reading], reading.result, at=timezone.now())
                progress("Lecture des agendas", number, len(due))
        except TimeoutError:  # those that remain are due in the next round, after those that answer
            pool.shutdown(wait=False, cancel_futures=True)
    return f"{read} {plural(read, 'agenda lu', 'agendas lus')} sur {len(due)}."


@jobs.job(READ_NEW, limit=timedelta(minutes=2), lane="calendars")
def read_new_calendar(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """A calendar just added does not wait for the round."""
    calendar = BusyCalendar.objects.with_address().filter(pk=arguments["calendar_id"]).first()
    if calendar is None:
        return "Agenda retiré."
    at = timezone.now()
    is_read = read_calendar(calendar, partial(busy_times_at_address, calendar, at), at=at)
    return "Agenda lu." if is_read else "Agenda illisible pour l’instant."


@jobs.job(READ_FILE, limit=timedelta(minutes=2), lane="files")
def read_calendar_file(arguments: dict[str, Any], progress: jobs.Progress) -> str:
    """A calendar file that nobody should wait for on a page."""
    progress("Lecture de l’agenda", 0, 1)
    effector, by = Effector.objects.get(pk=arguments["effector"]), User.objects.get(pk=arguments["by"])
    with taken(arguments["key"]) as content:
        add_calendar(effector=effector, name=arguments["name"], content=content, by=by, at=timezone.now())
    return "Agenda relié : ses heures occupées masquent vos créneaux."


jobs.daily(READ, "Lecture des agendas extérieurs")
