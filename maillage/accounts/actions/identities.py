"""Pro Santé Connect tied to an account by the person, used to sign in, untied; or an account opened by it."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from maillage.accounts import notifications
from maillage.accounts.actions import AddressTaken
from maillage.accounts.actions.proofs import claim_number, record_proof
from maillage.accounts.acts import Act
from maillage.accounts.models import AccountKind, LinkedIdentity, ProofMeans, User
from maillage.accounts.rules.psc import practitioner_number
from maillage.accounts.signing_in.identity import Identity
from maillage.audit import actions as audit
from maillage.core.errors import DomainError


class IdentityOfSomebodyElse(DomainError):
    user_message = "Cette identité Pro Santé Connect est déjà reliée à un autre compte : connectez-vous avec elle."


class AnotherIdentityLinked(DomainError):
    user_message = "Votre compte est déjà relié à une autre identité Pro Santé Connect : déliez-la d’abord."


class NothingElseOpensTheAccount(DomainError):
    user_message = (
        "Choisissez d’abord un mot de passe ou une clé d’accès : sans eux, plus rien n’ouvrirait votre compte."
    )


def account_of_identity(identity: Identity) -> User | None:
    """The account that this identity opens; None when nobody tied it, or the account is closed."""
    rows = LinkedIdentity.objects.in_force().filter(issuer=identity.issuer, identifier=identity.identifier)
    linked = rows.select_related("user").first()
    return linked.user if linked and linked.user.is_active else None


def note_use(*, identity: Identity, user: User, at: datetime) -> None:
    """The account was opened by it."""
    LinkedIdentity.objects.in_force().filter(user=user, identifier=identity.identifier).update(used_at=at)


def link_identity(*, user: User, identity: Identity, at: datetime) -> LinkedIdentity:
    """Tie an identity to the account of the person who just proved it, and with it their national number.

    Raises IdentityOfSomebodyElse, AnotherIdentityLinked, and what record_proof raises; then nothing is tied.
    """
    rows = LinkedIdentity.objects.in_force()
    if user.kind != AccountKind.PASSWORD:
        raise IdentityOfSomebodyElse
    number = practitioner_number(identity.identifier)
    if rows.filter(issuer=identity.issuer, identifier=identity.identifier).exclude(user=user).exists():
        if number is not None:  # whoever shows the card is heard: the administrator settles
            claim_number(user=user, national_id=number, means=ProofMeans.PSC, at=at)
        raise IdentityOfSomebodyElse
    mine = rows.filter(user=user).first()
    if mine and (mine.issuer, mine.identifier) != (identity.issuer, identity.identifier):
        raise AnotherIdentityLinked
    if number is not None:
        record_proof(user=user, national_id=number, means=ProofMeans.PSC, at=at)  # opens its own transaction
    return mine or _link(user, identity, at)


@transaction.atomic
def _link(user: User, identity: Identity, at: datetime) -> LinkedIdentity:
    try:
        with transaction.atomic():
            linked = LinkedIdentity.objects.create(
                user=user,
                issuer=identity.issuer,
                identifier=identity.identifier,
                given_name=identity.given_name,
                family_name=identity.family_name,
                linked_at=at,
                used_at=at,
            )
    except IntegrityError as error:  # two accounts within the same second too
        raise IdentityOfSomebodyElse from error
    audit.record(Act.IDENTITY_LINKED, target=linked, by=user, at=at, summary=f"{user} a relié Pro Santé Connect")
    notifications.identity_linked(linked)
    return linked


@transaction.atomic
def unlink_identity(*, user: User, at: datetime, has_another_means: bool) -> None:
    """The account opens by it no more; the number that it proved stays proved. Raises NothingElseOpensTheAccount."""
    if not has_another_means:
        raise NothingElseOpensTheAccount
    linked = LinkedIdentity.objects.in_force().filter(user=user).first()
    if linked is None:
        return
    LinkedIdentity.objects.filter(pk=linked.pk).update(ended_at=at)
    audit.record(Act.IDENTITY_UNLINKED, target=linked, by=user, at=at, summary=f"{user} a délié Pro Santé Connect")


def open_account(*, identity: Identity, email: str, at: datetime) -> User:
    """An account without a password, whose address the person just proved, then what link_identity does.

    Raises AddressTaken, and what link_identity raises: the account stays then, for the administrator to settle.
    """
    user = _create(identity, email)
    link_identity(user=user, identity=identity, at=at)
    return user


def _create(identity: Identity, email: str) -> User:
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email, None, given_name=identity.given_name or "—", family_name=identity.family_name
            )
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    except IntegrityError as error:
        raise AddressTaken from error
    return user
