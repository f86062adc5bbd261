"""Outside calendars in, our own out."""

import socket
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from pytest_django.asserts import assertContains

from maillage.accounts.models import Role
from maillage.unscheduled_care import actions
from maillage.unscheduled_care.loading import fetching
from maillage.unscheduled_care.models import BusyCalendar, BusyTime, Slot
from maillage.unscheduled_care.rules.busy_times import CalendarUnreadable, RuleWithoutEnd, busy_times
from maillage.unscheduled_care.rules.slots import Kind, Mode
from tests.factories import NOON, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
START, END = datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
NEW_YORK = """BEGIN:VTIMEZONE
TZID:Bureau
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:-0500
TZOFFSETTO:-0500
END:STANDARD
END:VTIMEZONE
"""


def ics(*events: str, before: str = "") -> str:
    body = "".join(f"BEGIN:VEVENT\nUID:{number}\n{event}\nEND:VEVENT\n" for number, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{before}{body}END:VCALENDAR\n"


def told(text: str) -> list[str]:
    return [f"{start:%d/%m %H:%M}–{end:%H:%M}" for start, end in busy_times(text, start=START, end=END)]


@pytest.mark.parametrize(
    ("events", "before", "wanted"),
    [
        pytest.param(["DTSTART:20261124T090000Z\nDTEND:20261124T100000Z"], "", ["24/11 09:00–10:00"], id="UTC"),
        pytest.param(
            ["DTSTART;TZID=Europe/Paris:20261124T090000\nDURATION:PT30M"], "", ["24/11 08:00–08:30"], id="zone"
        ),
        pytest.param(
            ["DTSTART;TZID=Bureau:20261124T090000\nDTEND;TZID=Bureau:20261124T100000"],
            NEW_YORK,
            ["24/11 14:00–15:00"],
            id="own zone",
        ),
        pytest.param(
            ["DTSTART:20261124T090000\nDTEND:20261124T100000"], "", ["24/11 08:00–09:00"], id="floating is Paris"
        ),
        pytest.param(
            ["DTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261125"], "", ["23/11 23:00–23:00"], id="whole day"
        ),
        pytest.param(["DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nSTATUS:CANCELLED"], "", [], id="cancelled"),
        pytest.param(["DTSTART:20261124T090000Z\nDTEND:20261124T100000Z\nTRANSP:TRANSPARENT"], "", [], id="available"),
        pytest.param(["DTSTART:20261124T090000Z\nDTEND:20261124T090000Z"], "", [], id="no time"),
        pytest.param(
            [
                "DTSTART;TZID=Europe/Paris:20261020T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3\n"
                "EXDATE;TZID=Europe/Paris:20261103T090000"
            ],
            "",
            ["20/10 07:00–08:00", "27/10 08:00–09:00"],
            id="every week, across the change of clock, an exception",
        ),
        pytest.param(
            ["DTSTART:20261124T090000Z\nDTEND:20261124T100000Z", "DTSTART:20261124T093000Z\nDTEND:20261124T110000Z"],
            "",
            ["24/11 09:00–11:00"],
            id="joined",
        ),
        pytest.param(["DTSTART:20261124T090000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY"], "", [], id="every second"),
    ],
)
def test_busy_times_are_read_as_calendars_write_them(events, before, wanted):
    assert told(ics(*events, before=before)) == wanted


def test_a_moved_occurrence_leaves_its_hour_and_a_cancelled_one_too():
    series = "DTSTART:20261123T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3"
    text = ics(series).replace(
        "END:VCALENDAR",
        "BEGIN:VEVENT\nUID:0\nRECURRENCE-ID:20261124T090000Z\nDTSTART:20261124T150000Z\nDURATION:PT1H\nEND:VEVENT\n"
        "BEGIN:VEVENT\nUID:0\nRECURRENCE-ID:20261125T090000Z\nDTSTART:20261125T090000Z\nDURATION:PT1H\n"
        "STATUS:CANCELLED\nEND:VEVENT\nEND:VCALENDAR",
    )
    assert told(text) == ["23/11 09:00–10:00", "24/11 15:00–16:00"]


@pytest.mark.parametrize("text", ["", "bonjour", "BEGIN:VCALENDAR", "BEGIN:VEVENT\nEND:VEVENT", ics("DTSTART:demain")])
def test_what_is_no_calendar_is_refused(text):
    with pytest.raises(CalendarUnreadable):
        told(text)


@pytest.mark.parametrize(
    "rule",
    [
        "RRULE:FREQ=WEEKLY;INTERVAL=0",
        "rrule:freq=weekly;interval=00",
        "RRULE;X-A=1:FREQ=DAILY;INTERVAL=-1",
        "EXRULE:FREQ=DAILY;INTERVAL=0",
        "RRULE:FREQ=WEEKLY;INTER\n VAL=0",
        "RRULE:INTERVAL=0;FREQ=YEARLY",
    ],
)
def test_a_repetition_that_never_gets_further_is_refused_at_once(rule):
    with pytest.raises(RuleWithoutEnd):
        told(ics(f"DTSTART:20261124T090000Z\nDURATION:PT1H\n{rule}"))


@pytest.mark.parametrize("rule", ["FREQ=YEARLY;INTERVAL=0", "FREQ=SECONDLY", "FREQ=HOURLY;INTERVAL=5", "FREQ=DAILY"])
def test_a_time_zone_without_end_is_refused_at_once(rule):
    zone = NEW_YORK.replace("END:STANDARD", f"RRULE:{rule}\nEND:STANDARD")
    with pytest.raises(RuleWithoutEnd):
        told(ics("DTSTART;TZID=Bureau:20261124T090000\nDURATION:PT1H", before=zone))


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        busy_times(ics(text), start=START, end=END)
    except CalendarUnreadable as error:
        assert str(error) is not None  # noqa: PT017


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@pytest.fixture
def doctor(cpts):
    user = UserFactory(role=Role.MEMBER, on=cpts)
    effector = actions.start_agenda(membership=MembershipFactory(cpts=cpts, email=user.email), by=user, at=NOON)
    effector.user = user
    return effector


@pytest.fixture
def slots(doctor):
    spans = [(NOON + n * HOUR, NOON + (n + 1) * HOUR) for n in (2, 3)]
    opening = actions.Opening(modes=Mode.AMB, kinds=Kind.PRO)
    return actions.open_slots(schedule=doctor.schedules.get(), spans=spans, opening=opening, by=None, at=NOON).slots


def spans(text):
    return busy_times(text, start=NOON, end=NOON + timedelta(days=120))


BUSY = ics("DTSTART:20261123T133000Z\nDTEND:20261123T134000Z\nSUMMARY:Mme Untel")


def test_a_busy_time_hides_the_slot_until_the_calendar_says_otherwise(doctor, slots):
    calendar = actions.add_calendar(effector=doctor, name="Cabinet", url="https://exemple.invalid/a", by=None, at=NOON)
    assert actions.read_calendar(calendar, lambda: spans(BUSY), at=NOON)
    assert [one.pk for one in Slot.objects.open()] == [slots[1].pk]
    assert not any("Untel" in str(value) for row in BusyTime.objects.values() for value in row.values())

    def broken():
        raise fetching.AddressUnreachable

    assert not actions.read_calendar(calendar, broken, at=NOON)
    assert BusyCalendar.objects.get().error.startswith("Rien ne répond")
    assert Slot.objects.open().count() == 1  # what it said last still counts
    actions.read_calendar(calendar, lambda: spans(ics()), at=NOON)
    assert Slot.objects.open().count() == 2


def test_a_calendar_that_goes_shows_the_slots_again(doctor, slots):
    calendar = actions.add_calendar(effector=doctor, name="Fichier", content=BUSY.encode(), by=None, at=NOON)
    assert Slot.objects.open().count() == 1
    actions.remove_calendar(calendar=calendar, by=None, at=NOON)
    assert Slot.objects.open().count() == 2


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://exemple.invalid/a",
        "http://127.0.0.1/a.ics",
        "http://localhost/a",
        "http://[::1]/",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "http://exemple.invalid:22/",
        "http://moi:secret@exemple.invalid/",
        "http://exemple.invalid:abc/",
        "javascript:alert(1)",
        "//exemple.invalid",
    ],
)
def test_the_server_never_visits_its_own_network(address, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("connected"))
    with pytest.raises(fetching.AddressForbidden):
        fetching.fetch(address)


def test_a_member_joins_a_file_sees_errors_and_removes_it(client, cpts, doctor, slots):
    client.force_login(doctor.user)
    url = reverse("unscheduled_care:calendars", args=[cpts.slug])
    assertContains(client.post(url, {"name": "Cabinet"}), "Donnez une adresse, ou un fichier")
    assertContains(client.post(url, {"name": "Cabinet", "url": "http://[::1/"}), "pas joignable depuis Internet")
    wrong = SimpleUploadedFile("a.ics", b"\xff\xfe")
    assertContains(client.post(url, {"name": "Cabinet", "file": wrong}), "pas un calendrier")
    page = client.post(url, {"name": "Cabinet", "file": SimpleUploadedFile("a.ics", BUSY.encode())}, follow=True)
    assertContains(page, "Agenda relié")
    remove = reverse("unscheduled_care:remove_calendar", args=[cpts.slug, BusyCalendar.objects.get().uuid])
    assertContains(client.post(remove, follow=True), "Aucun agenda relié")


def test_the_feed_tells_hours_and_no_patient(client, doctor, slots):
    row = actions.book_slot(slot=slots[0], booker=actions.Booker(user=None, origin="desk"), reason="Fièvre", at=NOON)
    response = client.get(reverse("unscheduled_care:feed", args=[doctor.feed]))
    events = {str(one["SUMMARY"]): one for one in Calendar.from_ical(response.content.decode()).walk("VEVENT")}
    assert set(events) == {"Créneau de soins non programmés", "Patient adressé"}
    assert events["Patient adressé"]["DTSTART"].dt == slots[0].starts_at
    assert row.code not in response.content.decode()
