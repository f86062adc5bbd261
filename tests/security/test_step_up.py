"""A session left open on a desk: what is sensitive asks again who is there, and loses nothing of what was typed."""

import html
import re
import time

import pytest
from django.test import Client
from django.urls import get_resolver
from pytest_django.asserts import assertContains, assertRedirects

from maillage.accounts.models import Invitation, Role
from maillage.members.actions import apply_import, start_import
from maillage.members.models import Membership
from tests.factories import NOON, PASSWORD, MembershipFactory, UserFactory
from tests.security.sign_in_steps import code_of, enrol, secret_of
from tests.test_urls import ADDRESSES

pytestmark = pytest.mark.django_db
HOME = "/cpts/cpts-du-bergeracois/"
TEAM = f"{HOME}equipe/"

# By hand: patients, money, votes, members as a whole, roles, addresses, erasing, the whole instance.
SENSITIVE = {
    "members:list",
    "members:leave",
    "members:merge",
    "unscheduled_care:appointments",
    "unscheduled_care:requests",
    "exchange:journal",
    "aci:simulation",
    "meetings:journal",
    "portal:make_backup",
    "accounts:team",
    "accounts:withdraw_role",
    "accounts:audit",
    "accounts:resume",
    "accounts:address",
    "accounts:address_code",
    "accounts:psc_link",
    "accounts:psc_unlink",
    "accounts:check_in_person",
    "accounts:check_for_instance",
    "oversight:approval",
    "oversight:settle_number",
    "oversight:settle_membership",
    "account_set_password",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_add_webauthn",
    "mfa_remove_webauthn",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "members:check_in_person",
    "members:claim",
    "members:contest",
    "members:contest_number",
    "meetings:lend",
    "meetings:signing",
    "meetings:votes",
    "meetings:withdraw_proxy",
    "meetings:act",
    "meetings:hands",
    "meetings:sheet",
    "meetings:rules",
    "meetings:close",
    "meetings:minutes",
    "meetings:withdraw",
    "members:mandates",
    "members:end_mandate",
    "members:colleges",
    "members:remove_college",
    "members:add_fee",
    "members:cancel_fee",
    "members:import",
    "members:take_back",
    "unscheduled_care:how",
    "unscheduled_care:places",
    "unscheduled_care:place",
}


def grow_old(client, minutes=60):
    """The last proof of this session is that old."""
    session = client.session
    session["account_authentication_methods"] = [
        record | {"at": time.time() - minutes * 60} for record in session["account_authentication_methods"]
    ]
    session.save()


@pytest.fixture
def desk(client, coordinator):
    """A coordinator who has an application, and who left an hour ago."""
    enrol(coordinator)
    client.force_login(coordinator)
    grow_old(client)
    return client


def test_what_asks_for_a_fresh_proof_is_this():
    assert get_resolver()
    assert {name for name, pattern in ADDRESSES if getattr(pattern.callback, "demands_fresh_proof", False)} >= SENSITIVE


@pytest.mark.parametrize(
    "path",
    [
        f"{HOME}membres/?format=csv",
        f"{HOME}membres/?format=pdf",
        f"{HOME}soins/rendez-vous/?format=xlsx",
        f"{HOME}journal/?format=csv",
        f"{HOME}messages/?format=csv",
        f"{HOME}financement/?format=xlsx",
    ],
)
def test_a_passer_by_takes_no_file_away(desk, path, cpts):
    response = desk.get(path)
    assert response.status_code == 302, path
    assert response["Location"].startswith("/compte/2fa/reauthenticate/?next=")
    assert desk.get(path.partition("?")[0]).status_code == 200


def test_the_person_gives_a_code_and_gets_the_file(desk, coordinator, cpts):
    asked = desk.get(f"{HOME}membres/?format=csv")["Location"]
    assertContains(desk.get(asked), "Confirmez que c’est vous")
    response = desk.post(asked, {"code": code_of(secret_of(coordinator)), "next": f"{HOME}membres/?format=csv"})
    assertRedirects(response, f"{HOME}membres/?format=csv", fetch_redirect_response=False)
    assert desk.get(f"{HOME}membres/?format=csv")["Content-Type"].startswith("text/csv")


def test_a_password_does_not_do_where_a_code_opened_the_session(desk, coordinator):
    response = desk.post("/compte/reauthenticate/", {"password": PASSWORD})
    assert response["Location"].startswith("/compte/2fa/reauthenticate/")
    assert desk.get(f"{HOME}membres/?format=csv").status_code == 302


def test_a_wrong_code_gives_nothing_and_is_counted(desk):
    for number in range(8):
        desk.post("/compte/2fa/reauthenticate/", {"code": f"00000{number}"})
    assert desk.post("/compte/2fa/reauthenticate/", {"code": "000009"}).status_code == 429
    assert desk.get(f"{HOME}membres/?format=csv").status_code == 302


def test_what_was_typed_is_kept_sealed_and_sent_by_a_press(desk, coordinator, cpts):
    typed = {"email": "recrue@exemple.invalid", "role": "member"}
    asked = desk.post(TEAM, typed)["Location"]
    assert not Invitation.objects.exists()
    assert "recrue" not in str(dict(desk.session))
    back = re.search(r"next=([^&]+)", asked).group(1).replace("%2F", "/")
    response = desk.post(asked, {"code": code_of(secret_of(coordinator)), "next": back})
    assertRedirects(response, back, fetch_redirect_response=False)
    assert not Invitation.objects.exists()
    page = desk.get(back)
    assertContains(page, "recrue@exemple.invalid")
    fields = dict(re.findall(r'name="(email|role)" value="([^"]+)"', page.content.decode()))
    assert html.unescape(re.search(r'method="post" action="([^"]+)"', page.content.decode()).group(1)) != ""
    assert fields == typed
    desk.post(TEAM, fields)
    assert Invitation.objects.get().email == "recrue@exemple.invalid"


def test_what_was_held_back_is_nobody_else_s_and_is_forgotten(desk, coordinator, cpts, monkeypatch):
    asked = desk.post(TEAM, {"email": "recrue@exemple.invalid", "role": "member"})["Location"]
    back = re.search(r"next=([^&]+)", asked).group(1).replace("%2F", "/")
    other = Client()
    other.force_login(UserFactory(role=Role.PRESIDENT, on=cpts))
    assert other.get(back).status_code == 404
    desk.post(asked, {"code": code_of(secret_of(coordinator)), "next": back})
    real = time.time
    monkeypatch.setattr("maillage.accounts.signing_in.held.time.time", lambda: real() + 16 * 60)
    assert desk.get("/compte/reprendre/psc-to-link/").status_code in {302, 404}
    session = desk.session
    session["account_authentication_methods"][-1]["at"] = real() + 16 * 60
    session.save()
    assert desk.get(back).status_code == 404


def test_a_member_who_leaves_is_not_a_passer_by_s_press(desk, cpts):
    membership = MembershipFactory(cpts=cpts)
    response = desk.post(f"{HOME}membres/{membership.uuid}/depart/", {"left_on": "2026-11-23", "reason": ""})
    assert response["Location"].startswith("/compte/2fa/reauthenticate/")
    membership.refresh_from_db()
    assert membership.left_on is None


def test_an_import_is_not_undone_by_a_passer_by_s_press(desk, coordinator, cpts):
    sheet = start_import(cpts=cpts, name="m.csv", content="Nom;Prénom\nMas;Ève\n".encode(), by=coordinator, at=NOON)
    apply_import(sheet=sheet, read_version=0, by=coordinator, at=NOON)
    path = f"{HOME}membres/importer/{sheet.uuid}/"
    assert desk.get(path).status_code == 200
    assert desk.post(path, {"do": "undo"})["Location"].startswith("/compte/2fa/reauthenticate/")
    assert Membership.objects.get().family_name == "Mas"


def test_a_member_without_a_second_factor_gives_their_password_again(client, member):
    client.force_login(member, means=("password",))
    grow_old(client)
    asked = client.get(f"{HOME}membres/?format=csv")["Location"]
    assert asked.startswith("/compte/reauthenticate/")
    client.post(asked, {"password": PASSWORD, "next": f"{HOME}membres/?format=csv"})
    assert client.get(f"{HOME}membres/?format=csv").status_code == 200


def test_a_fresh_sign_in_is_a_fresh_proof(client, coordinator, cpts):
    client.force_login(coordinator)
    assert client.get(f"{HOME}membres/?format=csv").status_code == 200
    grow_old(client, minutes=9)
    assert client.get(f"{HOME}membres/?format=csv").status_code == 200
    grow_old(client, minutes=11)
    assert client.get(f"{HOME}membres/?format=csv").status_code == 302


def test_a_second_factor_is_not_taken_away_by_a_passer_by(desk, coordinator):
    assert desk.post("/compte/2fa/totp/deactivate/")["Location"].startswith("/compte/2fa/reauthenticate/")
    assert desk.get("/compte/2fa/recovery-codes/generate/")["Location"].startswith("/compte/2fa/reauthenticate/")
    assert secret_of(coordinator)
