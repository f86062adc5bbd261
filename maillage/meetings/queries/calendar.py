"""Meetings in the calendars people have: one by mail, all by a feed that their telephone reads."""

from collections.abc import Iterable
from datetime import datetime

from icalendar import Calendar, Event, vCalAddress, vText

from maillage.meetings.models import Meeting, MeetingStatus

PRODUCT = "-//Maillage//Maillage//FR"
DOMAIN = "maillage"
STATES = {MeetingStatus.CANCELLED: "CANCELLED", MeetingStatus.DRAFT: "TENTATIVE"}


def invitation_text(
    meeting: Meeting, *, url: str, sender: str, at: datetime, attendee: str = "", is_off: bool = False
) -> str:
    """What travels with a mail to `attendee`: calendars add it, move it, or strike it out. Without, a file to open.

    `is_off`: the meeting takes place, and not for them.
    """
    is_off = is_off or meeting.status == MeetingStatus.CANCELLED
    method = "CANCEL" if is_off else "REQUEST" if attendee else "PUBLISH"
    calendar = _calendar()
    calendar.add("method", method)
    event = event_of(meeting, url=url, at=at)
    if is_off:
        event["status"] = vText("CANCELLED")
    organizer = vCalAddress(f"mailto:{sender}")
    organizer.params["CN"] = meeting.cpts.name
    event["organizer"] = organizer
    if attendee:
        event.add("attendee", vCalAddress(f"mailto:{attendee}"))
    calendar.add_component(event)
    return _text(calendar)


def feed_text(name: str, meetings: Iterable[tuple[Meeting, str]], *, at: datetime) -> str:
    """All the meetings of somebody, each with the address of its page. Cancelled ones stay, struck out."""
    calendar = _calendar()
    calendar.add("x-wr-calname", name)
    calendar.add("x-published-ttl", "PT1H")
    for meeting, url in meetings:
        calendar.add_component(event_of(meeting, url=url, at=at))
    return _text(calendar)


def _text(calendar: Calendar) -> str:
    return str(calendar.to_ical(), "utf-8")


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    return calendar


def event_of(meeting: Meeting, *, url: str, at: datetime) -> Event:
    """One meeting that has a date. The identifier never changes: a calendar knows it again."""
    assert meeting.starts_at
    assert meeting.ends_at
    event = Event()
    event.add("uid", f"{meeting.uuid}@{DOMAIN}")
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", at)
    event.add("dtstart", meeting.starts_at)
    event.add("dtend", meeting.ends_at)
    event.add("summary", f"{meeting.title} · {meeting.cpts.name}")
    event.add("status", STATES.get(MeetingStatus(meeting.status), "CONFIRMED"))
    if where := " · ".join(filter(None, (meeting.place, meeting.video_link))):
        event.add("location", where)
    event.add("description", "\n\n".join(filter(None, (meeting.agenda, url))))
    event.add("url", url)
    return event
