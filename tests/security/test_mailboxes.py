"""Somebody reads a mailbox, owns a domain that looks like another, finds a session open: what they do not get."""

import re

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from maillage.accounts.actions import account_of
from maillage.accounts.models import LinkedIdentity, User
from maillage.core.addresses import EmailField
from maillage.exchange.models import OutgoingMail
from maillage.meetings import actions as meetings
from maillage.members.rules.spreadsheet import EMAIL
from tests.factories import HOUR, NOON, MeetingFactory, MembershipFactory, ParticipantFactory, UserFactory
from tests.security.sign_in_steps import code_of, is_signed_in, type_password
from tests.security.test_psc import provider  # noqa: F401  # a fixture
from tests.security.test_sign_in import sign_up
from tests.security.test_step_up import grow_old

pytestmark = pytest.mark.django_db
PASSWORD = "une phrase bien assez longue 42"
LOOK_ALIKE = ["marie@gma\u0131l.com", "marie@clinique-i\u017fis.fr", "mar\u0131e@gmail.com", "\u212aarl@exemple.fr"]


@pytest.mark.parametrize("address", LOOK_ALIKE)
def test_letters_that_look_alike_make_no_address(client, address):
    with pytest.raises(ValidationError, match="sans accent"):
        EmailField().clean(address)
    assert not EMAIL.fullmatch(address)
    sign_up(client, address, PASSWORD)
    assert all(user.email.isascii() for user in User.objects.all())
    assert all(to.isascii() for message in mail.outbox for to in message.to)


def test_an_address_is_not_found_by_another_that_looks_like_it(db):
    UserFactory(email="marie@gmail.com")
    assert account_of("marie@gma\u0131l.com") is None


def test_a_password_is_not_tried_under_other_spellings(client):
    user = UserFactory(email="isis@clinique-isis.fr")
    page = client.post("/compte/login/", {"login": "\u0131sis@clinique-isis.fr", "password": PASSWORD})
    assert page.status_code == 200
    assert "sans accent" in page.content.decode()
    assert not is_signed_in(client)
    assert user.is_active


def test_a_code_of_a_meeting_goes_to_the_address_of_the_list_not_to_the_one_typed(cpts):
    meeting = MeetingFactory(cpts=cpts, starts_at=NOON - HOUR, ends_at=NOON + HOUR)
    membership = MembershipFactory(cpts=cpts, email="Marie.Vidal@exemple.invalid", account=None)
    ParticipantFactory(meeting=meeting, membership=membership)
    meetings.send_code(meeting=meeting, email="marie.vidal@exemple.invalid", at=NOON)
    assert OutgoingMail.objects.get().recipient == "Marie.Vidal@exemple.invalid"


@pytest.fixture
def by_card_alone(provider, coordinator):  # noqa: F811
    """Somebody whose account opens by Pro Santé Connect, without a password."""
    coordinator.set_unusable_password()
    coordinator.save()
    LinkedIdentity.objects.create(
        user=coordinator,
        issuer="https://psc",
        identifier="899900000099",
        given_name="A",
        family_name="B",
        linked_at=timezone.now(),
        used_at=timezone.now(),
    )
    return coordinator


@pytest.mark.parametrize("path", ["password/set/", "2fa/totp/activate/", "2fa/webauthn/add/"])
def test_a_session_left_open_adds_no_way_in_of_its_own(by_card_alone, path):
    passer_by = Client()
    passer_by.force_login(by_card_alone, means=("psc",))
    grow_old(passer_by)
    for answer in (passer_by.get(f"/compte/{path}"), passer_by.post(f"/compte/{path}", {"password1": PASSWORD})):
        assert answer.status_code == 302
        assert "/psc/" in answer["Location"]
    by_card_alone.refresh_from_db()
    assert not by_card_alone.has_usable_password()


def test_whoever_reads_the_mailbox_of_a_card_s_owner_adds_no_way_in(by_card_alone):
    """No reset leaves for a card; and whoever knows its old password is asked for the card by what it protects."""
    by_card_alone.set_password(PASSWORD)
    by_card_alone.save()
    reader = Client()
    reader.post("/compte/password/reset/", {"email": by_card_alone.email})
    assert "/compte/password/reset/key/" not in mail.outbox[-1].body
    type_password(reader, by_card_alone, PASSWORD)
    assert is_signed_in(reader)
    page = reader.get("/compte/2fa/totp/activate/")
    assert page.status_code == 302
    assert "/psc/" in page["Location"]


def test_somebody_without_a_card_still_sets_up_their_first_application(client, coordinator):
    type_password(client, coordinator)
    page = client.get("/compte/2fa/totp/activate/")
    secret = re.search(r"<code class=\"breaks\">(\w+)</code>", page.content.decode()).group(1)
    assert client.post("/compte/2fa/totp/activate/", {"code": code_of(secret)}).status_code == 302
