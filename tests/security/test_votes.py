"""A secretary has every right of the team, and somebody's personal link: she votes as nobody, in whatever order.

Presence, pouvoir and vote belong to the account bound to the member, to a code that their own address received, or to a
tablet that bears the name of whoever lent it. What a team writes down for somebody is told to them, and contested.
"""

import itertools
import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.models import Role
from maillage.audit.models import AuditEvent
from maillage.exchange.models import OutgoingMail
from maillage.meetings import actions
from maillage.meetings.actions.proving import MOST_CODES, TRIES
from maillage.meetings.assemblies.rules.tally import RESOLUTION
from maillage.meetings.documents import papers as documents
from maillage.meetings.models import (
    Ballot,
    Means,
    Meeting,
    Participant,
    Presence,
    Proxy,
    SealedSlip,
    Signature,
    SigninCode,
    Tablet,
    Voter,
)
from maillage.meetings.web.tablet_views import tablet_token
from maillage.members.actions import add_member, apply_import, leave, merge, start_import
from maillage.members.actions.binding import confirm_address
from maillage.members.actions.merging import NothingTiesThem, TwoNames
from maillage.members.models import Membership
from tests.factories import HOUR, MeetingFactory, MembershipFactory, ParticipantFactory, UserFactory
from tests.meetings.test_attendance import at_once
from tests.meetings.test_views import code_of, page, personal, prove, wall_url


@pytest.fixture
def secretary(cpts):
    return UserFactory(role=Role.SECRETARY, on=cpts, given_name="Nadia", family_name="Ferrand")


@pytest.fixture
def people(meeting, secretary):
    """The absent one, somebody there, and the secretary's own line: all vote."""
    absent, there = ParticipantFactory.create_batch(2, meeting=meeting)
    own = ParticipantFactory(meeting=meeting, membership__email=secretary.email)  # bound to her account
    actions.draw_up_roll(meeting=meeting, by=secretary, at=timezone.now())
    actions.sign_in(participant=there, means=Means.CODE, at=timezone.now())
    return absent, there, own


def voter_of(person):
    return Voter.objects.get(participant=person)


@pytest.fixture
def ballot(meeting, secretary, people):
    at = timezone.now()
    ballot = actions.prepare_ballot(
        meeting=meeting, question="?", mode="secret", majority="simple", choices=RESOLUTION, by=secretary, at=at
    )
    actions.open_ballot(ballot=ballot, by=secretary, at=at)
    ballot.refresh_from_db()
    return ballot


@pytest.fixture
def desk(secretary):
    """Her browser, signed in."""
    client = Client()
    client.force_login(secretary)
    return client


def vote_as(client, person, ballot):
    sent = {"do": "vote", "ballot": ballot.pk, "voice": voter_of(person).pk, "choice": "Pour"}
    return client.post(personal(person), sent, follow=True)


def tick_on_sheet(desk, person, ballot):
    desk.post(page("sheet", person.meeting), {f"here-{person.pk}": "on", "reason": "Vue dans la salle"})


def tap_on_tablet(desk, person, ballot):
    desk.post(page("lend", person.meeting))
    lent = Tablet.objects.latest("pk")
    desk.post(reverse("meetings:tablet", args=[tablet_token(lent)]), {"who": person.pk})


def open_link(desk, person, ballot):
    desk.get(personal(person))


def sign_at_wall(desk, person, ballot):
    desk.get(wall_url(person.meeting))
    desk.post(wall_url(person.meeting), {"do": "sign"})


def ask_own_page(desk, person, ballot):
    desk.get(page("own_page", person.meeting))


def guess_code(desk, person, ballot):
    desk.post(personal(person), {"do": "own-code"})
    for guess in ("000000", "123456", "", "é", "9" * 200):
        desk.post(personal(person), {"do": "prove", "code": guess})


STEPS = (tick_on_sheet, tap_on_tablet, open_link, sign_at_wall, ask_own_page, guess_code)


ORDERS = [*itertools.permutations(STEPS, 2), STEPS, STEPS[::-1]]


@pytest.mark.parametrize("order", ORDERS, ids=lambda steps: "-".join(step.__name__ for step in steps))
def test_in_whatever_order_a_secretary_calls_addresses_she_votes_as_nobody(desk, people, ballot, order):
    absent, there, _ = people
    for person in (absent, there):
        for step in order:
            step(desk, person, ballot)
        assert "Prouvez d’abord que c’est bien vous" in vote_as(desk, person, ballot).content.decode()
        desk.post(personal(person), {"do": "proxy", "holder": voter_of(people[2]).pk})
        desk.post(personal(person), {"do": "unproxy"})
    assert not SealedSlip.objects.exists()
    assert not Signature.objects.exists()
    assert not Proxy.objects.exists()
    # Whatever she wrote bears her name.
    written = Presence.objects.filter(participant=absent)
    assert all(presence.recorded_by and presence.means in {"tablet", "paper"} for presence in written)


def test_the_person_votes_by_the_code_that_their_address_received(people, ballot):
    _, there, _ = people
    phone = Client()
    assert "Recevoir un code" in phone.get(personal(there)).content.decode()
    shown = prove(phone, there).content.decode()
    assert "Votre voix" in shown
    assert "Vote compté" in vote_as(phone, there, ballot).content.decode()
    assert Signature.objects.get().means == Means.CODE


def test_the_account_bound_to_the_member_votes_without_a_code(desk, people, ballot, secretary):
    own = people[2]
    actions.sign_in(participant=own, means=Means.SESSION, at=timezone.now())
    assert "Vote compté" in vote_as(desk, own, ballot).content.decode()
    assert Signature.objects.get().means == Means.SESSION


def test_one_s_own_proof_opens_nobody_else_s_vote(people, ballot):
    absent, there, own = people
    actions.sign_in(participant=absent, means=Means.CODE, at=timezone.now())
    phone = Client()
    prove(phone, there)
    for person in (absent, own):
        assert "Prouvez d’abord" in vote_as(phone, person, ballot).content.decode()
    voice = {"do": "vote", "ballot": ballot.pk, "voice": voter_of(absent).pk, "choice": "Pour"}
    assert "Vous ne pouvez pas voter ici" in phone.post(personal(there), voice, follow=True).content.decode()
    assert not SealedSlip.objects.exists()
    # Nor does the cookie carried to another name, nor that of the link put in its place.
    for name, morsel in list(phone.cookies.items()):
        if name.startswith(("preuve-", "reunion-")):
            phone.cookies[f"preuve-{people[0].meeting.uuid.hex[:12]}"] = morsel.value
            assert "Prouvez d’abord" in vote_as(phone, absent, ballot).content.decode()


def test_a_proof_serves_one_meeting_and_one_evening(people, ballot, monkeypatch):
    _, there, _ = people
    now = timezone.now()
    other = MeetingFactory(cpts=there.cpts, kind="assembly", starts_at=now - HOUR, ends_at=now + HOUR)
    same = Participant.of_member(other, there.membership)
    same.save()
    phone = Client()
    phone.post(personal(there), {"do": "own-code"})
    code = code_of(there)
    assert "n’est pas le bon" in phone.post(personal(same), {"do": "prove", "code": code}, follow=True).content.decode()
    assert "C’est bien vous" in phone.post(personal(there), {"do": "prove", "code": code}, follow=True).content.decode()
    # The code was used: somebody who saw it is late.
    thief = Client()
    assert (
        "n’est pas le bon" in thief.post(personal(there), {"do": "prove", "code": code}, follow=True).content.decode()
    )
    assert "Prouvez d’abord" in vote_as(thief, there, ballot).content.decode()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(hours=13))
    assert "Prouvez d’abord" in vote_as(phone, there, ballot).content.decode()


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_type_one_code_at_once_one_is_believed(people):
    _, there, _ = people
    at = timezone.now()
    actions.send_own_code(participant=there, at=at)
    code = code_of(there)
    outcomes = at_once(4, lambda _: actions.prove(participant=there, code=code, at=at))
    assert outcomes.count(None) == 1
    assert all(isinstance(outcome, actions.WrongCode) for outcome in outcomes if outcome)


def test_codes_are_guessed_fifty_times_at_most(people, ballot, monkeypatch):
    _, there, _ = people
    thief, now = Client(), timezone.now()
    for number in range(MOST_CODES + 2):
        monkeypatch.setattr(timezone, "now", lambda number=number: now + timedelta(minutes=2 * number))
        shown = thief.post(personal(there), {"do": "own-code"}, follow=True).content.decode()
        for _ in range(TRIES + 1):
            thief.post(personal(there), {"do": "prove", "code": "000000"})
    assert "Trop de codes" in shown
    assert OutgoingMail.objects.filter(recipient=there.address, subject__startswith="Votre code").count() == MOST_CODES
    assert SigninCode.objects.get().attempts == TRIES


def test_the_code_is_shown_to_nobody_but_its_address(desk, people, cpts):
    absent, _, _ = people
    shown = desk.post(personal(absent), {"do": "own-code"}, follow=True).content.decode()
    code = code_of(absent)
    urls = [
        reverse("exchange:journal", args=[cpts.slug]),
        page("people", absent.meeting),
        page("votes", absent.meeting),
    ]
    seen = [shown, *(desk.get(url).content.decode() for url in urls)]
    assert not any(code in text for text in seen)
    assert absent.address not in shown
    assert code not in str(list(AuditEvent.objects.values_list("summary", "details")))


def test_an_address_that_the_team_changed_after_the_roll_proves_nothing(desk, people, ballot):
    absent, _, _ = people
    Membership.objects.filter(pk=absent.membership_id).update(email="a.moi@exemple.invalid")
    absent.refresh_from_db()
    shown = desk.post(personal(absent), {"do": "own-code"}, follow=True).content.decode()
    assert "Votre adresse a changé" in shown
    desk.get(wall_url(absent.meeting))
    desk.post(wall_url(absent.meeting), {"do": "send", "email": "a.moi@exemple.invalid"})
    assert not OutgoingMail.objects.filter(recipient="a.moi@exemple.invalid").exists()
    assert not Presence.objects.filter(participant=absent).exists()


def test_a_code_asked_before_the_address_changed_is_worth_nothing_after(people, ballot):
    _, there, _ = people
    phone = Client()
    prove(phone, there)
    Membership.objects.filter(pk=there.membership_id).update(email="a.moi@exemple.invalid")
    assert "Votre adresse a changé" in vote_as(phone, there, ballot).content.decode()
    assert not SealedSlip.objects.exists()


def test_an_account_bound_at_an_address_changed_after_the_roll_proves_nothing(desk, people, ballot, secretary, meeting):
    absent, _, own = people
    Meeting.objects.update(convened_at=timezone.now() - HOUR)
    Membership.objects.filter(pk=own.membership_id).delete()
    theirs = Membership.objects.filter(pk=absent.membership_id)
    theirs.update(email=secretary.email, account=secretary, bound_at=timezone.now())
    desk.get(wall_url(meeting))
    with pytest.raises(actions.AddressChanged):
        actions.sign_in(
            participant=Participant.objects.for_link().get(pk=absent.pk), means=Means.SESSION, at=timezone.now()
        )
    tick_on_sheet(desk, absent, ballot)
    assert "Votre adresse a changé" in vote_as(desk, absent, ballot).content.decode()
    assert not SealedSlip.objects.exists()
    # Bound before the convocation, it is theirs, whatever their address became.
    theirs.update(bound_at=timezone.now() - 2 * HOUR)
    assert "Vote compté" in vote_as(desk, absent, ballot).content.decode()


def test_where_an_account_is_bound_a_code_elsewhere_proves_nothing(people, meeting, secretary):
    own = people[2]
    Voter.objects.all().update(address_key="")
    Membership.objects.filter(pk=own.membership_id).update(email="ailleurs@exemple.invalid")
    shown = Client().post(personal(own), {"do": "own-code"}, follow=True).content.decode()
    assert "n’est pas celle de votre compte" in shown


def test_a_contested_membership_votes_no_more(people, ballot):
    _, there, _ = people
    phone = Client()
    prove(phone, there)
    Membership.objects.filter(pk=there.membership_id).update(contested_at=timezone.now())
    assert "contestée" in vote_as(phone, there, ballot).content.decode()
    assert not Signature.objects.exists()
    assert "contestée" in Client().post(personal(there), {"do": "own-code"}, follow=True).content.decode()


def test_two_members_who_share_an_address_are_two_people(people, ballot, meeting, secretary):
    _, there, _ = people
    colleague = ParticipantFactory(meeting=meeting, membership__email=there.address.upper())
    for person in (there, colleague):
        shown = Client().post(personal(person), {"do": "own-code"}, follow=True).content.decode()
        assert "sert à plusieurs personnes" in shown
    phone = Client()
    phone.get(wall_url(meeting))
    phone.post(wall_url(meeting), {"do": "send", "email": there.address})
    assert not OutgoingMail.objects.filter(subject__startswith="Votre code").exists()


def test_no_voice_moves_with_a_merge(people, secretary):
    absent, _, own = people
    Voter.objects.filter(participant=own).delete()
    with pytest.raises(NothingTiesThem):  # her page is bound to her account
        merge(kept=own.membership, other=absent.membership, by=secretary, at=timezone.now())
    own.membership.account, own.membership.email = None, ""
    own.membership.save()
    with pytest.raises(TwoNames):
        merge(kept=own.membership, other=absent.membership, by=secretary, at=timezone.now())
    Membership.objects.filter(pk=own.membership_id).update(search_name=absent.membership.search_name)
    with pytest.raises(actions.VoiceWouldMove):
        merge(kept=own.membership, other=absent.membership, by=secretary, at=timezone.now())
    assert voter_of(absent).participant.membership == absent.membership


def paper(giver, holder, **more):
    sent = {"do": "proxy", "giver": voter_of(giver).pk, "holder": voter_of(holder).pk}
    return sent | {"signed_on": f"{timezone.localdate():%d/%m/%Y}"} | more


def test_a_pouvoir_that_a_team_records_rests_on_a_paper_and_is_told_to_its_giver(desk, people, meeting):
    absent, there, own = people
    url = page("votes", meeting)
    assert "Ce champ est obligatoire" in desk.post(url, paper(absent, there, signed_on="")).content.decode()
    tomorrow = timezone.localdate() + timedelta(days=1)
    late = desk.post(url, paper(absent, there, signed_on=f"{tomorrow:%d/%m/%Y}")).content.decode()
    assert "papier que la personne a signé" in late
    assert "qui vous est donné" in desk.post(url, paper(absent, own)).content.decode()
    assert not Proxy.objects.exists()
    desk.post(url, paper(absent, there))
    assert "enregistré par Nadia Ferrand" in desk.get(url).content.decode()
    mail = OutgoingMail.objects.get(recipient=absent.address)
    assert "papier signé" in mail.body
    assert "Ce n’est pas vous" in mail.body
    # In one tap, from the mail, without account nor code: the pouvoir sleeps, and nobody of the team wakes it.
    address = re.search(r"/r/\S+", mail.body)[0]
    phone = Client()
    assert "Écrit en votre nom" in phone.get(address).content.decode()
    phone.post(address, {"do": "contest"})
    assert actions.represented(meeting, actions.present_voters(meeting)) == {}
    shown = desk.get(url).content.decode()
    assert "contesté par la personne" in shown
    desk.post(page("withdraw_proxy", meeting, Proxy.objects.get().uuid))
    desk.post(url, paper(absent, there))
    assert Proxy.objects.get().contested_at


def test_a_contested_pouvoir_casts_nothing_more_while_a_vote_is_open(desk, people, meeting, secretary):
    absent, there, _ = people
    desk.post(page("votes", meeting), paper(absent, there))
    at = timezone.now()
    ballot = actions.prepare_ballot(
        meeting=meeting, question="?", mode="secret", majority="simple", choices=RESOLUTION, by=secretary, at=at
    )
    actions.open_ballot(ballot=ballot, by=secretary, at=at)
    Client().post(personal(absent), {"do": "contest"})
    phone = Client()
    prove(phone, there)
    voice = {"do": "vote", "ballot": ballot.pk, "voice": voter_of(absent).pk, "choice": "Pour"}
    assert "Vous ne pouvez pas voter ici" in phone.post(personal(there), voice, follow=True).content.decode()


def test_a_presence_that_a_team_ticks_says_who_and_is_contested_in_one_tap(desk, people, meeting, ballot):
    absent, _, _ = people
    tick_on_sheet(desk, absent, ballot)
    assert "pointée par Nadia Ferrand" in desk.get(page("sheet", meeting)).content.decode()
    told = AuditEvent.objects.filter(type="meeting.presence", summary__contains=f"{absent} pointé·e par Nadia Ferrand")
    assert told.exists()
    assert "pointée par Nadia Ferrand" in OutgoingMail.objects.get(recipient=absent.address).body
    before = actions.quorum_of(meeting)[-1].there
    phone = Client()
    assert "Écrit en votre nom" in phone.get(personal(absent)).content.decode()
    assert "C’est suspendu" in phone.post(personal(absent), {"do": "contest"}, follow=True).content.decode()
    assert actions.quorum_of(meeting)[-1].there == before - 1
    # She neither writes it again nor takes the contest away.
    for sent in ({f"here-{absent.pk}": "on", "reason": "Si"}, {"reason": "Effacer"}):
        desk.post(page("sheet", meeting), sent)
    tap_on_tablet(desk, absent, ballot)
    assert Presence.objects.get(participant=absent).contested_at
    # The person comes after all: they sign for themselves.
    phone.get(wall_url(meeting))
    prove(phone, absent, wall_url(meeting))
    presence = Presence.objects.get(participant=absent)
    assert (presence.means, presence.contested_at, presence.recorded_by) == (Means.CODE, None, None)


def test_what_rests_on_a_team_s_word_is_in_the_minutes(desk, people, meeting, secretary, ballot):
    absent, there, own = people
    tick_on_sheet(desk, own, ballot)
    tap_on_tablet(desk, absent, ballot)
    lent = Tablet.objects.get()
    vote_url = reverse("meetings:tablet_vote", args=[tablet_token(lent), absent.uuid])
    assert "tablette tenue par Nadia Ferrand" in desk.get(vote_url).content.decode()
    sent = {"do": "vote", "ballot": ballot.pk, "voice": voter_of(absent).pk, "choice": "Contre"}
    assert "Vote compté" in desk.post(vote_url, sent).content.decode()
    assert Signature.objects.get().tablet == lent
    assert AuditEvent.objects.filter(type="meeting.tablet-vote", by_id=secretary.pk).count() == 1
    mails = OutgoingMail.objects.filter(recipient=absent.address).values_list("body", flat=True)
    assert any("Un vote a été donné en votre nom sur la tablette tenue par Nadia Ferrand" in body for body in mails)
    words = "\n".join(documents.minutes_data(meeting, timezone.localdate())["words"])
    assert f"Vote « ? » sur la tablette tenue par Nadia Ferrand : {absent}." in words
    assert f"Présence par la feuille de papier, pointée par Nadia Ferrand : {own}." in words
    Client().post(personal(absent), {"do": "contest"})
    words = "\n".join(documents.minutes_data(meeting, timezone.localdate())["words"])
    assert f"{absent} (contesté)" in words
    assert f"Présence contestée, qui ne compte pas : {absent}." in words
    assert there.name not in words


def test_a_tablet_votes_for_whoever_signed_on_one_and_for_nobody_else(desk, people, meeting, ballot):
    absent, there, _ = people
    desk.post(page("lend", meeting))
    lent = Tablet.objects.get()

    def vote_on_tablet(person):
        url = reverse("meetings:tablet_vote", args=[tablet_token(lent), person.uuid])
        sent = {"do": "vote", "ballot": ballot.pk, "voice": voter_of(person).pk, "choice": "Pour"}
        return Client().post(url, sent, follow=True)

    # Present by their own telephone, they vote on it; absent, nowhere.
    assert "Prouvez d’abord" in vote_on_tablet(there).content.decode()
    vote_on_tablet(absent)
    assert not Signature.objects.exists()
    desk.post(page("lend", meeting), {"back": lent.uuid})
    assert vote_on_tablet(absent).status_code == 410
    assert Client().get(reverse("meetings:tablet", args=[tablet_token(lent)])).status_code == 410


def test_the_address_of_a_wall_opens_no_tablet_and_a_member_lends_none(client, people, meeting, member):
    from maillage.meetings.web.room_views import room_token  # noqa: PLC0415

    assert client.get(reverse("meetings:tablet", args=[room_token(meeting)])).status_code == 410
    client.force_login(member)
    assert client.post(page("lend", meeting)).status_code == 403
    assert not Tablet.objects.exists()


@pytest.mark.parametrize("means", [Means.LINK, Means.PAPER, Means.TABLET])
def test_no_action_takes_a_word_for_a_proof(people, ballot, secretary, means):
    absent, there, _ = people
    at = timezone.now()
    with pytest.raises(actions.NotProved):
        actions.sign_in(participant=absent, means=means, at=at)
    voter = voter_of(there)
    with pytest.raises(actions.NotProved):
        actions.cast(ballot=ballot, voter=voter, choice="Pour", caster=voter, means=means, at=at)
    with pytest.raises(actions.NotProved):
        actions.give_proxy(giver=voter_of(absent), holder=voter, means=means, by=None, at=at)
    for wrong in (Means.CODE, Means.SESSION, Means.TABLET):
        with pytest.raises(actions.PaperMissing):
            actions.give_proxy(
                giver=voter_of(absent), holder=voter, means=wrong, signed_on=timezone.localdate(), by=secretary, at=at
            )


@pytest.mark.parametrize(
    ("model", "broken"),
    [
        (Presence, {"contested_at": timezone.now()}),
        (Proxy, {"means": Means.PAPER, "signed_on": None}),
        (Signature, {"means": Means.TABLET}),
        (Tablet, {"taken_back_at": timezone.now() - timedelta(days=9)}),
    ],
)
def test_the_database_refuses_what_no_action_writes(people, ballot, secretary, meeting, model, broken):
    absent, there, _ = people
    at = timezone.now()
    voter = voter_of(there)
    actions.cast(ballot=ballot, voter=voter, choice="Pour", caster=voter, means=Means.CODE, at=at)
    actions.lend_tablet(meeting=meeting, by=secretary, at=at)
    Proxy.objects.create(meeting=meeting, giver=voter_of(absent), holder=voter, given_at=at)
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**broken)


def test_hands_and_results_are_nobody_s_to_rewrite_once_closed(desk, people, meeting, ballot):
    actions.close_ballot(ballot=ballot, by=meeting.created_by or UserFactory(), at=timezone.now())
    before = Ballot.objects.values().get()
    for do in ("open", "close", "drop", "x"):
        desk.post(page("act", meeting, ballot.uuid), {"do": do})
    assert Ballot.objects.values().get() == before
    assert Meeting.objects.get(pk=meeting.pk).is_live


# What a third attack found


def open_vote(meeting, by):
    at = timezone.now()
    ballot = actions.prepare_ballot(
        meeting=meeting, question="?", mode="secret", majority="simple", choices=RESOLUTION, by=by, at=at
    )
    actions.open_ballot(ballot=ballot, by=by, at=at)
    return ballot


def vote_for(client, caster, giver, ballot):
    voice = {"do": "vote", "ballot": ballot.pk, "voice": voter_of(giver).pk, "choice": "Pour"}
    return client.post(personal(caster), voice, follow=True).content.decode()


def test_a_pouvoir_on_paper_to_a_page_that_no_account_is_bound_to_is_voted_on_a_tablet(desk, meeting, secretary):
    giver, holder = ParticipantFactory.create_batch(2, meeting=meeting)  # the second may be her own, at another address
    actions.draw_up_roll(meeting=meeting, by=secretary, at=timezone.now())
    desk.post(page("votes", meeting), paper(giver, holder))
    tap_on_tablet(desk, holder, None)
    ballot = open_vote(meeting, secretary)
    phone = Client()
    prove(phone, holder)
    assert "se vote sur une tablette" in vote_for(phone, holder, giver, ballot)
    # Bound to her own account, contested while she wrote it; or to another one since: it was of nobody then.
    for account, bound_at in ((secretary, timezone.now() - HOUR), (UserFactory(), timezone.now())):
        Membership.objects.filter(pk=holder.membership_id).update(
            account=account, bound_at=bound_at, email=account.email
        )
        Voter.objects.update(address_key="")
        client = Client()
        client.force_login(account)
        assert "se vote sur une tablette" in vote_for(client, holder, giver, ballot)
    assert not Signature.objects.exists()
    lent = Tablet.objects.get()
    sent = {"do": "vote", "ballot": ballot.pk, "voice": voter_of(giver).pk, "choice": "Pour"}
    desk.post(reverse("meetings:tablet_vote", args=[tablet_token(lent), holder.uuid]), sent)
    assert Signature.objects.get().tablet == lent


def test_a_pouvoir_on_paper_to_somebody_known_is_voted_from_their_account(desk, meeting, secretary):
    giver = ParticipantFactory(meeting=meeting)
    account = UserFactory()
    holder = ParticipantFactory(meeting=meeting, membership__email=account.email)
    actions.draw_up_roll(meeting=meeting, by=secretary, at=timezone.now())
    desk.post(page("votes", meeting), paper(giver, holder))
    actions.sign_in(participant=holder, means=Means.SESSION, at=timezone.now())
    client = Client()
    client.force_login(account)
    assert "Vote compté" in vote_for(client, holder, giver, open_vote(meeting, secretary))


def test_whoever_is_contested_or_gone_is_no_voice_present_nor_represented(desk, people, meeting, secretary):
    absent, there, own = people
    desk.post(page("votes", meeting), paper(absent, there))
    at = timezone.now()

    def voices():
        return actions.quorum_of(meeting, at)[-1].there, actions.quorum_of(meeting)[-1].there

    assert voices() == (2, 2)
    leave(membership=absent.membership, on=timezone.localdate(), by=secretary, at=at)
    assert voices() == (1, 1)
    assert "sans effet, adhésion terminée" in desk.get(page("votes", meeting)).content.decode()
    Membership.objects.filter(pk=there.membership_id).update(contested_at=at)
    assert voices() == (0, 0)
    assert actions.present_voters(meeting, at) == set()
    # Whoever leaves after the meeting was there all the same.
    actions.sign_in(participant=own, means=Means.SESSION, at=at)
    tomorrow = timezone.localdate() + timedelta(days=1)
    Membership.objects.filter(pk=own.membership_id).update(status="left", left_on=tomorrow)
    assert voices() == (0, 1)


def type_address(desk, page, by=None, email="alias@exemple.invalid"):
    sent = {"kind": "person", "family_name": page.family_name, "given_name": page.given_name, "email": email}
    desk.post(reverse("members:edit", args=[page.cpts.slug, page.uuid]), sent | {"version": page.version})


def import_address(desk, page, by):
    text = f"Nom;Prénom;Courriel\n{page.family_name};{page.given_name};alias@exemple.invalid\n"
    sheet = start_import(cpts=page.cpts, name="m.csv", content=text.encode(), by=by, at=timezone.now())
    apply_import(sheet=sheet, read_version=sheet.version, by=by, at=timezone.now())


def merge_address(desk, page, by):
    at = timezone.now()
    fresh = MembershipFactory(cpts=page.cpts, email="alias@exemple.invalid", family_name=page.family_name)
    merge(kept=page, other=fresh, by=by, at=at)


def merge_into_an_older_page(desk, page, by):
    """Of the name of the voter, written long before with an address that is hers."""
    alias = {"email": "alias@exemple.invalid", "family_name": page.family_name, "may_be_reached": True}
    older = MembershipFactory(cpts=page.cpts, decided_at=timezone.now() - 90 * 24 * HOUR, **alias)
    merge(kept=older, other=page, by=by, at=timezone.now())
    return older


def confirm_alias(desk, page, by):
    Membership.objects.filter(pk=page.pk).update(email="vraie@exemple.invalid")
    page.refresh_from_db()
    type_address(desk, page)
    page.refresh_from_db()
    confirm_address(membership=page, email="alias@exemple.invalid", at=timezone.now())


@pytest.mark.parametrize("way", [type_address, import_address, merge_address, merge_into_an_older_page, confirm_alias])
@pytest.mark.parametrize("has_roll", [False, True])
def test_nobody_votes_at_an_address_that_entered_the_list_after_the_meeting_was_created(
    desk, cpts, meeting, secretary, way, has_roll
):
    Meeting.objects.update(created_at=timezone.now() - HOUR)
    absent = MembershipFactory(cpts=cpts, email="", family_name="Sansmail", may_be_reached=True)
    absent = way(desk, absent, secretary) or absent
    absent.refresh_from_db()
    assert absent.email == "alias@exemple.invalid"
    person = ParticipantFactory(meeting=meeting, membership=absent)
    if has_roll:
        actions.draw_up_roll(meeting=meeting, by=secretary, at=timezone.now())
    shown = Client().post(personal(person), {"do": "own-code"}, follow=True).content.decode()
    assert "après la création de cette réunion" in shown
    desk.get(wall_url(meeting))
    desk.post(wall_url(meeting), {"do": "send", "email": absent.email})
    assert not OutgoingMail.objects.filter(subject__startswith="Votre code").exists()
    with pytest.raises(actions.AddressTooRecent):
        actions.sign_in(participant=person, means=Means.CODE, at=timezone.now())


def test_a_member_entered_after_the_meeting_was_created_does_not_vote_by_a_code(cpts, meeting, secretary):
    Meeting.objects.update(created_at=timezone.now() - HOUR)
    fields = {"family_name": "Mas", "given_name": "Ève", "email": "alias@exemple.invalid"}
    page = add_member(cpts=cpts, fields=fields, by=secretary, at=timezone.now())
    person = ParticipantFactory(meeting=meeting, membership=page)
    actions.draw_up_roll(meeting=meeting, by=secretary, at=timezone.now())
    with pytest.raises(actions.AddressTooRecent):
        actions.send_own_code(participant=person, at=timezone.now())


def test_an_address_known_before_the_meeting_still_votes_when_the_rest_of_the_page_is_edited(desk, meeting, secretary):
    Meeting.objects.update(created_at=timezone.now() - HOUR)
    person = ParticipantFactory(meeting=meeting)
    actions.draw_up_roll(meeting=meeting, by=secretary, at=timezone.now())
    type_address(desk, person.membership, email=person.address)  # her commune and her occupation go, her address stays
    assert "C’est bien vous" in prove(Client(), person).content.decode()


def line_at_a_new_address(meeting, desk):
    page = MembershipFactory(cpts=meeting.cpts, email="", family_name="Sansmail")
    type_address(desk, page)
    person = ParticipantFactory(meeting=meeting, membership=page)
    return Participant.objects.for_link().get(pk=person.pk)


def test_who_is_not_on_the_roll_yet_does_not_sign_by_a_code_at_an_address_written_since(
    desk, meeting, people, secretary
):
    Meeting.objects.update(created_at=timezone.now() - HOUR)
    person = line_at_a_new_address(meeting, desk)
    for act in (
        lambda: actions.send_own_code(participant=person, at=timezone.now()),
        lambda: actions.sign_in(participant=person, means=Means.CODE, at=timezone.now()),
    ):
        with pytest.raises(actions.AddressTooRecent):
            act()
    actions.draw_up_roll(meeting=meeting, by=secretary, at=timezone.now())
    assert voter_of(person).pk not in actions.present_voters(meeting)


def test_a_presence_by_such_a_code_where_nobody_voted_yet_is_taken_back_by_the_roll(desk, cpts, secretary):
    now = timezone.now()
    meeting = MeetingFactory(cpts=cpts, kind="group", starts_at=now - HOUR, ends_at=now + HOUR, created_at=now - HOUR)
    person, known = line_at_a_new_address(meeting, desk), ParticipantFactory(meeting=meeting)
    for one in (person, known):
        actions.sign_in(participant=one, means=Means.CODE, at=now)
    actions.draw_up_roll(meeting=meeting, by=secretary, at=now)
    assert actions.present_voters(meeting) == {voter_of(known).pk}
    trace = AuditEvent.objects.filter(type="meeting.presence").latest("pk")
    assert "après la création de la réunion" in trace.summary
