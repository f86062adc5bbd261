"""The entry of regulators through the SAS: whom the identity provider vouches for, and nobody else."""

import time
import warnings
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.urls import reverse
from joserfc.jwk import OctKey, RSAKey
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from maillage.accounts.models import AccountKind, Role, RoleAssignment, User
from maillage.accounts.signing_in.psc_session import token_kept
from maillage.audit.models import AuditEvent
from maillage.members.models import Membership
from maillage.sas.actions import regulators
from maillage.sas.models import Regulator, SasMessage
from maillage.sas.rules.regulators import DeclaredRegulator
from maillage.sas.rules.sas_query import PRACTITIONER_SYSTEM
from maillage.unscheduled_care.models import Appointment
from tests.factories import NOON, MembershipFactory, UserFactory
from tests.sas.faulty_provider import CLIENT, FaultyProvider, running

pytestmark = pytest.mark.django_db
NUMBER = "3999780581/11242343"
DOOR = "/sas/agenda/?ps=899900000017&origin=sas-preprod"


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


@pytest.fixture
def regulator(db):
    return regulators.create_regulator(
        declared=DeclaredRegulator(((PRACTITIONER_SYSTEM, NUMBER),), "Loret", "Zoé", "z@sas.test", is_active=True),
        at=NOON,
    )


@pytest.fixture
def provider(settings):
    with running(FaultyProvider(NUMBER)) as one:
        settings.IDENTITY_METADATA_URL = f"{one.url}/configuration"
        settings.IDENTITY_CLIENT_ID, settings.IDENTITY_CLIENT_SECRET = CLIENT, "secret"
        yield one


def come_back(client, provider, door=DOOR):
    left = client.get(door)
    assert left.status_code == 302, left.content.decode()
    return client.get("/sas/retour/", provider.answer(left["Location"]))


def entered(client, provider):
    come_back(client, provider)
    client.post("/sas/conditions/")


def test_the_person_is_sent_to_the_provider_with_what_the_protocol_demands(client, provider, regulator):
    asked = parse_qs(urlsplit(client.get(DOOR)["Location"]).query)
    assert asked["acr_values"] == ["eidas1"]
    assert asked["scope"] == ["openid scope_all"]
    assert asked["redirect_uri"] == ["http://testserver/sas/retour/"]
    assert asked["response_type"] == ["code"]
    assert len(asked["state"][0]) >= 20
    assert len(asked["nonce"][0]) >= 20
    assert asked["code_challenge_method"] == ["S256"]


def test_a_regulator_accepts_the_terms_once_then_books_and_the_sas_is_told(
    client, provider, regulator, slots, doctor, settings
):
    settings.SAS_BASE_URL = "https://sas.test/fhir"
    assertRedirects(come_back(client, provider), DOOR, fetch_redirect_response=False)
    assertRedirects(client.get(DOOR), "/sas/conditions/")
    assertRedirects(client.get("/regulation/"), "/sas/conditions/")
    assertContains(client.get("/sas/conditions/"), "J’accepte et je continue")
    assertRedirects(client.post("/sas/conditions/"), DOOR)
    assertContains(client.get(DOOR), "Réserver", count=4)
    client.post(reverse("sas:regulation_book", args=[slots[0].uuid]))
    booked = Appointment.objects.get()
    assert booked.booked_by.regulator == regulator
    assert booked.booked_by.kind == AccountKind.EXTERNAL
    assert SasMessage.objects.get().appointment == booked
    # The next day, no terms any more; and one account, not two.
    client.logout()
    come_back(client, provider)
    assert client.get(DOOR).status_code == 200
    assert User.objects.filter(kind=AccountKind.EXTERNAL).count() == 1
    assert AuditEvent.objects.filter(type="regulator.entered").count() == 2
    assert AuditEvent.objects.filter(type="regulator.terms").count() == 1


def test_the_session_opens_the_next_pages_without_a_second_sign_in(client, provider, regulator, slots, doctor):
    entered(client, provider)
    assert client.get("/regulation/").status_code == 200
    assertRedirects(client.get(reverse("portal:after_login")), "/regulation/")
    assert client.get(DOOR.replace("sas-preprod", "sas")).status_code == 200


def test_without_origin_one_signs_in_as_anybody(client, provider, regulator):
    response = client.get("/sas/agenda/?ps=899900000017")
    assert response["Location"].startswith("/compte/login/?next=%2Fsas%2Fagenda%2F")
    response = client.get("/sas/agenda/?ps=899900000017&origin=https%3A%2F%2Fevil.test")
    assert response["Location"].startswith("/compte/login/?next=")


def test_somebody_signed_in_by_hand_goes_to_the_provider_and_comes_back_as_the_regulator(
    client, provider, regulator, doctor, slots
):
    member = UserFactory()
    client.force_login(member)
    assert client.get("/sas/agenda/?ps=899900000017").status_code == 404
    come_back(client, provider)
    assert client.session["_auth_user_id"] != str(member.pk)
    assert client.get("/regulation/").status_code == 302


def test_an_account_closed_by_the_sas_opens_nothing_more_at_once(client, provider, regulator, slots, doctor):
    entered(client, provider)
    assert client.get("/regulation/").status_code == 200
    Regulator.objects.update(is_active=False)
    assert client.get("/regulation/").status_code == 404
    assertContains(come_back(client, provider), "pas déclaré", status_code=403)


def declared(*, is_active, family="Loret"):
    return DeclaredRegulator(((PRACTITIONER_SYSTEM, NUMBER),), family, "Zoé", "z@sas.test", is_active=is_active)


def test_a_session_does_not_come_back_with_an_account_that_opens_again(client, provider, regulator, slots, doctor):
    entered(client, provider)
    for is_active in (False, True):
        regulators.put_regulator(
            reference=(PRACTITIONER_SYSTEM, NUMBER), declared=declared(is_active=is_active), at=NOON
        )
    assertRedirects(client.get("/regulation/"), "/compte/login/?next=/regulation/")
    come_back(client, provider)
    assert client.get("/regulation/").status_code == 200


def test_whoever_takes_an_account_over_agrees_for_themselves(client, provider, regulator, slots, doctor):
    entered(client, provider)
    other = declared(is_active=True, family="Vidal")
    regulators.put_regulator(reference=(PRACTITIONER_SYSTEM, NUMBER), declared=other, at=NOON)
    assertRedirects(client.get("/regulation/"), "/compte/login/?next=/regulation/")
    come_back(client, provider)
    assertRedirects(client.get("/regulation/"), "/sas/conditions/")
    same = regulators.put_regulator(reference=(PRACTITIONER_SYSTEM, NUMBER), declared=other, at=NOON)
    client.post("/sas/conditions/")
    regulators.put_regulator(reference=(PRACTITIONER_SYSTEM, NUMBER), declared=other, at=NOON)
    same.refresh_from_db()
    assert same.terms_accepted_at == NOON
    assert client.get("/regulation/").status_code == 200


def test_a_flood_of_entries_stops_at_the_door(client, provider, regulator, monkeypatch, settings):
    settings.LIMITS = {"sas-door": "2/900"}
    for _ in range(2):
        assert client.get(DOOR).status_code == 302
    assertContains(client.get(DOOR), "Trop d’entrées", status_code=429)
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON + timedelta(minutes=15))
    assert client.get(DOOR).status_code == 302


def test_a_session_without_its_number_opens_nothing(client, provider, regulator):
    entered(client, provider)
    session = client.session
    del session["through_sas_number"]
    session.save()
    assert client.get("/regulation/").status_code == 404


def test_an_external_account_opens_nothing_by_a_role(client, provider, regulator, cpts):
    entered(client, provider)
    user = User.objects.get(kind=AccountKind.EXTERNAL)
    RoleAssignment.objects.create(user=user, role=Role.COORDINATOR, cpts=cpts, created_at=NOON)
    assert client.get(f"/cpts/{cpts.slug}/").status_code == 404
    assert client.get(f"/cpts/{cpts.slug}/soins/").status_code == 404


def test_the_way_back_is_read_and_not_sent(client, provider):
    assert client.post("/sas/retour/").status_code == 405


def test_a_number_that_the_sas_gave_to_somebody_else_opens_their_account_alone(client, provider, regulator):
    Regulator.objects.update(is_active=False)
    regulator.identifiers.update(is_active=False)
    other = regulators.create_regulator(
        declared=DeclaredRegulator(((PRACTITIONER_SYSTEM, NUMBER),), "Vidal", "Noé", "n@sas.test", is_active=True),
        at=NOON,
    )
    come_back(client, provider)
    assert client.session["through_sas"] == str(other.uuid)


def test_the_account_of_a_regulator_has_no_password_to_lose(client, provider, regulator):
    come_back(client, provider)
    user = User.objects.get(kind=AccountKind.EXTERNAL)
    assert not user.has_usable_password()
    assert not user.email
    client.logout()
    response = client.post("/compte/login/", {"login": "z@sas.test", "password": "!"})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("claims", "told", "message"),
    [
        ({"acr": "eidas0"}, {}, "niveau de confiance"),
        ({"acr": None}, {}, "niveau de confiance"),
        ({"nonce": "another"}, {}, "confirmée"),
        ({"nonce": None}, {}, "confirmée"),
        ({"aud": "somebody-else"}, {}, "confirmée"),
        ({"iss": "https://evil.test"}, {}, "confirmée"),
        ({"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}, {}, "confirmée"),
        ({"sub": None}, {}, "confirmée"),
        ({}, {"sub": "f:essai:2"}, "confirmée"),
        ({}, {"SubjectNameID": None}, "identifiant national"),
        ({}, {"SubjectNameID": ["3999780581/11242343"]}, "identifiant national"),
        ({}, {"SubjectNameID": "899900000099"}, "pas déclaré"),
    ],
)
def test_anything_wrong_in_what_the_provider_says_opens_nothing(client, provider, regulator, claims, told, message):
    provider.claims, provider.told = claims, told
    assertContains(come_back(client, provider), message, status_code=403)
    assert "_auth_user_id" not in client.session
    assert not User.objects.exists()


def test_a_token_that_another_signed_opens_nothing(client, provider, regulator):
    provider.signed_with = RSAKey.generate_key(2048, {"kid": "first"})
    assert come_back(client, provider).status_code == 403


def test_a_token_signed_with_the_secret_we_share_opens_nothing(client, provider, regulator):
    provider.signed_with, provider.algorithm = OctKey.import_key("secret" * 8, {"kid": "first"}), "HS256"
    assert come_back(client, provider).status_code == 403


def test_a_key_changed_between_two_entries_is_read_again(client, provider, regulator):
    come_back(client, provider)
    client.logout()
    provider.key = RSAKey.generate_key(2048, {"kid": "second"})
    assert come_back(client, provider).status_code == 302


def test_a_return_that_nobody_left_for_opens_nothing(client, provider, regulator):
    assert client.get("/sas/retour/?code=one&state=made-up").status_code == 403
    assert client.get("/sas/retour/").status_code == 403
    answer = provider.answer(client.get(DOOR)["Location"])
    assert client.get("/sas/retour/", answer | {"state": "other"}).status_code == 403
    assertContains(client.get("/sas/retour/?error=access_denied"), "Recommencez depuis le SAS", status_code=403)


def test_a_code_serves_once(client, provider, regulator):
    answer = provider.answer(client.get(DOOR)["Location"])
    assert client.get("/sas/retour/", answer).status_code == 302
    client.logout()
    assert client.get("/sas/retour/", answer).status_code == 403


@pytest.mark.parametrize("what", ["configuration", "token", "userinfo", "keys"])
def test_a_provider_that_is_down_is_told(client, provider, regulator, what):
    provider.down = frozenset([what])
    left = client.get(DOOR)
    if left.status_code == 302:
        left = client.get("/sas/retour/", provider.answer(left["Location"]))
    assert left.status_code == 403
    assertNotContains(left, "Traceback", status_code=403)


def test_without_provider_one_signs_in_as_anybody(client, regulator):
    assert client.get(DOOR)["Location"].startswith("/compte/login/?next=%2Fsas%2Fagenda%2F")
    assertContains(client.get("/sas/retour/"), "pas encore raccordée", status_code=403)


@pytest.mark.parametrize("page", ["https://evil.test/", "//evil.test", "javascript:alert(1)"])
def test_no_address_in_the_call_is_followed(client, provider, regulator, page):
    door = f"/sas/agenda/?ps=1&origin=sas{page}&next={page}"
    response = come_back(client, provider, door=door)
    assert response["Location"].startswith("/sas/agenda/?ps=1&origin=sas")
    assert client.post("/sas/conditions/", {"next": page})["Location"] == "/regulation/"


def test_a_provider_that_is_not_ours_opens_the_same_door(client, settings, regulator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import oidc_provider_mock as mock  # noqa: PLC0415  # its own imports warn

        zoe = mock.User(sub="f:essai:1", claims={"SubjectNameID": NUMBER, "acr": "eidas1", "SubjectRefPro": {}})
        with mock.run_server_in_thread(require_nonce=True, user_claims=[zoe]) as server:
            settings.IDENTITY_METADATA_URL = f"http://127.0.0.1:{server.server_port}/.well-known/openid-configuration"
            settings.IDENTITY_CLIENT_ID, settings.IDENTITY_CLIENT_SECRET = CLIENT, "secret"
            settings.IDENTITY_SCOPE = "openid profile"
            left = client.get(DOOR)["Location"]
            sent = requests.post(left, data={"sub": zoe.sub}, allow_redirects=False, timeout=5)
            back = urlsplit(sent.headers["Location"])
            assertRedirects(client.get(f"{back.path}?{back.query}"), DOOR, fetch_redirect_response=False)
    assert client.session["through_sas"] == str(regulator.uuid)


def test_a_regulator_is_no_member_even_at_the_address_of_one(client, provider, regulator, cpts):
    MembershipFactory(cpts=cpts, email="z@sas.test")
    come_back(client, provider)
    User.objects.filter(kind=AccountKind.EXTERNAL).update(email="z@sas.test")
    assert not Membership.objects.of_account(User.objects.get(kind=AccountKind.EXTERNAL)).exists()


def test_an_account_of_the_provider_opens_the_regulation_and_nothing_else(client, provider, regulator, cpts):
    entered(client, provider)
    for page in ("/nouvelle-cpts/", "/compte/password/set/", "/compte/email/", f"/cpts/{cpts.slug}/", "/espaces/"):
        assert client.get(page).status_code == 404, page
        assert client.post(page).status_code == 404, page
    assert client.get("/regulation/").status_code == 200
    assert client.post("/compte/logout/").status_code == 200  # the page that leaves the provider too


def test_an_answer_that_nobody_signed_opens_nothing(client, provider, regulator, monkeypatch):
    unsigned = {"access_token": "x", "token_type": "Bearer", "userinfo": {"sub": "f:essai:1", "acr": "eidas1"}}
    monkeypatch.setattr(FaultyProvider, "token", lambda _: unsigned)
    assert come_back(client, provider).status_code == 403


@pytest.mark.parametrize(("what", "said"), [("userinfo", None), ("userinfo", [1]), ("keys", []), ("token", [])])
def test_an_answer_of_another_shape_opens_nothing(client, provider, regulator, monkeypatch, what, said):
    monkeypatch.setattr(FaultyProvider, what, lambda _: said)
    assert come_back(client, provider).status_code == 403


def test_a_provider_that_said_nothing_of_itself_is_asked_again(client, provider, regulator, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(FaultyProvider, "configuration", lambda _: {})
        assert client.get(DOOR).status_code == 403
    assert come_back(client, provider).status_code == 302


def test_the_right_ends_with_the_number_and_with_the_account_it_was_given_for(client, provider, regulator):
    entered(client, provider)
    regulator.identifiers.update(value="899900000099")
    assert client.get("/regulation/").status_code == 404
    regulator.identifiers.update(value=NUMBER)
    assert client.get("/regulation/").status_code == 200
    User.objects.filter(kind=AccountKind.EXTERNAL).update(is_active=False)
    assert client.get("/sas/agenda/?ps=899900000017").status_code == 302


def test_two_clicks_in_the_sas_come_back_each_to_its_page(client, provider, regulator):
    first, second = (client.get(f"/sas/agenda/?ps={n}&origin=sas")["Location"] for n in (1, 2))
    one, two = provider.answer(first), provider.answer(second)
    provider.answer(first)
    assert client.get("/sas/retour/", one)["Location"].startswith("/sas/agenda/?ps=1")
    provider.answer(second)
    assert client.get("/sas/retour/", two)["Location"].startswith("/sas/agenda/?ps=2")


def entering(number):
    return regulators.enter_regulator(identity=SimpleNamespace(identifier=number), at=NOON)[1]


@pytest.mark.parametrize("is_one_call", [True, False], ids=["one call", "name, then number"])
def test_an_account_given_to_somebody_else_leaves_what_the_former_one_booked(regulator, is_one_call):
    """Another name and another number, under the technical identifier of before: nothing of theirs is handed over."""
    account = entering(NUMBER)
    reference, corrected = (PRACTITIONER_SYSTEM, NUMBER), replace(declared(is_active=True), family_name="Lauret")
    regulators.put_regulator(reference=reference, declared=corrected, at=NOON)
    assert entering(NUMBER) == account  # a spelling that was corrected
    other, number = replace(corrected, family_name="Autre"), "899900000099"
    if not is_one_call:
        regulators.put_regulator(reference=reference, declared=other, at=NOON)
    other = replace(other, identifiers=((PRACTITIONER_SYSTEM, number),))
    regulators.put_regulator(reference=reference, declared=other, at=NOON)
    newcomer = entering(number)
    assert newcomer != account
    assert Regulator.objects.get().account == newcomer
    assert entering(number) == newcomer


def test_an_old_card_does_not_enter_as_whoever_sat_there_before(client, provider, regulator):
    """The provider still knows them, hours later: the card is shown again, or nobody enters."""
    provider.claims = {"auth_time": int(time.time()) - 5 * 3600}
    asked_again = come_back(client, provider)
    assert parse_qs(urlsplit(asked_again["Location"]).query)["prompt"] == ["login"]
    refused = client.get("/sas/retour/", provider.answer(asked_again["Location"]))
    assert refused.status_code == 403
    assert not User.objects.exists()
    asked_again = come_back(client, provider)
    provider.claims = {}
    entered_at = client.get("/sas/retour/", provider.answer(asked_again["Location"]))
    assertRedirects(entered_at, DOOR, fetch_redirect_response=False)


def test_signing_out_leaves_the_provider_too(client, provider, regulator):
    entered(client, provider)
    assert token_kept(client.get("/regulation/").wsgi_request)
