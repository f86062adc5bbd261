"""Roles and invitations: every write on who may do what."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from maillage.accounts import hooks, notifications
from maillage.accounts.acts import Act
from maillage.accounts.limits import INVITATIONS
from maillage.accounts.models import AccountKind, Invitation, Role, RoleAssignment, User
from maillage.accounts.permissions import MEMBER_MANAGE, TEAM_MANAGE, still_vouches
from maillage.audit import actions as audit
from maillage.core.errors import DomainError
from maillage.core.limits import spend
from maillage.cpts.models import Cpts
from maillage.geography.models import Departement, Region

signer = signing.Signer(salt="accounts.invitation")


class RoleAlreadyHeld(DomainError):
    user_message = "Cette personne a déjà ce rôle ici."


class RoleDoesNotFit(DomainError):
    user_message = (
        "Ce rôle ne se donne pas à cette échelle : CPTS par invitation, autres sur un département ou une région."
    )


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
def give_territory_role(
    *,
    email: str,
    given_name: str,
    family_name: str,
    role: Role,
    at: datetime,
    departement: Departement | None = None,
    region: Region | None = None,
    by: User | None = None,
) -> User:
    """A role on a département, a région or the instance, to an account made if need be, without a password yet.

    Raises RoleAlreadyHeld or RoleDoesNotFit.
    """
    user = account_of(email) or _create_account(email, None, given_name=given_name, family_name=family_name)
    try:
        with transaction.atomic():
            assignment = RoleAssignment.objects.create(
                user=user, role=role, departement=departement, region=region, created_at=at
            )
    except IntegrityError as error:
        held = RoleAssignment.objects.filter(user=user, role=role, departement=departement, region=region)
        raise (RoleAlreadyHeld if held.exists() else RoleDoesNotFit) from error
    summary = f"Rôle « {role.label} » sur {assignment.scope_label} donné à {user}"
    audit.record(Act.ROLE_GRANTED, target=assignment, by=by, at=at, summary=summary)
    return user


def _create_account(email: str, password: str | None, *, given_name: str, family_name: str) -> User:
    """A password account whose address is proved. Raises AddressTaken."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, given_name=given_name, family_name=family_name)
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    except IntegrityError as error:
        raise AddressTaken from error
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
    audit.record(Act.ROLE_GRANTED, target=assignment, by=by, at=at, cpts=cpts, summary=summary)
    return assignment


@transaction.atomic
def withdraw_role(*, assignment: RoleAssignment, by: User, at: datetime) -> None:
    """Take a role back. Raises LastCoordinator rather than leave a CPTS with nobody."""
    cpts = assignment.cpts
    assert cpts
    # Lock before the count: two coordinators may withdraw each other within the same second.
    held = RoleAssignment.objects.select_for_update().of(cpts).filter(role=Role.COORDINATOR)
    coordinators = {role_assignment.pk for role_assignment in held}
    if coordinators == {assignment.pk}:
        raise LastCoordinator
    summary = f"Rôle « {assignment.get_role_display()} » retiré à {assignment.user}"
    details = {"user": assignment.user_id, "role": assignment.role}  # what « ce n’est pas moi » gives back (granted)
    audit.record(Act.ROLE_WITHDRAWN, target=assignment, by=by, at=at, cpts=cpts, summary=summary, details=details)
    assignment.delete()


def suspend_membership(*, user: User, cpts: Cpts, at: datetime) -> None:
    """Whether a person is that member is contested: what being a member opens is closed meanwhile."""
    _roles_of_member(user, cpts).update(suspended_at=at)


def resume_membership(*, user: User, cpts: Cpts) -> None:
    """They are that member: what it opens is open again."""
    _roles_of_member(user, cpts).update(suspended_at=None)


def withdraw_membership(*, user: User, cpts: Cpts, by: User, at: datetime) -> None:
    """They are not, or no longer, that member."""
    for assignment in _roles_of_member(user, cpts).select_related("user", "cpts"):
        withdraw_role(assignment=assignment, by=by, at=at)


def withdraw_invitations(*, cpts: Cpts, addresses: Iterable[str], at: datetime, but: User | None = None) -> None:
    """Links to any role that were mailed to addresses that are no longer theirs, those of `but` apart."""
    pending = Invitation.objects.filter(cpts=cpts, accepted_at=None, withdrawn_at=None)
    for address in {address.lower() for address in addresses if address}:
        if but is None or account_of(address) != but:
            pending.filter(email__iexact=address).update(withdrawn_at=at)


def _roles_of_member(user: User, cpts: Cpts) -> QuerySet[RoleAssignment]:
    return RoleAssignment.objects.of(cpts).filter(user=user, role=Role.MEMBER)


@transaction.atomic
def invite(*, cpts: Cpts, email: str, role: Role, by: User, at: datetime) -> Invitation:
    """Offer a role by mail, with a link that expires. Raises RoleAlreadyHeld, InvitationAlreadySent, LimitReached."""
    spend(INVITATIONS, at=at, account=by.pk)
    email = email.strip().lower()
    if RoleAssignment.objects.of(cpts).filter(role=role, user__email__iexact=email).exists():
        raise RoleAlreadyHeld
    pending = Invitation.objects.filter(cpts=cpts, email=email, role=role, accepted_at=None, withdrawn_at=None)
    pending.filter(expires_at__lte=at).update(withdrawn_at=at)  # a new one takes the place of one that expired
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                cpts=cpts,
                email=email,
                role=role,
                invited_by=by,
                created_at=at,
                expires_at=at + timedelta(days=settings.INVITATION_DAYS),
            )
    except IntegrityError as error:
        raise InvitationAlreadySent from error
    summary = f"Invitation envoyée à {email} pour le rôle « {role.label} »"
    audit.record(Act.INVITATION_SENT, target=invitation, by=by, at=at, cpts=cpts, summary=summary)
    notifications.invitation_sent(invitation, token_for(invitation))
    return invitation


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: User, at: datetime) -> None:
    """Make the link useless. Raises InvitationAlreadyUsed."""
    pending = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
    if not pending.update(withdrawn_at=at):
        raise InvitationAlreadyUsed
    summary = f"Invitation de {invitation.email} retirée"
    audit.record(Act.INVITATION_WITHDRAWN, target=invitation, by=by, at=at, cpts=invitation.cpts, summary=summary)


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
    _check_word(invitation)
    return invitation


def _check_word(invitation: Invitation) -> None:
    """Whoever invited still may. Raises InvitationUnusable."""
    rights = [TEAM_MANAGE, *([MEMBER_MANAGE] if invitation.role == Role.MEMBER else [])]
    by, since = invitation.invited_by, invitation.created_at
    if not any(still_vouches(by, right, on=invitation.cpts, since=since) for right in rights):
        raise InvitationUnusable


def account_of(email: str) -> User | None:
    """The password account that owns this address: its own, or another one it has confirmed."""
    if not email.isascii():  # PostgreSQL folds letters that look alike
        return None
    accounts = User.objects.filter(kind=AccountKind.PASSWORD)
    confirmed = Q(emailaddress__email__iexact=email, emailaddress__verified=True)
    return accounts.filter(Q(email__iexact=email) | confirmed).order_by("pk").first()


@transaction.atomic
def accept_invitation(*, invitation: Invitation, user: User, at: datetime) -> None:
    """Take the role offered, once. Raises NotTheInvitedAccount, InvitationAlreadyUsed, or InvitationUnusable once who
    invited has no right to."""
    if account_of(invitation.email) != user:
        raise NotTheInvitedAccount
    _check_word(invitation)
    pending = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
    if not pending.update(accepted_at=at, accepted_by=user):
        raise InvitationAlreadyUsed
    RoleAssignment.objects.get_or_create(
        user=user, role=invitation.role, cpts=invitation.cpts, defaults={"created_at": at}
    )
    summary = f"Invitation acceptée par {user} : {invitation.get_role_display()}"
    audit.record(Act.INVITATION_ACCEPTED, target=invitation, by=user, at=at, cpts=invitation.cpts, summary=summary)
    hooks.invitation_accepted(invitation=invitation, user=user, at=at)


@transaction.atomic
def accept_with_new_account(
    *, invitation: Invitation, given_name: str, family_name: str, password: str, at: datetime
) -> User:
    """Make the account that the link proves the address of, then take the role. Raises AddressTaken."""
    user = _create_account(invitation.email, password, given_name=given_name, family_name=family_name)
    accept_invitation(invitation=invitation, user=user, at=at)
    return user
