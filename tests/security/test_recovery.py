"""A telephone is lost, an address changes, somebody got in: the way back, and those who would take it for another."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from maillage.accounts.actions import recoveries
from maillage.accounts.models import AccountRecovery, AddressChange, Role, Session, User
from maillage.audit.models import AuditEvent
from tests.factories import NOON, PASSWORD, CptsFactory, UserFactory
from tests.security.sign_in_steps import enrol, is_signed_in, sign_in, type_password

pytestmark = pytest.mark.django_db
HOME = "/cpts/cpts-du-bergeracois/"
ADDRESS, LOST = "/compte/adresse/", "/compte/telephone-perdu/"
CHECKED = {"document": "Passeport", "is_there": "on"}
NEW = "claire.nouvelle@exemple.invalid"


@pytest.fixture
def treasurer(cpts):
    """Somebody of the CPTS who has an application, and lost the telephone."""
    user = UserFactory(role=Role.TREASURER, on=cpts, given_name="Marc", family_name="Teyssier")
    enrol(user)
    return user


def check(client, user):
    """In person, by somebody of the team: the code that is said. Between digits its space is a no-break one."""
    page = client.post(f"{HOME}comptes/{user.uuid}/", CHECKED).content.decode()
    return re.search(r'class="code-said"><b>([\w\s]+)</b>', page).group(1)


# A lost telephone


def test_a_person_whose_telephone_is_lost_comes_back_by_their_password_and_a_code_said_in_person(
    client, coordinator, treasurer
):
    client.force_login(coordinator)
    code = check(client, treasurer)
    told = mail.outbox[-1]
    assert told.to == [treasurer.email]
    assert "Claire Aubert" in told.body
    assert code.replace(" ", "") not in told.body
    phone, elsewhere = Client(), Client()
    elsewhere.force_login(treasurer)
    assertRedirects(type_password(phone, treasurer), "/compte/2fa/authenticate/")
    assertContains(phone.get("/compte/2fa/authenticate/"), LOST)
    assertContains(phone.get(LOST), "En personne")
    phone.post(LOST, {"code": code.lower()})
    assert is_signed_in(phone)
    assert not is_signed_in(elsewhere)
    assert not Authenticator.objects.filter(user=treasurer).exists()
    # Nothing opens before a new factor is set up; and the code does not serve again.
    assert phone.get(HOME)["Location"].startswith("/compte/protection/")
    assert AccountRecovery.objects.get().used_at is not None
    assert {"recovery.checked", "recovery.used"} <= set(AuditEvent.objects.values_list("type", flat=True))
    assert mail.outbox[-1].subject == "Votre compte a été repris"
    enrol(treasurer)
    again = Client()
    type_password(again, treasurer)
    assertContains(again.post(LOST, {"code": code}), "pas le bon")


def test_the_code_alone_opens_nothing(client, coordinator, treasurer):
    client.force_login(coordinator)
    code = check(client, treasurer)
    thief = Client()
    assertRedirects(thief.post(LOST, {"code": code}), "/compte/login/")
    type_password(thief, treasurer, "autre chose encore")
    assertRedirects(thief.post(LOST, {"code": code}), "/compte/login/")
    assert not is_signed_in(thief)


def test_the_code_of_somebody_does_not_serve_another(client, coordinator, treasurer, cpts):
    other = UserFactory(role=Role.SECRETARY, on=cpts)
    enrol(other)
    client.force_login(coordinator)
    code = check(client, treasurer)
    browser = Client()
    type_password(browser, other)
    assertContains(browser.post(LOST, {"code": code}), "pas le bon")
    assert not is_signed_in(browser)


def test_the_code_is_not_guessed_and_expires(client, coordinator, treasurer, monkeypatch):
    client.force_login(coordinator)
    code = check(client, treasurer)
    thief = Client()
    type_password(thief, treasurer)
    for number in range(5):
        thief.post(LOST, {"code": f"FAUX000{number}"})
    assertContains(thief.post(LOST, {"code": code}), "pas le bon")
    code = check(client, treasurer)
    later = timezone.now() + timedelta(minutes=16)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    type_password(thief, treasurer)
    assertContains(thief.post(LOST, {"code": code}), "pas le bon")
    assert not is_signed_in(thief)


def test_nobody_checks_themselves_nor_somebody_of_another_cpts(client, coordinator, stranger, treasurer):
    enrol(coordinator)
    client.force_login(coordinator)
    assertContains(client.post(f"{HOME}comptes/{coordinator.uuid}/", CHECKED), "propre identité")
    assert client.post(f"{HOME}comptes/{stranger.uuid}/", CHECKED).status_code == 404
    client.force_login(stranger)
    assert client.post(f"/cpts/cpts-voisine/comptes/{treasurer.uuid}/", CHECKED).status_code == 404
    assert not AccountRecovery.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        AccountRecovery.objects.create(
            user=treasurer,
            checked_by=treasurer,
            checked_by_name="x",
            document="x",
            digest="x",
            created_at=NOON,
            expires_at=NOON,
        )


def test_the_administrator_cannot_enter_as_somebody(client, treasurer, coordinator):
    admin = UserFactory(role=Role.INSTANCE_ADMIN)
    client.force_login(admin)
    # A member of a CPTS is checked by the CPTS.
    assertContains(client.post(f"/instance/comptes/{treasurer.uuid}/", CHECKED), "sa CPTS vérifie qui le demande")
    institution = UserFactory(role=Role.ARS_INSTRUCTOR, on={"region_id": "75"})
    enrol(institution)
    page = client.post(f"/instance/comptes/{institution.uuid}/", CHECKED).content.decode()
    code = re.search(r'class="code-said"><b>([\w\s]+)</b>', page).group(1)
    # Who checked has no password: neither the code nor the screens of the administrator open the account.
    browser = Client()
    type_password(browser, institution, "devinons un peu")
    assertRedirects(browser.post(LOST, {"code": code}), "/compte/login/")
    assertContains(client.post(f"/instance/comptes/{admin.uuid}/", CHECKED), "propre identité")


def test_a_cpts_that_a_stranger_founded_gives_no_code_for_those_it_invites(client, treasurer, communes):
    founder = UserFactory()
    own = CptsFactory(name="CPTS d’un inconnu", slug="cpts-inconnue", approval="waiting")
    for user, role in ((founder, Role.COORDINATOR), (treasurer, Role.MEMBER)):
        user.assignments.create(role=role, cpts=own, created_at=NOON)
    client.force_login(founder)
    assertContains(client.post(f"/cpts/{own.slug}/comptes/{treasurer.uuid}/", CHECKED), "attend son approbation")
    assert not AccountRecovery.objects.exists()


def test_an_institution_is_not_checked_by_a_cpts(client, coordinator, cpts):
    both = UserFactory(role=Role.ARS_INSTRUCTOR, on={"region_id": "75"})
    both.assignments.create(role=Role.MEMBER, cpts=cpts, created_at=NOON)
    client.force_login(coordinator)
    assertContains(client.post(f"{HOME}comptes/{both.uuid}/", CHECKED), "ne relève pas de vous")


def test_a_code_made_again_replaces_the_first(client, coordinator, treasurer):
    client.force_login(coordinator)
    first, second = check(client, treasurer), check(client, treasurer)
    with pytest.raises(recoveries.RecoveryRefused):
        recoveries.use_recovery(user=treasurer, text=first, at=timezone.now())
    recoveries.use_recovery(user=treasurer, text=second, at=timezone.now())


# An address


def code_sent_to(address):
    message = next(message for message in reversed(mail.outbox) if message.to == [address])
    return re.search(r": (\w{8})$", message.body, re.MULTILINE).group(1)


def link_told_to(address):
    message = next(message for message in reversed(mail.outbox) if message.to == [address])
    return re.search(r"https?://[^/]+(/compte/pas-moi/\S+)", message.body).group(1)


def test_an_address_is_proved_before_it_replaces_the_old_one_which_is_warned(client, coordinator):
    old = coordinator.email
    client.force_login(coordinator)
    assertRedirects(client.post(ADDRESS, {"email": NEW.upper()}), f"{ADDRESS}code/")
    coordinator.refresh_from_db()
    assert coordinator.email == old
    assert "Rien n’a encore changé" in next(m for m in reversed(mail.outbox) if m.to == [old]).body
    assertContains(client.post(f"{ADDRESS}code/", {"code": "FAUXFAUX"}), "pas le bon")
    client.post(f"{ADDRESS}code/", {"code": code_sent_to(NEW)})
    coordinator.refresh_from_db()
    assert coordinator.email == NEW
    assert list(EmailAddress.objects.filter(user=coordinator).values_list("email", "verified")) == [(NEW, True)]
    assert mail.outbox[-1].to == [old]
    assert coordinator.assignments.count() == 1


def test_the_old_address_undoes_it_and_shuts_everything(client, coordinator):
    old = coordinator.email
    thief = client
    thief.force_login(coordinator)
    thief.post(ADDRESS, {"email": NEW})
    thief.post(f"{ADDRESS}code/", {"code": code_sent_to(NEW)})
    enrol(coordinator)  # the thief's telephone
    link = link_told_to(old)
    owner = Client()
    assertContains(owner.get(link), "Ce n’est pas moi")
    assert User.objects.get(pk=coordinator.pk).email == NEW
    assertContains(owner.post(link), "Tout est fermé")
    coordinator.refresh_from_db()
    assert coordinator.email == old
    assert not coordinator.has_usable_password()
    assert not Authenticator.objects.exists()
    assert not Session.objects.filter(user=coordinator).exists()
    assert owner.get(link).status_code == 410
    # The person is back by their own mailbox.
    owner.post("/compte/password/reset/", {"email": old})
    assert "/compte/password/reset/" in mail.outbox[-1].body


def test_a_request_that_was_not_confirmed_is_undone_too(client, coordinator):
    old = coordinator.email
    client.force_login(coordinator)
    client.post(ADDRESS, {"email": NEW})
    code = code_sent_to(NEW)
    Client().post(link_told_to(old))
    coordinator.refresh_from_db()
    client.force_login(coordinator)
    assertContains(client.post(f"{ADDRESS}code/", {"code": code}), "pas le bon")
    assert User.objects.get(pk=coordinator.pk).email == old


def test_an_address_that_has_an_account_is_not_taken_and_nothing_tells_it_has(client, coordinator, member):
    client.force_login(coordinator)
    assertRedirects(client.post(ADDRESS, {"email": member.email}), f"{ADDRESS}code/")
    assert all(message.to != [member.email] for message in mail.outbox)
    assertContains(client.post(f"{ADDRESS}code/", {"code": "AAAAAAAA"}), "pas le bon")


def test_codes_of_an_address_are_not_guessed_and_changes_are_not_a_flood(client, coordinator):
    client.force_login(coordinator)
    client.post(ADDRESS, {"email": NEW})
    for number in range(5):
        client.post(f"{ADDRESS}code/", {"code": f"FAUX000{number}"})
    assertContains(client.post(f"{ADDRESS}code/", {"code": code_sent_to(NEW)}), "pas le bon")
    for number in range(4):
        client.post(ADDRESS, {"email": f"{number}@exemple.invalid"})
    assert client.post(ADDRESS, {"email": "encore@exemple.invalid"}).status_code == 429
    assert AddressChange.objects.count() == 5


@pytest.mark.parametrize("token", ["x", "account:zz", "change:00000000000000000000000000000000:1:sig"])
def test_a_forged_not_me_link_shuts_nothing(client, coordinator, token):
    assert client.post(f"/compte/pas-moi/{token}/").status_code == 410
    assert User.objects.get(pk=coordinator.pk).has_usable_password()


def test_the_addresses_page_of_allauth_leads_to_ours(client, member):
    client.force_login(member)
    assertRedirects(client.get("/compte/email/"), ADDRESS)
    assert client.post("/compte/email/", {"action_add": "", "email": NEW}).status_code in {301, 302, 405}
    assert EmailAddress.objects.filter(user=member).count() == 1


# A new device


def test_a_new_device_is_told_once_and_shut_from_the_mail(client, coordinator):
    User.objects.filter(pk=coordinator.pk).update(created_at=timezone.now() - timedelta(days=30))
    enrol(coordinator)
    Authenticator.objects.update(created_at=timezone.now() - timedelta(days=30))
    sign_in(client, coordinator)
    told = [message for message in mail.outbox if message.subject == "Nouvelle connexion à votre compte"]
    assert [message.to for message in told] == [[coordinator.email]]
    client.post("/compte/logout/")
    Authenticator.objects.update(last_used_at=None)
    client.force_login(coordinator)
    assert len([m for m in mail.outbox if m.subject == told[0].subject]) == 1
    Client().post(link_told_to(coordinator.email))
    assert not is_signed_in(client)
    type_password(client, coordinator, PASSWORD)
    assert not is_signed_in(client)


# Who signs in by what


def test_accounts_are_listed_by_what_they_sign_in_with(client, cpts, coordinator, treasurer, member, stranger):
    client.force_login(coordinator)
    page = client.get(f"{HOME}comptes/")
    assertContains(page, "Marc Teyssier")
    assertNotContains(page, stranger.email)
    text = page.content.decode().replace("\xa0", " ")
    assert "Mot de passe seul : 2" in text
    assert "Application d’authentification : 1" in text
    only = client.get(f"{HOME}comptes/?moyen=totp")
    assertContains(only, "Marc Teyssier")
    assertNotContains(only, member.email)
    file = client.get(f"{HOME}comptes/homologation.md")
    assert file["Content-Disposition"].startswith("attachment")
    text = file.content.decode()
    assert "| Application d’authentification | deux" in text
    assert "CPTS du Bergeracois" in text
    assert "&" not in text
    client.force_login(UserFactory(role=Role.INSTANCE_ADMIN))
    assertContains(client.get("/instance/comptes/"), stranger.email)
    assert client.get("/instance/comptes/homologation.md").status_code == 200
