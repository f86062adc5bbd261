"""One's slots and patients in the calendars people have: hours and places, never a name."""

from collections.abc import Iterable
from datetime import datetime

from icalendar import Calendar, Event

from maillage.unscheduled_care.models import Appointment, Slot

PRODUCT, DOMAIN = "-//Maillage//Soins non programmes//FR", "maillage"


def feed_text(name: str, slots: Iterable[Slot], appointments: Iterable[Appointment], *, at: datetime) -> str:
    """Free slots leave their owner available; booked ones do not."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    calendar.add("x-published-ttl", "PT15M")
    for slot in slots:
        summary = "Créneau de soins non programmés" + (" (masqué)" if slot.is_masked else "")
        calendar.add_component(_event(slot, summary, str(slot.schedule), at, is_busy=False))
    for appointment in appointments:
        calendar.add_component(_event(appointment, "Patient adressé", str(appointment.slot.schedule), at, is_busy=True))
    return str(calendar.to_ical(), "utf-8")


def _event(row: Slot | Appointment, summary: str, place: str, at: datetime, *, is_busy: bool) -> Event:
    event = Event()
    event.add("uid", f"{row.uuid}@{DOMAIN}")
    event.add("dtstamp", at)
    event.add("dtstart", row.starts_at)
    event.add("dtend", row.ends_at)
    event.add("summary", summary)
    event.add("location", place)
    event.add("transp", "OPAQUE" if is_busy else "TRANSPARENT")
    return event
