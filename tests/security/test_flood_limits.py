"""Public forms, links, invitations, imports and machines, asked again and again by somebody who has the time."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains

from maillage.accounts.actions import invite, token_for
from maillage.accounts.models import Invitation, Role
from maillage.core.models import LimitRefusal
from maillage.cpts.models import Cpts
from maillage.exchange.models import OutgoingMail
from maillage.meetings.models import SigninCode
from maillage.meetings.rules.signin import code_at
from maillage.members.models import Membership, SpreadsheetImport
from tests.factories import NOON, MeetingFactory, MembershipFactory, UserFactory

ROBOT, VISITOR = "203.0.113.9", "192.0.2.1"
HOUR = timedelta(hours=1)
JOIN = {
    "family_name": "Castagné",
    "given_name": "Louise",
    "occupation": "Sage-femme",
    "commune": "Bergerac",
    "phone": "05 36 49 00 17",
    "message": "Bonjour",
}


def flood(client, url, times, fields, addresses=ROBOT):
    """Answers to so many posts, each with an address of its own."""
    pages = []
    for number in range(times):
        address = addresses if isinstance(addresses, str) else addresses(number)
        home = address.replace(":", "-")
        data = fields | {"email": f"{number}@r{home}.exemple.invalid"}
        pages.append(client.post(url, data, REMOTE_ADDR=address))
    return pages


def test_a_flooded_form_is_shut_for_its_network_alone(cpts):
    url = reverse("members:join", args=[cpts.slug])
    pages = flood(Client(), url, 45, JOIN)
    assert [page.status_code for page in pages] == [302] * 40 + [429] * 5
    assertContains(pages[-1], "réessayez dans", status_code=429)
    assertContains(pages[-1], "44@r203.0.113.9.exemple.invalid", status_code=429)
    assertContains(pages[-1], "Castagné", status_code=429)
    assert flood(Client(), url, 1, JOIN, VISITOR)[0].status_code == 302
    assert Membership.objects.of(cpts).count() == 41


def test_the_form_of_another_cpts_stays_open_even_for_that_network(cpts, neighbour):
    flood(Client(), reverse("members:join", args=[cpts.slug]), 41, JOIN)
    assert flood(Client(), reverse("members:join", args=[neighbour.slug]), 1, JOIN)[0].status_code == 302


def test_an_ipv6_subscriber_does_not_flood_from_all_their_networks(cpts, settings):
    settings.LIMITS = {"join-block": "10/86400"}
    url = reverse("members:join", args=[cpts.slug])
    pages = flood(Client(), url, 12, JOIN, lambda number: f"2001:db8:1:{number:x}:0:0:0:1")
    assert [page.status_code for page in pages] == [302] * 10 + [429] * 2


def test_an_open_meeting_that_is_flooded_still_takes_others(cpts):
    day = timezone.now() + timedelta(days=9)
    meeting = MeetingFactory(cpts=cpts, is_open=True, starts_at=day, ends_at=day + HOUR)
    url = reverse("meetings:public", args=[cpts.slug, meeting.uuid])
    pages = flood(Client(), url, 42, {"name": "Robot"})
    assert [page.status_code for page in pages] == [200] * 40 + [429] * 2
    assert meeting.participants.count() == 40
    flood(Client(), url, 1, {"name": "Eve"}, VISITOR)
    assert meeting.participants.filter(name="Eve").exists()


@pytest.fixture
def at_the_wall(cpts, settings):
    """A meeting going on, open to all, and the address of the code on its wall."""
    now = timezone.now()
    meeting = MeetingFactory(cpts=cpts, is_open=True, starts_at=now, ends_at=now + HOUR)
    code = code_at(settings.SECRET_KEY, meeting.uuid.hex, now)
    return meeting, reverse("meetings:sign", args=[meeting.uuid, code])


def test_somebody_at_the_wall_does_not_have_strangers_written_to_without_end(at_the_wall, settings):
    settings.LIMITS = {"walk-ins": "5/900"}
    meeting, url = at_the_wall
    pages = flood(Client(), url, 8, {"do": "send", "name": "Robot"})
    assert {page.status_code for page in pages} == {200}, "nothing tells who was expected"
    assert SigninCode.objects.filter(meeting=meeting).count() == 5
    flood(Client(), url, 1, {"do": "send", "name": "Eve"}, VISITOR)
    assert SigninCode.objects.filter(meeting=meeting).count() == 6


def test_codes_of_the_wall_are_not_tried_one_after_the_other(at_the_wall, settings):
    settings.LIMITS = {"wall-codes": "5/900"}
    _, url = at_the_wall
    pages = flood(Client(), url, 7, {"do": "code", "code": "123456"})
    assert [page.status_code for page in pages] == [200] * 5 + [429] * 2


@pytest.mark.parametrize("route", ["/invitation/{}/", "/r/{}/", "/demande/{}/", "/places/{}/", "/rdv/1/{}/"])
def test_links_are_not_guessed_and_a_link_that_holds_still_opens(route, cpts, coordinator, settings):
    settings.LIMITS = {"links": "5/900"}
    robot = Client()
    answers = [robot.get(route.format(f"jeton{number}"), REMOTE_ADDR=ROBOT) for number in range(7)]
    assert [answer.status_code for answer in answers] == [410] * 5 + [429] * 2
    assertContains(answers[-1], "réessayez dans 15 minutes", status_code=429)
    invitation = invite(cpts=cpts, email="eve@exemple.invalid", role=Role.MEMBER, by=coordinator, at=timezone.now())
    held = f"/invitation/{token_for(invitation)}/"
    assert robot.get(held, REMOTE_ADDR=ROBOT).status_code == 200


def test_an_account_does_not_invite_without_end(client, cpts, coordinator, settings):
    settings.LIMITS = {"invitations": "5/86400"}
    client.force_login(coordinator)
    url = reverse("accounts:team", args=[cpts.slug])
    pages = flood(client, url, 7, {"role": "member"})
    assert [page.status_code for page in pages] == [302] * 5 + [429] * 2
    assertContains(pages[-1], "6@r203.0.113.9.exemple.invalid", status_code=429)
    assertContains(pages[-1], "réessayez dans 24 heures", status_code=429)
    assert Invitation.objects.count() == 5


def test_an_invitation_that_is_refused_costs_nothing(client, cpts, coordinator, settings):
    settings.LIMITS = {"invitations": "2/86400"}
    client.force_login(coordinator)
    url = reverse("accounts:team", args=[cpts.slug])
    for _ in range(3):
        client.post(url, {"role": "member", "email": "a@exemple.invalid"})
    client.post(url, {"role": "member", "email": "b@exemple.invalid"})
    assert Invitation.objects.count() == 2


def test_an_account_does_not_import_without_end(client, cpts, coordinator, settings):
    settings.LIMITS = {"imports": "3/3600"}
    client.force_login(coordinator)
    url = reverse("members:imports", args=[cpts.slug])
    sheets = [SimpleUploadedFile("m.csv", b"Nom;Mail\nUn;u@exemple.invalid\n") for _ in range(5)]
    statuses = [client.post(url, {"file": sheet}).status_code for sheet in sheets]
    assert statuses[3:] == [429] * 2
    assert SpreadsheetImport.objects.count() == 3


def test_an_account_does_not_write_to_a_whole_meeting_again_and_again(client, cpts, coordinator, settings):
    settings.LIMITS = {"mailings": "3/3600"}
    client.force_login(coordinator)
    day = timezone.now() + timedelta(days=9)
    meeting = MeetingFactory(cpts=cpts, starts_at=day, ends_at=day + HOUR)
    url = reverse("meetings:remind", args=[cpts.slug, meeting.uuid])
    answers = [client.post(url) for _ in range(5)]
    assert [answer.status_code for answer in answers[:3]] == [302] * 3
    assert LimitRefusal.objects.get(name="mailings").count == 2


def test_twenty_cpts_are_not_founded_by_one_stranger_under_as_many_accounts(communes):
    url = reverse("territory:found")
    statuses = []
    for number in range(8):
        stranger = Client()
        stranger.force_login(UserFactory())
        name = f"CPTS inventée numéro {number}"
        fields = {"name": name, "confirmed": name, "departement": "24"}
        statuses.append(stranger.post(url, fields, REMOTE_ADDR=ROBOT).status_code)
    assert statuses == [302] * 5 + [429] * 3
    assert Cpts.objects.count() == 5
    again = {"name": "CPTS de trop", "confirmed": "CPTS de trop", "departement": "24"}
    assert stranger.post(url, again, REMOTE_ADDR=VISITOR).status_code == 302


# Machines


@pytest.fixture
def _machines(settings):
    settings.LIMITS = {"fhir-certificate": "100/60", "fhir-network": "100/60", "json-searches": "40/60"}


SUBJECT = "CN=sas.esante.gouv.fr,OU=318751275100020"


@pytest.mark.usefixtures("_machines")
def test_the_sas_has_a_ceiling_by_certificate(db, settings):
    settings.SAS_CERTIFICATE_REQUIRED = True
    settings.SAS_CERTIFICATE_CN, settings.SAS_CERTIFICATE_OU = ["sas.esante.gouv.fr"], ["318751275100020"]
    shown = {"HTTP_X_SSL_CLIENT_VERIFY": "SUCCESS", "HTTP_X_SSL_CLIENT_SUBJECT": SUBJECT}
    answers = [Client().get("/fhir/sas/metadata", **shown) for _ in range(102)]
    assert [answer.status_code for answer in answers] == [200] * 100 + [429] * 2
    issue = answers[-1].json()
    assert (issue["resourceType"], issue["issue"][0]["code"]) == ("OperationOutcome", "throttled")
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    without = Client().get("/fhir/sas/metadata")
    assert without.status_code == 403, "who shows no certificate spends nothing of those who do"


@pytest.mark.usefixtures("_machines")
def test_private_agendas_have_a_ceiling_by_network(db):
    url = f"/fhir/agenda/{uuid.uuid4()}/Slot"
    answers = [Client().get(url, REMOTE_ADDR=ROBOT).status_code for _ in range(102)]
    assert answers == [answers[0]] * 100 + [429] * 2
    assert Client().get(url, REMOTE_ADDR=VISITOR).status_code == answers[0]


@pytest.mark.usefixtures("_machines")
def test_a_software_does_not_search_without_end(client, cpts, coordinator):
    client.force_login(coordinator)
    url = reverse("unscheduled_care:desk_json", args=[cpts.slug])
    answers = [client.get(url) for _ in range(42)]
    assert [answer.status_code for answer in answers] == [200] * 40 + [429] * 2
    assert "réessayez" in answers[-1].json()["error"]
    assert int(answers[-1]["Retry-After"]) > 0


def test_a_fragment_is_refused_in_the_zone_of_messages(client, cpts, coordinator, settings):
    settings.LIMITS = {"links": "1/900"}
    for _ in range(2):
        page = client.get("/r/jeton/", headers={"HX-Request": "true"}, REMOTE_ADDR=ROBOT)
    assert (page.status_code, page["HX-Retarget"], page["HX-Reswap"]) == (429, "#toasts", "innerHTML")
    assertContains(page, 'role="alert"', status_code=429)


# Whoever holds an invitation learns nothing by the clock


def test_an_invitation_is_accepted_with_the_same_work_whether_the_address_is_known(cpts, coordinator, monkeypatch):
    hashed = []
    encode = "django.contrib.auth.hashers.MD5PasswordHasher.encode"
    from django.contrib.auth.hashers import MD5PasswordHasher  # noqa: PLC0415

    plain = MD5PasswordHasher.encode
    monkeypatch.setattr(encode, lambda self, password, salt: hashed.append(1) or plain(self, password, salt))
    counts = []
    UserFactory(email="connue@exemple.invalid")
    for email in ("connue@exemple.invalid", "inconnue@exemple.invalid"):
        invitation = invite(cpts=cpts, email=email, role=Role.MEMBER, by=coordinator, at=NOON)
        Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() + HOUR)
        hashed.clear()
        fields = {"given_name": "Eve", "family_name": "Essai", "password": "une phrase assez neuve"}
        Client().post(f"/invitation/{token_for(invitation)}/", fields)
        counts.append(len(hashed))
    assert counts == [1, 1]


def ask_address(client, membership, email):
    membership.refresh_from_db()
    typed = {"kind": "person", "family_name": membership.family_name, "email": email, "version": membership.version}
    return client.post(reverse("members:edit", args=[membership.cpts.slug, membership.uuid]), typed)


def test_a_team_does_not_flood_two_mailboxes_by_changing_an_address(client, cpts, coordinator, settings):
    settings.EMAIL_BACKEND = "maillage.exchange.backends.JournalBackend"
    membership = MembershipFactory(cpts=cpts, email="vraie@exemple.invalid", family_name="Mas")
    client.force_login(coordinator)
    pages = [ask_address(client, membership, f"cible{number % 2}@exemple.invalid") for number in range(6)]
    assert [page.status_code for page in pages] == [302] * 3 + [429] * 3
    assertContains(pages[-1], "réessayez dans 24 heures", status_code=429)
    assertContains(pages[-1], "cible1@exemple.invalid", status_code=429)
    assert OutgoingMail.objects.filter(recipient="vraie@exemple.invalid").count() == 3
    assert OutgoingMail.objects.filter(recipient__startswith="cible").count() == 3


def test_nor_by_changing_those_of_many_members(client, cpts, coordinator, settings):
    settings.LIMITS = {"member-addresses-account": "2/86400"}
    settings.EMAIL_BACKEND = "maillage.exchange.backends.JournalBackend"
    client.force_login(coordinator)
    members = [MembershipFactory(cpts=cpts, email=f"{number}@exemple.invalid") for number in range(3)]
    pages = [ask_address(client, member, "cible@exemple.invalid") for member in members]
    assert [page.status_code for page in pages] == [302, 302, 429]
    assert OutgoingMail.objects.filter(recipient="cible@exemple.invalid").count() == 2
