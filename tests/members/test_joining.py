"""Entering a CPTS: requests, decisions, members added by the team."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection

from maillage.accounts.models import Invitation, Role
from maillage.audit.models import AuditEvent
from maillage.exchange.models import OutgoingMail
from maillage.members import actions
from maillage.members.models import Membership, MembershipStatus
from tests.factories import NOON, TODAY, CollegeFactory, MembershipFactory, PractitionerRoleFactory, UserFactory

FIELDS = {
    "given_name": "Louise",
    "family_name": "Castagné",
    "occupation": "Sage-femme",
    "commune_id": "24037",
    "email": "louise@exemple.invalid",
    "message": "Bonjour",
}


@pytest.fixture
def request_(cpts, coordinator):
    return actions.request_membership(cpts=cpts, fields=FIELDS, at=NOON)


def recipients():
    return sorted(OutgoingMail.objects.values_list("recipient", "subject"))


def test_a_request_waits_is_confirmed_and_told_to_those_who_decide(cpts, coordinator, member, request_):
    secretary = UserFactory(role=Role.SECRETARY, on=cpts)
    OutgoingMail.objects.all().delete()
    other = actions.request_membership(cpts=cpts, fields=FIELDS | {"email": "b@exemple.invalid"}, at=NOON)
    assert (request_.status, request_.search_name) == (MembershipStatus.REQUESTED, "castagne louise")
    assert other.consented_at == NOON
    assert [to for to, _ in recipients()] == sorted(["b@exemple.invalid", coordinator.email, secretary.email])
    body = OutgoingMail.objects.get(recipient=coordinator.email).body
    assert f"/membres/{other.uuid}/" in body
    assert "Bonjour\n" not in body.replace("Bonjour,", "")  # the message of the request does not travel by mail
    assert AuditEvent.objects.filter(type="member.requested", cpts_id=cpts.pk).count() == 2


def test_only_the_member_hears_of_a_second_request_and_once_a_day(cpts, request_):
    OutgoingMail.objects.all().delete()
    role = PractitionerRoleFactory()
    MembershipFactory(cpts=cpts, practitioner=role.practitioner, email="membre@exemple.invalid")
    curious = FIELDS | {"practitioner": role.practitioner, "email": "curieux@exemple.invalid"}
    for hours in (0, 1, 30):
        for fields in (FIELDS, curious):
            assert actions.request_membership(cpts=cpts, fields=fields, at=NOON + timedelta(hours=hours)) is None
    assert Membership.objects.count() == 2
    # Whoever typed the number of a member learns nothing, and nobody is flooded.
    told = [to for to, subject in recipients() if not subject.startswith("Deux demandes")]
    assert sorted(told) == ["louise@exemple.invalid"] * 2 + ["membre@exemple.invalid"] * 2


def test_those_who_decide_hear_of_two_addresses_under_one_number(cpts, coordinator):
    role = PractitionerRoleFactory()
    first = FIELDS | {"practitioner": role.practitioner, "email": "inconnu@exemple.invalid"}
    actions.request_membership(cpts=cpts, fields=first, at=NOON)
    OutgoingMail.objects.all().delete()
    for _ in range(2):
        again = first | {"email": "elodie@exemple.invalid"}
        assert actions.request_membership(cpts=cpts, fields=again, at=NOON) is None
    warned = OutgoingMail.objects.get(recipient=coordinator.email)
    assert warned.subject.startswith("Deux demandes")
    assert "elodie@exemple.invalid" in warned.body


def test_the_mail_to_an_address_nobody_proved_carries_nothing_that_was_typed(cpts, coordinator):
    typed = FIELDS | {"given_name": "Gagnez", "family_name": "http://exemple.invalid"}
    actions.request_membership(cpts=cpts, fields=typed, at=NOON)
    mail = OutgoingMail.objects.get(recipient="louise@exemple.invalid")
    assert "Gagnez" not in mail.body + mail.subject
    assert "exemple.invalid" not in mail.body


def test_somebody_who_left_may_ask_again(cpts, coordinator):
    role = PractitionerRoleFactory()
    MembershipFactory(cpts=cpts, practitioner=role.practitioner, status="left", left_on=TODAY)
    asked = actions.request_membership(cpts=cpts, fields=FIELDS | {"practitioner": role.practitioner}, at=NOON)
    assert asked.status == MembershipStatus.REQUESTED


def test_one_professional_may_belong_to_two_cpts(cpts, neighbour, coordinator):
    practitioner = PractitionerRoleFactory().practitioner
    for one in (cpts, neighbour):
        actions.add_member(cpts=one, fields=FIELDS | {"practitioner": practitioner}, by=coordinator, at=NOON)
    with pytest.raises(actions.AlreadyMember):
        actions.add_member(cpts=cpts, fields=FIELDS | {"practitioner": practitioner}, by=coordinator, at=NOON)
    assert Membership.objects.filter(practitioner=practitioner).count() == 2


@pytest.mark.parametrize("with_account", [True, False])
def test_an_acceptance_dates_the_membership_and_welcomes(cpts, coordinator, request_, with_account):
    OutgoingMail.objects.all().delete()
    college = CollegeFactory(cpts=cpts, name="Sages-femmes", yearly_fee=30)
    actions.accept(membership=request_, college=college, with_account=with_account, by=coordinator, at=NOON)
    request_.refresh_from_db()
    assert (request_.status, request_.joined_on, request_.college) == (MembershipStatus.ACCEPTED, TODAY, college)
    assert (request_.decided_by, request_.decided_at) == (coordinator, NOON)
    subjects = [subject for _, subject in recipients()]
    assert any(subject.startswith("Bienvenue") for subject in subjects)
    assert Invitation.objects.filter(email="louise@exemple.invalid").exists() == with_account
    welcome = OutgoingMail.objects.get(subject__startswith="Bienvenue").body
    assert "30,00" in welcome
    assert ("un lien pour ouvrir votre compte" in welcome) == with_account


def test_a_refusal_says_why_and_keeps_the_person_out(cpts, coordinator, request_):
    OutgoingMail.objects.all().delete()
    actions.refuse(membership=request_, reason="Hors du territoire.", by=coordinator, at=NOON)
    request_.refresh_from_db()
    assert (request_.status, request_.joined_on) == (MembershipStatus.REFUSED, None)
    assert "Hors du territoire." in OutgoingMail.objects.get().body


def test_a_request_is_decided_once(cpts, coordinator, request_):
    actions.refuse(membership=request_, reason="Non.", by=coordinator, at=NOON)
    with pytest.raises(actions.DecisionAlreadyMade):
        actions.accept(membership=request_, college=None, with_account=False, by=coordinator, at=NOON)
    request_.refresh_from_db()
    assert request_.status == MembershipStatus.REFUSED


@pytest.mark.django_db(transaction=True)
def test_of_eight_people_who_decide_at_once_one_does(cpts, coordinator):
    asked = actions.request_membership(cpts=cpts, fields=FIELDS, at=NOON)
    start, results = threading.Barrier(8), []

    def decide():
        mine = Membership.objects.select_related("cpts").get(pk=asked.pk)
        start.wait()
        try:
            actions.accept(membership=mine, college=None, with_account=False, by=coordinator, at=NOON)
            results.append("accepted")
        except actions.DecisionAlreadyMade:
            results.append("too late")
        finally:
            connection.close()

    threads = [threading.Thread(target=decide) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == ["accepted"] + ["too late"] * 7
    assert OutgoingMail.objects.filter(subject__startswith="Bienvenue").count() == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"family_name": "", "structure": ""},
        {"kind": "structure", "structure": ""},
        {"status": "left", "left_on": None},
        {"left_on": TODAY},
    ],
)
def test_the_database_refuses_a_membership_that_makes_no_sense(cpts, broken):
    with pytest.raises(IntegrityError):
        MembershipFactory(cpts=cpts, **broken)
