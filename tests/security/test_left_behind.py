"""What an account taken back, or a role withdrawn, must not leave acting: what was given on its word ends with it."""

import pytest
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts import actions as accounts
from maillage.accounts.actions import recoveries
from maillage.accounts.actions.addresses import not_me_token, take_back
from maillage.accounts.models import Invitation, NumberProof, Role, RoleAssignment, User
from maillage.core.errors import DomainError
from maillage.exchange.models import OutgoingMail
from maillage.meetings import actions as meetings
from maillage.meetings.models import Means, Meeting, Participant, Presence, Proxy, Signature, Voter
from maillage.meetings.notifications import personal_path
from maillage.meetings.web import proving
from maillage.meetings.web.tablet_views import tablet_token
from maillage.members.actions import binding, keeping, merging
from maillage.members.models import Membership
from tests.factories import HOUR, CptsFactory, MembershipFactory, ParticipantFactory, PractitionerFactory, UserFactory
from tests.meetings.test_views import page as meeting_page
from tests.security.sign_in_steps import code_of, enrol, is_signed_in, secret_of, type_password

pytestmark = pytest.mark.django_db
PHRASE = "une phrase bien assez longue 42"


def browser(user, **session):
    client = Client()
    client.force_login(user, **session)
    return client


def say_it_was_not_me(user):
    take_back(token=not_me_token(user), at=timezone.now())


def withdraw(user, by):
    accounts.withdraw_role(assignment=user.assignments.get(), by=by, at=timezone.now())


def accept(invitation):
    url = reverse("accounts:accept_invitation", args=[accounts.token_for(invitation)])
    return Client().post(url, {"given_name": "V", "family_name": "Oleur", "password": PHRASE})


def invited_by_a_thief(cpts):
    """The role that a thief offers from the session of a coordinator, to a mailbox of his."""
    boss = UserFactory(role=Role.COORDINATOR, on=cpts)
    enrol(boss)
    form = {"email": "voleur@exemple.invalid", "role": "coordinator"}
    assert browser(boss).post(reverse("accounts:team", args=[cpts.slug]), form).status_code == 302
    return boss, Invitation.objects.get()


def test_an_invitation_sent_by_a_thief_ends_with_not_me(cpts):
    boss, invitation = invited_by_a_thief(cpts)
    say_it_was_not_me(boss)
    accept(invitation)
    assert not RoleAssignment.objects.filter(user__email=invitation.email).exists()


def test_a_role_taken_on_the_invitation_of_a_thief_ends_with_not_me(cpts):
    boss, invitation = invited_by_a_thief(cpts)
    accept(invitation)
    assert RoleAssignment.objects.filter(user__email=invitation.email).exists()
    say_it_was_not_me(boss)
    assert not RoleAssignment.objects.filter(user__email=invitation.email).exists()
    assert boss.assignments.exists()


def test_an_invitation_ends_with_the_role_of_who_sent_it(cpts):
    boss, crook = (UserFactory(role=Role.COORDINATOR, on=cpts) for _ in range(2))
    invitation = accounts.invite(
        cpts=cpts, email="alias@exemple.invalid", role=Role.COORDINATOR, by=crook, at=timezone.now()
    )
    withdraw(crook, boss)
    accept(invitation)
    assert not RoleAssignment.objects.filter(user__email="alias@exemple.invalid").exists()


def test_a_secretary_s_invitation_of_a_member_stands(cpts):
    """Who may manage members offers their role, and nothing more."""
    secretary = UserFactory(role=Role.SECRETARY, on=cpts)
    fields = {"cpts": cpts, "by": secretary, "at": timezone.now()}
    accept(accounts.invite(email="membre@exemple.invalid", role=Role.MEMBER, **fields))
    assert RoleAssignment.objects.filter(user__email="membre@exemple.invalid", role=Role.MEMBER).exists()


@pytest.fixture
def assembly(cpts, meeting):
    """A doctor, an accomplice, the secretary who holds the roll, and the two voters."""
    Meeting.objects.update(created_at=timezone.now() - 2 * HOUR)
    meeting.refresh_from_db()
    doctor, accomplice = (UserFactory(role=Role.MEMBER, on=cpts) for _ in range(2))
    secretary = UserFactory(role=Role.SECRETARY, on=cpts)
    pages = [MembershipFactory(cpts=cpts, account=user, email=user.email) for user in (doctor, accomplice)]
    people = [ParticipantFactory(meeting=meeting, membership=page) for page in pages]
    meetings.draw_up_roll(meeting=meeting, by=secretary, at=timezone.now())
    return doctor, accomplice, secretary, [Voter.objects.get(participant=person) for person in people]


def prepared(meeting, coordinator):
    fields = {"mode": "secret", "majority": "simple", "choices": ["Pour", "Contre"]}
    return meetings.prepare_ballot(meeting=meeting, question="?", by=coordinator, at=timezone.now(), **fields)


@pytest.mark.parametrize("how", ["dismissed", "taken back", "still there"])
def test_a_tablet_votes_for_nobody_once_who_lent_it_is_out(cpts, meeting, assembly, coordinator, how):
    _, _, secretary, (absent, _) = assembly
    lent = meetings.lend_tablet(meeting=meeting, by=secretary, at=timezone.now())
    ballot = prepared(meeting, coordinator)
    if how == "dismissed":
        withdraw(secretary, coordinator)
    elif how == "taken back":
        say_it_was_not_me(secretary)
    elsewhere = Client()
    elsewhere.post(reverse("meetings:tablet", args=[tablet_token(lent)]), {"who": absent.participant_id})
    meetings.open_ballot(ballot=ballot, by=coordinator, at=timezone.now())
    vote = reverse("meetings:tablet_vote", args=[tablet_token(lent), absent.participant.uuid])
    elsewhere.post(vote, {"ballot": ballot.pk, "voice": absent.pk, "choice": "Pour"})
    assert Signature.objects.filter(voter=absent).exists() == (how == "still there")


def test_a_pouvoir_given_by_a_thief_ends_with_not_me_and_is_told(cpts, meeting, assembly, coordinator):
    doctor, accomplice, _, (victim, holder) = assembly
    thief = browser(doctor, means=("password",))
    where = thief.get(meeting_page("own_page", meeting), follow=True).redirect_chain[-1][0]
    thief.post(where, {"do": "proxy", "holder": holder.pk})
    assert Proxy.objects.filter(contested_at=None).exists()
    assert OutgoingMail.objects.filter(recipient=doctor.email, body__contains="Votre pouvoir à").exists()
    say_it_was_not_me(doctor)
    ballot = prepared(meeting, coordinator)
    meetings.sign_in(participant=holder.participant, means=Means.SESSION, at=timezone.now())
    meetings.open_ballot(ballot=ballot, by=coordinator, at=timezone.now())
    friend = browser(accomplice, means=("password",))
    where = friend.get(meeting_page("own_page", meeting), follow=True).redirect_chain[-1][0]
    friend.post(where, {"do": "vote", "ballot": ballot.pk, "voice": victim.pk, "choice": "Pour"})
    assert not Signature.objects.filter(voter=victim).exists()


def test_the_personal_link_that_a_thief_read_ends_with_not_me(cpts, meeting, assembly):
    doctor, _, secretary, (victim, _) = assembly
    link = browser(doctor, means=("password",)).get(meeting_page("own_page", meeting))["Location"]
    say_it_was_not_me(doctor)
    tablet = meetings.lend_tablet(meeting=meeting, by=secretary, at=timezone.now())
    meetings.sign_for(participant=victim.participant, tablet=tablet, at=timezone.now())
    Client().post(link, {"do": "contest"})
    assert Presence.objects.get(participant=victim.participant).contested_at is None


def said_aloud(cpts, by):
    """Codes given by somebody of the team: for a member's number, and for a secretary's lost telephone."""
    victim = UserFactory(role=Role.SECRETARY, on=cpts)
    enrol(victim)
    marie = PractitionerFactory(family_name="ROUSSEL", given_name="Marie")
    page = MembershipFactory(cpts=cpts, practitioner=marie, email="marie@exemple.invalid", account=None)
    at = timezone.now()
    number = binding.check_in_person(membership=page, by=by, at=at).text
    return victim, number, recoveries.check_in_person(user=victim, cpts=cpts, document="Passeport", by=by, at=at)


@pytest.mark.parametrize("how", ["dismissed", "taken back", "still there"])
def test_codes_said_aloud_end_with_the_word_of_who_said_them(cpts, coordinator, how):
    crook, at = UserFactory(role=Role.COORDINATOR, on=cpts), timezone.now()
    victim, number, recovery = said_aloud(cpts, crook)
    if how == "dismissed":
        withdraw(crook, coordinator)
    elif how == "taken back":
        say_it_was_not_me(crook)
    uses = (
        lambda: recoveries.use_recovery(user=victim, text=recovery, at=at),
        lambda: binding.use_code_in_person(user=UserFactory(), text=number, at=at),
    )
    for use in uses:
        if how == "still there":
            use()
        else:
            with pytest.raises(DomainError):
                use()


def test_a_number_proved_on_the_word_of_a_thief_waits_for_a_decision(cpts):
    boss, accomplice = UserFactory(role=Role.COORDINATOR, on=cpts), UserFactory()
    _, number, _ = said_aloud(cpts, boss)
    binding.use_code_in_person(user=accomplice, text=number, at=timezone.now())
    assert NumberProof.objects.in_force().filter(user=accomplice).exists()
    say_it_was_not_me(boss)
    assert not NumberProof.objects.in_force().filter(user=accomplice).exists()


def test_a_cpts_takes_off_no_second_factor_that_guards_another(cpts, coordinator):
    """They left it; its team takes the departure back, and checks « in person » whoever it likes."""
    other = CptsFactory()
    victim = UserFactory(role=Role.COORDINATOR, on=other)
    enrol(victim)
    enrol(coordinator)
    page = MembershipFactory(cpts=cpts, account=victim, email=victim.email)
    RoleAssignment.objects.create(user=victim, role=Role.MEMBER, cpts=cpts, created_at=timezone.now())
    keeping.leave(membership=page, on=timezone.localdate(), by=coordinator, at=timezone.now())
    desk, check = browser(coordinator), reverse("accounts:check_in_person", args=[cpts.slug, victim.uuid])
    assert desk.get(check).status_code == 404
    desk.post(reverse("members:take_back", args=[cpts.slug, page.uuid]))
    assert victim.assignments.filter(cpts=cpts).exists()
    answer = desk.post(check, {"document": "Passeport", "is_there": "on"})
    assert not answer.context["code"]
    thief = Client()
    type_password(thief, victim)
    thief.post(reverse("accounts:lost_device"), {"code": answer.context["code"]})
    assert not is_signed_in(thief)
    # Of two CPTS, the administrator of the instance checks.
    admin = UserFactory(role=Role.INSTANCE_ADMIN)
    assert recoveries.check_in_person(user=victim, cpts=None, document="Passeport", by=admin, at=timezone.now())


def invites(client, cpts, email):
    client.post(reverse("accounts:team", args=[cpts.slug]), {"email": email, "role": "coordinator"})
    invitation = Invitation.objects.get(email=email)
    accept(invitation)
    user = User.objects.get(email=email)
    enrol(user)
    return user


def test_whoever_a_thief_let_in_cannot_keep_the_account_from_its_owner(cpts):
    """The alias withdraws the role of the owner: « ce n’est pas moi » gives it back all the same."""
    boss, other = UserFactory(role=Role.COORDINATOR, on=cpts), CptsFactory()
    enrol(boss)
    RoleAssignment.objects.create(user=boss, role=Role.COORDINATOR, cpts=other, created_at=timezone.now())
    thief = browser(boss)
    alias = invites(thief, cpts, "voleur@exemple.invalid")
    lost = boss.assignments.get(cpts=cpts)
    browser(alias).post(reverse("accounts:withdraw_role", args=[cpts.slug, lost.pk]))
    assert not boss.assignments.filter(cpts=cpts).exists()
    assert Client().post(reverse("accounts:not_me", args=[not_me_token(boss)])).status_code < 400
    boss.refresh_from_db()
    assert not boss.has_usable_password()
    assert boss.assignments.filter(cpts=cpts, role=Role.COORDINATOR).exists()
    assert not alias.assignments.exists()
    for place in (cpts, other):
        assert thief.get(reverse("accounts:team", args=[place.slug])).status_code != 200


def test_the_only_coordination_is_kept_and_the_administrator_told(cpts):
    """A president named the only coordinator this week: nobody says yet whether a thief did."""
    president, admin = UserFactory(role=Role.PRESIDENT, on=cpts), UserFactory(role=Role.INSTANCE_ADMIN)
    invitation = accounts.invite(
        cpts=cpts, email="seule@exemple.invalid", role=Role.COORDINATOR, by=president, at=timezone.now()
    )
    accept(invitation)
    say_it_was_not_me(president)
    assert RoleAssignment.objects.filter(user__email=invitation.email).exists()
    assert OutgoingMail.objects.filter(recipient=admin.email).exists()
    assert not User.objects.get(pk=president.pk).has_usable_password()


def test_from_invitee_to_invitee_nobody_stays(cpts):
    boss = UserFactory(role=Role.COORDINATOR, on=cpts)
    enrol(boss)
    first = invites(browser(boss), cpts, "premier@exemple.invalid")
    second = invites(browser(first), cpts, "second@exemple.invalid")
    _, number, _ = said_aloud(cpts, second)
    accomplice = UserFactory()
    binding.use_code_in_person(user=accomplice, text=number, at=timezone.now())
    say_it_was_not_me(boss)
    assert not RoleAssignment.objects.filter(user__in=[first, second]).exists()
    assert not NumberProof.objects.in_force().filter(user=accomplice).exists()
    assert boss.assignments.exists()


def test_a_paper_written_down_by_a_thief_counts_for_nothing(cpts, meeting, assembly, coordinator):
    _, _, secretary, (victim, holder) = assembly
    Membership.objects.update(bound_at=timezone.now() - 30 * 24 * HOUR)
    paper = {"means": Means.PAPER, "signed_on": timezone.localdate(), "by": secretary, "at": timezone.now()}
    meetings.give_proxy(giver=victim, holder=holder, **paper)
    line = meetings.SheetLine(victim.participant, timezone.now(), None)
    meetings.write_sheet(meeting=meeting, lines=[line], reason="", by=secretary, at=timezone.now())
    say_it_was_not_me(secretary)
    assert not Presence.objects.filter(participant=victim.participant, contested_at=None).exists()
    assert not Proxy.objects.filter(contested_at=None).exists()


def test_a_telephone_believed_by_code_ends_with_not_me(cpts, meeting, assembly):
    """Whoever reads the mailbox proved themselves by code before: the cookie is good for twelve hours."""
    doctor, _, _, (victim, _) = assembly
    person = Participant.objects.for_link().get(pk=victim.participant_id)
    response, request, at = HttpResponse(), HttpRequest(), timezone.now()
    proving.remember_proof(response, person, at)
    request.COOKIES = {name: cookie.value for name, cookie in response.cookies.items()}
    assert proving.proved_by_code(request, meeting, at) == person
    say_it_was_not_me(doctor)
    assert proving.proved_by_code(request, meeting, at) is None


@pytest.mark.parametrize("how", ["dismissed", "taken back", "still there"])
def test_an_address_asked_by_who_is_out_is_not_confirmed(cpts, coordinator, how):
    crook = UserFactory(role=Role.SECRETARY, on=cpts)
    page = MembershipFactory(cpts=cpts, email="victime@exemple.invalid", account=None)
    binding.ask_new_address(membership=page, email="alias@exemple.invalid", by=crook, at=timezone.now())
    if how == "dismissed":
        withdraw(crook, coordinator)
    elif how == "taken back":
        say_it_was_not_me(crook)
    page.refresh_from_db()
    if how == "still there":
        binding.confirm_address(membership=page, email="alias@exemple.invalid", at=timezone.now())
        return
    with pytest.raises(binding.NothingToConfirm):
        binding.confirm_address(membership=page, email="alias@exemple.invalid", at=timezone.now())


@pytest.mark.parametrize("how", ["taken back", "another password", "nothing"])
def test_a_sign_in_that_waits_for_its_second_proof_holds_to_its_password(cpts, coordinator, how):
    enrol(coordinator)
    Authenticator.objects.update(created_at=timezone.now() - 30 * 24 * HOUR)
    waiting = Client()
    type_password(waiting, coordinator)
    if how == "taken back":
        say_it_was_not_me(coordinator)
    elif how == "another password":
        coordinator.set_password("encore une autre phrase 77")
        coordinator.save()
    waiting.post("/compte/2fa/authenticate/", {"code": code_of(secret_of(coordinator))})
    assert is_signed_in(waiting) == (how == "nothing")


def test_two_pages_made_one_do_not_open_links_again(cpts, meeting, coordinator):
    user = UserFactory(role=Role.MEMBER, on=cpts, given_name="Marie", family_name="Roussel")
    names = {"cpts": cpts, "given_name": "Marie", "family_name": "Roussel"}
    loose = MembershipFactory(account=None, email="", **names)
    bound = MembershipFactory(account=user, email=user.email, **names)
    Membership.objects.filter(pk=loose.pk).update(email=user.email)
    Membership.objects.update(bound_at=timezone.now() - 30 * 24 * HOUR)
    person = ParticipantFactory(meeting=meeting, membership=bound)
    stolen = personal_path(Participant.objects.for_link().get(pk=person.pk), timezone.now())
    say_it_was_not_me(user)
    pages = {name: Membership.objects.get(pk=page.pk) for name, page in (("kept", loose), ("other", bound))}
    merging.merge(by=coordinator, at=timezone.now(), **pages)
    assert Client().get(stolen).status_code == 410


def test_a_dismissed_colleague_gives_themselves_nothing_back(cpts):
    """They found a CPTS, and whoever dismissed them accepts a role there: that dismissal was theirs to make."""
    boss = UserFactory(role=Role.COORDINATOR, on=cpts)
    crook = UserFactory(role=Role.MEDICAL_ASSISTANT, on=cpts)
    UserFactory(role=Role.COORDINATOR, on=cpts)
    withdraw(crook, boss)
    theirs = CptsFactory()
    RoleAssignment.objects.create(user=crook, role=Role.COORDINATOR, cpts=theirs, created_at=timezone.now())
    invitation = accounts.invite(cpts=theirs, email=boss.email, role=Role.MEMBER, by=crook, at=timezone.now())
    accounts.accept_invitation(invitation=invitation, user=boss, at=timezone.now())
    say_it_was_not_me(crook)
    assert not crook.assignments.filter(cpts=cpts).exists()
    assert boss.assignments.filter(cpts=cpts).exists()


def test_a_dismissed_coordinator_strips_nobody_they_invited(cpts):
    crook, third = (UserFactory(role=Role.COORDINATOR, on=cpts) for _ in range(2))
    at = timezone.now()
    invitation = accounts.invite(cpts=cpts, email="suite@exemple.invalid", role=Role.COORDINATOR, by=crook, at=at)
    accept(invitation)
    withdraw(crook, third)
    say_it_was_not_me(crook)
    assert RoleAssignment.objects.filter(user__email="suite@exemple.invalid").exists()
    assert not crook.assignments.exists()


@pytest.mark.parametrize(
    "how", ["the first leaves", "the first dismisses the second", "the second dismisses the first"]
)
def test_no_alias_stays_whatever_they_do_to_each_other(cpts, how):
    boss, honest = (UserFactory(role=Role.COORDINATOR, on=cpts) for _ in range(2))
    enrol(boss)
    first = invites(browser(boss), cpts, "premier@exemple.invalid")
    second = invites(browser(first), cpts, "second@exemple.invalid")
    _, number, _ = said_aloud(cpts, first)
    accomplice = UserFactory()
    binding.use_code_in_person(user=accomplice, text=number, at=timezone.now())
    if how == "leaves":
        withdraw(first, first)
    elif how == "first dismisses second":
        withdraw(second, first)
    else:
        withdraw(first, second)
    say_it_was_not_me(boss)
    assert not RoleAssignment.objects.filter(user__in=[first, second]).exists()
    assert not NumberProof.objects.in_force().filter(user=accomplice).exists()
    assert RoleAssignment.objects.filter(user__in=[boss, honest]).count() == 2


def test_a_role_ended_from_the_owner_s_own_session_comes_back_to_them(cpts):
    boss = UserFactory(role=Role.COORDINATOR, on=cpts)
    enrol(boss)
    alias = invites(browser(boss), cpts, "voleur@exemple.invalid")
    withdraw(boss, boss)
    say_it_was_not_me(boss)
    assert boss.assignments.filter(cpts=cpts).exists()
    assert not alias.assignments.exists()


def test_a_coordination_that_a_thief_put_in_the_place_of_another_is_not_kept(cpts):
    """From the session of a president: an alias comes in, the only coordinator is put out."""
    president, admin = UserFactory(role=Role.PRESIDENT, on=cpts), UserFactory(role=Role.INSTANCE_ADMIN)
    honest = UserFactory(role=Role.COORDINATOR, on=cpts)
    enrol(president)
    alias = invites(browser(president), cpts, "voleur@exemple.invalid")
    withdraw(honest, president)
    OutgoingMail.objects.create(
        recipient=admin.email, subject="Une identité est à trancher", body="", created_at=timezone.now()
    )
    say_it_was_not_me(president)
    assert not alias.assignments.exists()
    told = OutgoingMail.objects.get(recipient=admin.email, subject__contains="rôles à vérifier")
    assert str(honest) in told.body


@pytest.mark.parametrize("roles", [("member", "coordinator"), ("coordinator", "member")])
def test_an_alias_let_in_twice_keeps_neither_role(cpts, roles):
    boss = UserFactory(role=Role.COORDINATOR, on=cpts)
    UserFactory(role=Role.COORDINATOR, on=cpts)
    at, email = timezone.now(), "voleur@exemple.invalid"
    for role in roles:
        invitation = accounts.invite(cpts=cpts, email=email, role=Role(role), by=boss, at=at)
        user = User.objects.filter(email=email).first()
        if user:
            accounts.accept_invitation(invitation=invitation, user=user, at=timezone.now())
        else:
            accept(invitation)
    assert RoleAssignment.objects.filter(user__email=email).count() == 2
    say_it_was_not_me(boss)
    assert not RoleAssignment.objects.filter(user__email=email).exists()


@pytest.mark.parametrize("role", [Role.MEMBER, Role.PRESIDENT])
def test_who_had_the_right_before_dismisses_by_themselves(cpts, role):
    """The coordinator took a role that a secretary offered, then dismissed her: it is no theft."""
    boss = UserFactory(role=Role.COORDINATOR, on=cpts)
    crook = UserFactory(role=Role.COORDINATOR, on=cpts)
    invitation = accounts.invite(cpts=cpts, email=boss.email, role=role, by=crook, at=timezone.now())
    accounts.accept_invitation(invitation=invitation, user=boss, at=timezone.now())
    withdraw(crook, boss)
    say_it_was_not_me(crook)
    assert not crook.assignments.exists()
    assert boss.assignments.filter(role=Role.COORDINATOR).exists()


def test_an_alias_whose_host_was_dismissed_first_is_told_to_the_administrator(cpts):
    boss, honest = (UserFactory(role=Role.COORDINATOR, on=cpts) for _ in range(2))
    admin = UserFactory(role=Role.INSTANCE_ADMIN)
    enrol(boss)
    alias = invites(browser(boss), cpts, "voleur@exemple.invalid")
    withdraw(boss, honest)
    say_it_was_not_me(boss)
    told = OutgoingMail.objects.get(recipient=admin.email, subject__contains="rôles à vérifier")
    assert str(alias) in told.body
