"""The roll, the pouvoirs, hands and secret ballots: who may, once, and nobody knows what."""

import io
import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from maillage.audit.models import AuditEvent
from maillage.meetings import actions
from maillage.meetings.assemblies.rules.tally import RESOLUTION, journal_digest
from maillage.meetings.documents import papers as documents
from maillage.meetings.models import (
    Ballot,
    BodyRule,
    GoverningText,
    Means,
    Meeting,
    Proxy,
    SealedSlip,
    Signature,
    Slip,
    Voter,
)
from maillage.members.models import Mandate, Membership
from tests.factories import (
    HOUR,
    NOON,
    TODAY,
    CollegeFactory,
    MeetingFactory,
    MembershipFactory,
    ParticipantFactory,
    UserFactory,
    pdf,
)
from tests.meetings.test_attendance import at_once
from tests.meetings.test_views import personal, prove

DURING = NOON + 9 * HOUR


@pytest.fixture
def assembly(cpts):
    return MeetingFactory(cpts=cpts, kind="assembly", title="Assemblée générale")


def rule(cpts, **fields):
    return BodyRule.objects.create(cpts=cpts, kind="assembly", **fields)


def voters(meeting, coordinator, count=3, there=True, **more):
    """Members on the roll, who signed in unless told otherwise."""
    people = ParticipantFactory.create_batch(count, meeting=meeting, **more)
    actions.draw_up_roll(meeting=meeting, by=coordinator, at=NOON)
    if there:
        for one in people:
            actions.sign_in(participant=one, means=Means.CODE, at=DURING)
    return [Voter.objects.select_related("participant").get(participant=one) for one in people]


def ballot_on(meeting, coordinator, mode="secret", opened=True, majority="simple", at=DURING):
    ballot = actions.prepare_ballot(
        meeting=meeting,
        question="Approuver les comptes",
        mode=mode,
        majority=majority,
        choices=RESOLUTION,
        by=coordinator,
        at=at,
    )
    if opened:
        actions.open_ballot(ballot=ballot, by=coordinator, at=at)
        ballot.refresh_from_db()
    return ballot


def vote(ballot, voter, choice="Pour", caster=None):
    return actions.cast(ballot=ballot, voter=voter, choice=choice, caster=caster or voter, means=Means.CODE, at=DURING)


def test_the_roll_holds_members_whose_college_votes_and_who_paid_where_it_is_asked(cpts, assembly, coordinator):
    rule(cpts, needs_fee=True)
    listens = CollegeFactory(cpts=cpts, has_vote=False)
    paid = ParticipantFactory(meeting=assembly, membership__college=CollegeFactory(cpts=cpts, name="Soins", weight=3))
    unpaid = ParticipantFactory(meeting=assembly, membership__status="accepted")
    ParticipantFactory(meeting=assembly, membership__college=listens)
    ParticipantFactory(meeting=assembly, membership=None, email="elue@exemple.invalid")
    assert actions.draw_up_roll(meeting=assembly, by=coordinator, at=NOON) == 1
    voter = Voter.objects.get()
    assert (voter.participant, voter.college, voter.weight) == (paid, "Soins", 3)
    # They pay at the door: the roll is completed, and nobody leaves it.
    Membership.objects.filter(pk=unpaid.membership_id).update(status="up-to-date")
    Membership.objects.filter(pk=paid.membership_id).update(status="accepted")
    assert actions.draw_up_roll(meeting=assembly, by=coordinator, at=NOON) == 1
    assert Voter.objects.count() == 2


def test_in_a_bureau_only_mandates_vote(cpts, coordinator):
    bureau = MeetingFactory(cpts=cpts, kind="bureau")
    held, guest = ParticipantFactory.create_batch(2, meeting=bureau)
    with pytest.raises(actions.NoVoter):
        actions.draw_up_roll(meeting=bureau, by=coordinator, at=NOON)
    Mandate.objects.create(
        cpts=cpts, membership=held.membership, body="bureau", function="Présidente", starts_on=TODAY.replace(year=2025)
    )
    actions.draw_up_roll(meeting=bureau, by=coordinator, at=NOON)
    assert [one.participant for one in Voter.objects.all()] == [held]
    assert guest.pk


def test_convening_an_assembly_draws_up_its_roll(cpts, coordinator):
    meeting = MeetingFactory(cpts=cpts, kind="assembly", draft=True)
    ParticipantFactory(meeting=meeting)
    actions.convene(meeting=meeting, late_reason="essai", by=coordinator, at=NOON)
    assert Voter.objects.count() == 1


def test_pouvoirs_are_what_the_statutes_allow(cpts, assembly, coordinator):
    first, second, third, fourth = voters(assembly, coordinator, 4, there=False)
    give = {"means": Means.PAPER, "signed_on": TODAY, "by": coordinator, "at": NOON}
    with pytest.raises(actions.ProxiesNotForeseen):
        actions.give_proxy(giver=first, holder=second, **give)
    rule(cpts, proxies_max=2)
    actions.give_proxy(giver=first, holder=second, **give)
    with pytest.raises(actions.ProxyAlreadyGiven):
        actions.give_proxy(giver=first, holder=third, **give)
    with pytest.raises(actions.ProxyUnusable):
        actions.give_proxy(giver=third, holder=third, **give)
    actions.give_proxy(giver=third, holder=second, **give)
    with pytest.raises(actions.TooManyProxies, match="2 pouvoirs"):
        actions.give_proxy(giver=fourth, holder=second, **give)
    other = MeetingFactory(cpts=cpts, kind="assembly")
    (stranger,) = voters(other, coordinator, 1, there=False)
    with pytest.raises(actions.ProxyUnusable):
        actions.give_proxy(giver=stranger, holder=fourth, **give)
    assert Proxy.objects.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Proxy.objects.update(holder=first)


def test_a_pouvoir_counts_while_its_giver_is_away_and_its_holder_there(cpts, assembly, coordinator):
    rule(cpts, proxies_max=1, quorum_percent=100)
    away, holder = voters(assembly, coordinator, 2, there=False)
    proxy = actions.give_proxy(giver=away, holder=holder, means=Means.CODE, by=None, at=NOON)
    assert actions.quorum_of(assembly, DURING)[-1].there == 0
    actions.sign_in(participant=holder.participant, means=Means.CODE, at=DURING)
    assert actions.quorum_of(assembly, DURING)[-1].there == 2
    ballot = ballot_on(assembly, coordinator)
    assert actions.voices_of([ballot], holder, DURING) == [(ballot, [holder, away])]
    with pytest.raises(actions.VotesGoingOn):
        actions.withdraw_proxy(proxy=proxy, by=coordinator, at=DURING)
    vote(ballot, away, "Contre", caster=holder)
    assert Signature.objects.get().cast_by == holder
    # The giver comes in after all: their own voice again, for what is left to vote.
    actions.sign_in(participant=away.participant, means=Means.CODE, at=DURING)
    with pytest.raises(actions.AlreadyVoted):
        vote(ballot, away)
    later = ballot_on(assembly, coordinator)
    with pytest.raises(actions.NotAVoter):
        vote(later, away, caster=holder)
    vote(later, away)


def test_no_vote_opens_without_roll_quorum_or_meeting(cpts, assembly, coordinator):
    ballot = ballot_on(assembly, coordinator, opened=False)
    open_ = {"ballot": ballot, "by": coordinator, "at": DURING}
    with pytest.raises(actions.RollMissing):
        actions.open_ballot(**open_)
    rule(cpts, quorum_percent=50)
    voters(assembly, coordinator, 4, there=False)
    with pytest.raises(actions.QuorumNotReached):
        actions.open_ballot(**open_)
    voters(assembly, coordinator, 5)
    actions.open_ballot(**open_)
    with pytest.raises(actions.BallotBegun):
        actions.open_ballot(**open_)
    Meeting.objects.update(status="cancelled")
    assembly.refresh_from_db()
    with pytest.raises(actions.NotDuringTheMeeting):
        ballot_on(assembly, coordinator)


def test_a_secret_ballot_knows_who_voted_and_never_what(cpts, assembly, coordinator):
    people = voters(assembly, coordinator, 3)
    ballot = ballot_on(assembly, coordinator)
    choices = ["Pour", "Contre", "Pour"]
    receipts = {vote(ballot, voter, choice): choice for voter, choice in zip(people, choices, strict=True)}
    assert set(Signature.objects.values_list("voter", flat=True)) == {one.pk for one in people}
    fields = {field.name for field in Slip._meta.get_fields()}
    assert fields == {"id", "ballot", "receipt", "college", "choice"}
    assert not {field.name for field in Signature._meta.get_fields()} & {"choice", "slip", "receipt", "at"}
    told = str(list(AuditEvent.objects.values_list("summary", "details", "target_label")))
    assert not any(receipt in told for receipt in receipts)
    assert not Slip.objects.exists()
    closed = actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)
    assert {one.receipt: one.choice for one in closed.slips.all()} == receipts
    assert [(one["choice"], one["votes"]) for one in closed.record.scores] == [
        ("Pour", 2),
        ("Contre", 1),
        ("Abstention", 0),
    ]
    assert (closed.record.question, closed.record.is_adopted, closed.record.voices) == (closed.question, True, 3)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ballot.objects.filter(pk=closed.pk).update(snapshot=None)
    assert closed.is_adopted
    assert not SealedSlip.objects.exists()


def test_one_voice_votes_once_and_only_for_what_is_proposed(assembly, coordinator):
    (voter,) = voters(assembly, coordinator, 1)
    ballot = ballot_on(assembly, coordinator)
    with pytest.raises(actions.NotAChoice):
        vote(ballot, voter, "Peut-être")
    vote(ballot, voter)
    with pytest.raises(actions.AlreadyVoted):
        vote(ballot, voter, "Contre")
    assert SealedSlip.objects.count() == 1
    actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)
    assert list(Slip.objects.values_list("choice", flat=True)) == ["Pour"]
    with pytest.raises(actions.BallotNotOpen):
        vote(ballot, voter)
    with pytest.raises(actions.BallotNotOpen):
        actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)
    with pytest.raises(actions.BallotBegun):
        actions.drop_ballot(ballot=Ballot.objects.select_related("meeting").get(), by=coordinator, at=DURING)


def test_a_member_removed_while_voting_votes_no_more_and_what_they_cast_stays(assembly, coordinator):
    gone, stays = voters(assembly, coordinator, 2)
    first = ballot_on(assembly, coordinator)
    vote(first, gone)
    Membership.objects.filter(pk=gone.participant.membership_id).update(status="left", left_on=TODAY)
    second = ballot_on(assembly, coordinator)
    with pytest.raises(actions.NotAVoter):
        vote(second, gone)
    vote(second, stays)
    assert first.sealed_slips.count() == second.sealed_slips.count() == 1
    Membership.objects.filter(pk=gone.participant.membership_id).delete()
    with pytest.raises(actions.NotAVoter):
        vote(second, gone)


def test_whoever_is_absent_or_of_another_meeting_does_not_vote(cpts, assembly, coordinator):
    (away,) = voters(assembly, coordinator, 1, there=False)
    (here,) = voters(assembly, coordinator, 1)
    other = MeetingFactory(cpts=cpts, kind="assembly")
    (elsewhere,) = voters(other, coordinator, 1)
    ballot = ballot_on(assembly, coordinator)
    for voter, caster in ((away, away), (elsewhere, elsewhere), (away, here)):
        with pytest.raises(actions.NotAVoter):
            vote(ballot, voter, caster=caster)
    assert not SealedSlip.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_eight_ballots_of_one_voice_one_falls_into_the_urn(assembly, coordinator):
    (voter,) = voters(assembly, coordinator, 1)
    ballot = ballot_on(assembly, coordinator)
    found = at_once(8, lambda number: vote(ballot, voter, RESOLUTION[number % 3]))
    assert sum(isinstance(one, str) for one in found) == 1
    assert all(isinstance(one, str | actions.AlreadyVoted) for one in found)
    assert (SealedSlip.objects.count(), Signature.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_no_slip_falls_into_an_urn_being_emptied(assembly, coordinator):
    people = voters(assembly, coordinator, 8)
    ballot = ballot_on(assembly, coordinator)

    def act(number):
        if number == 3:
            return actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)
        return vote(ballot, people[number])

    at_once(8, act)
    ballot.refresh_from_db()
    assert ballot.state == "closed"
    assert sum(one["votes"] for one in ballot.record.scores) == ballot.slips.count() == ballot.signatures.count()


@pytest.mark.django_db(transaction=True)
def test_of_eight_pouvoirs_for_one_holder_as_many_as_allowed_are_taken(cpts, assembly, coordinator):
    rule(cpts, proxies_max=2)
    holder, *givers = voters(assembly, coordinator, 9, there=False)
    found = at_once(
        8, lambda number: actions.give_proxy(giver=givers[number], holder=holder, means=Means.CODE, by=None, at=NOON)
    )
    assert sum(isinstance(one, Proxy) for one in found) == 2
    assert Proxy.objects.count() == 2


def test_hands_are_checked_against_the_voices_in_the_room(assembly, coordinator):
    voters(assembly, coordinator, 5)
    ballot = ballot_on(assembly, coordinator, mode="hands", majority="two-thirds")
    count = {"ballot": ballot, "by": coordinator, "at": DURING}
    with pytest.raises(actions.MoreHandsThanVoters):
        actions.count_hands(hands={("", "Pour"): 4, ("", "Contre"): 2}, **count)
    for contre in (1, 2):
        actions.count_hands(hands={("", "Pour"): 3, ("", "Contre"): contre}, **count)
    closed = actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)
    assert [one["votes"] for one in closed.record.scores] == [3, 2, 0]
    assert not closed.is_adopted
    with pytest.raises(actions.BallotNotOpen):
        actions.count_hands(hands={}, **count)


def test_weighted_colleges_and_what_they_cannot_hide(cpts, assembly, coordinator):
    rule(cpts, is_weighted=True)
    doctors = voters(assembly, coordinator, 3, membership__college=CollegeFactory(cpts=cpts, name="Médecins", weight=1))
    patients = CollegeFactory(cpts=cpts, name="Usagers", weight=1)
    users = voters(assembly, coordinator, 1, membership__college=patients)
    with pytest.raises(actions.TooFewToHide, match="Usagers"):
        ballot_on(assembly, coordinator)
    users += voters(assembly, coordinator, 2, membership__college=patients)
    ballot = ballot_on(assembly, coordinator)
    for one in doctors:
        vote(ballot, one, "Pour")
    vote(ballot, users[0], "Contre")
    closed = actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)
    assert [one["share"] for one in closed.readable_scores] == ["50\N{NO-BREAK SPACE}%", "50\N{NO-BREAK SPACE}%", ""]
    assert not closed.is_adopted
    # One slip came out of that college: its name is on none of them any more.
    assert closed.is_masked
    assert {one.college for one in ballot.slips.all()} == {""}


@pytest.fixture
def tonight(cpts):
    now = timezone.now()
    return MeetingFactory(cpts=cpts, kind="assembly", title="AG", starts_at=now - HOUR, ends_at=now + HOUR)


def sit(meeting, coordinator, count=2):
    people = ParticipantFactory.create_batch(count, meeting=meeting)
    actions.draw_up_roll(meeting=meeting, by=coordinator, at=timezone.now())
    for one in people:
        actions.sign_in(participant=one, means=Means.CODE, at=timezone.now())
    return people


def test_an_assembly_votes_from_its_telephones_and_anybody_recounts(client, cpts, tonight, coordinator):
    people = sit(tonight, coordinator)
    client.force_login(coordinator)
    url = reverse("meetings:votes", args=[cpts.slug, tonight.uuid])
    client.post(
        url, {"do": "ballot", "question": "Élire", "mode": "secret", "majority": "simple", "choices": "Ève\nJean"}
    )
    ballot = Ballot.objects.get()
    assert ballot.choices == ["Ève", "Jean", "Blanc"]
    act = reverse("meetings:act", args=[cpts.slug, tonight.uuid, ballot.uuid])
    journal = reverse("meetings:journal", args=[cpts.slug, tonight.uuid, ballot.uuid])
    client.post(act, {"do": "open"})
    assert client.get(journal).status_code == 404
    receipts = set()
    for person, choice in zip(people, ("Ève", "Blanc"), strict=True):
        phone = Client()
        assert "Votre voix" not in phone.get(personal(person)).content.decode()
        assert "Votre voix" in prove(phone, person, personal(person)).content.decode()
        voice = Voter.objects.get(participant=person).pk
        sent = {"do": "vote", "ballot": ballot.pk, "voice": voice, "choice": choice}
        response = phone.post(personal(person), sent)
        assert response["Cache-Control"] == "no-store"
        receipts.add(re.search(r"<code>(\w{12})</code>", response.content.decode())[1])
        assert "Vous avez voté" in phone.get(personal(person)).content.decode()
        again = phone.post(
            personal(person), {"do": "vote", "ballot": ballot.pk, "voice": voice, "choice": choice}, follow=True
        )
        assert "déjà exprimée" in again.content.decode()
    client.post(act, {"do": "close"})
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(journal).content))
    rows = book.get_sheet_by_name("Bulletins").to_python()[1:]
    assert {row[0] for row in rows} == receipts
    ballot.refresh_from_db()
    assert journal_digest([(receipt, college, choice) for receipt, college, choice in rows]) == ballot.record.journal
    signed = book.get_sheet_by_name("Émargement").to_python()[1:]
    assert {row[0] for row in signed} == {one.name for one in people}
    assert "1\N{NO-BREAK SPACE}voix" in client.get(url).content.decode()


def test_a_stranger_s_voice_is_refused_on_the_page(tonight, coordinator, client):
    person, other = sit(tonight, coordinator)
    ballot = actions.prepare_ballot(
        meeting=tonight,
        question="?",
        mode="secret",
        majority="simple",
        choices=RESOLUTION,
        by=coordinator,
        at=timezone.now(),
    )
    actions.open_ballot(ballot=ballot, by=coordinator, at=timezone.now())
    voice = Voter.objects.get(participant=other).pk
    for sent in ({"voice": voice}, {"voice": "x"}, {"voice": "9" * 30}, {}):
        client.post(personal(person), {"do": "vote", "ballot": ballot.pk, "choice": "Pour"} | sent)
    assert not SealedSlip.objects.exists()


def test_a_pouvoir_is_given_and_taken_back_from_one_s_own_page(client, cpts, tonight, coordinator):
    rule(cpts, proxies_max=1)
    person, other = ParticipantFactory.create_batch(2, meeting=tonight)
    actions.draw_up_roll(meeting=tonight, by=coordinator, at=timezone.now())
    assert "Donner mon pouvoir" not in client.get(personal(person)).content.decode()
    assert "Donner mon pouvoir" in prove(client, person, personal(person)).content.decode()
    holder = Voter.objects.get(participant=other)
    assert (
        "votera pour vous"
        in client.post(personal(person), {"do": "proxy", "holder": holder.pk}, follow=True).content.decode()
    )
    assert Proxy.objects.get().recorded_by is None
    client.post(personal(person), {"do": "unproxy"})
    assert not Proxy.objects.exists()
    client.post(personal(person), {"do": "proxy", "holder": "x"})
    assert not Proxy.objects.exists()


def test_the_roll_keeps_its_people(client, cpts, tonight, coordinator):
    person = ParticipantFactory(meeting=tonight)
    actions.draw_up_roll(meeting=tonight, by=coordinator, at=timezone.now())
    with pytest.raises(actions.OnTheRoll):
        actions.withdraw(participant=person, by=coordinator, at=timezone.now())
    tonight.delete()  # with the meeting everything goes
    assert not Voter.objects.exists()


def test_hands_are_typed_on_screen(client, cpts, tonight, coordinator):
    sit(tonight, coordinator, 3)
    ballot = actions.prepare_ballot(
        meeting=tonight,
        question="?",
        mode="hands",
        majority="simple",
        choices=RESOLUTION,
        by=coordinator,
        at=timezone.now(),
    )
    actions.open_ballot(ballot=ballot, by=coordinator, at=timezone.now())
    client.force_login(coordinator)
    url = reverse("meetings:hands", args=[cpts.slug, tonight.uuid, ballot.uuid])
    shown = client.post(url, {"c0-0": "9", "c0-1": "0", "c0-2": "0"}).content.decode()
    assert "plus de mains que de voix" in shown
    assert 'value="9"' in shown
    client.post(url, {"c0-0": "2", "c0-1": "1", "c0-2": "0"})
    closed = actions.close_ballot(ballot=ballot, by=coordinator, at=timezone.now())
    assert closed.is_adopted


def test_the_minutes_of_an_assembly_are_a_proces_verbal(cpts, assembly, coordinator):
    rule(cpts, quorum_percent=50, proxies_max=1)
    away, holder = voters(assembly, coordinator, 2, there=False)
    theirs = Membership.objects.filter(pk=holder.participant.membership_id)
    theirs.update(account=UserFactory(email=theirs.get().email), bound_at=NOON)
    actions.give_proxy(giver=away, holder=holder, means=Means.PAPER, signed_on=TODAY, by=coordinator, at=NOON)
    actions.sign_in(participant=holder.participant, means=Means.CODE, at=DURING)
    ballot = ballot_on(assembly, coordinator)
    vote(ballot, holder)
    vote(ballot, away, "Contre", caster=holder)
    actions.close_ballot(ballot=ballot, by=coordinator, at=DURING)
    data = documents.minutes_data(Meeting.objects.select_related("cpts").get(), TODAY)
    assert data["is_official"]
    assert data["quorum"] == [{"college": "Ensemble", "voters": 2, "there": 2, "needed": 1, "reached": True}]
    assert data["proxies"] == [f"{away} à {holder} (papier signé le {TODAY:%d/%m/%Y}, enregistré par {coordinator})"]
    (told,) = data["votes"]
    assert (told["outcome"], len(told["digest"])) == ("rejetée", 64)
    assert "2 voix présentes ou représentées" in told["how"]


def test_statutes_are_kept_version_by_version(client, cpts, coordinator, member, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(coordinator)
    url = reverse("meetings:texts", args=[cpts.slug])

    statutes = pdf()

    def send(content=statutes, on="12/06/2025", **more):
        file = io.BytesIO(content)
        file.name = "statuts.pdf"
        return client.post(url, {"kind": "statutes", "adopted_on": on, "file": file, **more})

    assert "PDF" in send(b"\x89PNG").content.decode()
    assert "date passée" in send(on="12/06/2090").content.decode()
    assert not GoverningText.objects.exists()
    send()
    send(on="03/03/2026", changes="Un collège de plus")
    assert list(GoverningText.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    reader = Client()
    reader.force_login(member)
    shown = reader.get(url).content.decode()
    assert shown.count("en vigueur") == 1
    assert "Un collège de plus" in shown
    file = reverse("meetings:text_file", args=[cpts.slug, GoverningText.objects.first().uuid])
    assert reader.get(file).content.startswith(b"%PDF")
    reader.post(url, {"kind": "statutes"})
    assert GoverningText.objects.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        GoverningText.objects.update(number=1)


@pytest.mark.parametrize("choices", ["Seule", "\n".join(f"Nom {n}" for n in range(31)), "a\n" + "b" * 200])
def test_odd_lists_of_answers_come_back_as_typed(client, cpts, tonight, coordinator, choices):
    client.force_login(coordinator)
    url = reverse("meetings:votes", args=[cpts.slug, tonight.uuid])
    sent = {"do": "ballot", "question": "Élire", "mode": "secret", "majority": "simple", "choices": choices}
    shown = client.post(url, sent).content.decode()
    assert "Donnez de 2 à 30 réponses" in shown
    assert 'value="Élire"' in shown
    assert not Ballot.objects.exists()


def test_a_page_of_votes_runs_the_same_queries_for_60_people(
    client, cpts, tonight, coordinator, django_assert_max_num_queries
):
    rule(cpts, proxies_max=3)
    client.force_login(coordinator)
    sit(tonight, coordinator)
    url = reverse("meetings:votes", args=[cpts.slug, tonight.uuid])
    with django_assert_max_num_queries(22) as few:
        client.get(url)
    sit(tonight, coordinator, 58)
    with django_assert_max_num_queries(len(few)):
        client.get(url)


def test_membership_of_a_voter_survives_a_merge_and_no_voice_moves_before_the_end(cpts, assembly, coordinator):
    from maillage.members.actions import merge  # noqa: PLC0415

    (voter,) = voters(assembly, coordinator, 1)
    kept = MembershipFactory(cpts=cpts, email="", family_name=voter.participant.membership.family_name)
    with pytest.raises(actions.VoiceWouldMove):
        merge(kept=kept, other=voter.participant.membership, by=coordinator, at=NOON)
    Meeting.objects.update(status="closed", closed_at=NOON)
    merge(kept=kept, other=voter.participant.membership, by=coordinator, at=NOON)
    voter.participant.refresh_from_db()
    assert voter.participant.membership == kept
    assert voter.participant.is_present
