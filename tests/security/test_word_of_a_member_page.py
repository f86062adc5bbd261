"""Whoever enters because a team made them a member goes with the word of who did; other doors of that attack."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maillage.accounts import actions as accounts
from maillage.accounts.actions.addresses import not_me_token, take_back
from maillage.accounts.models import AccountRecovery, Invitation, Role, RoleAssignment
from maillage.exchange.actions.contacts import contact_of, forget
from maillage.exchange.models import MailKind, OutgoingMail
from maillage.meetings import actions as meetings
from maillage.meetings.models import Meeting, SigninCode
from maillage.members.models import Membership
from tests.exchange.test_mail import write
from tests.factories import (
    HOUR,
    NOON,
    MeetingFactory,
    MembershipFactory,
    ParticipantFactory,
    PractitionerFactory,
    UserFactory,
)
from tests.meetings.test_views import personal
from tests.security.test_contests import carded
from tests.security.test_step_up import grow_old

MALLORY = "mallory@exemple.invalid"
FORM = {
    "family_name": "Mallory",
    "given_name": "Max",
    "occupation": "Infirmier",
    "commune": "24037",
    "email": MALLORY,
    "kind": "person",
    "joined_on": "",
    "may_be_reached": "on",
}


@pytest.fixture
def accomplice():
    return UserFactory(email=MALLORY)


@pytest.fixture
def page(cpts, coordinator, client):
    """Made by somebody at the session of the coordinator, proved a moment ago."""
    client.force_login(coordinator)
    assert client.post(reverse("members:add", args=[cpts.slug]), FORM).status_code == 302
    return Membership.objects.get(email=MALLORY)


def claim(page, account):
    client = Client()
    client.force_login(account)
    assert client.post(reverse("members:claim", args=[page.uuid])).status_code == 302
    return client


def enters(client, cpts):
    return client.get(reverse("members:list", args=[cpts.slug])).status_code == 200


def test_not_me_takes_out_whoever_a_thief_made_a_member(cpts, coordinator, accomplice, page):
    theirs = claim(page, accomplice)
    assert enters(theirs, cpts)
    take_back(token=not_me_token(coordinator), at=timezone.now())
    assert not enters(theirs, cpts)
    assert not RoleAssignment.objects.of(cpts).filter(user=accomplice).exists()


def test_nor_does_one_enter_after(cpts, coordinator, accomplice, page):
    take_back(token=not_me_token(coordinator), at=timezone.now())
    assert not enters(claim_or_not(page, accomplice), cpts)


def test_a_member_made_long_before_enters_and_stays(cpts, coordinator, accomplice, page):
    Membership.objects.update(decided_at=timezone.now() - timedelta(days=30))
    theirs = claim(page, accomplice)
    take_back(token=not_me_token(coordinator), at=timezone.now())
    assert enters(theirs, cpts)
    other = MembershipFactory(cpts=cpts, email="leo@exemple.invalid", decided_by=coordinator)
    Membership.objects.filter(pk=other.pk).update(decided_at=timezone.now() - timedelta(days=30))
    assert enters(claim(other, UserFactory(email=other.email)), cpts)


@pytest.fixture
def jeanne(cpts, coordinator):
    """A member of long ago, without an address."""
    page = MembershipFactory(cpts=cpts, email="", given_name="Jeanne", decided_by=coordinator)
    Membership.objects.filter(pk=page.pk).update(decided_at=timezone.now() - timedelta(days=300))
    page.refresh_from_db()
    return page


def write_address(client, page):
    url = reverse("members:edit", args=[page.cpts.slug, page.uuid])
    shown = client.get(url).context["form"]
    form = {name: shown[name].value() or "" for name in shown.fields}
    form |= {"email": MALLORY, "version": page.version, "commune": "24037", "joined_on": "05/01/2026"}
    return client.post(url, {name: value for name, value in form.items() if value is not False})


def test_a_first_address_asks_who_is_there(cpts, coordinator, client, jeanne):
    client.force_login(coordinator)
    grow_old(client, 25)
    write_address(client, jeanne)
    jeanne.refresh_from_db()
    assert jeanne.email == ""


def test_whoever_entered_by_an_address_that_a_thief_wrote_goes_with_it(cpts, coordinator, accomplice, client, jeanne):
    client.force_login(coordinator)
    assert write_address(client, jeanne).status_code == 302
    theirs = claim(jeanne, accomplice)
    assert enters(theirs, cpts)
    take_back(token=not_me_token(coordinator), at=timezone.now())
    assert not enters(theirs, cpts)
    jeanne.refresh_from_db()
    assert jeanne.contested_at  # neither signs nor votes until the administrator says whose it is


def test_nor_does_an_address_of_a_thief_let_in_after(cpts, coordinator, accomplice, client, jeanne):
    client.force_login(coordinator)
    write_address(client, jeanne)
    take_back(token=not_me_token(coordinator), at=timezone.now())
    assert not enters(claim_or_not(jeanne, accomplice), cpts)


def claim_or_not(page, account):
    client = Client()
    client.force_login(account)
    client.post(reverse("members:claim", args=[page.uuid]))
    return client


def test_what_the_account_wrote_waits_for_the_administrator_and_a_whole_list_is_told(cpts, coordinator, admin):
    at = timezone.now()
    for number in range(32):
        MembershipFactory(cpts=cpts, email=f"m{number}@exemple.invalid", decided_by=coordinator, decided_at=at)
    old = MembershipFactory(cpts=cpts, email="ancien@exemple.invalid", decided_by=coordinator)
    Membership.objects.filter(pk=old.pk).update(decided_at=at - timedelta(days=30))
    take_back(token=not_me_token(coordinator), at=at)
    assert Membership.objects.filter(contested_at__isnull=False).count() == 30
    assert not Membership.objects.get(pk=old.pk).contested_at
    assert OutgoingMail.objects.filter(recipient=admin.email, body__contains="2 fiches").exists()


def test_a_professional_who_proved_the_number_of_their_page_is_not_suspended(cpts, coordinator):
    person = PractitionerFactory()
    doctor = UserFactory()
    carded(doctor, person.pk)
    page = MembershipFactory(
        cpts=cpts,
        email=doctor.email,
        practitioner=person,
        family_name=person.family_name,
        given_name=person.given_name,
        account=doctor,
        decided_by=coordinator,
        decided_at=timezone.now(),
    )
    take_back(token=not_me_token(coordinator), at=timezone.now())
    page.refresh_from_db()
    assert not page.contested_at


def test_a_dismissed_colleague_suspends_nobody(cpts, coordinator, admin):
    former = UserFactory(role=Role.SECRETARY, on=cpts)
    page = MembershipFactory(cpts=cpts, email="m@exemple.invalid", decided_by=former, decided_at=timezone.now())
    accounts.withdraw_role(assignment=former.assignments.get(), by=coordinator, at=timezone.now())
    take_back(token=not_me_token(former), at=timezone.now())
    page.refresh_from_db()
    assert not page.contested_at
    assert OutgoingMail.objects.filter(recipient=admin.email, body__contains="1 fiche").exists()


@pytest.mark.parametrize("name", ["add", "decide"])
def test_making_a_member_asks_who_is_there(cpts, coordinator, client, name):
    asked = MembershipFactory(cpts=cpts, status="requested", email=MALLORY)
    client.force_login(coordinator)
    grow_old(client, 25)
    if name == "add":
        client.post(reverse("members:add", args=[cpts.slug]), FORM | {"email": "autre@exemple.invalid"})
        assert Membership.objects.count() == 1
    else:
        form = {"do": "accept", "college": "", "with_account": "on"}
        client.post(reverse("members:decide", args=[cpts.slug, asked.uuid]), form)
        asked.refresh_from_db()
        assert (asked.status, Invitation.objects.count()) == ("requested", 0)


def test_whoever_holds_two_roles_in_a_cpts_is_recovered_there(cpts, coordinator, client):
    doctor = UserFactory(role=Role.MEMBER, on=cpts)
    RoleAssignment.objects.create(user=doctor, role=Role.PRESIDENT, cpts=cpts, created_at=NOON)
    client.force_login(coordinator)
    url = reverse("accounts:check_in_person", args=[cpts.slug, doctor.uuid])
    choices = client.get(url).context["form"].fields["document"].choices
    (document, *_) = [value for value, _ in choices if value]
    assert client.post(url, {"document": document, "is_there": "on"}).status_code == 200
    assert AccountRecovery.objects.filter(user=doctor).exists()


def test_a_forwarded_invitation_exhausts_no_code_of_the_day_of_the_vote(cpts, coordinator):
    meeting = MeetingFactory(cpts=cpts, kind="assembly")
    person = ParticipantFactory(meeting=meeting)
    Meeting.objects.update(created_at=timezone.now() - 2 * HOUR)
    meetings.draw_up_roll(meeting=meeting, by=coordinator, at=timezone.now())
    url, stranger = personal(person), Client()
    for _ in range(12):
        stranger.post(url, {"do": "own-code"})
        SigninCode.objects.update(expires_at=timezone.now() + timedelta(minutes=8))  # two minutes later
    assert "Trop de codes" in stranger.post(url, {"do": "own-code"}, follow=True).content.decode()
    SigninCode.objects.update(expires_at=timezone.now() - timedelta(days=1))  # the next day
    assert "Trop de codes" not in Client().post(url, {"do": "own-code"}, follow=True).content.decode()
    assert SigninCode.objects.get().sent == 1


def test_a_warning_on_its_way_outlives_whoever_asks_to_be_forgotten(cpts):
    write(cpts)
    write(cpts, kind=MailKind.SERVICE)
    forget(contact=contact_of(cpts.pk, "paule@exemple.invalid", NOON), at=NOON)
    assert [mail.kind for mail in OutgoingMail.objects.all()] == [MailKind.SERVICE]


@pytest.mark.parametrize("days", ["du=0001-01-01&au=0001-01-02", "du=9999-12-30&au=9999-12-31", "du=x&au=y"])
@pytest.mark.parametrize("name", ["meetings:list", "unscheduled_care:appointments", "unscheduled_care:requests"])
def test_a_list_of_any_days_opens(cpts, coordinator, client, name, days):
    client.force_login(coordinator)
    assert client.get(f"{reverse(name, args=[cpts.slug])}?{days}").status_code == 200


def test_an_invitation_sent_before_the_days_that_are_taken_back_stays(cpts, coordinator):
    friend = UserFactory()
    at = timezone.now()
    sent = accounts.invite(cpts=cpts, email=friend.email, role=Role.MEMBER, by=coordinator, at=at - timedelta(days=9))
    accounts.accept_invitation(invitation=sent, user=friend, at=at - timedelta(days=1))
    take_back(token=not_me_token(coordinator), at=at)
    assert RoleAssignment.objects.of(cpts).filter(user=friend).exists()
