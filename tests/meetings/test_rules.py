"""Notice, hours, the code of the wall, what is owed to each participant."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maillage.meetings.rules.hours import NOTHING, counted, duration_text
from maillage.meetings.rules.messages import Due, Told, due
from maillage.meetings.rules.notice import days_short
from maillage.meetings.rules.signin import code_at, is_right
from tests.factories import HOUR, NOON


@pytest.mark.parametrize(
    ("days_before", "notice", "short"),
    [
        pytest.param(15, 15, 0, id="just enough"),
        pytest.param(14, 15, 1, id="one day short"),
        pytest.param(0, 15, 15, id="the same day"),
        pytest.param(0, None, 0, id="nothing is required"),
        pytest.param(3, 0, 0, id="no notice at all"),
    ],
)
def test_notice_is_counted_in_clear_days(days_before, notice, short):
    meeting_on = date(2026, 12, 20)
    convened_on = meeting_on - timedelta(days=days_before)
    assert days_short(meeting_on=meeting_on, convened_on=convened_on, notice_days=notice) == short


START, END = NOON, NOON + 2 * HOUR


@pytest.mark.parametrize(
    ("arrived", "left", "expected"),
    [
        pytest.param(START, END, "2 h", id="all of it"),
        pytest.param(START - HOUR, END + HOUR, "2 h", id="early and late count for nothing"),
        pytest.param(START + HOUR / 2, None, "1 h 30", id="no departure: until the end"),
        pytest.param(START, START + HOUR / 4, "15 min", id="a quarter of an hour"),
        pytest.param(END + HOUR / 4, None, "0 min", id="signed on the way out"),
    ],
)
def test_the_time_that_counts_is_inside_the_meeting(arrived, left, expected):
    assert duration_text(counted(arrived=arrived, left=left, starts=START, ends=END)) == expected


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments, moments, moments, moments)
def test_counted_time_is_never_negative_nor_longer_than_the_meeting(arrived, left, starts, ends):
    starts, ends = min(starts, ends), max(starts, ends)
    assert NOTHING <= counted(arrived=arrived, left=left, starts=starts, ends=ends) <= ends - starts


@pytest.mark.parametrize(("seconds", "right"), [(0, True), (59, True), (89, False), (91, False), (-31, False)])
def test_a_code_lives_a_minute_and_a_half_at_most(seconds, right):
    at = NOON + timedelta(seconds=29)  # the end of a turn of the wall
    code = code_at("secret", "m1", at)
    assert is_right(code, secret="secret", meeting="m1", at=at + timedelta(seconds=seconds)) is right


def test_a_code_is_of_one_meeting_and_one_instance():
    code = code_at("secret", "m1", NOON)
    assert code == code_at("secret", "m1", NOON)
    assert not is_right(code, secret="secret", meeting="m2", at=NOON)
    assert not is_right(code, secret="autre", meeting="m1", at=NOON)
    assert not is_right("", secret="secret", meeting="m1", at=NOON)
    assert not is_right("é" * 10, secret="secret", meeting="m1", at=NOON)


def state(**changed):
    return Told(
        **{
            "status": "planned",
            "has_poll": False,
            "has_begun": False,
            "polled": False,
            "invited": True,
            "behind": False,
            "comes_not": False,
            "minutes_ready": False,
            "minutes_sent": False,
        }
        | changed
    )


@pytest.mark.parametrize(
    ("told_so_far", "expected"),
    [
        pytest.param(state(status="draft", invited=False), None, id="in preparation: nobody knows"),
        pytest.param(state(status="draft", invited=False, has_poll=True), Due.POLL, id="a date is looked for"),
        pytest.param(state(status="draft", has_poll=True, polled=True), None, id="asked once"),
        pytest.param(state(invited=False), Due.INVITATION, id="convened"),
        pytest.param(state(invited=False, has_begun=True), None, id="came without being invited"),
        pytest.param(state(), None, id="knows everything"),
        pytest.param(state(behind=True), Due.CHANGE, id="the date moved"),
        pytest.param(state(behind=True, comes_not=True), None, id="said no: left in peace"),
        pytest.param(state(status="cancelled", behind=True, comes_not=True), Due.CANCELLATION, id="called off"),
        pytest.param(state(status="cancelled", behind=True, invited=False), None, id="never knew of it"),
        pytest.param(state(status="closed"), None, id="no minutes yet"),
        pytest.param(state(status="closed", minutes_ready=True), Due.MINUTES, id="minutes are there"),
        pytest.param(state(status="closed", minutes_ready=True, minutes_sent=True), None, id="minutes sent once"),
    ],
)
def test_each_is_owed_one_message_at_most(told_so_far, expected):
    assert due(told_so_far) == expected
