"""Guessing and flooding, played as strangers do: through the screens, from here and from elsewhere."""

import re
import time
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import BasePasswordHasher, MD5PasswordHasher
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from maillage.accounts.models import Role, User
from maillage.accounts.signing_in import devices
from maillage.core.models import LimitCount, LimitRefusal
from tests.factories import PASSWORD, UserFactory

LOGIN, SIGN_UP, RESET = "/compte/login/", "/compte/signup/", "/compte/password/reset/"
CANCEL = "/annuler-un-rendez-vous/"
OFFICE, ELSEWHERE = "192.0.2.1", "203.0.113.9"
WRONG = "autre chose encore"
MINUTES = timedelta(minutes=1)


def sign_in(client, email, password=PASSWORD, address=OFFICE, **headers):
    return client.post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=address, **headers)


def is_in(response) -> bool:
    return response.status_code == 302


def guess(client, email, times, address=ELSEWHERE):
    """From one network, or from as many as there are guesses."""
    addresses = [address] * times if isinstance(address, str) else address
    return [sign_in(client, email, f"{WRONG} {number}", where).status_code for number, where in enumerate(addresses)]


def botnet(size):
    return [f"198.51.{number // 250}.{number % 250 + 1}" for number in range(size)]


@pytest.fixture
def later(monkeypatch):
    """Move the clock of the product."""

    def move(minutes):
        moment = timezone.now() + minutes * MINUTES
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    return move


# Passwords


def test_a_guesser_is_stopped_told_when_to_try_again_and_gets_no_answer_to_the_right_password(coordinator):
    robot = Client()
    assert guess(robot, coordinator.email, 8) == [200] * 8
    refused = sign_in(robot, coordinator.email, address=ELSEWHERE)
    assertContains(refused, "réessayez dans 15 minutes", status_code=429)
    assertContains(refused, coordinator.email, status_code=429)
    assert 0 < int(refused["Retry-After"]) <= 900


def test_the_person_enters_meanwhile_from_where_they_are(client, coordinator):
    guess(Client(), coordinator.email, 12)
    assert is_in(sign_in(client, coordinator.email))


def test_a_stranger_who_guesses_from_everywhere_does_not_lock_the_person_out_of_a_known_device(client, coordinator):
    assert is_in(sign_in(client, coordinator.email))
    client.post("/compte/logout/")
    codes = guess(Client(), coordinator.email, 40, botnet(40))
    assert codes.count(200) == 12
    assert sign_in(Client(), coordinator.email).status_code == 429
    assert is_in(sign_in(client, coordinator.email))


def test_whoever_reads_the_mailbox_enters_from_a_new_device_while_the_account_is_guessed(client, member):
    guess(Client(), member.email, 40, botnet(40))
    assert sign_in(client, member.email).status_code == 429
    client.post(RESET, {"email": member.email})
    link = re.search(r"/compte/password/reset/key/\S+", mail.outbox[-1].body).group()
    page = client.get(link, follow=True)
    new = {"password1": "une phrase toute neuve", "password2": "une phrase toute neuve"}
    client.post(page.request["PATH_INFO"], new)
    assert client.get("/cpts/cpts-du-bergeracois/").status_code == 200
    client.post("/compte/logout/")
    assert is_in(sign_in(client, member.email, "une phrase toute neuve"))


def test_the_wait_grows_for_whoever_guesses_from_everywhere(coordinator, later):
    tried, waits = 0, []
    for _ in range(14):
        codes = guess(Client(), coordinator.email, 15, botnet(15))
        tried += codes.count(200)
        waits.append(int(sign_in(Client(), coordinator.email, WRONG, "192.0.2.99")["Retry-After"]))
        later(minutes=waits[-1] / 60 + 0.1)
        if sum(waits) > 80_000:
            break
    assert waits[0] <= 5 * 60
    assert max(waits) > 12 * 3600
    assert tried <= 80 + 12


def test_a_stolen_device_cookie_does_not_guess_for_ever(client, coordinator):
    sign_in(client, coordinator.email)
    client.post("/compte/logout/")
    codes = guess(client, coordinator.email, 12, botnet(12))
    assert codes == [200] * 10 + [429] * 2


def test_a_forged_device_is_known_to_nobody(client, coordinator, rf):
    client.cookies["device"] = "WyJhIiwiYiJd:1abcde:forged"
    guess(Client(), coordinator.email, 40, botnet(40))
    assert sign_in(client, coordinator.email).status_code == 429


def test_a_device_is_known_to_the_accounts_that_signed_in_there_until_their_password_changes(client, coordinator, rf):
    colleague = UserFactory(email="collegue@exemple.invalid")
    for user in (coordinator, colleague):
        sign_in(client, user.email)
        client.post("/compte/logout/")
    request = rf.get("/")
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    assert devices.knows(request, coordinator)
    assert devices.knows(request, colleague.email.upper())
    assert not devices.knows(request, UserFactory())
    assert not devices.knows(request, "personne@exemple.invalid")
    assert not devices.knows(rf.get("/"), coordinator)
    assert coordinator.email not in client.cookies["device"].value
    assert str(coordinator.uuid) not in client.cookies["device"].value
    coordinator.set_password("une autre phrase longue")
    coordinator.save()
    assert not devices.knows(request, coordinator)
    assert devices.knows(request, colleague)


def test_a_device_is_forgotten_after_its_days(client, coordinator, rf, settings):
    sign_in(client, coordinator.email)
    request = rf.get("/")
    request.COOKIES = {"device": client.cookies["device"].value}
    settings.DEVICE_DAYS = 0
    assert not devices.knows(request, coordinator)


def test_an_office_of_forty_behind_one_address_works(cpts):
    people = [UserFactory(role=Role.MEMBER, on=cpts) for _ in range(40)]
    for person in people:
        browser = Client()
        for number in range(4):
            assert sign_in(browser, person.email, f"{WRONG} {number}").status_code == 200
        assert is_in(sign_in(browser, person.email))


def test_one_network_that_tries_every_account_is_stopped(settings, db):
    settings.LIMITS = {"sign-in-network": "20/900"}
    codes = [sign_in(Client(), f"{number}@exemple.invalid", WRONG, ELSEWHERE).status_code for number in range(25)]
    assert codes == [200] * 20 + [429] * 5
    assert sign_in(Client(), "a@exemple.invalid", WRONG).status_code == 200


def test_the_networks_of_one_ipv6_subscriber_are_counted_together(settings, db):
    settings.LIMITS = {"sign-in-block": "20/900"}
    codes = [
        sign_in(Client(), f"{number}@exemple.invalid", WRONG, f"2001:db8:7:{number:x}::1").status_code
        for number in range(25)
    ]
    assert codes == [200] * 20 + [429] * 5


def test_an_invented_forwarded_header_changes_nothing(coordinator, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(8):
        sign_in(
            Client(), coordinator.email, WRONG, "10.0.0.1", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}, {ELSEWHERE}"
        )
    spoofed = {"HTTP_X_FORWARDED_FOR": f"{OFFICE}, 198.51.100.77, {ELSEWHERE}"}
    assert sign_in(Client(), coordinator.email, WRONG, "10.0.0.1", **spoofed).status_code == 429
    assert is_in(sign_in(Client(), coordinator.email, PASSWORD, "10.0.0.1", HTTP_X_FORWARDED_FOR=OFFICE))


def test_without_a_proxy_a_forwarded_header_is_not_read(coordinator):
    codes = [
        sign_in(Client(), coordinator.email, WRONG, ELSEWHERE, HTTP_X_FORWARDED_FOR=f"198.51.100.{number}").status_code
        for number in range(10)
    ]
    assert codes == [200] * 8 + [429] * 2


@pytest.mark.parametrize("header", ["", "garbage", "1.2.3.4:99999", "[", ","])
def test_a_garbled_forwarded_header_is_an_address_like_any_other(coordinator, settings, header):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    codes = [
        sign_in(Client(), coordinator.email, WRONG, "10.0.0.1", HTTP_X_FORWARDED_FOR=header).status_code
        for _ in range(9)
    ]
    assert codes == [200] * 8 + [429]


def test_an_unknown_address_is_counted_as_a_known_one(coordinator):
    for email in (coordinator.email, "inconnue@exemple.invalid"):
        assert guess(Client(), email, 9) == [200] * 8 + [429]


def test_nothing_personal_is_kept_of_a_guesser_nor_of_their_target(coordinator):
    guess(Client(), coordinator.email, 10)
    kept = str([*LimitCount.objects.values(), *LimitRefusal.objects.values()])
    assert LimitRefusal.objects.get().count == 2
    assert coordinator.email not in kept
    assert ELSEWHERE not in kept


# Codes


def test_twenty_five_codes_from_one_ipv6_network_are_refused_well_before(db):
    tomorrow = timezone.localdate() + timedelta(days=1)
    codes = [
        Client().post(
            CANCEL, {"code": f"{number:08d}", "on": f"{tomorrow:%d/%m/%Y}"}, REMOTE_ADDR=f"2001:db8:1:2::{number:x}"
        )
        for number in range(25)
    ]
    assert [page.status_code for page in codes] == [200] * 10 + [429] * 15
    assertContains(codes[-1], "réessayez dans 15 minutes", status_code=429)
    assertContains(codes[-1], "00000024", status_code=429)
    other = Client().post(CANCEL, {"code": "00000000", "on": f"{tomorrow:%d/%m/%Y}"}, REMOTE_ADDR="2001:db8:2::1")
    assertContains(other, "Aucun rendez-vous")


def test_codes_from_all_the_networks_of_one_subscriber_are_refused(db):
    tomorrow = timezone.localdate() + timedelta(days=1)
    statuses = [
        Client()
        .post(CANCEL, {"code": "00000001", "on": f"{tomorrow:%d/%m/%Y}"}, REMOTE_ADDR=f"2001:db8:1:{number:x}::1")
        .status_code
        for number in range(45)
    ]
    assert statuses == [200] * 40 + [429] * 5


# Sign-up, the forgotten password: who is known is not told, by any difference


class Counting(MD5PasswordHasher):
    """How many passwords are hashed."""

    algorithm, count = "counting", 0

    def encode(self, password, salt):
        type(self).count += 1
        return BasePasswordHasher.salt and f"{self.algorithm}${salt}${super().encode(password, salt).split('$')[-1]}"


@pytest.fixture
def work(settings):
    """Hashings and mails of one call."""

    settings.PASSWORD_HASHERS = [f"{__name__}.Counting", "django.contrib.auth.hashers.MD5PasswordHasher"]

    def measure(act):
        Counting.count, before = 0, len(mail.outbox)
        response = act()
        return Counting.count, len(mail.outbox) - before, response.status_code, response.get("Location")

    return measure


def signed_up(email):
    names = {"given_name": "Zoé", "family_name": "Essai"}
    passwords = {"password1": "une phrase assez neuve", "password2": "une phrase assez neuve"}
    return Client().post(SIGN_UP, {"email": email, **names, **passwords})


def test_sign_up_does_the_same_work_whether_the_address_is_known_or_not(coordinator, work):
    known = work(lambda: signed_up(coordinator.email))
    unknown = work(lambda: signed_up("nouvelle@exemple.invalid"))
    assert known == unknown
    assert known[:2] == (1, 1)
    assert User.objects.filter(email="nouvelle@exemple.invalid").exists()


def test_the_clock_tells_nothing_of_an_address_either(coordinator, settings):
    """With the real hasher, the quickest of a few: a hash left out would make it several times quicker."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]

    def quickest(emails):
        times = []
        for email in emails:
            begun = time.perf_counter()
            signed_up(email)
            times.append(time.perf_counter() - begun)
        return min(times)

    quickest(["echauffement@exemple.invalid"])
    known = quickest([coordinator.email] * 5)
    unknown = quickest([f"nouvelle{number}@exemple.invalid" for number in range(5)])
    assert 0.5 < known / unknown < 1.5


def test_the_forgotten_password_does_the_same_work_whether_the_address_is_known_or_not(coordinator, work):
    known = work(lambda: Client().post(RESET, {"email": coordinator.email}))
    unknown = work(lambda: Client().post(RESET, {"email": "inconnue@exemple.invalid"}))
    assert known == unknown
    assert known[:2] == (0, 1)


def test_a_mailbox_is_not_filled_from_our_forms_and_nobody_is_told(coordinator):
    pages = [
        Client().post(RESET, {"email": coordinator.email}, REMOTE_ADDR=address).status_code for address in botnet(20)
    ]
    assert pages == [302] * 20
    assert [message.to for message in mail.outbox] == [[coordinator.email]] * 6


def test_one_network_does_not_ask_for_accounts_without_end(settings, db):
    settings.LIMITS = {"sign-up": "3/3600"}
    statuses = [signed_up(f"{number}@exemple.invalid").status_code for number in range(5)]
    assert statuses == [302] * 3 + [429] * 2
    refused = signed_up("derniere@exemple.invalid")
    assertContains(refused, "derniere@exemple.invalid", status_code=429)
    assertContains(refused, "réessayez dans", status_code=429)


def test_a_session_left_open_does_not_guess_the_password_that_it_asks_for(client, coordinator):
    client.force_login(coordinator)
    new = {"password1": "une phrase toute neuve", "password2": "une phrase toute neuve"}
    pages = [client.post("/compte/password/change/", {"oldpassword": WRONG, **new}) for _ in range(11)]
    assert [page.status_code for page in pages] == [200] * 10 + [429]
    assert client.post("/compte/password/change/", {"oldpassword": PASSWORD, **new}).status_code == 429


# The administrator


def test_the_administrator_sees_which_limits_were_met_and_names_nobody(client, coordinator):
    guess(Client(), coordinator.email, 10)
    client.force_login(UserFactory(role=Role.INSTANCE_ADMIN))
    page = client.get("/instance/limites/")
    assertContains(page, "Mots de passe refusés d’un compte, depuis un réseau")
    assertContains(page, "compte et réseau")
    assertNotContains(page, coordinator.email)
    assertNotContains(page, ELSEWHERE)
    row = next(row for row in page.context["rows"] if row.limit.name == "sign-in")
    assert (row.today, row.week, row.month, row.keys) == (2, 2, 2, 1)
