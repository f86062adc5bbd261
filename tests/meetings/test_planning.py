"""Preparing, inviting, convening, changing, cancelling: the rows, the mails, the refusals."""

from datetime import timedelta

import icalendar
import pytest
from django.core import mail as outbox
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import capfirst

from maillage.audit.models import AuditEvent
from maillage.core.stale import Stale
from maillage.directory.models import GROUP_LABELS
from maillage.exchange.actions import contact_of, forget
from maillage.exchange.models import Contact, MailKind, OutgoingMail
from maillage.meetings import actions
from maillage.meetings.jobs import REMINDED_BEFORE, remind, tell
from maillage.meetings.models import Answer, Meeting, MeetingKind, MeetingStatus, Participant
from maillage.members.models import Membership
from maillage.records.actions.attaching import NotADocument, path_of
from tests.factories import (
    HOUR,
    NOON,
    MeetingFactory,
    MembershipFactory,
    ParticipantFactory,
    PractitionerFactory,
    PractitionerRoleFactory,
    pdf,
)


def soon(days=20):
    """Mails are written by the worker at the time it is: meetings of these tests are to come."""
    return timezone.now().replace(microsecond=0) + timedelta(days=days)


def meeting_in(cpts, days=20, **more):
    return MeetingFactory(cpts=cpts, starts_at=soon(days), ends_at=soon(days) + 2 * HOUR, **more)


def run(meeting):
    return tell({"meeting_id": meeting.pk}, lambda *_: None)


def people(cpts, count=3, **more):
    return [
        MembershipFactory(cpts=cpts, email=f"m{number}@exemple.invalid", may_be_reached=True, **more)
        for number in range(count)
    ]


def test_a_meeting_is_prepared_in_silence_then_convened(cpts, coordinator, run_jobs):
    at = timezone.now()
    fields = {"kind": "group", "title": "Parcours diabète", "starts_at": soon(), "ends_at": soon() + HOUR}
    meeting = actions.plan(cpts=cpts, fields=fields, by=coordinator, at=at)
    assert actions.invite_members(meeting=meeting, members=people(cpts), by=coordinator, at=at) == 3
    assert actions.invite_members(meeting=meeting, members=Membership.objects.all(), by=coordinator, at=at) == 0
    run_jobs()
    assert not OutgoingMail.objects.exists()
    actions.convene(meeting=meeting, by=coordinator, at=at)
    run(meeting)
    mails = OutgoingMail.objects.all()
    assert {one.kind for one in mails} == {MailKind.INVITATION}
    assert len(mails) == 3
    run(meeting)
    assert OutgoingMail.objects.count() == 3
    meeting.refresh_from_db()
    assert (meeting.status, meeting.version) == (MeetingStatus.PLANNED, 1)
    assert AuditEvent.objects.filter(type="meeting.convened").count() == 1


def test_an_invitation_holds_what_one_needs_and_a_calendar(cpts, coordinator, monkeypatch, run_jobs):
    meeting = meeting_in(cpts, title="Soirée sages-femmes", place="Maison des associations", agenda="Point A\nPoint B")
    person = ParticipantFactory(meeting=meeting)
    run(meeting)
    OutgoingMail.objects.update(not_before=None)
    run_jobs()
    message = outbox.outbox[-1]
    for words in ("Soirée sages-femmes", "Maison des associations", "Point B", "/r/"):
        assert words in message.body
    assert str(person.uuid) not in message.body
    part = next(one for one in message.message().walk() if one.get_filename() == "reunion.ics")
    event = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]
    assert (event["uid"], event["sequence"]) == (f"{meeting.uuid}@maillage", 0)
    assert event.decoded("dtstart") == meeting.starts_at


@pytest.mark.parametrize(
    ("kind", "days", "refused"),
    [("assembly", 15, False), ("assembly", 14, True), ("bureau", 1, False)],
)
def test_an_assembly_is_convened_fifteen_days_before_unless_the_statutes_say_otherwise(
    cpts, coordinator, kind, days, refused
):
    at = timezone.localtime().replace(hour=12)  # convened at night, it is convened tomorrow
    meeting = meeting_in(cpts, days, kind=kind, draft=True)
    ParticipantFactory(meeting=meeting)
    if not refused:
        actions.convene(meeting=meeting, by=coordinator, at=at)
        return
    with pytest.raises(actions.NoticeTooShort) as caught:
        actions.convene(meeting=meeting, by=coordinator, at=at)
    assert "manque 1 jour" in caught.value.user_message
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.DRAFT
    actions.write_rule(cpts=cpts, kind="assembly", fields={"notice_days": 8}, by=coordinator, at=at)
    actions.convene(meeting=meeting, by=coordinator, at=at)
    assert Meeting.objects.get().status == MeetingStatus.PLANNED


def test_a_late_convening_keeps_its_reason(cpts, coordinator):
    meeting = meeting_in(cpts, 3, kind="assembly", draft=True)
    ParticipantFactory(meeting=meeting)
    actions.convene(meeting=meeting, late_reason="dissolution urgente", by=coordinator, at=timezone.now())
    assert "dissolution urgente" in AuditEvent.objects.get(type="meeting.convened").summary


@pytest.mark.parametrize(
    ("traits", "invited", "refusal"),
    [
        ({"undated": True}, True, actions.NoDate),
        ({"draft": True}, False, actions.NobodyInvited),
        ({"status": "cancelled"}, True, actions.NoLongerOpen),
    ],
)
def test_a_meeting_that_cannot_be_convened_says_why(cpts, coordinator, traits, invited, refusal):
    meeting = MeetingFactory(cpts=cpts, **traits)
    if invited:
        ParticipantFactory(meeting=meeting)
    with pytest.raises(refusal):
        actions.convene(meeting=meeting, by=coordinator, at=NOON)
    assert not AuditEvent.objects.filter(type__startswith="meeting").exists()


def test_a_new_date_is_told_to_those_who_come_and_their_calendar_follows(cpts, coordinator):
    meeting = meeting_in(cpts)
    here, not_coming = ParticipantFactory.create_batch(2, meeting=meeting)
    run(meeting)
    actions.answer(participant=not_coming, coming=False, at=timezone.now())
    OutgoingMail.objects.all().delete()
    later = meeting.starts_at + timedelta(days=1)
    fields = {"starts_at": later, "ends_at": later + HOUR}
    actions.change(meeting=meeting, read_version=0, fields=fields, by=coordinator, at=timezone.now())
    run(meeting)
    mails = OutgoingMail.objects.all()
    # Who could not come that day may come this one: they are asked anew.
    assert {one.recipient for one in mails} == {here.membership.email, not_coming.membership.email}
    not_coming.refresh_from_db()
    assert not_coming.answer == Answer.NONE
    for mail in mails:
        assert (mail.subject.split()[0], mail.kind, mail.not_before) == ("Changement", MailKind.CONVOCATION, None)
        assert "SEQUENCE:1" in mail.calendar
        assert "(avant" in mail.body
        assert "/r/" not in mail.calendar
    run(meeting)
    assert OutgoingMail.objects.count() == 2


def test_a_change_of_agenda_alone_bothers_nobody(cpts, coordinator):
    meeting = meeting_in(cpts)
    ParticipantFactory(meeting=meeting)
    run(meeting)
    actions.change(meeting=meeting, read_version=0, fields={"agenda": "Autre"}, by=coordinator, at=timezone.now())
    run(meeting)
    assert OutgoingMail.objects.count() == 1


def test_the_second_of_two_editors_is_told(cpts, coordinator):
    meeting = meeting_in(cpts)
    actions.change(meeting=meeting, read_version=0, fields={"place": "Mairie"}, by=coordinator, at=NOON)
    with pytest.raises(Stale):
        actions.change(meeting=meeting, read_version=0, fields={"place": "Hôpital"}, by=coordinator, at=NOON)
    assert Meeting.objects.get().place == "Mairie"


def test_a_cancelled_meeting_strikes_itself_out_of_calendars(cpts, coordinator):
    meeting = meeting_in(cpts)
    ParticipantFactory(meeting=meeting)
    run(meeting)
    actions.cancel(meeting=meeting, reason="Salle inondée", by=coordinator, at=timezone.now())
    run(meeting)
    mail = OutgoingMail.objects.order_by("pk").last()
    assert "Salle inondée" in mail.body
    assert "METHOD:CANCEL" in mail.calendar
    assert "STATUS:CANCELLED" in mail.calendar
    with pytest.raises(actions.NoLongerOpen):
        actions.cancel(meeting=meeting, reason="Encore", by=coordinator, at=timezone.now())
    with pytest.raises(actions.NoLongerOpen):
        actions.change(meeting=meeting, read_version=1, fields={"place": "Ailleurs"}, by=coordinator, at=timezone.now())


def test_reminders_come_once_and_never_to_those_who_said_no(cpts):
    meeting = meeting_in(cpts, 2)
    yes, no, silent, fresh = ParticipantFactory.create_batch(
        4, meeting=meeting, invited_at=timezone.now() - timedelta(days=3)
    )
    Participant.objects.filter(pk=no.pk).update(answer=Answer.NO, answered_at=NOON)
    Participant.objects.filter(pk=yes.pk).update(answer=Answer.YES, answered_at=NOON)
    Participant.objects.filter(pk=fresh.pk).update(invited_at=timezone.now())
    far = meeting_in(cpts, REMINDED_BEFORE.days + 1)
    ParticipantFactory(meeting=far, invited_at=timezone.now() - timedelta(days=3))
    for _ in range(2):
        remind({}, lambda *_: None)
    mails = OutgoingMail.objects.filter(kind=MailKind.REMINDER)
    assert {one.recipient for one in mails} == {yes.membership.email, silent.membership.email}
    assert {one.stale_at for one in mails} == {meeting.starts_at}


@pytest.mark.parametrize(("kind", "written"), [(MeetingKind.TRAINING, 0), (MeetingKind.ASSEMBLY, 1)])
def test_whoever_wants_no_messages_is_convened_only_where_they_vote(cpts, kind, written):
    meeting = meeting_in(cpts, kind=kind)
    ParticipantFactory(meeting=meeting, membership__may_be_reached=False)
    run(meeting)
    assert OutgoingMail.objects.count() == written


def test_a_member_who_left_is_not_written_to(cpts):
    meeting = meeting_in(cpts)
    person = ParticipantFactory(meeting=meeting)
    Membership.objects.filter(pk=person.membership_id).update(status="left", left_on=NOON.date())
    run(meeting)
    assert not OutgoingMail.objects.exists()


def test_somebody_who_asked_to_be_forgotten_is_invited_by_nobody(cpts, coordinator):
    meeting = meeting_in(cpts)
    person = actions.invite_person(
        meeting=meeting, name="Ève Ailleurs", email="eve@exemple.invalid", by=coordinator, at=NOON
    )
    forget(contact=contact_of(cpts.pk, "eve@exemple.invalid", NOON), at=NOON)
    assert not Participant.objects.filter(pk=person.pk).exists()
    again = actions.invite_person(
        meeting=meeting, name="Ève Ailleurs", email="EVE@exemple.invalid", by=coordinator, at=NOON
    )
    run(meeting)
    assert not OutgoingMail.objects.exists()
    assert again.pk != person.pk
    assert Contact.objects.get().email == ""


def test_the_same_address_is_expected_once(cpts, coordinator):
    meeting = meeting_in(cpts)
    person = ParticipantFactory(meeting=meeting)
    with pytest.raises(actions.AlreadyInvited):
        actions.invite_person(meeting=meeting, name="X", email=person.membership.email.upper(), by=coordinator, at=NOON)


def test_professionals_who_are_no_members_are_expected_without_an_address(cpts, coordinator):
    meeting = meeting_in(cpts)
    role = PractitionerRoleFactory(practitioner=PractitionerFactory(family_name="LE GOFF", given_name="YANN"))
    person = role.practitioner
    person.places = [role]
    for expected in (1, 0):
        assert actions.invite_professionals(meeting=meeting, people=[person], by=coordinator, at=NOON) == expected
    one = Participant.objects.get()
    assert (one.name, one.occupation, one.address) == ("Yann Le Goff", capfirst(GROUP_LABELS["60"]), "")
    run(meeting)
    assert not OutgoingMail.objects.exists()


def test_withdrawing_somebody_gives_their_place_to_the_first_who_waits(cpts, coordinator):
    meeting = meeting_in(cpts, capacity=1)
    first, second = ParticipantFactory.create_batch(2, meeting=meeting)
    for one in (first, second):
        actions.answer(participant=one, coming=True, at=timezone.now())
    actions.withdraw(participant=first, by=coordinator, at=timezone.now())
    second.refresh_from_db()
    meeting.refresh_from_db()
    assert (second.answer, meeting.seats_taken) == (Answer.YES, 1)
    assert "place s’est libérée" in OutgoingMail.objects.get().subject


@pytest.mark.parametrize(
    "broken",
    [
        {"ends_at": NOON},
        {"starts_at": None, "ends_at": None},
        {"capacity": 1, "seats_taken": 2},
        {"status": "closed"},
        {"starts_at": None},
    ],
)
def test_the_database_refuses_a_meeting_that_cannot_be(cpts, broken):
    meeting = MeetingFactory(cpts=cpts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Meeting.objects.filter(pk=meeting.pk).update(**broken)


def test_the_database_refuses_to_expect_somebody_twice(cpts):
    person = ParticipantFactory(meeting=MeetingFactory(cpts=cpts))
    with pytest.raises(IntegrityError), transaction.atomic():
        ParticipantFactory(meeting=person.meeting, membership=person.membership)
    ParticipantFactory(meeting=person.meeting, membership=None, email="a@exemple.invalid")
    with pytest.raises(IntegrityError), transaction.atomic():
        ParticipantFactory(meeting=person.meeting, membership=None, email="a@exemple.invalid")
    with pytest.raises(IntegrityError), transaction.atomic():
        Participant.objects.filter(pk=person.pk).update(answer="yes")


def test_documents_are_what_people_read(cpts, coordinator, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    meeting = meeting_in(cpts)
    with pytest.raises(NotADocument, match="PDF"):
        actions.join_document(meeting=meeting, name="Image", content=b"\x89PNG", by=coordinator, at=NOON)
    document = actions.join_document(meeting=meeting, name="Budget", content=pdf(), by=coordinator, at=NOON)
    assert path_of(document.attachment.sha256).read_bytes() == pdf()
