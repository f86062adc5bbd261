"""What a team types, or an old mail, against what a person proved: the page, the voice and the account stay theirs."""

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts import actions as accounts
from maillage.accounts.actions import proofs
from maillage.accounts.actions.addresses import not_me_token
from maillage.accounts.models import (
    DisputeOutcome,
    LinkedIdentity,
    NumberDispute,
    NumberProof,
    ProofMeans,
    Role,
    RoleAssignment,
)
from maillage.audit import actions as audit
from maillage.exchange.models import OutgoingMail
from maillage.meetings import actions as meetings
from maillage.meetings.actions.proving import PageRenamed, check_address, check_proof
from maillage.meetings.models import Means, Meeting, Participant, Proxy, Signature, Voter
from maillage.members import actions as members
from maillage.members.actions import binding, keeping
from maillage.members.actions.merging import NothingTiesThem, SeveralAddresses
from maillage.members.models import Membership
from maillage.unscheduled_care import actions as care
from maillage.unscheduled_care.models import Effector
from tests.factories import (
    HOUR,
    PASSWORD,
    CptsFactory,
    MeetingFactory,
    MembershipFactory,
    ParticipantFactory,
    PractitionerFactory,
    UserFactory,
)
from tests.meetings.test_views import page as meeting_page
from tests.meetings.test_views import personal, wall_url
from tests.security.sign_in_steps import enrol, is_signed_in, type_password
from tests.security.test_psc import provider  # noqa: F401  # a fixture
from tests.security.test_step_up import grow_old

pytestmark = pytest.mark.django_db
PHRASE = "une phrase bien assez longue 42"
MARIE, ALIAS = "marie@exemple.invalid", "alias@exemple.invalid"


@pytest.fixture
def journal(settings):
    settings.EMAIL_BACKEND = "maillage.exchange.backends.JournalBackend"


def now():
    return timezone.now()


def browser(user, **session):
    client = Client()
    client.force_login(user, **session)
    return client


def link_in(recipient, path):
    """The last link of that kind mailed there."""
    mails = OutgoingMail.objects.filter(recipient=recipient).order_by("-pk")
    return next(match[1] for one in mails if (match := re.search(rf"https?://[^/]+({path}\S+)", one.body)))


# The address of a member, moved by a team


@pytest.fixture
def moved(journal, cpts):
    """A member whose known address a secretary replaced by a mailbox of hers."""
    victim = MembershipFactory(cpts=cpts, family_name="Roussel", given_name="Marie", email=MARIE, account=None)
    secretary = UserFactory(role=Role.SECRETARY, on=cpts)
    members.edit(membership=victim, read_version=victim.version, fields={"email": ALIAS}, by=secretary, at=now())
    Client().post(link_in(ALIAS, "/adresse/"))
    victim.refresh_from_db()
    assert (victim.email, victim.former_email) == (ALIAS, MARIE)
    return victim


LATER = timedelta(days=4)  # the address before had its time to say no


def test_an_address_that_a_team_moved_binds_nobody_for_three_days(moved):
    alias = UserFactory(email=ALIAS)
    with pytest.raises(binding.AddressJustMoved):
        binding.claim(membership=moved, user=alias, at=now())
    assert binding.claim(membership=moved, user=alias, at=now() + LATER).account == alias


def test_an_invitation_to_an_address_that_was_just_moved_binds_nothing(moved, coordinator):
    invitation = accounts.invite(cpts=moved.cpts, email=ALIAS, role=Role.MEMBER, by=coordinator, at=now())
    accounts.accept_invitation(invitation=invitation, user=UserFactory(email=ALIAS), at=now())
    moved.refresh_from_db()
    assert moved.account is None


@pytest.mark.parametrize("is_bound", [False, True])
def test_the_address_before_says_no_before_and_after_an_account_is_bound(moved, is_bound, admin):
    if is_bound:
        binding.claim(membership=moved, user=UserFactory(email=ALIAS), at=now() + LATER)
    assert "suspendue" in Client().post(link_in(MARIE, "/pas-moi/")).content.decode()
    moved.refresh_from_db()
    assert moved.contested_at
    binding.settle_contest(membership=moved, is_kept=False, by=admin, at=now())
    assert OutgoingMail.objects.filter(recipient=ALIAS, subject__endswith="décision").exists() == is_bound
    assert (moved.account, moved.email, moved.former_email) == (None, MARIE, "")


def test_the_account_at_the_address_before_contests_from_its_own_page(moved):
    marie = browser(UserFactory(email=MARIE))
    assert "Roussel" in marie.get(reverse("members:identity")).content.decode()
    marie.post(reverse("members:contest", args=[moved.uuid]))
    moved.refresh_from_db()
    assert moved.contested_at


def test_a_merge_does_not_wash_an_address_that_was_just_moved(moved, cpts, coordinator):
    homonym = MembershipFactory(cpts=cpts, family_name="Roussel", given_name="Marie", account=None)
    for kept, other in ((homonym, moved), (moved, homonym)):
        with pytest.raises(binding.MovedLately):
            members.merge(kept=kept, other=other, by=coordinator, at=now())
    later = now() + LATER
    kept = members.merge(kept=homonym, other=moved, by=coordinator, at=later)
    assert (kept.email, kept.former_email) == (ALIAS, MARIE)


def test_an_account_that_a_merge_brings_is_bound_from_then_on(moved, cpts, coordinator):
    alias = UserFactory(email=ALIAS)
    own = MembershipFactory(cpts=cpts, family_name="Roussel", given_name="Marie", email=ALIAS, account=alias)
    later = now() + LATER
    OutgoingMail.objects.all().delete()
    kept = members.merge(kept=moved, other=own, by=coordinator, at=later)
    assert (kept.account, kept.bound_at) == (alias, later)
    assert "suspendue" in Client().post(link_in(MARIE, "/pas-moi/")).content.decode()


def test_a_second_move_waits_for_the_address_before_the_first(moved, cpts):
    edited = {"read_version": moved.version, "by": UserFactory(role=Role.SECRETARY, on=cpts), "at": now()}
    with pytest.raises(binding.MovedLately):
        members.edit(membership=moved, fields={"email": "autre@exemple.invalid"}, **edited)
    moved.refresh_from_db()
    assert (moved.email, moved.former_email, moved.pending_email) == (ALIAS, MARIE, "")


def test_a_departure_silences_nobody(moved, coordinator):
    members.leave(membership=moved, on=timezone.localdate(), by=coordinator, at=now())
    assert OutgoingMail.objects.filter(recipient=MARIE, subject__startswith="Votre départ").exists()
    marie = browser(UserFactory(email=MARIE))
    assert "Roussel" in marie.get(reverse("members:identity")).content.decode()
    assert "suspendue" in Client().post(link_in(MARIE, "/pas-moi/")).content.decode()
    moved.refresh_from_db()
    assert moved.contested_at


def test_a_second_move_is_told_to_the_address_before_the_first(moved):
    Membership.objects.filter(pk=moved.pk).update(pending_email="autre@exemple.invalid")
    OutgoingMail.objects.all().delete()
    binding.confirm_address(membership=moved, email="autre@exemple.invalid", at=now() + LATER)
    assert {mail.recipient for mail in OutgoingMail.objects.all()} == {MARIE, ALIAS}


def test_an_address_that_said_nothing_in_time_is_the_one_that_a_later_move_asks(moved, cpts):
    Membership.objects.filter(pk=moved.pk).update(pending_email="autre@exemple.invalid")
    binding.confirm_address(membership=moved, email="autre@exemple.invalid", at=now() + LATER)
    assert moved.former_email == ALIAS


def test_a_page_that_the_administrator_keeps_is_contested_no_more_from_the_address_before(moved, admin):
    binding.claim(membership=moved, user=UserFactory(email=ALIAS), at=now() + LATER)
    marie = browser(UserFactory(email=MARIE))
    marie.post(reverse("members:contest", args=[moved.uuid]))
    moved.refresh_from_db()
    assert moved.contested_at
    binding.settle_contest(membership=moved, is_kept=True, by=admin, at=now())
    assert marie.post(reverse("members:contest", args=[moved.uuid])).status_code == 404


# A number typed on the page of somebody else


@pytest.fixture
def friend():
    """Another professional, whose own number a card proved."""
    account = UserFactory(given_name="Paul", family_name="Tiers")
    person = PractitionerFactory(family_name="TIERS", given_name="PAUL")
    proofs.record_proof(user=account, national_id=person.pk, means=ProofMeans.PSC, at=now())
    account.practitioner = person
    return account


def test_a_number_typed_on_a_page_gives_it_to_nobody_of_another_name(cpts, friend):
    victim = MembershipFactory(cpts=cpts, family_name="Roussel", given_name="Marie", email=MARIE, account=None)
    Membership.objects.filter(pk=victim.pk).update(practitioner=friend.practitioner)
    shown = browser(friend).post(reverse("members:claim", args=[victim.uuid]), follow=True)
    assert "un autre nom que celui de l’annuaire" in shown.content.decode()
    victim.refresh_from_db()
    assert (victim.account, victim.email) == (None, MARIE)


def test_a_page_renamed_for_somebody_keeps_their_name_once_they_are_bound(journal, cpts, friend):
    """Renamed to an accomplice, claimed by their number, and renamed back: nobody acts under the name of a member."""
    secretary = UserFactory(role=Role.SECRETARY, on=cpts)
    victim = MembershipFactory(cpts=cpts, family_name="Roussel", given_name="Marie", email=MARIE, account=None)

    def rename(family_name, given_name):
        fields = {"family_name": family_name, "given_name": given_name}
        victim.refresh_from_db()
        members.edit(membership=victim, read_version=victim.version, fields=fields, by=secretary, at=now())

    rename("Tiers", "Paul")
    Membership.objects.filter(pk=victim.pk).update(practitioner=friend.practitioner)
    victim.refresh_from_db()
    binding.claim(membership=victim, user=friend, at=now())
    for name in (("Roussel", "Marie"), ("Tiers", "Marie"), ("Roussel", "Paul")):
        with pytest.raises(keeping.NameOfItsPerson):
            rename(*name)
    rename("Tiers-Dupont", "Paul")  # married
    Membership.objects.filter(pk=victim.pk).update(family_name="Roussel", given_name="Marie")
    # Whatever way it came under another name than the register's, the address before suspends it.
    assert "suspendue" in Client().post(link_in(MARIE, "/pas-moi/")).content.decode()


@pytest.mark.parametrize("written", ["family_name", "practitioner"])
def test_a_page_named_or_numbered_since_a_meeting_votes_there_by_no_account_bound_since(
    cpts, meeting, voters, friend, written
):
    page = MembershipFactory(cpts=cpts, family_name="Tiers", given_name="Paul", email=MARIE, account=None)
    Membership.objects.filter(pk=page.pk).update(practitioner=friend.practitioner)
    page.refresh_from_db()
    label = str(Membership._meta.get_field(written).verbose_name)
    audit.record("member.edited", target=page, by=None, at=now(), cpts=cpts, summary="x", details={"of": label})
    binding.claim(membership=page, user=friend, at=now())
    one = Participant.objects.for_link().get(pk=ParticipantFactory(meeting=meeting, membership=page).pk)
    for means in (Means.SESSION, Means.CODE):
        with pytest.raises(meetings.AccountTooRecent):
            check_proof(one, means)
    session = browser(friend)
    session.get(wall_url(meeting))
    shown = session.post(wall_url(meeting), {"do": "sign"}, follow=True)
    assert "votez sur une tablette" in shown.content.decode()


def test_a_page_of_another_name_does_not_come_to_an_account_by_a_merge(cpts, friend, coordinator):
    own = MembershipFactory(cpts=cpts, account=friend, email=friend.email)
    victim = MembershipFactory(cpts=cpts, family_name="Roussel", given_name="Marie", email=MARIE, account=None)
    Membership.objects.filter(pk=victim.pk).update(practitioner=friend.practitioner)
    with pytest.raises(NothingTiesThem):
        members.merge(kept=own, other=victim, by=coordinator, at=now())


def test_the_same_person_under_a_married_name_is_still_themselves(cpts, friend):
    page = MembershipFactory(cpts=cpts, practitioner=friend.practitioner, family_name="Tiers-Dupont", given_name="Paul")
    assert binding.claim(membership=page, user=friend, at=now()).account == friend


def test_a_page_that_takes_the_account_of_another_keeps_its_own_address_before(journal, cpts, friend, coordinator):
    victim = MembershipFactory(cpts=cpts, family_name="Tiers", given_name="Paul", email=MARIE, account=None)
    Membership.objects.filter(pk=victim.pk).update(practitioner=friend.practitioner)
    victim.refresh_from_db()
    own = MembershipFactory(cpts=cpts, family_name="Tiers", given_name="Paul", account=friend, email=friend.email)
    kept = members.merge(kept=victim, other=own, by=coordinator, at=now())
    assert (kept.account, kept.email, kept.former_email) == (friend, friend.email, MARIE)
    assert Client().get(link_in(MARIE, "/pas-moi/")).status_code == 200


def test_two_pages_whose_several_addresses_may_say_no_are_not_merged(moved, cpts, coordinator):
    box = {"email": ALIAS, "former_email": "zoe@exemple.invalid", "account": None}
    twin = MembershipFactory(cpts=cpts, family_name="Roussel", given_name="Marie", **box)
    for kept, other in ((moved, twin), (twin, moved)):
        with pytest.raises(SeveralAddresses):
            members.merge(kept=kept, other=other, by=coordinator, at=now() + LATER)


def test_a_contested_page_is_not_taken_back_before_it_is_settled(cpts, coordinator):
    page = MembershipFactory(cpts=cpts, account=UserFactory())
    members.leave(membership=page, on=timezone.localdate(), by=coordinator, at=now())
    binding.contest(membership=page, by=None, at=now())
    with pytest.raises(keeping.ContestWaits):
        members.take_back(membership=page, by=coordinator, at=now())


def test_a_page_left_elsewhere_and_contested_closes_no_agenda_here(communes, friend):
    there, here = (
        MembershipFactory(cpts=CptsFactory(), practitioner=friend.practitioner, account=friend, email=friend.email)
        for _ in range(2)
    )
    for page in (there, here):
        care.start_agenda(membership=page, by=friend, at=now())
    members.leave(
        membership=there, on=timezone.localdate(), by=UserFactory(role=Role.COORDINATOR, on=there.cpts), at=now()
    )
    binding.contest(membership=there, by=None, at=now())
    assert Effector.objects.of_account(friend).exists()
    binding.contest(membership=here, by=None, at=now())
    assert not Effector.objects.of_account(friend).exists()


def test_a_departure_recorded_first_does_not_spare_what_an_address_opened(moved, communes, coordinator):
    alias = UserFactory(email=ALIAS)
    binding.claim(membership=moved, user=alias, at=now() + LATER)
    care.start_agenda(membership=moved, by=alias, at=now())
    members.leave(membership=moved, on=timezone.localdate(), by=coordinator, at=now())
    assert Effector.objects.uncontested().exists()
    Client().post(link_in(MARIE, "/pas-moi/"))
    assert not Effector.objects.uncontested().exists()
    assert not Effector.objects.of_account(alias).exists()


# What a card proved, against a link sent to a mailbox that a team typed


def test_a_link_mailed_to_a_typed_address_opens_a_doubt_on_what_a_card_proved(journal, friend, communes):
    box = "boite@exemple.invalid"
    page = MembershipFactory(cpts=CptsFactory(), practitioner=friend.practitioner, email=box, account=None)
    binding.claim(membership=page, user=friend, at=now())
    assert "va vérifier" in Client().post(link_in(box, "/pas-moi/")).content.decode()
    page.refresh_from_db()
    assert page.contested_at is None
    assert NumberDispute.objects.get().proof.user == friend
    assert RoleAssignment.objects.for_rights().filter(user=friend).exists()


def test_the_account_of_a_typed_mailbox_suspends_no_more_than_its_link_would(journal, friend, admin):
    box = UserFactory(email="boite@exemple.invalid")
    page = MembershipFactory(cpts=CptsFactory(), practitioner=friend.practitioner, email=box.email, account=None)
    binding.claim(membership=page, user=friend, at=now())
    browser(box).post(reverse("members:contest", args=[page.uuid]))
    page.refresh_from_db()
    assert page.contested_at is None
    proofs.settle_dispute(dispute=NumberDispute.objects.get(), outcome=DisputeOutcome.KEPT, by=admin, at=now())
    with pytest.raises(proofs.NothingToContest):  # settled is settled
        binding.contest_by_link(membership=page, at=now())


# The link of an account


def test_the_link_of_an_account_serves_once(journal):
    person = UserFactory()
    link = reverse("accounts:not_me", args=[not_me_token(person)])
    assert Client().post(link).status_code == 200
    person.refresh_from_db()
    person.set_password(PHRASE)
    person.save()
    assert Client().post(link).status_code == 410
    person.refresh_from_db()
    assert person.has_usable_password()


def test_the_owner_takes_the_account_back_whatever_password_was_chosen_since(journal):
    person = UserFactory()
    link = reverse("accounts:not_me", args=[not_me_token(person)])
    person.set_password(PHRASE)
    person.save()
    assert Client().post(link).status_code == 200


def test_notices_of_what_was_done_to_an_account_are_never_held_back(client, coordinator):
    for _ in range(8):
        Client().post("/compte/password/reset/", {"email": coordinator.email})
    mail.outbox.clear()
    client.force_login(coordinator)
    client.post("/compte/password/change/", {"oldpassword": PASSWORD, "password1": PHRASE, "password2": PHRASE})
    (sent,) = mail.outbox
    assert sent.subject == "Mot de passe changé"
    assert "Merci d’utiliser" not in sent.body
    link = re.search(r"https?://[^/]+(/\S+pas-moi\S+)", sent.body)[1]
    assert client.get(link).status_code == 200


def test_a_mailbox_gives_no_password_to_an_account_that_a_card_alone_opens(provider, cpts):  # noqa: F811
    doctor = UserFactory(role=Role.MEMBER, on=cpts)
    doctor.set_unusable_password()
    doctor.save()
    tie = {"issuer": "https://psc", "identifier": "899900000099", "given_name": "A", "family_name": "B"}
    LinkedIdentity.objects.create(user=doctor, **tie, linked_at=now(), used_at=now())
    Client().post("/compte/password/reset/", {"email": doctor.email})
    (sent,) = mail.outbox
    assert "Pro Santé Connect" in sent.subject
    assert "/compte/password/reset/" not in sent.body


@pytest.mark.parametrize("fate", ["left", "contested", "unbound"])
def test_an_invitation_to_any_role_ends_with_the_membership(cpts, coordinator, admin, fate):
    member = UserFactory(role=Role.MEMBER, on=cpts)
    page = MembershipFactory(cpts=cpts, account=member, email=member.email)
    invitation = accounts.invite(cpts=cpts, email=member.email, role=Role.SECRETARY, by=coordinator, at=now())
    if fate == "left":
        members.leave(membership=page, on=timezone.localdate(), by=coordinator, at=now())
    else:
        binding.contest(membership=page, by=None, at=now())
    if fate == "unbound":
        binding.settle_contest(membership=page, is_kept=False, by=admin, at=now())
    invitation.refresh_from_db()
    assert invitation.withdrawn_at


# A session that somebody left open


def test_a_passer_by_contests_nothing(cpts):
    doctor = UserFactory(role=Role.MEMBER, on=cpts)
    page = MembershipFactory(cpts=cpts, account=doctor, email=doctor.email)
    left = browser(doctor, means=("password",))
    grow_old(left)
    assert "reauth" in left.post(reverse("members:contest", args=[page.uuid]))["Location"]
    page.refresh_from_db()
    assert page.contested_at is None


def test_a_passer_by_at_the_desk_of_the_organiser_lends_no_tablet(cpts, meeting):
    secretary = UserFactory(role=Role.SECRETARY, on=cpts)
    enrol(secretary)
    left = browser(secretary)
    grow_old(left, 25)
    assert "reauth" in left.post(meeting_page("lend", meeting))["Location"]
    assert not meeting.tablets.exists()


@pytest.mark.parametrize("page", ["signing", "votes"])
def test_a_passer_by_neither_reads_the_address_of_a_tablet_nor_writes_a_pouvoir(cpts, meeting, page):
    secretary = UserFactory(role=Role.SECRETARY, on=cpts)
    enrol(secretary)
    left = browser(secretary)
    grow_old(left, 600)
    asked = (
        left.post(meeting_page("votes", meeting), {"do": "proxy"})
        if page == "votes"
        else left.get(meeting_page(page, meeting))
    )
    assert "reauth" in asked["Location"]


def test_a_passer_by_gives_nobody_a_mandate_a_college_nor_a_fee(cpts):
    secretary = UserFactory(role=Role.SECRETARY, on=cpts)
    enrol(secretary)
    page = MembershipFactory(cpts=cpts)
    left = browser(secretary)
    grow_old(left, 180)
    for name, args in (("mandates", []), ("colleges", []), ("add_fee", [page.uuid])):
        asked = left.post(reverse(f"members:{name}", args=[cpts.slug, *args]), {"year": "2026", "amount": "10"})
        assert "reauth" in asked["Location"]
    assert not page.fees.exists()


def test_a_passer_by_proves_no_number_on_the_session_of_somebody_else(cpts):
    left = browser(UserFactory(role=Role.MEMBER, on=cpts), means=("password",))
    grow_old(left)
    for name in ("use_code_in_person", "use_mailbox_code", "ask_mailbox_code"):
        assert "reauth" in left.post(reverse(f"members:{name}"), {"code": "AAAA BBBB"})["Location"]


@pytest.fixture
def voters(cpts, meeting):
    """Two members on the roll, the first with an account; somebody who manages the meeting."""
    Meeting.objects.update(created_at=now() - 2 * HOUR)
    meeting.refresh_from_db()
    doctor, secretary = UserFactory(role=Role.MEMBER, on=cpts), UserFactory(role=Role.SECRETARY, on=cpts)
    pages = [MembershipFactory(cpts=cpts, account=doctor, email=doctor.email), MembershipFactory(cpts=cpts)]
    people = [ParticipantFactory(meeting=meeting, membership=page) for page in pages]
    meetings.draw_up_roll(meeting=meeting, by=secretary, at=now())
    return [doctor, secretary, *(Voter.objects.get(participant=person) for person in people)]


def test_a_session_open_since_this_morning_gives_no_pouvoir_and_votes_nothing(meeting, voters):
    doctor, _, voter, other = voters
    session = browser(doctor, means=("password",))
    where = session.get(meeting_page("own_page", meeting), follow=True).redirect_chain[-1][0]
    grow_old(session, 600)
    for typed in ({"do": "proxy", "holder": other.pk}, {"do": "vote", "voice": voter.pk, "choice": "Pour"}):
        asked = session.post(where, typed)
        assert "reauth" in asked["Location"]
        assert unquote(asked["Location"]).endswith(f"next={where}")  # back to the page: what was ticked is kept nowhere
    assert not Proxy.objects.exists()
    assert not Signature.objects.exists()
    grow_old(session, -595)
    session.post(where, {"do": "proxy", "holder": other.pk})
    assert Proxy.objects.exists()


def test_a_session_open_since_this_morning_signs_no_presence(meeting, voters):
    session = browser(voters[0], means=("password",))
    session.get(wall_url(meeting))
    grow_old(session, 600)
    assert "reauth" in session.post(wall_url(meeting), {"do": "sign"})["Location"]
    assert not Participant.objects.filter(membership__account=voters[0], presence__isnull=False).exists()


# Votes at an address that entered the list since the meeting was created


@pytest.mark.parametrize("is_number_proved", [False, True])
def test_an_account_opened_at_an_address_written_since_the_meeting_does_not_vote(
    cpts, meeting, voters, is_number_proved
):
    secretary = voters[1]
    person = PractitionerFactory()
    late = MembershipFactory(cpts=cpts, email="", practitioner=person, decided_at=now() - timedelta(days=400))
    members.edit(membership=late, read_version=late.version, fields={"email": ALIAS}, by=secretary, at=now())
    account = UserFactory(email=ALIAS)
    if is_number_proved:
        proofs.record_proof(user=account, national_id=person.pk, means=ProofMeans.PSC, at=now())
    late.refresh_from_db()
    binding.claim(membership=late, user=account, at=now())
    one = Participant.objects.for_link().get(pk=ParticipantFactory(meeting=meeting, membership=late).pk)
    if is_number_proved:
        check_proof(one, Means.SESSION)
        return
    with pytest.raises(meetings.AccountTooRecent):
        check_proof(one, Means.SESSION)
    with pytest.raises(meetings.AddressTooRecent):
        meetings.send_own_code(participant=one, at=now())


def test_a_request_made_before_a_meeting_and_accepted_since_gets_no_code(cpts, meeting, voters):
    fields = {"family_name": "Fantôme", "given_name": "Zoé", "email": ALIAS, "occupation": "Infirmière"}
    page = members.request_membership(cpts=cpts, fields=fields, at=now() - timedelta(days=30))
    members.accept(membership=page, college=None, with_account=False, by=voters[1], at=now())
    one = Participant.objects.for_link().get(pk=ParticipantFactory(meeting=meeting, membership=page).pk)
    with pytest.raises(meetings.AddressTooRecent):
        meetings.send_own_code(participant=one, at=now())


def test_whoever_left_reads_no_meeting_held_since(cpts, coordinator):
    at = now()
    page = MembershipFactory(cpts=cpts, email=MARIE, account=None)
    coming, past = (
        MeetingFactory(cpts=cpts, kind="council", starts_at=at + days, ends_at=at + days + HOUR)
        for days in (timedelta(days=2), timedelta(days=-2))
    )
    paths = [personal(ParticipantFactory(meeting=meeting, membership=page)) for meeting in (coming, past)]
    members.leave(membership=page, on=timezone.localdate(), by=coordinator, at=at)
    assert [Client().get(path).status_code for path in paths] == [410, 200]


def test_a_password_typed_after_the_account_was_taken_back_opens_nothing(journal):
    person = UserFactory()
    Client().post(reverse("accounts:not_me", args=[not_me_token(person)]))
    client = Client()
    type_password(client, person)
    assert not is_signed_in(client)
    assert not NumberProof.objects.open().filter(user=person).exists()


@pytest.mark.parametrize(
    "named", [{"family_name": "Roussel", "given_name": "Marie"}, {"kind": "structure", "structure": "Marie Roussel"}]
)
def test_a_page_of_no_account_renamed_since_a_meeting_proves_nobody_by_a_code(cpts, meeting, named):
    """A secretary renames her own unbound page after a doctor, receives the code herself, and votes under that name."""
    secretary, at = UserFactory(role=Role.SECRETARY, on=cpts), timezone.now()
    own = MembershipFactory(cpts=cpts, email=secretary.email, account=None, decided_at=at - timedelta(days=400))
    Membership.objects.update(requested_at=None)
    Meeting.objects.update(created_at=at - timedelta(hours=2))
    person = ParticipantFactory(meeting=meeting, membership=own)
    check_address(Participant.objects.for_link().get(pk=person.pk))
    fields = {name: getattr(own, name) for name in ("family_name", "given_name", "kind", "structure", "email")}
    keeping.edit(membership=own, read_version=own.version, fields=fields | named, by=secretary, at=at)
    with pytest.raises(PageRenamed):
        check_address(Participant.objects.for_link().get(pk=person.pk))
