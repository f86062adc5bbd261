"""Pro Santé Connect for every account, against a provider that checks what the real one checks."""

import html
import re
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from maillage.accounts.actions.addresses import not_me_token, take_back
from maillage.accounts.models import AccountKind, LinkedIdentity, NumberDispute, NumberProof, ProofMeans, Role, User
from maillage.audit.models import AuditEvent
from tests.factories import NOON, UserFactory
from tests.sas.faulty_provider import CLIENT, running
from tests.security.psc_provider import SECRET, PscProvider, activity, exercises
from tests.security.sign_in_steps import enrol, is_signed_in, type_password

pytestmark = pytest.mark.django_db
NUMBER = "899900000017"
HOME = "/cpts/cpts-du-bergeracois/"
PSC, BACK, LINK, CONNECTIONS = "/compte/psc/", "/compte/psc/retour/", "/compte/psc/relier/", "/compte/connexions/"


@pytest.fixture
def provider(settings):
    with running(PscProvider(NUMBER)) as psc:
        settings.IDENTITY_METADATA_URL = f"{psc.url}/configuration"
        settings.IDENTITY_CLIENT_ID, settings.IDENTITY_CLIENT_SECRET = CLIENT, SECRET
        yield psc


def go(client, provider, purpose="connexion", **query):
    """There and back, as the browser does."""
    left = client.get(PSC, {"pour": purpose, **query})
    assert left.status_code == 302, left.content.decode()
    return client.get(BACK, provider.answer(left["Location"]))


def link(client, provider, user):
    """By somebody who just signed in with their password."""
    type_password(client, user)
    assertRedirects(go(client, provider, "relier"), LINK)
    return client.post(LINK)


@pytest.fixture
def linked(client, provider, coordinator):
    link(client, provider, coordinator)
    client.post("/compte/logout/")
    return coordinator


# Signing in


def test_the_button_is_there_once_the_instance_is_joined(client, provider, settings):
    assertContains(client.get("/compte/login/?next=/espaces/"), "Pro Santé Connect")
    settings.IDENTITY_METADATA_URL = ""
    assertNotContains(client.get("/compte/login/"), "Pro Santé Connect")
    assertContains(client.get(PSC), "pas encore raccordée", status_code=403)


def test_a_tied_person_enters_by_it_alone_and_it_counts_as_strong(linked, provider):
    browser = Client()
    assertRedirects(go(browser, provider, next=f"{HOME}equipe/"), f"{HOME}equipe/")
    assert browser.get(f"{HOME}equipe/").status_code == 200
    assertContains(browser.get(CONNECTIONS), "ouverte par Pro Santé Connect")
    assert LinkedIdentity.objects.get().used_at is not None


def test_it_enters_without_the_code_of_the_telephone_that_the_account_also_has(linked, provider):
    enrol(linked)
    browser = Client()
    go(browser, provider)
    assert browser.get(HOME).status_code == 200


def test_a_closed_account_does_not_open_by_it(linked, provider):
    User.objects.update(is_active=False)
    browser = Client()
    assertRedirects(go(browser, provider), "/compte/psc/nouveau/")
    assert not is_signed_in(browser)


@pytest.mark.parametrize("wanted", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"])
def test_the_page_wanted_is_one_of_ours(linked, provider, wanted):
    assertRedirects(go(Client(), provider, next=wanted), "/entree/", fetch_redirect_response=False)


@pytest.mark.parametrize(
    ("claims", "told", "message"),
    [
        ({"acr": "eidas0"}, {}, "niveau de confiance"),
        ({"acr": None}, {}, "niveau de confiance"),
        ({"nonce": "another"}, {}, "confirmée"),
        ({"aud": "somebody-else"}, {}, "confirmée"),
        ({"iss": "https://evil.test"}, {}, "confirmée"),
        ({"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}, {}, "confirmée"),
        ({}, {"sub": "f:essai:2"}, "confirmée"),
        ({}, {"SubjectNameID": None}, "identifiant national"),
        ({}, {"SubjectNameID": {"a": 1}}, "identifiant national"),
    ],
)
def test_anything_wrong_in_what_it_says_opens_nothing(linked, provider, claims, told, message):
    provider.claims, provider.told = claims, told
    browser = Client()
    assertContains(go(browser, provider), message, status_code=403)
    assert not is_signed_in(browser)


def test_a_code_serves_once_and_only_the_browser_that_left(linked, provider):
    browser, thief = Client(), Client()
    left = browser.get(PSC)
    answer = provider.answer(left["Location"])
    # The thief saw the address in a history or a log.
    assert thief.get(BACK, answer).status_code == 403
    assert browser.get(BACK, answer).status_code == 302
    assert browser.get(BACK, answer).status_code == 403
    # Nor with a state of their own: the verifier is not that of the code.
    mine = provider.answer(thief.get(PSC)["Location"])
    stolen = provider.answer(Client().get(PSC)["Location"])
    assertContains(thief.get(BACK, mine | {"code": stolen["code"]}), "confirmée", status_code=403)
    assert not is_signed_in(thief)


@pytest.mark.parametrize("answer", [{}, {"state": "x"}, {"code": "x"}, {"error": "access_denied", "state": "x"}])
def test_coming_back_without_having_left_opens_nothing(client, provider, answer):
    assert client.get(BACK, answer).status_code == 403
    assert client.post(BACK, answer).status_code == 405


def test_a_person_who_cancels_there_is_told_and_enters_nothing(linked, provider):
    browser = Client()
    state = provider.answer(browser.get(PSC)["Location"])["state"]
    assertContains(browser.get(BACK, {"error": "access_denied", "state": state}), "Recommencez", status_code=403)


def test_a_provider_that_is_down_says_so(linked, provider):
    provider.down = frozenset({"token"})
    assert go(Client(), provider).status_code == 403


def test_entering_from_the_session_of_somebody_else_leaves_nothing_of_theirs(linked, provider, member):
    browser = Client()
    browser.force_login(member)
    go(browser, provider)
    assert browser.session["_auth_user_id"] == str(linked.pk)
    assert browser.get(HOME).status_code == 200
    assert len(browser.session["account_authentication_methods"]) == 1


# Activities


def test_somebody_with_several_activities_chooses_for_which_they_come(linked, provider):
    rows = activity("CABINET LORET"), activity("HÔPITAL D’ESSAI", "S", "F990000999"), activity("CABINET LORET")
    provider.told = {"SubjectRefPro": exercises(*rows)}
    browser = Client()
    assertRedirects(go(browser, provider, next=HOME), "/compte/psc/activite/")
    page = browser.get("/compte/psc/activite/")
    assertContains(page, 'type="radio"', count=2)
    keys = [html.unescape(key) for key in re.findall(r'name="activity"\s+value="([^"]+)"', page.content.decode())]
    assert browser.post("/compte/psc/activite/", {"activity": "another"}).status_code == 200
    assertRedirects(browser.post("/compte/psc/activite/", {"activity": keys[1]}), HOME)
    assertContains(browser.get(CONNECTIONS), "HÔPITAL D’ESSAI (salarié)")


@pytest.mark.parametrize(
    "claim", [None, [], "x", {"exercices": None}, {"exercices": [None, {"activities": "x"}, {"activities": [1]}]}]
)
def test_somebody_without_activities_or_with_odd_ones_enters_all_the_same(linked, provider, claim):
    provider.told = {"SubjectRefPro": claim}
    browser = Client()
    assert go(browser, provider, next=HOME)["Location"] == HOME


# Tying


def test_tying_proves_the_national_number_and_is_told(client, provider, coordinator):
    other = Client()
    other.force_login(coordinator)
    assertRedirects(link(client, provider, coordinator), "/compte/protection/", fetch_redirect_response=False)
    proof = NumberProof.objects.get()
    assert (proof.user, proof.national_id, proof.means) == (coordinator, int(NUMBER), ProofMeans.PSC)
    assert mail.outbox[-1].to == [coordinator.email]
    assert "Pro Santé Connect" in mail.outbox[-1].subject
    assert AuditEvent.objects.filter(type="identity.linked", by_id=coordinator.pk).exists()
    assert client.get(HOME).status_code == 200


def test_staff_without_an_rpps_tie_it_and_prove_no_number(client, provider, member):
    provider.number = "3999780581/11242343"
    link(client, provider, member)
    assert LinkedIdentity.objects.get().identifier == provider.number
    assert not NumberProof.objects.exists()


def test_coming_back_ties_nothing_without_a_press(client, provider, member):
    type_password(client, member)
    assertContains(client.get(go(client, provider, "relier")["Location"]), "C’est moi, relier")
    assert not LinkedIdentity.objects.exists()
    assertRedirects(Client().post(LINK), f"/compte/login/?next={LINK}")


def test_a_session_left_open_does_not_tie_the_passer_by(client, provider, member):
    type_password(client, member)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 3600}]
    session.save()
    response = go(client, provider, "relier")
    response = client.get(response["Location"])
    assert response["Location"].startswith("/compte/reauthenticate/")
    assert client.post(LINK)["Location"].startswith("/compte/reauthenticate/")
    assert not LinkedIdentity.objects.exists()


def test_changing_account_on_the_way_ties_nothing(client, provider, member, coordinator):
    type_password(client, member)
    left = client.get(PSC, {"pour": "relier"})
    client.force_login(coordinator)
    assert client.get(BACK, provider.answer(left["Location"])).status_code == 403
    assert not LinkedIdentity.objects.exists()


def test_an_identity_opens_one_account_and_an_account_has_one_identity(client, provider, linked, member):
    other = Client()
    link(other, provider, member)
    assertContains(other.get(CONNECTIONS), "déjà reliée à un autre compte")
    go(client, provider)  # by the card that is tied: a password alone ties no other
    provider.number, provider.told = "899900000025", {}
    assertRedirects(go(client, provider, "relier"), LINK)
    client.post(LINK)
    assertContains(client.get(CONNECTIONS), "déjà relié à une autre identité")
    assert LinkedIdentity.objects.get().user == linked
    for user, identifier in ((member, NUMBER), (linked, "another")):
        with pytest.raises(IntegrityError), transaction.atomic():
            LinkedIdentity.objects.create(user=user, issuer=provider.url, identifier=identifier, linked_at=NOON)


def test_a_password_alone_ties_no_second_identity(client, provider, linked):
    type_password(client, linked)
    provider.number, provider.told = "899900000025", {}
    go(client, provider, "relier")
    assert client.post(LINK).status_code == 302
    assert LinkedIdentity.objects.get().identifier == NUMBER


def test_a_number_proved_by_another_account_is_not_taken_over(client, provider, member, coordinator):
    NumberProof.objects.create(user=member, national_id=int(NUMBER), means=ProofMeans.MSSANTE, proved_at=NOON)
    link(client, provider, coordinator)
    assertContains(client.get(CONNECTIONS), "déjà prouvé ce numéro")
    assert not LinkedIdentity.objects.exists()
    assert NumberProof.objects.get().user == member
    assert NumberDispute.objects.get().claimant == coordinator


def test_untying_asks_who_one_is_and_leaves_another_way_in(client, provider, linked, cpts):
    go(client, provider)
    assertRedirects(client.post("/compte/psc/delier/"), CONNECTIONS)
    assert LinkedIdentity.objects.get().ended_at is not None
    assert NumberProof.objects.get().ended_at is None
    assertRedirects(go(Client(), provider), "/compte/psc/nouveau/")


def test_what_alone_opens_the_account_is_not_untied(client, provider, linked):
    linked.set_unusable_password()
    linked.save()
    go(client, provider)
    assertContains(client.post("/compte/psc/delier/", follow=True), "plus rien n’ouvrirait")
    assert LinkedIdentity.objects.get().ended_at is None


# A new account


def open_account(client, provider, email):
    assertRedirects(go(client, provider), "/compte/psc/nouveau/")
    assertContains(client.get("/compte/psc/nouveau/"), "Zoé LORET")
    assertRedirects(client.post("/compte/psc/nouveau/", {"email": email}), "/compte/psc/nouveau/code/")


def code_received():
    return re.search(r"Connect\s: (\w{8})", mail.outbox[-1].body).group(1)


def test_an_unknown_identity_opens_an_account_whose_address_is_proved(client, provider):
    open_account(client, provider, "Zoe@exemple.invalid")
    assert not User.objects.exists()
    assertContains(client.post("/compte/psc/nouveau/code/", {"code": "FAUXFAUX"}), "pas le bon")
    code = code_received()
    response = client.post("/compte/psc/nouveau/code/", {"code": f"{code[:4]} {code[4:].lower()}"})
    assertRedirects(response, "/entree/", fetch_redirect_response=False)
    user = User.objects.get()
    assert (user.email, user.kind, user.has_usable_password()) == ("zoe@exemple.invalid", AccountKind.PASSWORD, False)
    assert EmailAddress.objects.get(user=user).verified
    assert NumberProof.objects.get().national_id == int(NUMBER)
    client.post("/compte/logout/")
    go(client, provider)
    assert is_signed_in(client)


def test_an_address_that_has_an_account_is_not_taken_over_and_nothing_tells_it_has(client, provider, member):
    open_account(client, provider, member.email)
    theirs = client.get("/compte/psc/nouveau/code/").content.decode().replace(member.email, "")
    assert "déjà" not in theirs
    assert mail.outbox[-1].to == [member.email]
    assert "déjà" in mail.outbox[-1].subject
    assertContains(client.post("/compte/psc/nouveau/code/", {"code": "AAAAAAAA"}), "pas le bon")
    assert User.objects.count() == 1
    assert not is_signed_in(client)


def test_the_code_of_a_new_account_is_not_guessed_nor_used_elsewhere(client, provider):
    open_account(client, provider, "zoe@exemple.invalid")
    code = code_received()
    assertRedirects(Client().post("/compte/psc/nouveau/code/", {"code": code}), "/compte/login/")
    for number in range(5):
        client.post("/compte/psc/nouveau/code/", {"code": f"FAUX000{number}"})
    assertContains(client.post("/compte/psc/nouveau/code/", {"code": code}), "trop de fois")
    assert not User.objects.exists()


def test_a_session_in_the_database_does_not_say_who_came(client, provider):
    open_account(client, provider, "zoe@exemple.invalid")
    stored = str(dict(client.session))
    assert NUMBER not in stored
    assert "zoe@exemple" not in stored


def test_the_address_of_an_account_opened_so_belongs_to_whoever_opened_it(client, provider, cpts):
    """Whoever signs up with an address that is not theirs gets nothing of the person who proves it."""
    squatter = Client()
    names = {"given_name": "X", "family_name": "Y", "password1": "quatre mots au hasard"}
    typed = names | {"email": "zoe@exemple.invalid", "password2": names["password1"]}
    squatter.post("/compte/signup/", typed)
    open_account(client, provider, "zoe@exemple.invalid")
    assert not LinkedIdentity.objects.exists()
    assert not is_signed_in(client)


# Signing out


def test_signing_out_leaves_the_provider_too_by_the_browser_and_only_on_a_press(linked, provider):
    browser = Client()
    go(browser, provider)
    assertContains(browser.get("/compte/logout/"), "connect")
    assert provider.signed_out == []
    page = browser.post("/compte/logout/")
    assert not is_signed_in(browser)
    (address,) = set(re.findall(r'url=([^"]+)"', page.content.decode()))
    answer = provider.leave(html.unescape(address))
    assert provider.signed_out == ["f:essai:1"]
    assertContains(browser.get("/compte/psc/sortie/", answer), "De Maillage et de Pro Santé Connect")
    assertNotContains(browser.get("/compte/psc/sortie/", {"state": "another"}), "De Maillage et")


def test_signing_out_of_a_session_by_password_goes_nowhere_else(client, provider, member):
    type_password(client, member)
    assertRedirects(client.post("/compte/logout/"), "/", fetch_redirect_response=False)


def test_the_token_that_signs_out_is_in_no_page(linked, provider):
    browser = Client()
    go(browser, provider)
    assert browser.session["psc_token"]
    assert provider.issued
    (token,) = provider.issued[-1:]
    assert token not in str(dict(browser.session))
    for path in (HOME, CONNECTIONS, "/compte/protection/"):
        assert token not in browser.get(path).content.decode()


def test_signing_out_while_the_provider_is_silent_still_signs_out(linked, provider, settings):
    browser = Client()
    go(browser, provider)
    settings.IDENTITY_METADATA_URL = "http://127.0.0.1:9/configuration"
    assertContains(browser.post("/compte/logout/"), "ne répond pas")
    assert not is_signed_in(browser)


# Proving again


def test_a_fresh_proof_by_it_is_asked_again_there_and_is_that_of_the_account(linked, provider, cpts):
    browser = Client()
    go(browser, provider)
    left = browser.get(PSC, {"pour": "confirmer", "next": CONNECTIONS})
    assert "prompt=login" in left["Location"]
    assertRedirects(browser.get(BACK, provider.answer(left["Location"])), CONNECTIONS)
    # The session that the last person left open at the provider proves nothing.
    left = browser.get(PSC, {"pour": "confirmer"})
    answer = provider.answer(left["Location"])
    provider.claims = {"auth_time": int(time.time()) - 3600}
    assertContains(browser.get(BACK, answer), "authentifier", status_code=403)
    provider.claims, provider.number = {}, "899900000025"
    left = browser.get(PSC, {"pour": "confirmer"})
    assertContains(browser.get(BACK, provider.answer(left["Location"])), "pas celle de votre compte", status_code=403)


def test_a_regulator_s_account_is_not_a_member_s(client, provider):
    external = User.objects.create(kind=AccountKind.EXTERNAL, identifier=NUMBER, email="z@sas.test")
    assertRedirects(go(client, provider), "/compte/psc/nouveau/")
    assert not is_signed_in(client)
    assert external.linked_identities.count() == 0


def test_the_role_of_a_treasurer_is_read_by_it(client, provider, cpts):
    treasurer = UserFactory(role=Role.TREASURER, on=cpts)
    link(client, provider, treasurer)
    client.post("/compte/logout/")
    go(client, provider)
    assert client.get(HOME).status_code == 200


# The provider's own session, left in a browser by whoever sat there before


@pytest.fixture
def left_alive(provider):
    """Whoever comes back did not show a card: the provider still knew them, for three hours."""
    provider.claims = {"auth_time": int(time.time()) - 3 * 3600}
    return provider


def test_to_tie_one_shows_the_card_again(client, left_alive, member):
    type_password(client, member)
    left = client.get(PSC, {"pour": "relier"})
    assert parse_qs(urlsplit(left["Location"]).query)["prompt"] == ["login"]
    answer = client.get(BACK, left_alive.answer(left["Location"]))
    assertContains(answer, "pas confirmé que vous veniez de vous authentifier", status_code=403)
    client.post(LINK)
    assert not LinkedIdentity.objects.exists()
    assert not NumberProof.objects.exists()


def test_to_open_an_account_one_shows_the_card_again(left_alive):
    browser = Client()
    sent_back = go(browser, left_alive)
    assert sent_back["Location"] == f"{PSC}?pour=de-nouveau&next="
    assert browser.get("/compte/psc/nouveau/").status_code == 302
    assert go(browser, left_alive, "de-nouveau").status_code == 403
    left_alive.claims = {}
    assertRedirects(go(browser, left_alive, "de-nouveau"), "/compte/psc/nouveau/")


def test_an_old_card_opens_what_it_opened_and_proves_nothing_anew(linked, provider):
    provider.claims = {"auth_time": int(time.time()) - 3 * 3600}
    browser = Client()
    go(browser, provider)
    assert browser.get(HOME).status_code == 200
    assert browser.get(f"{HOME}membres/?format=csv").status_code == 302
    provider.claims = {}
    go(browser, provider)
    assert browser.get(f"{HOME}membres/?format=csv").status_code == 200


def test_an_old_card_does_not_enter_again_after_not_me(linked, provider):
    LinkedIdentity.objects.update(linked_at=timezone.now() - timedelta(days=30))
    provider.claims = {"auth_time": int(time.time()) - 3 * 3600}
    take_back(token=not_me_token(linked), at=timezone.now())
    browser = Client()
    assert go(browser, provider)["Location"].startswith(f"{PSC}?pour=de-nouveau")
    assert not is_signed_in(browser)
    provider.claims = {}
    go(browser, provider, "de-nouveau")
    assert is_signed_in(browser)


def test_whoever_shows_a_card_tied_elsewhere_is_heard(client, provider, linked, member):
    link(client, provider, member)
    dispute = NumberDispute.objects.get()
    assert (dispute.claimant, dispute.means) == (member, "psc")
    assert LinkedIdentity.objects.get().user == linked
