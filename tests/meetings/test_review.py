"""What must never happen again: each of these was once possible."""

import html
import io
import re
from datetime import date, timedelta

import pypdf
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.audit.models import AuditEvent
from maillage.core import links
from maillage.core.letters import Letter
from maillage.exchange.actions import contact_of, forget, key_of, write_mail
from maillage.exchange.models import MailKind, MailState, OutgoingMail
from maillage.meetings import actions
from maillage.meetings.documents import papers as documents
from maillage.meetings.jobs import remind, tell
from maillage.meetings.models import (
    Answer,
    Ballot,
    BodyRule,
    CalendarFeed,
    GoverningText,
    Means,
    Meeting,
    Participant,
    Presence,
    SealedSlip,
    Signature,
    Slip,
    Voter,
)
from maillage.meetings.web.access import person_of
from maillage.members.actions import merge
from maillage.members.models import Mandate, Membership
from tests.factories import (
    HOUR,
    NOON,
    TODAY,
    CollegeFactory,
    MeetingFactory,
    MembershipFactory,
    ParticipantFactory,
    pdf,
)
from tests.meetings.test_views import link, page, personal, wall_url
from tests.meetings.test_views import tablet as tablet_of
from tests.meetings.test_voting import DURING, ballot_on, vote, voters


@pytest.fixture
def assembly(cpts):
    return MeetingFactory(cpts=cpts, kind="assembly", title="Assemblée générale")


@pytest.fixture
def tonight(cpts):
    now = timezone.now().replace(microsecond=0)
    return MeetingFactory(cpts=cpts, starts_at=now - HOUR / 2, ends_at=now + HOUR)


def run(meeting):
    return tell({"meeting_id": meeting.pk}, lambda *_: None)


def test_nobody_who_reads_the_journal_of_mails_finds_a_code(tonight):
    person = ParticipantFactory(meeting=tonight)
    actions.send_code(meeting=tonight, email=person.membership.email, at=timezone.now())
    mail = OutgoingMail.objects.get()
    code = re.search(r"\b\d{6}\b", mail.body)[0]
    assert code not in mail.subject


def test_who_typed_a_code_is_known_at_the_wall_and_let_in_nowhere_else(client, tonight):
    person = ParticipantFactory(meeting=tonight)
    url = wall_url(tonight)
    client.get(url)
    client.post(url, {"do": "send", "email": person.membership.email})
    code = re.search(r"\b\d{6}\b", OutgoingMail.objects.get().body)[0]
    client.post(url, {"do": "code", "email": person.membership.email, "code": code})
    held = next(value.value for name, value in client.cookies.items() if name.startswith("preuve-"))
    assert client.get(reverse("meetings:personal", args=[held])).status_code == 410
    assert person.name in client.get(url).content.decode()


def test_no_vote_is_cast_once_the_meeting_is_over_and_none_stays_open(assembly, coordinator):
    (voter,) = voters(assembly, coordinator, 1)
    ballot = ballot_on(assembly, coordinator)
    with pytest.raises(actions.VoteStillOpen):
        actions.close(meeting=assembly, ended_at=DURING, by=coordinator, at=DURING)
    with pytest.raises(actions.VoteOpen):
        actions.cancel(meeting=assembly, reason="Alerte", by=coordinator, at=DURING)
    Meeting.objects.update(status="cancelled")
    with pytest.raises(actions.BallotNotOpen):
        vote(ballot, voter)


def test_the_order_of_writing_tells_nothing(assembly, coordinator):
    people = voters(assembly, coordinator, 6)
    ballot = ballot_on(assembly, coordinator)
    receipts = [vote(ballot, one) for one in people]
    actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)
    table = Slip._meta.db_table
    stored = [one.receipt for one in Slip.objects.raw(f"select * from {table}")]  # as they lie  # noqa: S608
    assert stored == sorted(receipts)
    assert Signature._meta.pk.name == "id"
    assert Signature._meta.pk.get_internal_type() == "UUIDField"


@pytest.mark.parametrize("held", [True, False])
def test_an_absent_voice_is_cast_by_its_holder_alone(cpts, assembly, coordinator, held):
    BodyRule.objects.create(cpts=cpts, kind="assembly", proxies_max=1)
    away, holder, other = voters(assembly, coordinator, 3, there=False)
    actions.give_proxy(giver=away, holder=holder, means=Means.CODE, by=None, at=NOON)
    for one in (holder, other):
        actions.sign_in(participant=one.participant, means=Means.CODE, at=DURING)
    ballot = ballot_on(assembly, coordinator)
    if held:
        vote(ballot, away, caster=holder)
        assert SealedSlip.objects.count() == 1
        return
    with pytest.raises(actions.NotAVoter):
        vote(ballot, away, caster=other)


def test_a_holder_who_left_the_cpts_casts_nothing(cpts, assembly, coordinator):
    BodyRule.objects.create(cpts=cpts, kind="assembly", proxies_max=1)
    away, holder = voters(assembly, coordinator, 2, there=False)
    actions.give_proxy(giver=away, holder=holder, means=Means.CODE, by=None, at=NOON)
    actions.sign_in(participant=holder.participant, means=Means.CODE, at=DURING)
    ballot = ballot_on(assembly, coordinator)
    Membership.objects.filter(pk=holder.participant.membership_id).update(status="left", left_on=TODAY)
    with pytest.raises(actions.NotAVoter):
        vote(ballot, away, caster=holder)


def test_a_slip_never_falls_into_a_vote_by_hands(assembly, coordinator):
    (voter,) = voters(assembly, coordinator, 1)
    ballot = ballot_on(assembly, coordinator, mode="hands")
    with pytest.raises(actions.BallotNotOpen):
        vote(ballot, voter)
    with pytest.raises(actions.NotCounted):
        actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)


def test_a_slip_carries_no_college_where_colleges_do_not_weigh(cpts, assembly, coordinator):
    (voter,) = voters(assembly, coordinator, 1, membership__college=CollegeFactory(cpts=cpts, name="Seul"))
    ballot = ballot_on(assembly, coordinator)
    vote(ballot, voter)
    actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)
    assert Slip.objects.get().college == ""


def test_who_went_home_neither_counts_nor_votes(assembly, coordinator):
    gone, stays = voters(assembly, coordinator, 2)
    Presence.objects.filter(participant=gone.participant).update(left_at=DURING + HOUR / 10)
    later = DURING + HOUR / 5
    assert actions.quorum_of(assembly, later)[-1].there == 1
    ballot = ballot_on(assembly, coordinator, at=later)
    with pytest.raises(actions.NotAVoter):
        actions.cast(ballot=ballot, voter=gone, choice="Pour", caster=gone, means=Means.CODE, at=later)
    actions.cast(ballot=ballot, voter=stays, choice="Pour", caster=stays, means=Means.CODE, at=later)


def test_nothing_is_tapped_nor_opened_days_before(assembly, coordinator):
    person = ParticipantFactory(meeting=assembly)
    actions.draw_up_roll(meeting=assembly, by=coordinator, at=NOON)
    early = assembly.starts_at - timedelta(days=2)
    tablet = actions.lend_tablet(meeting=assembly, by=coordinator, at=early)
    with pytest.raises(actions.NotTheTime):
        actions.sign_for(participant=person, tablet=tablet, at=early)
    with pytest.raises(actions.NotDuringTheMeeting):
        ballot_on(assembly, coordinator, at=early)


def test_pouvoirs_and_roll_wait_while_a_vote_is_open(cpts, assembly, coordinator):
    BodyRule.objects.create(cpts=cpts, kind="assembly", proxies_max=1)
    first, second = voters(assembly, coordinator, 2)
    ballot_on(assembly, coordinator)
    with pytest.raises(actions.VotesGoingOn):
        actions.give_proxy(giver=first, holder=second, means=Means.CODE, by=None, at=DURING)
    with pytest.raises(actions.VotesGoingOn):
        actions.draw_up_roll(meeting=assembly, by=coordinator, at=DURING)
    Ballot.objects.all().delete()
    Meeting.objects.update(status="closed", closed_at=DURING)
    with pytest.raises(actions.RollIsClosed):
        actions.draw_up_roll(meeting=assembly, by=coordinator, at=DURING)
    with pytest.raises(actions.ProxyUnusable):
        actions.give_proxy(giver=first, holder=second, means=Means.CODE, by=None, at=DURING)


def test_hands_of_members_without_a_college_are_counted_apart(cpts, assembly, coordinator):
    BodyRule.objects.create(cpts=cpts, kind="assembly", is_weighted=True)
    voters(assembly, coordinator, 2)
    voters(assembly, coordinator, 3, membership__college=CollegeFactory(cpts=cpts, name="Soins"))
    ballot = ballot_on(assembly, coordinator, mode="hands")
    count = {"ballot": ballot, "by": coordinator, "at": DURING}
    with pytest.raises(actions.MoreHandsThanVoters):
        actions.count_hands(hands={("", "Pour"): 3, ("Soins", "Pour"): 1}, **count)
    actions.count_hands(hands={("", "Pour"): 2, ("Soins", "Contre"): 3}, **count)
    closed = actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)
    assert [one["share"] for one in closed.readable_scores] == ["50\N{NO-BREAK SPACE}%", "50\N{NO-BREAK SPACE}%", ""]


def future(cpts, days=30, **more):
    day = timezone.now().replace(microsecond=0) + timedelta(days=days)
    return MeetingFactory(cpts=cpts, starts_at=day, ends_at=day + HOUR, **more)


def test_a_convocation_cannot_be_unsubscribed(cpts):
    meeting = future(cpts, kind="assembly")
    person = ParticipantFactory(meeting=meeting)
    contact = contact_of(cpts.pk, person.membership.email, NOON)
    type(contact).objects.update(refused_kinds=["invitation", "reminder", "news"])
    run(meeting)
    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.state) == (MailKind.CONVOCATION, MailState.QUEUED)


@pytest.mark.parametrize("cancelled", [True, False])
def test_what_is_urgent_waits_for_no_decent_hour(cpts, coordinator, cancelled):
    meeting = future(cpts, days=1)
    ParticipantFactory(meeting=meeting, invited_at=NOON)
    contact = contact_of(cpts.pk, Participant.objects.get().address, NOON)
    type(contact).objects.update(weekdays_only=True)
    if cancelled:
        actions.cancel(meeting=meeting, reason="Neige", by=coordinator, at=timezone.now())
    else:
        actions.change(meeting=meeting, read_version=0, fields={"place": "Ailleurs"}, by=coordinator, at=timezone.now())
    run(meeting)
    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.not_before) == (MailState.QUEUED, None)


def test_a_meeting_convened_is_moved_with_the_same_notice(cpts, coordinator):
    meeting = future(cpts, kind="assembly")
    move = {"meeting": meeting, "by": coordinator, "at": timezone.now()}
    sooner = timezone.now() + timedelta(days=2)
    fields = {"starts_at": sooner, "ends_at": sooner + HOUR}
    with pytest.raises(actions.NoticeTooShort):
        actions.change(read_version=0, fields=fields, **move)
    with pytest.raises(actions.KindIsFixed):
        actions.change(read_version=0, fields={"kind": "group"}, **move)
    actions.change(read_version=0, fields=fields, late_reason="Salle perdue", **move)
    assert Meeting.objects.get().late_reason == "Salle perdue"


def test_convening_at_night_is_convening_tomorrow(cpts, coordinator):
    night = timezone.localtime(NOON).replace(hour=20, minute=30)
    start = timezone.localtime(NOON).replace(hour=20) + timedelta(days=15)
    meeting = MeetingFactory(cpts=cpts, kind="assembly", draft=True, starts_at=start, ends_at=start + HOUR)
    ParticipantFactory(meeting=meeting)
    with pytest.raises(actions.NoticeTooShort):
        actions.convene(meeting=meeting, by=coordinator, at=night)
    actions.convene(meeting=meeting, by=coordinator, at=night - 2 * HOUR)


def test_a_sheet_left_open_erases_no_signature(client, tonight, coordinator):
    first, second = ParticipantFactory.create_batch(2, meeting=tonight)
    client.force_login(coordinator)
    shown = client.get(page("sheet", tonight)).content.decode()
    was = dict(re.findall(r'name="was-(\d+)" value="([^"]*)"', shown))
    actions.sign_in(participant=second, means=Means.CODE, at=timezone.now())
    typed = {f"was-{key}": value for key, value in was.items()} | {f"here-{first.pk}": "on", "reason": "oubli"}
    client.post(page("sheet", tonight), typed)
    assert Presence.objects.count() == 2
    typed = {f"was-{key}": value for key, value in was.items()} | {
        f"here-{second.pk}": "on",
        f"from-{second.pk}": "9 h",
    }
    shown = client.post(page("sheet", tonight), typed | {"reason": "essai"}).content.decode()
    assert f"Quelqu’un a modifié la présence de {second}" in html.unescape(shown).replace("\xa0", " ")
    assert "ouvrez de nouveau la feuille" in shown.replace("\xa0", " ")


def test_a_sheet_past_midnight_is_typed(client, cpts, coordinator):
    start = timezone.localtime(NOON).replace(hour=21) - timedelta(days=3)
    meeting = MeetingFactory(
        cpts=cpts, starts_at=start, ends_at=start + 3.5 * HOUR, status="closed", closed_at=start + 4 * HOUR
    )
    person = ParticipantFactory(meeting=meeting)
    client.force_login(coordinator)
    typed = {f"here-{person.pk}": "on", f"from-{person.pk}": "20 h 50", f"to-{person.pk}": "0 h 30"}
    client.post(page("sheet", meeting), typed)
    presence = Presence.objects.get()
    assert presence.left_at - presence.arrived_at == timedelta(hours=3, minutes=40)
    client.post(page("sheet", meeting), typed | {f"from-{person.pk}": "0 h 10", "reason": "arrivée lue de travers"})
    assert Presence.objects.get().arrived_at == start + timedelta(hours=3, minutes=10)


def test_forgetting_leaves_nothing_in_the_journal_and_nobody_writes_again(cpts, coordinator, client):
    meeting = future(cpts, capacity=1)
    first, second = ParticipantFactory.create_batch(2, meeting=meeting)
    for one in (first, second):
        actions.answer(participant=one, coming=True, at=timezone.now())
    email = second.membership.email
    contact = contact_of(cpts.pk, email, NOON)
    choices = reverse("exchange:choices", args=[links.sign("contact", contact.uuid, until=timezone.now() + HOUR)])
    client.post(choices, {"accepted": ["news"]})
    forget(contact=contact, at=timezone.now())
    OutgoingMail.objects.all().delete()
    actions.answer(participant=first, coming=False, at=timezone.now())
    second.refresh_from_db()
    assert second.answer == Answer.YES
    assert not OutgoingMail.objects.exists()
    told = AuditEvent.objects.filter(type__startswith="contact").values_list("summary", "target_label")
    assert email not in str(list(told))


def test_a_merge_loses_no_voice_and_keeps_the_earlier_arrival(cpts, assembly, coordinator):
    kept, other = ParticipantFactory.create_batch(2, meeting=assembly)
    Voter.objects.create(meeting=assembly, participant=other)
    actions.sign_in(participant=other, means=Means.CODE, at=DURING - HOUR)
    actions.sign_in(participant=kept, means=Means.CODE, at=DURING)
    Membership.objects.update(email="la.meme@exemple.invalid", search_name="la meme")
    kept.membership.refresh_from_db()
    other.membership.refresh_from_db()
    merge(kept=kept.membership, other=other.membership, by=coordinator, at=DURING)
    voter = Voter.objects.get()
    assert voter.participant == kept
    assert Presence.objects.get().arrived_at == DURING - HOUR


def made_one(kept, other):
    """Two addresses, or two names, are two people: these are of one."""
    Membership.objects.filter(pk=other.membership_id).update(email="", search_name=kept.membership.search_name)
    other.membership.refresh_from_db()


def test_two_voices_of_one_meeting_are_not_merged(assembly, coordinator):
    first, second = voters(assembly, coordinator, 2)
    made_one(first.participant, second.participant)
    with pytest.raises(actions.TwoVoices):
        merge(kept=first.participant.membership, other=second.participant.membership, by=coordinator, at=DURING)
    assert Voter.objects.count() == 2


@pytest.mark.parametrize("typed", ["03/12/2206", "01/01/0001"])
def test_a_year_typed_by_mistake_is_told(client, cpts, coordinator, typed):
    client.force_login(coordinator)
    sent = {"title": "Soirée", "kind": "group", "on": typed, "starts": "20 h", "ends": "21 h"}
    assert "Vérifiez l’année" in client.post(reverse("meetings:add", args=[cpts.slug]), sent).content.decode()
    assert not Meeting.objects.exists()


def test_the_night_when_clocks_change_is_told(client, cpts, coordinator):
    client.force_login(coordinator)
    sent = {"title": "Soirée", "kind": "group", "on": "28/03/2027", "starts": "2 h 30", "ends": "3 h 30"}
    assert "l’heure change" in client.post(reverse("meetings:add", args=[cpts.slug]), sent).content.decode()


def test_signs_that_no_font_draws_are_printed_as_question_marks(cpts, coordinator):
    meeting = MeetingFactory(cpts=cpts, title="Dents \U0001f9b7 et \x07 ici")
    ParticipantFactory(meeting=meeting, membership=None, name="Éloïse \U0001f9b7")
    pdf = documents.sheet_pdf(meeting, meeting.participants.for_sheet(), TODAY).content
    text = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text().replace("\xa0", " ")
    assert "Dents ? et" in text
    assert "Éloïse ?" in text


def test_odd_posts_are_refused_without_breaking(client, tonight, coordinator):
    client.force_login(coordinator)
    assert client.post(page("join_document", tonight), {"remove": "nope"}).status_code == 200
    tablet = tablet_of(tonight, coordinator)
    for who in ("9" * 5_000, "²", "x"):
        assert client.post(tablet, {"who": who}).status_code == 404
    draft = future(tonight.cpts, days=3, kind="assembly", draft=True)
    ParticipantFactory(meeting=draft)
    assert client.post(page("convene", draft), {"reason": "a\x00b"}).status_code in {200, 302}
    assert client.get(reverse("meetings:list", args=[tonight.cpts.slug]), {"q": "a\x00b"}).status_code == 200


def test_an_edit_without_its_version_overwrites_nothing(client, tonight, coordinator):
    client.force_login(coordinator)
    sent = {"title": "Autre", "kind": "group"}
    assert "a modifié cette réunion" in client.post(page("edit", tonight), sent).content.decode()


def test_a_photograph_of_the_wall_does_not_serve_all_evening(client, tonight, monkeypatch):
    person = ParticipantFactory(meeting=tonight)
    client.get(personal(person))
    url = wall_url(tonight)
    client.get(url)
    first = next(one.value for name, one in client.cookies.items() if name.startswith("salle-"))
    stale = wall_url(tonight, timezone.now() - timedelta(minutes=3))
    assert client.get(stale).status_code == 200
    again = next(one.value for name, one in client.cookies.items() if name.startswith("salle-"))
    assert again == first


def test_the_cookie_of_one_wall_opens_no_other(client, tonight):
    client.get(wall_url(tonight))
    other = MeetingFactory(cpts=tonight.cpts, starts_at=tonight.starts_at, ends_at=tonight.ends_at)
    stale = wall_url(other, timezone.now() - timedelta(minutes=5))
    assert client.get(stale).status_code == 410


def test_a_link_of_one_meeting_signs_in_no_other(client, tonight):
    person = ParticipantFactory(meeting=tonight)
    client.get(personal(person))
    other = MeetingFactory(cpts=tonight.cpts, starts_at=tonight.starts_at, ends_at=tonight.ends_at)
    client.post(wall_url(other), {"do": "sign"})
    assert not Presence.objects.exists()


def test_papers_of_one_meeting_are_not_read_through_another(client, cpts, tonight, coordinator, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    other = MeetingFactory(cpts=cpts)
    paper = actions.join_document(meeting=other, name="Secret", content=pdf(), by=coordinator, at=NOON)
    ballot = ballot_on(MeetingFactory(cpts=cpts, kind="assembly"), coordinator, opened=False)
    person = ParticipantFactory(meeting=tonight)
    token = link(person)
    assert client.get(reverse("meetings:personal_document", args=[token, paper.uuid])).status_code == 404
    client.force_login(coordinator)
    assert client.get(page("document", tonight, paper.uuid)).status_code == 404
    assert client.post(page("act", tonight, ballot.uuid), {"do": "drop"}).status_code == 404
    assert client.get(page("document", other, paper.uuid)).status_code == 200


def test_early_papers_are_not_given(client, tonight, coordinator):
    person = ParticipantFactory(meeting=tonight)
    actions.save_minutes(meeting=tonight, text="Brouillon", read_version=0, by=coordinator, at=timezone.now())
    token = link(person)
    assert "compte rendu (PDF)" not in client.get(reverse("meetings:personal", args=[token])).content.decode()
    assert client.get(reverse("meetings:personal_paper", args=[token, "compte-rendu"])).status_code == 404


def test_a_calendar_ends_with_the_membership_and_holds_no_personal_page(cpts, member):
    membership = MembershipFactory(cpts=cpts, email=member.email)
    meeting = future(cpts, kind="bureau", video_link="https://visio.exemple.invalid/x")
    ParticipantFactory(meeting=meeting, membership=membership)
    feed = CalendarFeed.objects.create(cpts=cpts, user=member)
    url = reverse("meetings:feed", args=[feed.uuid])
    text = Client().get(url).content.decode()
    assert "visio.exemple.invalid" in text
    assert "/r/" not in text
    Membership.objects.update(status="left", left_on=TODAY)
    assert "visio" not in Client().get(url).content.decode()


def test_one_person_who_cannot_be_told_silences_nobody(cpts, monkeypatch):
    meeting = future(cpts)
    people = ParticipantFactory.create_batch(3, meeting=meeting)
    from maillage.meetings import notifications  # noqa: PLC0415

    real = notifications.tell

    def fail(person, due, at):
        if person.pk == people[1].pk:
            raise ValueError("boum")
        return real(person, due, at)

    monkeypatch.setattr("maillage.meetings.jobs.notifications.tell", fail)
    with pytest.raises(RuntimeError, match="1 of 3"):
        run(meeting)
    assert OutgoingMail.objects.count() == 2
    monkeypatch.undo()
    run(meeting)
    assert OutgoingMail.objects.count() == 3


def test_strangers_enter_the_list_with_a_proved_address_only(client, tonight):
    Meeting.objects.update(is_open=True)
    url = wall_url(tonight)
    for number in range(80):
        client.post(url, {"do": "send", "email": f"{number}@exemple.invalid", "name": "Robot"})
    assert not Participant.objects.exists()
    assert OutgoingMail.objects.count() == 60
    mail = OutgoingMail.objects.first()
    code = re.search(r"\b\d{6}\b", mail.body)[0]
    client.post(url, {"do": "code", "email": mail.recipient, "code": code})
    assert Participant.objects.get().email == mail.recipient
    run(tonight)
    assert OutgoingMail.objects.count() == 60  # no invitation on top of the code
    assert key_of(mail.recipient)


def test_a_meeting_held_already_is_written_down(cpts, coordinator):
    day = timezone.now() - timedelta(days=3)
    meeting = MeetingFactory(cpts=cpts, draft=True, kind="assembly", starts_at=day, ends_at=day + HOUR)
    person = ParticipantFactory(meeting=meeting)
    meeting = actions.convene(meeting=meeting, by=coordinator, at=timezone.now())
    run(meeting)
    assert not OutgoingMail.objects.exists()
    lines = [actions.SheetLine(person, day, None)]
    actions.write_sheet(meeting=meeting, lines=lines, reason="", by=coordinator, at=timezone.now())
    actions.close(meeting=meeting, ended_at=day + HOUR, by=coordinator, at=timezone.now())
    assert Presence.objects.get().left_at == day + HOUR


def test_a_meeting_is_done_again_with_the_same_members(client, cpts, coordinator):
    done = MeetingFactory(cpts=cpts, title="Groupe chutes")
    ParticipantFactory.create_batch(2, meeting=done)
    gone = ParticipantFactory(meeting=done, membership__status="left", membership__left_on=date(2026, 11, 1))
    client.force_login(coordinator)
    url = f"{reverse('meetings:add', args=[cpts.slug])}?comme={done.uuid}"
    assert 'value="Groupe chutes"' in client.get(url).content.decode()
    client.post(url, {"title": "Groupe chutes, suite", "kind": "group"})
    again = Meeting.objects.get(title="Groupe chutes, suite")
    assert again.participants.count() == 2
    assert gone.name not in set(again.participants.values_list("name", flat=True))


def test_those_who_said_nothing_are_asked_again_once_a_day(cpts, coordinator):
    meeting = future(cpts)
    yesterday = timezone.now() - timedelta(days=1)
    silent, fresh = ParticipantFactory.create_batch(2, meeting=meeting, invited_at=yesterday)
    Participant.objects.filter(pk=fresh.pk).update(invited_at=timezone.now())
    for expected in (1, 0):
        assert actions.remind_silent(meeting=meeting, by=coordinator, at=timezone.now()) == expected
        run(meeting)
    assert [one.recipient for one in OutgoingMail.objects.filter(kind=MailKind.REMINDER)] == [silent.membership.email]


def test_an_answer_heard_on_the_telephone_leaves_a_trace(client, cpts, coordinator):
    meeting = future(cpts)
    person = ParticipantFactory(meeting=meeting)
    client.force_login(coordinator)
    client.post(page("answer_for", meeting, person.uuid), {"do": "yes"})
    person.refresh_from_db()
    assert person.answer == Answer.YES
    assert AuditEvent.objects.get(type="meeting.answer").by_name == str(coordinator)
    assert person_of(link(person), timezone.now()) == person


def pdf_file():
    file = io.BytesIO(pdf())
    file.name = "statuts.pdf"
    return file


def test_a_plain_member_deposits_no_statutes(client, cpts, member, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(member)
    url = reverse("meetings:texts", args=[cpts.slug])
    client.post(url, {"kind": "statutes", "adopted_on": "12/06/2025", "file": pdf_file()})
    assert not GoverningText.objects.exists()


def test_statutes_and_assemblies_are_those_of_one_s_own_cpts(client, cpts, neighbour, coordinator, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    theirs = MeetingFactory(cpts=neighbour, kind="assembly", title="Assemblée d’à côté")
    text = actions.adopt_text(
        cpts=neighbour,
        kind="statutes",
        adopted_on=TODAY,
        changes="",
        content=pdf(),
        meeting=None,
        by=coordinator,
        at=NOON,
    )
    client.force_login(coordinator)
    assert client.get(reverse("meetings:text_file", args=[cpts.slug, text.uuid])).status_code == 404
    url = reverse("meetings:texts", args=[cpts.slug])
    assert "Assemblée d’à côté" not in client.get(url).content.decode()
    sent = {"kind": "statutes", "adopted_on": "12/06/2025", "file": pdf_file(), "meeting": theirs.pk}
    client.post(url, sent)
    assert not GoverningText.objects.filter(cpts=cpts).exists()


def test_an_address_shared_by_two_members_signs_for_neither(client, cpts, tonight, member):
    for _ in range(2):
        unbound = MembershipFactory(cpts=cpts, email=member.email, account=None)
        ParticipantFactory(meeting=tonight, membership=unbound)
    client.force_login(member)
    client.post(wall_url(tonight), {"do": "sign"})
    assert not Presence.objects.exists()


def test_forgetting_in_one_cpts_leaves_the_mails_of_another(cpts, neighbour):
    for one in (cpts, neighbour):
        write_mail(
            recipient="a@exemple.invalid", letter=Letter.plain("x", "x"), at=NOON, cpts_id=one.pk, kind=MailKind.NEWS
        )
    forget(contact=contact_of(cpts.pk, "a@exemple.invalid", NOON), at=NOON)
    assert [mail.cpts for mail in OutgoingMail.objects.all()] == [neighbour]


def test_who_waits_for_a_place_is_not_reminded(cpts):
    meeting = future(cpts, days=2)
    ParticipantFactory(meeting=meeting, invited_at=NOON, answer=Answer.WAITING, answered_at=timezone.now())
    remind({}, lambda *_: None)
    assert not OutgoingMail.objects.exists()


def test_a_merge_brings_the_places_and_the_tasks(cpts, coordinator):
    meeting = future(cpts, capacity=2)
    kept, other = ParticipantFactory.create_batch(2, meeting=meeting)
    made_one(kept, other)
    actions.answer(participant=other, coming=True, at=timezone.now())
    task = actions.give_task(
        meeting=meeting, text="Appeler", owner=other.membership, due_on=None, by=coordinator, at=NOON
    )
    merge(kept=kept.membership, other=other.membership, by=coordinator, at=NOON)
    kept.refresh_from_db()
    task.refresh_from_db()
    meeting.refresh_from_db()
    assert (kept.answer, task.owner, meeting.seats_taken) == (Answer.YES, kept.membership, 1)


def test_a_merge_of_two_who_come_frees_a_place(cpts, coordinator):
    meeting = future(cpts, capacity=2)
    kept, other = ParticipantFactory.create_batch(2, meeting=meeting)
    made_one(kept, other)
    for one in (kept, other):
        actions.answer(participant=one, coming=True, at=timezone.now())
    merge(kept=kept.membership, other=other.membership, by=coordinator, at=NOON)
    meeting.refresh_from_db()
    assert meeting.seats_taken == 1


def test_a_mandate_that_ended_gives_no_vote(cpts, coordinator):
    council = MeetingFactory(cpts=cpts, kind="council")
    person = ParticipantFactory(meeting=council)
    Mandate.objects.create(
        cpts=cpts,
        membership=person.membership,
        body="council",
        function="Membre",
        starts_on=TODAY.replace(year=2024),
        ends_on=TODAY,
    )
    with pytest.raises(actions.NoVoter):
        actions.draw_up_roll(meeting=council, by=coordinator, at=NOON)


def test_who_is_taken_off_the_list_is_told_and_their_diary_follows(cpts, coordinator):
    meeting = future(cpts)
    told, unaware = ParticipantFactory.create_batch(2, meeting=meeting)
    Participant.objects.filter(pk=told.pk).update(invited_at=timezone.now())
    for one in (told, unaware):
        actions.withdraw(participant=one, by=coordinator, at=timezone.now())
    mail = OutgoingMail.objects.get()
    assert mail.recipient == told.membership.email
    assert "METHOD:CANCEL" in mail.calendar
    assert "STATUS:CANCELLED" in mail.calendar
