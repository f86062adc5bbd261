"""Dates looked for together; closing, minutes, decisions, tasks."""

import io
from datetime import datetime, time, timedelta

import docx
import pypdf
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from maillage.core.stale import Stale
from maillage.exchange.models import MailKind, OutgoingMail
from maillage.meetings import actions
from maillage.meetings.documents import papers as documents
from maillage.meetings.jobs import tell
from maillage.meetings.models import Means, Meeting, Minutes, Participant, PollAnswer, PollOption, Presence, Task
from maillage.meetings.web.forms import after
from tests.factories import HOUR, NOON, TODAY, MeetingFactory, MembershipFactory, ParticipantFactory

AFTER = NOON + 11 * HOUR


@pytest.fixture
def meeting(cpts):
    return MeetingFactory(cpts=cpts, agenda="Budget\n- Calendrier\n\n")


def run(meeting):
    return tell({"meeting_id": meeting.pk}, lambda *_: None)


def test_a_poll_finds_the_date_of_a_meeting(cpts, coordinator):
    meeting = MeetingFactory(cpts=cpts, undated=True)
    people = ParticipantFactory.create_batch(3, meeting=meeting)
    first, second = (
        actions.propose(
            meeting=meeting,
            starts_at=NOON + timedelta(days=day),
            ends_at=NOON + timedelta(days=day, hours=2),
            by=coordinator,
            at=NOON,
        )
        for day in (10, 12)
    )
    actions.open_poll(meeting=meeting, by=coordinator, at=NOON)
    run(meeting)
    run(meeting)
    assert OutgoingMail.objects.count() == 3
    Participant.objects.update(polled_at=timezone.now() - timedelta(days=1))
    actions.answer_poll(participant=people[0], choices={first.pk: "yes"})
    actions.open_poll(meeting=meeting, by=coordinator, at=timezone.now())
    run(meeting)
    assert OutgoingMail.objects.count() == 5  # the two who said nothing are asked again
    for one in people:
        actions.answer_poll(participant=one, choices={first.pk: "no", second.pk: "yes", 0: "yes"})
    actions.answer_poll(participant=people[0], choices={first.pk: "maybe"})
    assert PollAnswer.objects.count() == 6
    assert PollAnswer.objects.get(option=first, participant=people[0]).choice == "maybe"
    actions.choose_date(option=second, by=coordinator, at=NOON)
    meeting.refresh_from_db()
    assert (meeting.starts_at, meeting.status) == (second.starts_at, "draft")
    actions.convene(meeting=meeting, by=coordinator, at=NOON)
    for one in people:
        one.refresh_from_db()
    with pytest.raises(actions.PollOver):
        actions.answer_poll(participant=people[0].__class__.objects.for_link().get(pk=people[0].pk), choices={})


def test_dates_that_make_no_sense_are_refused(cpts, coordinator):
    meeting = MeetingFactory(cpts=cpts, undated=True)
    propose = {"meeting": meeting, "by": coordinator, "at": NOON}
    with pytest.raises(actions.DateGone):
        actions.propose(starts_at=NOON, ends_at=NOON + HOUR, **propose)
    for number in range(1, 21):
        actions.propose(starts_at=NOON + number * HOUR, ends_at=NOON + (number + 1) * HOUR, **propose)
    with pytest.raises(actions.TooManyDates):
        actions.propose(starts_at=NOON + 50 * HOUR, ends_at=NOON + 51 * HOUR, **propose)
    option = PollOption.objects.first()
    actions.withdraw_option(option=option, by=coordinator, at=NOON)
    with pytest.raises(actions.DateProposed):
        actions.propose(starts_at=NOON + 5 * HOUR, ends_at=NOON + 6 * HOUR, **propose)
    with pytest.raises(IntegrityError), transaction.atomic():
        PollOption.objects.update(ends_at=NOON)
    with pytest.raises(actions.DateGone):
        actions.choose_date(option=PollOption.objects.first(), by=coordinator, at=NOON + 100 * HOUR)


def test_closing_gives_everybody_their_hours(meeting, coordinator):
    early, late, out = ParticipantFactory.create_batch(3, meeting=meeting)
    for person, at in ((early, NOON + 7.8 * HOUR), (late, NOON + 9 * HOUR), (out, NOON + 10.2 * HOUR)):
        actions.sign_in(participant=person, means=Means.CODE, at=at)
    actions.close(meeting=meeting, ended_at=NOON + 9.5 * HOUR, by=coordinator, at=AFTER)
    meeting.refresh_from_db()
    times = {one.participant_id: documents.duration_of(one, meeting) for one in Presence.objects.all()}
    assert times == {early.pk: "1 h 30", late.pk: "30 min", out.pk: "0 min"}
    assert Presence.objects.get(participant=out).left_at is None
    with pytest.raises(actions.NoLongerOpen):
        actions.close(meeting=meeting, ended_at=NOON + 9.5 * HOUR, by=coordinator, at=AFTER)


def test_a_meeting_closes_neither_before_it_began_nor_before_its_start(meeting, coordinator):
    with pytest.raises(actions.NotStarted):
        actions.close(meeting=meeting, ended_at=NOON + 9 * HOUR, by=coordinator, at=NOON)
    with pytest.raises(actions.EndsBeforeItStarts):
        actions.close(meeting=meeting, ended_at=NOON + 8 * HOUR, by=coordinator, at=AFTER)
    with pytest.raises(actions.NotYetThatHour):
        actions.close(meeting=meeting, ended_at=AFTER + HOUR, by=coordinator, at=AFTER)
    assert Meeting.objects.get().status == "planned"


def test_minutes_start_from_the_agenda(meeting):
    assert [one for one in actions.template_of(meeting).split("\n") if one] == ["1. Budget", "2. Calendrier"]
    assert actions.template_of(MeetingFactory.build(agenda="")) == ""


def test_minutes_are_written_by_one_at_a_time_validated_once_and_sent(meeting, coordinator):
    present, absent = ParticipantFactory.create_batch(2, meeting=meeting, invited_at=NOON)
    save = {"meeting": meeting, "by": coordinator, "at": AFTER}
    validate = save | {"record": documents.minutes_data}
    with pytest.raises(actions.MinutesEmpty):
        actions.validate_minutes(text=" ", read_version=0, **validate)
    actions.save_minutes(text="Bonjour", read_version=0, **save)
    with pytest.raises(Stale):
        actions.save_minutes(text="Autre", read_version=0, **save)
    with pytest.raises(actions.NotClosed):
        actions.validate_minutes(text="Bonjour", read_version=1, **validate)
    actions.close(meeting=meeting, ended_at=NOON + 10 * HOUR, by=coordinator, at=AFTER)
    meeting.refresh_from_db()
    with pytest.raises(Stale):
        actions.validate_minutes(text="Autre", read_version=0, **validate)
    assert Minutes.objects.get().validated_at is None
    actions.validate_minutes(text="Bonsoir", read_version=1, **validate)
    for refused in (
        lambda: actions.validate_minutes(text="Encore", read_version=2, **validate),
        lambda: actions.save_minutes(text="Trop tard", read_version=2, **save),
        lambda: actions.decide(text="Trop tard", **save),
    ):
        with pytest.raises(actions.MinutesAreFinal):
            refused()
    run(meeting)
    run(meeting)
    mails = OutgoingMail.objects.filter(kind=MailKind.NEWS)
    assert {one.recipient for one in mails} == {present.membership.email, absent.membership.email}
    assert len(mails) == 2


def test_validated_minutes_print_what_they_were_that_day(meeting, coordinator):
    actions.close(meeting=meeting, ended_at=NOON + 10 * HOUR, by=coordinator, at=AFTER)
    meeting = Meeting.objects.select_related("cpts").get()
    give = {"meeting": meeting, "by": coordinator, "at": AFTER}
    actions.give_task(text="Avant", owner=None, due_on=None, **give)
    actions.validate_minutes(text="Dit.", read_version=0, record=documents.minutes_data, **give)
    actions.give_task(text="Après", owner=None, due_on=None, **give)
    meeting = Meeting.objects.select_related("cpts", "minutes").get()
    text = pypdf.PdfReader(io.BytesIO(documents.minutes_pdf(meeting, TODAY).content)).pages[0].extract_text()
    assert "Avant" in text
    assert "Après" not in text
    word = docx.Document(io.BytesIO(documents.minutes_docx(meeting, TODAY).content))
    said = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    assert "Avant" in said
    assert "Après" not in said
    assert "empreinte" in word.sections[0].footer.paragraphs[0].text


def test_tasks_are_told_and_finished_once(meeting, coordinator):
    owner = MembershipFactory(cpts=meeting.cpts, email="charge@exemple.invalid")
    give = {"meeting": meeting, "by": coordinator, "at": AFTER}
    task = actions.give_task(text="Appeler l’ARS", owner=owner, due_on=TODAY, **give)
    actions.give_task(text="Plus tard", owner=None, due_on=None, **give)
    assert "Appeler l’ARS" in OutgoingMail.objects.get().body
    assert list(Task.objects.late(TODAY + timedelta(days=1))) == [task]
    for at in (AFTER, AFTER + HOUR):
        actions.finish_task(task=task, by=coordinator, at=at)
    task.refresh_from_db()
    assert task.done_at == AFTER
    assert not Task.objects.late(TODAY + timedelta(days=1)).exists()


def test_papers_hold_what_they_prove(meeting, coordinator):
    person, absent = ParticipantFactory.create_batch(2, meeting=meeting)
    blank = documents.sheet_data(meeting, meeting.participants.for_sheet(), TODAY)
    assert [row["arrived"] for row in blank["rows"]] == ["", ""]
    actions.sign_in(participant=person, means=Means.CODE, at=NOON + 8 * HOUR)
    actions.decide(meeting=meeting, text="Budget adopté", by=coordinator, at=AFTER)
    actions.close(meeting=meeting, ended_at=NOON + 10 * HOUR, by=coordinator, at=AFTER)
    meeting = Meeting.objects.select_related("cpts").get()
    sheet = documents.sheet_data(meeting, meeting.participants.for_sheet(), TODAY)
    (row,) = sheet["rows"]
    assert (row["name"], row["arrived"], row["left"], row["time"]) == (person.name, "20\xa0h", "22\xa0h", "2 h")
    assert row["how"].startswith("un code reçu par courriel, le 23/11/2026 à 20:00")
    data = documents.minutes_data(meeting, TODAY)
    assert (data["present"], data["decisions"]) == ([person.name], ["Budget adopté"])
    assert timezone.localtime(meeting.starts_at).hour == 20
    assert absent.name not in str(sheet)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [(time(21, 45), datetime(2026, 11, 23, 21, 45)), (time(0, 30), datetime(2026, 11, 24, 0, 30))],  # noqa: DTZ001
)
def test_an_end_past_midnight_is_of_the_next_day(meeting, typed, expected):
    assert timezone.localtime(after(meeting.starts_at, typed)).replace(tzinfo=None) == expected
