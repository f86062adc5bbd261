"""Roles and invitations: every write on who may do what."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db import transaction

from maillage.accounts import notifications
from maillage.accounts.models import AccountKind, Invitation, Role, RoleAssignment, User
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.cpts.models import Cpts

signer = signing.Signer(salt="accounts.invitation")


class RoleAlreadyHeld(DomainError):
    user_message = "Cette personne a déjà ce rôle dans cette CPTS."


class InvitationAlreadySent(DomainError):
    user_message = "Une invitation en cours existe déjà pour cette adresse et ce rôle."


class InvitationUnusable(DomainError):
    user_message = "Ce lien d’invitation n’est pas valable."


class InvitationExpired(InvitationUnusable):
    user_message = "Cette invitation a expiré : demandez à la CPTS de vous en envoyer une nouvelle."


class InvitationAlreadyUsed(InvitationUnusable):
    user_message = "Cette invitation a déjà servi ou a été retirée."


class NotTheInvitedAccount(InvitationUnusable):
    user_message = "Cette invitation est destinée à une autre adresse : déconnectez-vous, puis rouvrez le lien."


class LastCoordinator(DomainError):
    user_message = "Une CPTS garde au moins une personne à la coordination : nommez-en une autre d’abord."


class AddressTaken(DomainError):
    user_message = "Un compte existe déjà à cette adresse."


@transaction.atomic
def create_administrator(*, email: str, given_name: str, family_name: str, at: datetime) -> User:
    """The account that runs an instance, without a password yet. Raises AddressTaken."""
    if User.objects.filter(email__iexact=email, kind=AccountKind.PASSWORD).exists():
        raise AddressTaken
    user = User.objects.create_user(email, given_name=given_name, family_name=family_name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    assignment = RoleAssignment.objects.create(user=user, role=Role.INSTANCE_ADMIN, created_at=at)
    summary = f"Administration de l’instance confiée à {user}"
    audit.record("role.granted", target=assignment, by=None, at=at, summary=summary)
    return user


@transaction.atomic
def grant_role(*, user: User, role: Role, cpts: Cpts, by: User, at: datetime) -> RoleAssignment:
    """Give a role on a CPTS. Raises RoleAlreadyHeld."""
    assignment, created = RoleAssignment.objects.get_or_create(
        user=user, role=role, cpts=cpts, defaults={"created_at": at}
    )
    if not created:
        raise RoleAlreadyHeld
    summary = f"Rôle « {role.label} » donné à {user}"
    audit.record("role.granted", target=assignment, by=by, at=at, cpts=cpts, summary=summary)
    return assignment


@transaction.atomic
def withdraw_role(*, assignment: RoleAssignment, by: User, at: datetime) -> None:
    """Take a role back. Raises LastCoordinator rather than leave a CPTS with nobody."""
    cpts = assignment.cpts
    assert cpts
    # Lock before the count: two coordinators may withdraw each other within the same second.
    held = RoleAssignment.objects.select_for_update().of(cpts).filter(role=Role.COORDINATOR)
    coordinators = {one.pk for one in held}
    if coordinators == {assignment.pk}:
        raise LastCoordinator
    summary = f"Rôle « {assignment.get_role_display()} » retiré à {assignment.user}"
    audit.record("role.withdrawn", target=assignment, by=by, at=at, cpts=cpts, summary=summary)
    assignment.delete()


@transaction.atomic
def invite(*, cpts: Cpts, email: str, role: Role, by: User, at: datetime) -> Invitation:
    """Offer a role by mail, with a link that expires. Raises RoleAlreadyHeld or InvitationAlreadySent."""
    email = email.strip().lower()
    if RoleAssignment.objects.of(cpts).filter(role=role, user__email__iexact=email).exists():
        raise RoleAlreadyHeld
    pending = Invitation.objects.filter(cpts=cpts, email=email, role=role, accepted_at=None, withdrawn_at=None)
    if pending.filter(expires_at__gt=at).exists():
        raise InvitationAlreadySent
    invitation = Invitation.objects.create(
        cpts=cpts,
        email=email,
        role=role,
        invited_by=by,
        created_at=at,
        expires_at=at + timedelta(days=settings.INVITATION_DAYS),
    )
    summary = f"Invitation envoyée à {email} pour le rôle « {role.label} »"
    audit.record("invitation.sent", target=invitation, by=by, at=at, cpts=cpts, summary=summary)
    notifications.invitation_sent(invitation, token_for(invitation))
    return invitation


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: User, at: datetime) -> None:
    """Make the link useless. Raises InvitationAlreadyUsed."""
    pending = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
    if not pending.update(withdrawn_at=at):
        raise InvitationAlreadyUsed
    summary = f"Invitation de {invitation.email} retirée"
    audit.record("invitation.withdrawn", target=invitation, by=by, at=at, cpts=invitation.cpts, summary=summary)


def token_for(invitation: Invitation) -> str:
    """What the link carries: the public uuid and a signature, nothing personal."""
    return signer.sign(invitation.uuid.hex)


def read_token(token: str, *, at: datetime) -> Invitation:
    """The invitation behind a link. Raises InvitationUnusable or one of its kinds."""
    try:
        uuid = signer.unsign(token)
        invitation = Invitation.objects.select_related("cpts__departement", "invited_by").get(uuid=uuid)
    except (signing.BadSignature, Invitation.DoesNotExist) as error:
        raise InvitationUnusable from error
    if invitation.accepted_at or invitation.withdrawn_at:
        raise InvitationAlreadyUsed
    if invitation.expires_at <= at:
        raise InvitationExpired
    return invitation


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User, at: datetime) -> None:
    """Take the role offered, once. Raises NotTheInvitedAccount or InvitationAlreadyUsed."""
    if user.email.lower() != invitation.email.lower():
        raise NotTheInvitedAccount
    pending = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
    if not pending.update(accepted_at=at):
        raise InvitationAlreadyUsed
    RoleAssignment.objects.get_or_create(
        user=user, role=invitation.role, cpts=invitation.cpts, defaults={"created_at": at}
    )
    summary = f"Invitation acceptée par {user} : {invitation.get_role_display()}"
    audit.record("invitation.accepted", target=invitation, by=user, at=at, cpts=invitation.cpts, summary=summary)


@transaction.atomic
def accept_with_new_account(
    *, invitation: Invitation, given_name: str, family_name: str, password: str, at: datetime
) -> User:
    """Make the account that the link proves the address of, then take the role."""
    user = User.objects.create_user(
        invitation.email, password, given_name=given_name, family_name=family_name, kind=AccountKind.PASSWORD
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    accept_invitation(invitation=invitation, user=user, at=at)
    return user
