"""When messages may arrive, and what servers say of those they refuse."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.exchange.rules.bounce import Bounce, bounce_of
from maillage.exchange.rules.timing import CLOSES, MOST_A_DAY, OPENS, arrival

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 11, 23)


def at(day, hour, minute=0):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)


SATURDAY = MONDAY + timedelta(days=5)


@pytest.mark.parametrize(
    ("moment", "already", "weekdays_only", "expected"),
    [
        pytest.param(at(MONDAY, 10), [], False, at(MONDAY, 10), id="in the day: now"),
        pytest.param(at(MONDAY, 7, 59), [], False, at(MONDAY, 8), id="before 8: at 8"),
        pytest.param(at(MONDAY, 20), [], False, at(MONDAY + timedelta(days=1), 8), id="at 20: next morning"),
        pytest.param(at(MONDAY, 10), [MONDAY] * 3, False, at(MONDAY, 10), id="three already: the fourth passes"),
        pytest.param(at(MONDAY, 10), [MONDAY] * 4, False, at(MONDAY + timedelta(days=1), 8), id="four: tomorrow"),
        pytest.param(at(SATURDAY, 10), [], True, at(SATURDAY + timedelta(days=2), 8), id="Saturday refused: Monday"),
        pytest.param(at(SATURDAY, 10), [], False, at(SATURDAY, 10), id="Saturday accepted"),
        pytest.param(at(date(2026, 10, 24), 21), [], False, at(date(2026, 10, 25), 8), id="the night clocks change"),
    ],
)
def test_a_message_arrives_at_a_decent_hour(moment, already, weekdays_only, expected):
    assert arrival(moment, already=already, weekdays_only=weekdays_only) == expected


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(PARIS)),  # noqa: DTZ001  # the zone follows
    st.lists(st.dates(date(2026, 1, 1), date(2027, 1, 5)), max_size=30),
    st.booleans(),
)
def test_never_early_never_at_night_never_too_many(moment, already, weekdays_only):
    found = arrival(moment, already=already, weekdays_only=weekdays_only)
    assert found >= moment
    assert OPENS <= found.time() < CLOSES
    assert already.count(found.date()) < MOST_A_DAY
    assert not weekdays_only or found.weekday() < 5


UUID_ = UUID("0123456789abcdef0123456789abcdef")


def notice(action="failed", status="5.1.1", quoted="message/rfc822", identifier=UUID_.hex):
    original = f"Message-ID: <{identifier}@exemple.invalid>\nSubject: Invitation\n\n"
    body = original + "Bonjour\n" if quoted == "message/rfc822" else original
    return (
        "From: MAILER-DAEMON@exemple.invalid\nSubject: Undelivered\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nDesole.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.exemple.invalid\n\n"
        f"Final-Recipient: rfc822; partie@exemple.invalid\nAction: {action}\nStatus: {status}\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n\n"
        f"--b\nContent-Type: {quoted}\n\n{body}\n--b--\n"
    ).encode()


@pytest.mark.parametrize("quoted", ["message/rfc822", "text/rfc822-headers"])
def test_a_refusal_for_good_is_understood(quoted):
    assert bounce_of(notice(quoted=quoted)) == Bounce(UUID_, "550 5.1.1 User unknown")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(notice(action="delayed", status="4.4.1"), id="only late"),
        pytest.param(notice(status="4.2.2"), id="box full for now"),
        pytest.param(notice(identifier="somebody-else"), id="not one of ours"),
        pytest.param(b"Subject: Absent du bureau\n\nJe reviens lundi.", id="an answer by a robot"),
        pytest.param(b"", id="nothing"),
        pytest.param(bytes(range(256)) * 20, id="noise"),
    ],
)
def test_anything_else_is_left_alone(raw):
    assert bounce_of(raw) is None


@given(st.binary(max_size=600))
def test_no_message_breaks_the_reading(raw):
    assert bounce_of(raw) is None
