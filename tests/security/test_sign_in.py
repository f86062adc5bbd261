"""Somebody has a password that is not theirs, a telephone that is lost, a session left open: what they can do."""

import json
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from maillage.accounts.actions import grant_role
from maillage.accounts.models import Role, Session, User
from maillage.accounts.permissions import every_permission, strong_roles
from maillage.geography.models import Commune
from maillage.unscheduled_care.actions import open_request, save_settings
from tests.factories import NOON, PASSWORD, UserFactory
from tests.security.sign_in_steps import code_of, enrol, is_signed_in, secret_of, sign_in, type_password

pytestmark = pytest.mark.django_db
HOME = "/cpts/cpts-du-bergeracois/"
PROTECT = "/compte/protection/"


@pytest.fixture
def later(monkeypatch):
    """Move the clock, that of the proofs too."""
    start, real = NOON, time.time
    moved = {"by": timedelta()}
    monkeypatch.setattr("django.utils.timezone.now", lambda: start + moved["by"])
    monkeypatch.setattr("time.time", lambda: real() + moved["by"].total_seconds())

    def move(**by):
        moved["by"] += timedelta(**by)

    return move


# A password alone


def test_the_roles_that_a_password_alone_does_not_open():
    assert {
        Role.COORDINATOR,
        Role.PRESIDENT,
        Role.TREASURER,
        Role.SECRETARY,
        Role.MEDICAL_ASSISTANT,
        Role.REGULATOR,
        Role.ARS_INSTRUCTOR,
        Role.CPAM_INSTRUCTOR,
        Role.GUICHET_AGENT,
        Role.INSTANCE_ADMIN,
    } <= strong_roles()
    assert Role.MEMBER not in strong_roles()


@pytest.mark.parametrize(
    "permission",
    [
        "patient.desk",
        "care.manage",
        "aci.view",
        "meeting.manage",
        "member.manage",
        "message.list",
        "team.manage",
        "audit.view",
        "instance.manage",
    ],
)
def test_the_rights_that_a_password_alone_does_not_give(permission):
    assert permission in {declared for declared in every_permission() if declared.is_strong}


def test_a_stolen_password_of_a_coordinator_opens_no_page(client, coordinator):
    type_password(client, coordinator)
    assert is_signed_in(client)
    for path in (
        HOME,
        f"{HOME}membres/",
        f"{HOME}membres/?format=csv",
        f"{HOME}equipe/",
        "/espaces/",
        "/nouvelle-cpts/",
    ):
        response = client.get(path)
        assert response.status_code in {302, 200}, path
        if response.status_code == 302:
            assert response["Location"].startswith(PROTECT), path
        else:
            assertNotContains(response, "Claire Aubert</small>")
    assertRedirects(client.post(f"{HOME}equipe/", {"email": "x@exemple.invalid", "role": "member"}), PROTECT)
    assert not mail.outbox or all("Invitation" not in message.subject for message in mail.outbox)


def test_a_member_enters_with_a_password(client, member):
    type_password(client, member)
    assert client.get(HOME).status_code == 200


def test_the_file_of_a_patient_is_not_read_with_a_password_whatever_the_role(client, member, coordinator, cpts):
    settings = {"target_hours": 48, "hds_host": "Hébergeur", "declares_hds": True, "patient_months": 3}
    save_settings(cpts=cpts, read_version=0, fields=settings, by=coordinator, at=NOON)
    care = open_request(
        cpts=cpts,
        patient={"who": "Mme Essai", "what": "Y"},
        commune=Commune.objects.get(pk="24037"),
        group="60",
        hours=48,
        by=member,
        at=NOON,
    )
    type_password(client, member)
    path = f"{HOME}soins/demandes/{care.uuid}/"
    response = client.get(path)
    assert response["Location"].startswith(PROTECT)
    assertContains(client.get(response["Location"]), "Protégez votre compte")
    assert client.get(HOME).status_code == 200
    client.force_login(member)
    assert client.get(path).status_code in {200, 404}


def test_a_role_given_meanwhile_is_not_read_with_a_password(client, member, cpts):
    type_password(client, member)
    member.assignments.update(role=Role.TREASURER)
    assert client.get(HOME)["Location"].startswith(PROTECT)


def test_a_fragment_asked_meanwhile_sends_the_whole_page_to_prove_more(client, coordinator):
    type_password(client, coordinator)
    response = client.get(HOME, headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert response["HX-Redirect"].startswith(PROTECT)


@pytest.mark.django_db(transaction=True)
def test_a_coordinator_sets_an_application_up_and_comes_back_to_the_page_they_wanted(client, coordinator):
    type_password(client, coordinator)
    elsewhere = Client()
    type_password(elsewhere, coordinator)
    assertContains(client.get(HOME, follow=True), "Protégez votre compte")
    page = client.get("/compte/2fa/totp/activate/").content.decode()
    secret = re.search(r"<code class=\"breaks\">(\w+)</code>", page).group(1)
    assertContains(client.post("/compte/2fa/totp/activate/", {"code": "000000"}), "incorrect")
    response = client.post("/compte/2fa/totp/activate/", {"code": code_of(secret)})
    assertRedirects(response, "/compte/2fa/recovery-codes/")
    assertRedirects(client.get(PROTECT), HOME)
    # What a thief of the password had opened before is closed.
    assert not is_signed_in(elsewhere)
    assert mail.outbox[-1].to == [coordinator.email]
    assert "application" in mail.outbox[-1].subject.lower()


def test_the_secret_of_a_telephone_does_not_lie_in_the_database(coordinator):
    secret = enrol(coordinator)
    row = Authenticator.objects.get(user=coordinator, type="totp")
    assert secret not in json.dumps(row.data)
    assert secret_of(coordinator) == secret


# A second factor


def test_the_password_alone_does_not_sign_in_once_an_application_is_set_up(client, coordinator):
    enrol(coordinator)
    assertRedirects(type_password(client, coordinator), "/compte/2fa/authenticate/")
    assert not is_signed_in(client)
    assert client.get(HOME).status_code == 302
    sign_in(client, coordinator)
    assert client.get(HOME).status_code == 200


def test_a_code_serves_once(client, coordinator):
    secret = enrol(coordinator)
    code = code_of(secret)
    type_password(client, coordinator)
    client.post("/compte/2fa/authenticate/", {"code": code})
    assert is_signed_in(client)
    thief = Client()
    type_password(thief, coordinator)
    thief.post("/compte/2fa/authenticate/", {"code": code})
    assert not is_signed_in(thief)


def test_a_telephone_whose_clock_is_off_still_enters(client, coordinator):
    secret = enrol(coordinator)
    type_password(client, coordinator)
    client.post("/compte/2fa/authenticate/", {"code": code_of(secret, periods_ago=4)})
    assert not is_signed_in(client)
    client.post("/compte/2fa/authenticate/", {"code": code_of(secret, periods_ago=-1)})
    assert is_signed_in(client)


@pytest.mark.parametrize("space", ["", " ", "-"])
def test_a_code_serves_once_even_when_the_library_has_forgotten_it(client, coordinator, space):
    secret = enrol(coordinator)
    code = code_of(secret)
    type_password(client, coordinator)
    client.post("/compte/2fa/authenticate/", {"code": code})
    cache.delete(f"allauth.mfa.totp.used?user={coordinator.pk}&code={code}")  # half a minute later
    thief = Client()
    type_password(thief, coordinator)
    thief.post("/compte/2fa/authenticate/", {"code": f"{code[:3]}{space}{code[3:]}"})
    assert not is_signed_in(thief)


def test_codes_are_not_guessed(client, coordinator):
    enrol(coordinator)
    type_password(client, coordinator)
    for number in range(8):
        client.post("/compte/2fa/authenticate/", {"code": f"00000{number}"})
    response = client.post("/compte/2fa/authenticate/", {"code": code_of(secret_of(coordinator))})
    assert response.status_code == 429
    assertContains(response, "Trop d’essais", status_code=429)
    assert not is_signed_in(client)


def test_guessing_codes_from_elsewhere_does_not_lock_the_person_out(client, coordinator):
    enrol(coordinator)
    sign_in(client, coordinator)
    client.post("/compte/logout/")
    thief = Client(REMOTE_ADDR="192.0.2.9")
    type_password(thief, coordinator)
    for number in range(40):
        thief.post("/compte/2fa/authenticate/", {"code": f"00000{number}"})
    cache.clear()  # the same half minute shows the same code
    sign_in(client, coordinator)
    assert is_signed_in(client)


def test_the_code_of_somebody_else_opens_nothing(client, coordinator, member):
    enrol(coordinator)
    theirs = enrol(member)
    type_password(client, coordinator)
    client.post("/compte/2fa/authenticate/", {"code": code_of(theirs)})
    assert not is_signed_in(client)


def test_a_recovery_code_replaces_a_lost_telephone_once(client, coordinator):
    enrol(coordinator)
    row = Authenticator.objects.get(user=coordinator, type="recovery_codes")
    code = row.wrap().get_unused_codes()[0]
    for is_opened in (True, False):
        browser = Client()
        type_password(browser, coordinator)
        browser.post("/compte/2fa/authenticate/", {"code": code})
        assert is_signed_in(browser) is is_opened


def test_a_password_reset_by_mail_does_not_pass_the_second_factor(client, coordinator):
    enrol(coordinator)
    client.post("/compte/password/reset/", {"email": coordinator.email})
    link = re.search(r"https?://[^/]+(/compte/password/reset/\S+)", mail.outbox[-1].body).group(1)
    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "quatre mots au hasard", "password2": "quatre mots au hasard"})
    assert not is_signed_in(client)
    type_password(client, coordinator, "quatre mots au hasard")
    assert not is_signed_in(client)


# Sessions


def test_a_session_of_a_demanding_role_ends_after_half_an_hour_without_use(client, coordinator, later):
    client.force_login(coordinator)
    later(minutes=29)
    assert client.get(HOME).status_code == 200
    later(minutes=29)
    assert client.get(HOME).status_code == 200
    later(minutes=31)
    assert client.get(HOME)["Location"].startswith("/compte/login/")


def test_a_page_that_refreshes_itself_keeps_nobody_in(client, coordinator, later):
    client.force_login(coordinator)
    for _ in range(4):
        later(minutes=9)
        response = client.get(HOME, headers={"HX-Request": "true", "X-Unattended": "1"})
    assert response.status_code == 204
    assert response["HX-Redirect"].startswith("/compte/login/")


@pytest.mark.parametrize("path", sorted(Path("maillage").rglob("*.html")), ids=str)
def test_whatever_refreshes_itself_says_that_nobody_is_there(path):
    for tag in re.findall(r"<[^>]*hx-trigger=\"[^\"]*every[^>]*>", path.read_text(encoding="utf-8")):
        assert "X-Unattended" in tag, path


def test_the_half_hour_is_a_setting(client, coordinator, later, settings):
    settings.SESSION_IDLE_MINUTES = 5
    client.force_login(coordinator)
    later(minutes=6)
    assert client.get(HOME)["Location"].startswith("/compte/login/")


def test_a_session_in_use_ends_after_its_day_all_the_same(client, coordinator, later):
    client.force_login(coordinator)
    for _ in range(12 * 3):
        later(minutes=20)
        client.get(HOME)
    later(minutes=1)
    assert client.get(HOME)["Location"].startswith("/compte/login/")


def test_a_member_keeps_the_session_of_a_day(client, member, later):
    client.force_login(member)
    later(hours=5)
    assert client.get(HOME).status_code == 200


def test_a_role_given_during_a_session_ends_it_too_when_nobody_uses_it(client, member, coordinator, cpts, later):
    client.force_login(member)
    grant_role(user=member, role=Role.COORDINATOR, cpts=cpts, by=coordinator, at=NOON)
    later(minutes=29)
    assert client.get(HOME).status_code == 200
    later(minutes=31)
    assert client.get(HOME)["Location"].startswith("/compte/login/")
    assert not is_signed_in(client)


def test_a_use_is_written_at_most_once_a_minute(client, coordinator, later, django_assert_max_num_queries):
    client.force_login(coordinator)
    session = Session.objects.get()
    later(seconds=50)
    client.get("/compte/connexions/")
    session.refresh_from_db()
    assert session.used_at == NOON
    later(seconds=50)
    client.get("/compte/connexions/")
    session.refresh_from_db()
    assert session.used_at == NOON + timedelta(seconds=100)


def test_one_sees_one_s_sessions_and_ends_one_or_all_the_others(client, coordinator, member):
    user_agent = "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"
    enrol(coordinator)
    phone, other, theirs = Client(headers={"User-Agent": user_agent}), Client(), Client()
    for browser in (phone, other):
        browser.force_login(coordinator)
    theirs.force_login(member)
    sign_in(client, coordinator)
    sign_in_page = client.get("/compte/connexions/")
    assertContains(sign_in_page, "cet appareil", count=1)
    assertContains(sign_in_page, "application d’authentification")
    keys = set(Session.objects.values_list("session_key", flat=True))
    page = sign_in_page.content.decode()
    assert not any(key in page for key in keys)
    references = re.findall(r'name="reference" value="(\w+)"', page)
    assert len(references) == 2
    client.post("/compte/connexions/fermer/", {"reference": references[0]})
    assert Session.objects.filter(user=coordinator).count() == 2
    client.post("/compte/connexions/fermer/")
    assert Session.objects.filter(user=coordinator).count() == 1
    assert client.get(HOME).status_code == 200
    assert not is_signed_in(phone)
    assert not is_signed_in(other)
    assert is_signed_in(theirs)


def test_nobody_ends_the_session_of_somebody_else(client, coordinator, member):
    theirs = Client()
    theirs.force_login(member)
    reference = Session.objects.get(user=member).reference
    client.force_login(coordinator)
    client.post("/compte/connexions/fermer/", {"reference": reference})
    assert is_signed_in(theirs)


def test_a_new_password_ends_the_other_sessions(client, coordinator):
    other = Client()
    other.force_login(coordinator)
    client.force_login(coordinator)
    new = {"oldpassword": PASSWORD, "password1": "quatre mots au hasard", "password2": "quatre mots au hasard"}
    client.post("/compte/password/change/", new)
    assert client.get(HOME).status_code == 200
    assert not is_signed_in(other)
    assert Session.objects.filter(user=coordinator).count() == 1


# The demonstration


def test_cards_of_the_demonstration_count_there_and_nowhere_else(client, cpts, settings):
    UserFactory(email="claire.aubert@exemple.invalid", role=Role.COORDINATOR, on=cpts)
    UserFactory(email="nadia.ferrand@exemple.invalid", role=Role.SECRETARY, on=cpts, given_name="Nadia")
    settings.DEMO = settings.DEBUG = True
    client.post(reverse("portal:demo_sign_in"), {"persona": "claire.aubert"})
    assert client.get(HOME).status_code == 200
    # Another card, from the same browser.
    client.post(reverse("portal:demo_sign_in"), {"persona": "nadia.ferrand"})
    assertContains(client.get(HOME), "Nadia")
    settings.DEMO = False
    assert client.get(HOME)["Location"].startswith(PROTECT)
    assert Client().post(reverse("portal:demo_sign_in"), {"persona": "claire.aubert"}).status_code == 404
    assert User.objects.count() == 2


def test_whoever_signs_up_under_the_address_of_another_never_gets_the_account(client, cpts):
    """The stranger chooses the password first; the person reads the mail, signs up in turn, and only they enter."""
    address, theirs = "paule@exemple.invalid", "mot de passe du voleur"
    sign_up(client, address, theirs)
    sent = mail.outbox[-1].body
    assert "http" not in sent
    code = re.search(r"^[A-Z\d-]{6,9}$", sent, re.MULTILINE).group()

    person = Client()  # the code opens nothing elsewhere than where the password was chosen
    person.post("/compte/confirm-email/", {"code": code})
    assert not is_signed_in(person)
    sign_up(person, address, "mot de passe de Paule")
    link = re.search(r"https?://[^/]+(/compte/password/reset/)", mail.outbox[-1].body).group(1)
    assert not is_signed_in(person)
    person.post(link, {"email": address})
    link = re.search(r"https?://[^/]+(/compte/password/reset/key/\S+)", mail.outbox[-1].body).group(1)
    form = person.get(link)["Location"]
    person.post(form, {"password1": "mot de passe de Paule", "password2": "mot de passe de Paule"})
    code = re.search(r"^[A-Z\d-]{6,9}$", mail.outbox[-1].body, re.MULTILINE).group()
    person.post("/compte/confirm-email/", {"code": code})
    assert is_signed_in(person)

    for number in range(3):  # what the stranger left open: tried, then resumed
        client.post("/compte/confirm-email/", {"code": f"00000{number}"})
        client.get("/espaces/")
    type_password(client, User.objects.get(email=address), theirs)
    assert not is_signed_in(client)


def sign_up(client, email, password):
    typed = {"given_name": "Paule", "family_name": "Vignal", "email": email}
    return client.post("/compte/signup/", typed | {"password1": password, "password2": password})


def test_a_code_of_sign_up_is_tried_three_times(client):
    sign_up(client, "paule@exemple.invalid", "mot de passe de Paule")
    code = re.search(r"^[A-Z\d-]{6,9}$", mail.outbox[-1].body, re.MULTILINE).group()
    for number in range(3):
        client.post("/compte/confirm-email/", {"code": f"00000{number}"})
    client.post("/compte/confirm-email/", {"code": code})
    assert not is_signed_in(client)
