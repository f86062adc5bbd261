"""What a telephone proved of a page, and the links mailed to it, end when the page is contested or changes hands."""

from functools import partial

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from maillage.accounts.models import Role
from maillage.meetings import actions
from maillage.meetings.models import Answer, Means, Participant, Signature
from maillage.meetings.web.access import linked
from maillage.meetings.web.proving import proof_of, proved_by_code
from maillage.members.actions.binding import claim, contest, settle_contest
from maillage.members.models import Membership
from tests.factories import (
    MembershipFactory,
    ParticipantFactory,
    PractitionerFactory,
    UserFactory,
)
from tests.meetings.test_views import personal, prove
from tests.security.test_contests import carded
from tests.security.test_votes import open_vote, vote_as


@pytest.fixture
def page(cpts):
    """Of a doctor, at the address of a thief."""
    return MembershipFactory(
        cpts=cpts, practitioner=PractitionerFactory(), email="voleur@exemple.invalid", account=None
    )


@pytest.fixture
def person(meeting, page):
    return read_again(ParticipantFactory(meeting=meeting, membership=page))


@pytest.fixture
def telephone(person):
    """The thief's, which proved the address."""
    client = Client()
    prove(client, person)
    return client


def read_again(person):
    return Participant.objects.for_link().get(pk=person.pk)


def take_back(page, email="vraie@exemple.invalid"):
    """By the number that the doctor's card proves."""
    doctor = UserFactory(email=email)
    carded(doctor, page.practitioner_id)
    claim(membership=page, user=doctor, at=timezone.now())


def open_contest(page):
    contest(membership=page, by=None, at=timezone.now())


def settle(page, *, is_kept):
    open_contest(page)
    settle_contest(membership=page, is_kept=is_kept, by=UserFactory(role=Role.INSTANCE_ADMIN), at=timezone.now())


def move_address(page):
    Membership.objects.filter(pk=page.pk).update(email="autre@exemple.invalid")


CHANGES = [take_back, open_contest, partial(settle, is_kept=True), partial(settle, is_kept=False), move_address]


def request_of(telephone):
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    request.COOKIES = {name: cookie.value for name, cookie in telephone.cookies.items()}
    return request


def proof_on(telephone, person):
    request, at = request_of(telephone), timezone.now()
    return proof_of(request, person, at), proved_by_code(request, person.meeting, at)


@pytest.mark.parametrize("change", [*CHANGES, partial(take_back, email="voleur@exemple.invalid")])
def test_what_a_telephone_proved_ends_with_a_contest_a_decision_an_account_and_an_address(person, telephone, change):
    assert proof_on(telephone, person) == (Means.CODE, person)
    change(person.membership)
    assert proof_on(telephone, read_again(person)) == (None, None)


def test_the_telephone_of_a_thief_does_not_vote_for_the_doctor_who_took_her_page_back(
    meeting, page, person, telephone, coordinator
):
    take_back(page)
    actions.draw_up_roll(meeting=meeting, by=coordinator, at=timezone.now())
    person = read_again(person)
    actions.sign_in(participant=person, means=Means.SESSION, at=timezone.now())
    assert "Prouvez d’abord" in vote_as(telephone, person, open_vote(meeting, coordinator)).content.decode()
    assert not Signature.objects.exists()


@pytest.mark.parametrize("change", CHANGES)
def test_a_link_mailed_before_a_contest_a_decision_or_another_address_opens_nothing(client, person, change):
    url = personal(person)
    assert client.get(url).status_code == 200
    change(person.membership)
    for opened in (client.get(url), client.post(url, {"do": "yes"}), Client().post(url, {"do": "contest"})):
        assert opened.status_code == 410
        assert person.name not in opened.content.decode()
    assert client.get(reverse("meetings:personal_paper", args=[*url.split("/")[2:3], "agenda"])).status_code == 410
    assert read_again(person).answer == Answer.NONE
    assert linked(request_of(client), person.meeting, timezone.now()) is None


def test_no_link_opens_the_page_of_a_contested_member_not_even_one_mailed_since(client, person):
    open_contest(person.membership)
    response = client.get(personal(person))
    assert response.status_code == 410
    assert "contestée" in response.content.decode()


def test_the_link_of_an_invitation_still_opens_for_whoever_then_opens_an_account_at_its_address(client, person):
    url = personal(person)
    take_back(person.membership, email="Voleur@exemple.invalid")
    assert client.get(url).status_code == 200
    assert client.get(personal(person)).status_code == 200


def test_the_link_of_a_guest_who_is_no_member_opens(client, meeting):
    guest = ParticipantFactory(meeting=meeting, membership=None, email="invitee@exemple.invalid")
    assert client.get(personal(guest)).status_code == 200
