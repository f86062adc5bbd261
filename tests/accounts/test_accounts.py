"""Accounts, sign-in, lock-out, roles and invitations."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from maillage.accounts import actions
from maillage.accounts.models import AccountKind, Invitation, Role, RoleAssignment, User
from maillage.accounts.permissions import allows, permissions_on
from maillage.aci.permissions import ACI_VIEW
from maillage.audit.models import AuditEvent
from maillage.members.permissions import MEMBER_LIST
from maillage.territory.permissions import TERRITORY_EDIT
from tests.factories import NOON, PASSWORD, CptsFactory, UserFactory

LOGIN = "/compte/login/"


def sign_in(client, email, password=PASSWORD):
    return client.post(LOGIN, {"login": email, "password": password})


def test_a_password_opens_the_account_whatever_the_case_of_the_address(client, cpts, member):
    assert sign_in(client, member.email.upper()).status_code == 302
    assert client.get("/cpts/cpts-du-bergeracois/").status_code == 200


def test_a_wrong_password_is_refused_in_french_and_keeps_the_address(client, coordinator):
    page = sign_in(client, coordinator.email, "autre chose encore").content.decode()
    assert "incorrect" in page
    assert coordinator.email in page


def test_repeated_failures_stop_the_guesser_even_with_the_right_password(client, coordinator):
    for _ in range(8):
        sign_in(client, coordinator.email, "autre chose encore")
    page = sign_in(client, coordinator.email)
    assert page.status_code == 429
    assert "Trop d’essais" in page.content.decode()


def test_an_inactive_account_stays_out(client, coordinator):
    User.objects.filter(pk=coordinator.pk).update(is_active=False)
    sign_in(client, coordinator.email)
    assert client.get("/espaces/").status_code == 302
    assert permissions_on(User.objects.get(pk=coordinator.pk), None) == frozenset()


def test_an_external_account_never_opens_with_a_password(client, coordinator):
    external = User.objects.create(kind=AccountKind.EXTERNAL, identifier="899900000001", email=coordinator.email)
    external.set_password("une autre phrase longue")
    external.save()
    assert sign_in(client, coordinator.email, "une autre phrase longue").status_code == 200


def test_an_external_account_that_is_given_a_role_may_do_nothing_by_it(cpts):
    external = User.objects.create(kind=AccountKind.EXTERNAL, identifier="899900000001")
    RoleAssignment.objects.create(user=external, role=Role.COORDINATOR, cpts=cpts, created_at=NOON)
    assert permissions_on(external, cpts) == frozenset()


def test_the_database_keeps_addresses_unique_among_password_accounts_only(coordinator):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email=coordinator.email.upper())
    User.objects.create(kind=AccountKind.EXTERNAL, identifier="8999", email=coordinator.email)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(kind=AccountKind.EXTERNAL, identifier="8999")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(kind=AccountKind.PASSWORD, email="")


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (Role.COORDINATOR, {}),
        (Role.REGULATOR, {}),
        (Role.INSTANCE_ADMIN, {"departement_id": "24"}),
        (Role.MEMBER, {"region_id": "75"}),
    ],
)
def test_the_database_refuses_a_role_on_a_scope_it_does_not_fit(communes, role, scope):
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.create(user=UserFactory(), role=role, created_at=NOON, **scope)


@pytest.mark.parametrize("scope", [{"departement_id": "24"}, {"region_id": "75"}], ids=["departement", "region"])
def test_a_role_is_held_once_on_a_scope(communes, scope):
    user = UserFactory(role=Role.REGULATOR, on=scope)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.create(user=user, role=Role.REGULATOR, created_at=NOON, **scope)


def test_one_person_coordinates_one_cpts_and_is_a_plain_member_of_the_next(cpts, neighbour):
    user = UserFactory(role=Role.COORDINATOR, on=cpts)
    RoleAssignment.objects.create(user=user, role=Role.MEMBER, cpts=neighbour, created_at=NOON)
    assert allows(user, TERRITORY_EDIT, on=cpts)
    assert not allows(user, TERRITORY_EDIT, on=neighbour)
    assert allows(user, MEMBER_LIST, on=neighbour)


@pytest.mark.parametrize(
    ("scope", "reaches"),
    [
        ({"departement_id": "24"}, True),
        ({"departement_id": "33"}, False),
        ({"region_id": "75"}, True),
        ({"region_id": "76"}, False),
    ],
)
def test_an_institution_reaches_the_cpts_of_its_territory(cpts, scope, reaches):
    user = UserFactory(role=Role.ARS_INSTRUCTOR, on=scope)
    assert allows(user, ACI_VIEW, on=cpts) is reaches


def test_the_last_coordinator_cannot_be_withdrawn(cpts, coordinator):
    with pytest.raises(actions.LastCoordinator):
        actions.withdraw_role(assignment=coordinator.assignments.get(), by=coordinator, at=NOON)
    assert coordinator.assignments.exists()
    actions.grant_role(user=UserFactory(), role=Role.COORDINATOR, cpts=cpts, by=coordinator, at=NOON)
    actions.withdraw_role(assignment=coordinator.assignments.get(), by=coordinator, at=NOON)
    assert not coordinator.assignments.exists()


def test_a_role_is_not_given_twice(cpts, coordinator):
    with pytest.raises(actions.RoleAlreadyHeld):
        actions.grant_role(user=coordinator, role=Role.COORDINATOR, cpts=cpts, by=coordinator, at=NOON)


@pytest.fixture
def invitation(cpts, coordinator):
    from django.utils import timezone  # noqa: PLC0415

    return actions.invite(
        cpts=cpts, email="Recrue@exemple.invalid", role=Role.TREASURER, by=coordinator, at=timezone.now()
    )


def link_of(invitation):
    return reverse("accounts:accept_invitation", args=[actions.token_for(invitation)])


def test_an_invitation_leaves_by_mail_with_a_link_that_names_nobody(invitation):
    (message,) = mail.outbox
    link = re.search(r"https?://\S+", message.body).group()
    assert message.to == ["recrue@exemple.invalid"]
    assert "recrue" not in link
    assert link.endswith(link_of(invitation))


def test_opening_the_link_changes_nothing_and_the_form_makes_the_account(client, invitation, cpts):
    assert client.get(link_of(invitation)).status_code == 200
    assert not User.objects.filter(email="recrue@exemple.invalid").exists()
    typed = {"given_name": "Marc", "family_name": "Recrue", "password": "quatre mots au hasard"}
    assert client.post(link_of(invitation), typed)["Location"] == "/cpts/cpts-du-bergeracois/"
    user = User.objects.get(email="recrue@exemple.invalid")
    assert user.assignments.get().role == Role.TREASURER
    assert EmailAddress.objects.get(user=user).verified
    assert AuditEvent.objects.filter(type="invitation.accepted", by_name="Marc Recrue").exists()
    assert client.get(link_of(invitation)).status_code == 410


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("court", "trop court"),
        ("123456789012345", "numérique"),
        ("motdepasse123456", None),
        ("recrue@exemple", "trop semblable"),
    ],
)
def test_weak_passwords_are_refused_beside_the_field(client, invitation, password, message):
    typed = {"given_name": "Marc", "family_name": "Recrue", "password": password}
    response = client.post(link_of(invitation), typed)
    if message is None:
        assert response.status_code == 302
    else:
        page = response.content.decode()
        assert message in page
        assert 'value="Marc"' in page


def test_somebody_signed_in_accepts_with_one_press(client, invitation):
    user = UserFactory(email="recrue@exemple.invalid")
    client.force_login(user)
    client.post(link_of(invitation))
    assert user.assignments.get().role == Role.TREASURER


def test_an_invitation_does_not_serve_another_account(client, invitation, member):
    client.force_login(member)
    response = client.post(link_of(invitation))
    assert response.status_code == 410
    assert "autre adresse" in response.content.decode()
    assert member.assignments.count() == 1


def test_an_expired_invitation_says_what_to_do(client, invitation):
    Invitation.objects.update(expires_at=NOON - timedelta(days=400))
    response = client.get(link_of(invitation))
    assert response.status_code == 410
    assert "a expiré" in response.content.decode()


@pytest.mark.parametrize("token", ["x", "0" * 32, "0" * 32 + ":signature"])
def test_a_forged_link_is_refused(client, db, token):
    assert client.get(f"/invitation/{token}/").status_code == 410


def test_an_invitation_is_accepted_once(invitation):
    user = UserFactory(email="recrue@exemple.invalid")
    actions.accept_invitation(invitation=invitation, user=user, at=NOON)
    with pytest.raises(actions.InvitationAlreadyUsed):
        actions.accept_invitation(invitation=invitation, user=user, at=NOON)
    with pytest.raises(actions.InvitationAlreadyUsed):
        actions.withdraw_invitation(invitation=invitation, by=user, at=NOON)


def test_the_team_page_invites_withdraws_and_refuses_twice(client, coordinator, cpts):
    client.force_login(coordinator)
    url = "/cpts/cpts-du-bergeracois/equipe/"
    typed = {"email": "recrue@exemple.invalid", "role": "member"}
    assert client.post(url, typed).status_code == 302
    assert "existe déjà" in client.post(url, typed).content.decode()
    assert "adresse" in client.post(url, typed | {"email": "pas une adresse"}).content.decode()
    invitation = Invitation.objects.get()
    client.post(reverse("accounts:withdraw_invitation", args=[cpts.slug, invitation.uuid]))
    assert client.get(link_of(invitation)).status_code == 410
    last = reverse("accounts:withdraw_role", args=[cpts.slug, coordinator.assignments.get().pk])
    assert "au moins une personne" in client.post(last, follow=True).content.decode()


def test_a_role_of_another_cpts_cannot_be_withdrawn_from_here(client, coordinator, stranger, cpts):
    client.force_login(coordinator)
    url = reverse("accounts:withdraw_role", args=[cpts.slug, stranger.assignments.get().pk])
    assert client.post(url).status_code == 404


CODE_PAGE = "/compte/confirm-email/"


def code_received():
    """The code of the last mail, alone on its line."""
    return re.search(r"^[A-Z\d-]{6,9}$", mail.outbox[-1].body, re.MULTILINE).group()


def test_a_holder_signs_up_confirms_the_address_then_founds_a_cpts(client, communes):
    typed = {
        "given_name": "Jeanne",
        "family_name": "Porteuse",
        "email": "jeanne@exemple.invalid",
        "password1": "quatre mots au hasard",
        "password2": "quatre mots au hasard",
    }
    assert client.post("/compte/signup/", typed).status_code == 302
    assert client.post(CODE_PAGE, {"code": "000000"}).status_code == 200
    client.post(CODE_PAGE, {"code": code_received()})
    response = client.post("/nouvelle-cpts/", {"name": "CPTS du Val", "departement": "24"})
    assert response["Location"] == "/cpts/cpts-du-val/territoire/projet/"
    assert str(User.objects.get()) == "Jeanne Porteuse"


def test_a_session_ends(client, coordinator, settings):
    sign_in(client, coordinator.email)
    assert client.session.get_expire_at_browser_close()
    assert settings.SESSION_COOKIE_AGE == 12 * 3600


def test_signing_out_asks_for_a_press(client, coordinator):
    client.force_login(coordinator)
    assert client.get("/compte/logout/").status_code == 200
    assert client.get("/espaces/").status_code == 200
    client.post("/compte/logout/")
    assert client.get("/espaces/").status_code == 302


def test_spaces_list_what_a_role_reaches(client, cpts, neighbour):
    CptsFactory(name="CPTS du Nord", departement_id="59")
    client.force_login(UserFactory(role=Role.GUICHET_AGENT, on={"region_id": "75"}))
    page = client.get("/espaces/").content.decode()
    assert "CPTS du Bergeracois" in page
    assert "CPTS voisine" in page
    assert "CPTS du Nord" not in page


def test_the_first_administrator_is_created_from_the_shell_and_chooses_a_password(client, communes):
    call_command("give_role", "instance-admin", "ada@exemple.invalid", "Ada", "Vernhes")
    link = re.search(r"https?://[^/]+(/compte/password/reset/\S+)", mail.outbox[0].body).group(1)
    form = client.get(link, follow=True)
    url = form.redirect_chain[-1][0]
    client.post(url, {"password1": "quatre mots au hasard", "password2": "quatre mots au hasard"})
    sign_in(client, "ada@exemple.invalid", "quatre mots au hasard")
    # A password alone does not run the instance: a second factor is set up first.
    assert client.get("/instance/reference/")["Location"].startswith("/compte/protection/")
    client.force_login(User.objects.get(email="ada@exemple.invalid"))
    assert client.get("/instance/reference/").status_code == 200
    with pytest.raises(CommandError, match="déjà ce rôle"):
        call_command("give_role", "instance-admin", "ADA@exemple.invalid", "Ada", "Vernhes")


def test_an_institution_gets_its_role_on_its_territory(cpts):
    call_command("give_role", "ars-instructor", "hugo@exemple.invalid", "Hugo", "Bellanger", "--region", "75")
    assert allows(User.objects.get(email="hugo@exemple.invalid"), ACI_VIEW, on=cpts)
    assert "Nouvelle-Aquitaine" in AuditEvent.objects.get(type="role.granted").summary
    for wrong, message in ((["--region", "999"], "aucun département"), ([], "ne se donne pas")):
        with pytest.raises(CommandError, match=message):
            call_command("give_role", "ars-instructor", "x@exemple.invalid", "X", "Y", *wrong)


def test_an_invitation_to_a_confirmed_secondary_address_serves_its_account(client, invitation, member):
    EmailAddress.objects.create(user=member, email="recrue@exemple.invalid", verified=True)
    assert "compte existe déjà" in client.get(link_of(invitation)).content.decode()
    client.force_login(member)
    client.post(link_of(invitation))
    assert Role.TREASURER in member.assignments.values_list("role", flat=True)


def test_an_unconfirmed_address_proves_nothing(client, invitation, member):
    EmailAddress.objects.create(user=member, email="recrue@exemple.invalid", verified=False)
    client.force_login(member)
    assert client.post(link_of(invitation)).status_code == 410


def test_an_expired_invitation_gives_its_place_to_a_new_one(invitation, coordinator, cpts):
    later = invitation.expires_at + timedelta(days=1)
    again = {"cpts": cpts, "email": invitation.email, "role": Role.TREASURER, "by": coordinator}
    with pytest.raises(actions.InvitationAlreadySent):
        actions.invite(at=invitation.created_at, **again)
    actions.invite(at=later, **again)
    invitation.refresh_from_db()
    assert invitation.withdrawn_at == later


def sign_up(client, email):
    typed = {
        "given_name": "Jeanne",
        "family_name": "Porteuse",
        "email": email,
        "password1": "quatre mots au hasard",
        "password2": "quatre mots au hasard",
    }
    return client.post("/compte/signup/", typed)


def test_the_address_of_an_external_account_can_still_sign_up(client, communes):
    User.objects.create(kind=AccountKind.EXTERNAL, identifier="899900000001", email="zoe@exemple.invalid")
    sign_up(client, "Zoe@exemple.invalid")
    assert User.objects.filter(kind=AccountKind.PASSWORD, email="zoe@exemple.invalid").count() == 1
    client.post(CODE_PAGE, {"code": code_received()})
    assert client.get("/espaces/").status_code == 200


def test_an_address_already_taken_creates_nothing_and_tells_a_stranger_nothing(client, coordinator):
    answer = sign_up(client, coordinator.email)
    assert answer.status_code == 302
    assert User.objects.filter(email=coordinator.email).count() == 1
    assert mail.outbox[-1].to == [coordinator.email]
