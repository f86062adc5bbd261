"""Signing in by hand in a real browser: an application, a passkey, what is asked again, the pages of one's account."""

import re

import pytest
from allauth.mfa.models import Authenticator

from tests.security.sign_in_steps import code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOME = "/cpts/cpts-du-bergeracois/"


def type_password(visitor, email, password):
    page = visitor.open("/compte/login/")
    page.get_by_label("Courriel").fill(email)
    page.get_by_label("Mot de passe").fill(password)
    visitor._enter()
    return page


def telephone(visitor):
    """A telephone or a computer that keeps passkeys, and asks for a finger."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_coordinator_protects_the_account_with_an_application_then_signs_in_with_it(visit, coordinator, size):
    visitor = visit(size)
    page = type_password(visitor, coordinator.email, "une phrase assez longue")
    page.get_by_role("heading", name="Protégez votre compte").wait_for()
    visitor.check()
    page.get_by_role("link", name="Utiliser une application").click()
    page.get_by_role("heading", name="Application d’authentification").wait_for()
    visitor.check()
    secret = page.locator("code.breaks").inner_text()
    page.get_by_label("Code affiché par l’application").fill(code_of(secret))
    page.get_by_role("button", name="Activer").click()
    page.get_by_role("heading", name="Codes de secours").wait_for()
    visitor.check()
    page.get_by_role("link", name="C’est fait, continuer").click()
    page.wait_for_url(re.compile(HOME))
    page = visitor.open("/compte/connexions/")
    page.get_by_text("cet appareil").wait_for()
    visitor.check()


def test_a_passkey_is_added_then_opens_the_account_alone(visit, coordinator):
    visitor = visit()
    visitor.base = visitor.base.replace("127.0.0.1", "localhost")  # a passkey belongs to a name, never to a number
    page = type_password(visitor, coordinator.email, "une phrase assez longue")
    session, authenticator = telephone(visitor)
    page.get_by_role("link", name="Ajouter une clé d’accès").click()
    visitor.check()
    page.get_by_label("Nom de la clé").fill("Téléphone de Claire")
    page.get_by_role("button", name="Enregistrer cette clé").click()
    page.get_by_role("heading", name="Codes de secours").wait_for()
    assert Authenticator.objects.get(type="webauthn").wrap().name == "Téléphone de Claire"
    visitor.open("/compte/logout/")
    page.locator("main").get_by_role("button").first.click()
    page.wait_for_load_state()
    visitor.open("/compte/login/")
    visitor.check()
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.wait_for_url(re.compile(HOME))
    # As a second factor too, and again before what is sensitive.
    visitor.context.clear_cookies()
    page = type_password(visitor, coordinator.email, "une phrase assez longue")
    visitor.check()
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.wait_for_url(re.compile(HOME))
    page = visitor.open("/compte/2fa/webauthn/reauthenticate/?next=/compte/connexions/")
    visitor.check()
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.get_by_role("heading", name="Mes connexions").wait_for()
    # Refused by the person: the page says so.
    session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    visitor.context.clear_cookies()
    page = visitor.open("/compte/login/")
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.get_by_text("La clé d’accès n’a pas répondu").wait_for()
    visitor.faults.clear()
