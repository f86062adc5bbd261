"""Answers, places, presences, codes; and many people at the same second."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from maillage.audit.models import AuditEvent
from maillage.exchange.models import OutgoingMail
from maillage.meetings import actions
from maillage.meetings.actions.proving import CODE_LIVES, TRIES
from maillage.meetings.models import Answer, Means, Meeting, Participant, Presence, SigninCode
from maillage.members.models import Membership
from tests.factories import HOUR, NOON, MeetingFactory, ParticipantFactory

DURING = NOON + 9 * HOUR


@pytest.fixture
def meeting(cpts):
    return MeetingFactory(cpts=cpts)


def test_a_full_room_makes_people_wait_and_a_free_place_goes_to_the_first(meeting):
    Meeting.objects.update(capacity=1)
    first, second, third = ParticipantFactory.create_batch(3, meeting=meeting)
    answers = [
        actions.answer(participant=one, coming=True, at=NOON + timedelta(minutes=number)).answer
        for number, one in enumerate((first, second, third))
    ]
    assert answers == [Answer.YES, Answer.WAITING, Answer.WAITING]
    actions.answer(participant=first, coming=False, at=NOON + HOUR)
    assert dict(Participant.objects.values_list("pk", "answer")) == {
        first.pk: Answer.NO,
        second.pk: Answer.YES,
        third.pk: Answer.WAITING,
    }
    assert OutgoingMail.objects.get().recipient == second.membership.email
    assert Meeting.objects.get().seats_taken == 1


def test_saying_yes_twice_takes_one_place(meeting):
    person = ParticipantFactory(meeting=meeting)
    for _ in range(2):
        actions.answer(participant=person, coming=True, at=NOON)
    for _ in range(2):
        actions.answer(participant=person, coming=False, at=NOON)
    assert Meeting.objects.get().seats_taken == 0


def test_more_room_lets_those_who_wait_in_and_less_is_refused(meeting, coordinator):
    Meeting.objects.update(capacity=1)
    for one in ParticipantFactory.create_batch(3, meeting=meeting):
        actions.answer(participant=one, coming=True, at=NOON)
    actions.change(meeting=meeting, read_version=0, fields={"capacity": 2}, by=coordinator, at=NOON)
    assert Participant.objects.filter(answer=Answer.YES).count() == 2
    with pytest.raises(actions.MoreThanRoom):
        actions.change(meeting=meeting, read_version=1, fields={"capacity": 1}, by=coordinator, at=NOON)


@pytest.mark.parametrize(("status", "at"), [("planned", NOON + 10 * HOUR), ("cancelled", NOON), ("draft", NOON)])
def test_an_answer_that_comes_too_late_is_refused(meeting, status, at):
    person = ParticipantFactory(meeting=meeting)
    Meeting.objects.update(status=status)
    with pytest.raises(actions.TooLateToAnswer):
        actions.answer(participant=person, coming=True, at=at)
    assert Participant.objects.get().answer == Answer.NONE


@pytest.mark.parametrize(
    ("at", "open_"),
    [
        pytest.param(NOON + 7 * HOUR, False, id="an hour before"),
        pytest.param(NOON + 7.5 * HOUR, True, id="half an hour before"),
        pytest.param(DURING, True, id="during"),
        pytest.param(NOON + 10.4 * HOUR, True, id="on the way out"),
        pytest.param(NOON + 10.5 * HOUR, False, id="half an hour after"),
    ],
)
def test_people_sign_around_the_meeting_only(meeting, at, open_):
    person = ParticipantFactory(meeting=meeting)
    if open_:
        for _ in range(2):
            actions.sign_in(participant=person, means=Means.CODE, at=at)
        assert Presence.objects.get().arrived_at == at
        return
    with pytest.raises(actions.NotTheTime):
        actions.sign_in(participant=person, means=Means.CODE, at=at)
    assert not Presence.objects.exists()


def code_sent():
    mail = OutgoingMail.objects.order_by("pk").last()
    return re.search(r"\b\d{6}\b", mail.body)[0]


def test_a_code_signs_once_for_the_address_that_received_it(meeting):
    person, other = ParticipantFactory.create_batch(2, meeting=meeting)
    actions.send_code(meeting=meeting, email=person.membership.email.upper(), at=DURING)
    code = code_sent()
    with pytest.raises(actions.WrongCode):
        actions.sign_with_code(meeting=meeting, email=other.membership.email, code=code, device="", at=DURING)
    spaced = f"{code[:3]} {code[3:]}"
    actions.sign_with_code(meeting=meeting, email=person.membership.email, code=spaced, device="d", at=DURING)
    presence = Presence.objects.get()
    assert (presence.participant, presence.means, presence.device) == (person, Means.CODE, "d")
    assert not SigninCode.objects.exists()


def test_a_code_bears_five_tries_and_ten_minutes(meeting):
    person = ParticipantFactory(meeting=meeting)
    email = person.membership.email
    actions.send_code(meeting=meeting, email=email, at=DURING)
    code = code_sent()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(TRIES):
        with pytest.raises(actions.WrongCode):
            actions.sign_with_code(meeting=meeting, email=email, code=wrong, device="", at=DURING)
    with pytest.raises(actions.WrongCode):
        actions.sign_with_code(meeting=meeting, email=email, code=code, device="", at=DURING)
    later = DURING + timedelta(minutes=2)
    actions.send_code(meeting=meeting, email=email, at=later)
    with pytest.raises(actions.WrongCode):
        actions.sign_with_code(meeting=meeting, email=email, code=code_sent(), device="", at=later + CODE_LIVES)
    assert not Presence.objects.exists()


def test_codes_are_not_sent_in_a_stream_nor_to_strangers(meeting):
    person = ParticipantFactory(meeting=meeting)
    for _ in range(3):
        actions.send_code(meeting=meeting, email=person.membership.email, at=DURING)
    actions.send_code(meeting=meeting, email="inconnue@exemple.invalid", name="Inconnue", at=DURING)
    assert OutgoingMail.objects.count() == 1


def test_an_open_meeting_takes_who_passes_by_once_their_address_is_proved(meeting):
    Meeting.objects.update(is_open=True)
    meeting.refresh_from_db()
    actions.send_code(meeting=meeting, email="passe@exemple.invalid", name="Ève Passant", occupation="Ostéo", at=DURING)
    assert not Presence.objects.exists()
    actions.sign_with_code(meeting=meeting, email="passe@exemple.invalid", code=code_sent(), device="", at=DURING)
    assert Presence.objects.get().participant.name == "Ève Passant"


def line(person, start=None, end=None):
    return actions.SheetLine(person, start, end)


def test_the_paper_sheet_is_typed_then_corrected_with_a_reason(meeting, coordinator):
    here, late, away = ParticipantFactory.create_batch(3, meeting=meeting)
    typed = [line(here, NOON + 8 * HOUR, NOON + 10 * HOUR), line(late, DURING), line(away)]
    write = {"meeting": meeting, "by": coordinator, "at": NOON + 11 * HOUR}
    assert actions.write_sheet(lines=typed, reason="", **write) == 2
    assert actions.write_sheet(lines=typed, reason="", **write) == 0
    with pytest.raises(actions.ReasonMissing):
        actions.write_sheet(lines=[line(here)], reason="", **write)
    with pytest.raises(actions.LeftBeforeArriving):
        actions.write_sheet(lines=[line(here, DURING, DURING - HOUR)], reason="Erreur", **write)
    assert Presence.objects.count() == 2
    corrected = [line(here, DURING, NOON + 10 * HOUR), line(late)]
    assert actions.write_sheet(lines=corrected, reason="Feuille mal lue", **write) == 2
    presence = Presence.objects.get()
    assert (presence.participant, presence.arrived_at, presence.correction) == (here, DURING, "Feuille mal lue")
    told = [one.summary for one in AuditEvent.objects.filter(type="meeting.presence")]
    assert sum("Feuille mal lue" in summary for summary in told) == 2
    assert sum("pointé·e par Claire Aubert" in summary for summary in told) == 2


def test_the_tablet_writes_whose_word_it_is(meeting, coordinator):
    person = ParticipantFactory(meeting=meeting)
    tablet = actions.lend_tablet(meeting=meeting, by=coordinator, at=DURING)
    actions.sign_for(participant=person, tablet=tablet, at=DURING)
    presence = Presence.objects.get()
    assert (presence.means, presence.recorded_by) == (Means.TABLET, coordinator)
    Meeting.objects.update(status="cancelled")
    meeting.refresh_from_db()
    with pytest.raises(actions.NotTheTime):
        actions.sign_for(participant=ParticipantFactory(meeting=meeting), tablet=tablet, at=DURING)


def test_somebody_present_is_not_taken_off_the_list(meeting, coordinator):
    person = ParticipantFactory(meeting=meeting)
    actions.sign_in(participant=person, means=Means.CODE, at=DURING)
    with pytest.raises(actions.AlreadyCame):
        actions.withdraw(participant=person, by=coordinator, at=DURING)


def test_a_presence_outlives_the_membership(meeting):
    person = ParticipantFactory(meeting=meeting)
    actions.sign_in(participant=person, means=Means.CODE, at=DURING)
    name = person.name
    Membership.objects.all().delete()
    assert Presence.objects.get().participant.name == name


@pytest.mark.parametrize("broken", [{"left_at": DURING - 5 * HOUR}, {"correction": "x"}, {"corrected_at": DURING}])
def test_the_database_refuses_a_presence_that_cannot_be(meeting, broken):
    actions.sign_in(participant=ParticipantFactory(meeting=meeting), means=Means.CODE, at=DURING)
    with pytest.raises(IntegrityError), transaction.atomic():
        Presence.objects.update(**broken)


def at_once(count, act):
    """Run act(number) in `count` threads that start together; what each returned or raised."""
    start, found = threading.Barrier(count), [None] * count

    def run(number):
        start.wait()
        try:
            found[number] = act(number)
        except Exception as error:  # handed to the test
            found[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_want_the_last_place_one_has_it(meeting):
    Meeting.objects.update(capacity=1)
    people = ParticipantFactory.create_batch(8, meeting=meeting)
    answers = at_once(8, lambda number: actions.answer(participant=people[number], coming=True, at=NOON).answer)
    assert sorted(answers) == [Answer.WAITING] * 7 + [Answer.YES]
    assert Meeting.objects.get().seats_taken == 1


@pytest.mark.django_db(transaction=True)
def test_eight_taps_of_one_person_write_one_presence(meeting):
    person = ParticipantFactory(meeting=meeting)
    found = at_once(8, lambda _: actions.sign_in(participant=person, means=Means.CODE, at=DURING).pk)
    assert len(set(found)) == 1
    assert Presence.objects.count() == 1
