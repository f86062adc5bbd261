"""Changing the address of an account, and « ce n’est pas moi »: taking an account back from whoever got into it."""

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.crypto import constant_time_compare

from maillage.accounts import hooks, letters, notifications
from maillage.accounts.actions import AddressTaken, account_of
from maillage.accounts.actions.codes import CODE_LIVES, digest_of, is_right, new_text
from maillage.accounts.actions.connections import end_others
from maillage.accounts.actions.granted import UNDONE_WITHIN, take_back_granted
from maillage.accounts.actions.proofs import end_proof
from maillage.accounts.acts import Act
from maillage.accounts.models import AccountKind, AccountRecovery, AddressChange, LinkedIdentity, NumberProof, User
from maillage.accounts.permissions import takings_back
from maillage.audit import actions as audit
from maillage.core.errors import DomainError

UUID_LENGTH, STATE_DIGEST = 32, 24
signer = signing.TimestampSigner(salt="accounts.not-me")


class SameAddress(DomainError):
    user_message = "C’est déjà l’adresse de votre compte."


class CodeRefused(DomainError):
    user_message = "Ce code n’est pas le bon, a expiré ou a été essayé trop de fois."


class LinkOver(DomainError):
    user_message = "Ce lien n’est plus valable : il a servi, ou a plus de sept jours. Prévenez votre CPTS."


@transaction.atomic
def ask_address_change(*, user: User, email: str, at: datetime) -> AddressChange:
    """A code leaves for the new address, a warning for the old one; nothing changes yet. Raises SameAddress.

    An address that another account owns gets no code: the person who asks learns nothing of it.
    """
    email = email.strip().lower()
    if email == user.email.lower():
        raise SameAddress
    code = new_text()
    change = AddressChange.objects.create(
        user=user,
        old_email=user.email,
        new_email=email,
        digest=digest_of(code),
        asked_at=at,
        expires_at=at + CODE_LIVES,
    )
    audit.record(Act.ADDRESS_ASKED, target=user, by=user, at=at, summary=f"{user} demande à changer d’adresse")
    if account_of(email) is None:
        notifications.address_code(email, code)
    notifications.address_changing(change, token_of(f"change:{change.uuid.hex}"))
    return change


def confirm_address_change(*, user: User, text: str, at: datetime) -> None:
    """The code that the new address received: it takes the place of the old one. Raises CodeRefused, AddressTaken."""
    change = AddressChange.objects.filter(user=user, confirmed_at=None, undone_at=None).order_by("-pk").first()
    if change is None or not _spend(change, text, at):
        raise CodeRefused
    _confirm(change, at)


def _spend(change: AddressChange, text: str, at: datetime) -> bool:
    """Each wrong try counts, kept even though the action refuses."""
    unconfirmed = AddressChange.objects.filter(pk=change.pk, confirmed_at=None)
    return is_right(unconfirmed, text, digest=change.digest, at=at)


@transaction.atomic
def _confirm(change: AddressChange, at: datetime) -> None:
    if not AddressChange.objects.filter(pk=change.pk, confirmed_at=None, undone_at=None).update(confirmed_at=at):
        raise CodeRefused
    _put(change.user, change.new_email)
    audit.record(
        Act.ADDRESS_CHANGED,
        target=change.user,
        by=change.user,
        at=at,
        summary=f"{change.user} a changé d’adresse",
    )
    notifications.address_changed(change, token_of(f"change:{change.uuid.hex}"))


def _put(user: User, email: str) -> None:
    """Raises AddressTaken."""
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(email=email)
            EmailAddress.objects.filter(user=user).delete()
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    except IntegrityError as error:
        raise AddressTaken from error
    user.email = email
    hooks.address_changed(user=user)


def _free(email: str, user: User) -> None:
    """An account that somebody opened there meanwhile, and whose address nobody proved, stands in nobody's way."""
    proved = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    squatters = User.objects.filter(kind=AccountKind.PASSWORD, email__iexact=email).exclude(pk=user.pk)
    squatters.filter(~Exists(proved), assignments=None).delete()


def token_of(what: str) -> str:
    """What a « ce n’est pas moi » link carries: a public identifier, dated and signed."""
    return signer.sign(what)


def not_me_token(user: User) -> str:
    """For the account as it is: once it has another address, or was taken back, the link opens nothing."""
    return token_of(f"account:{user.uuid.hex}{_state_of(user)}")


def _state_of(user: User) -> str:
    """A thief's new password leaves the owner's link alone; having served does not."""
    return digest_of(f"{user.email.lower()} {takings_back(user).count()}")[:STATE_DIGEST]


def not_me_url(user: User) -> str:
    """Where the mail of an app above sends whoever says « ce n’est pas moi »."""
    return letters.not_me_url(not_me_token(user))


@transaction.atomic
def take_back(*, token: str, at: datetime) -> User:
    """« Ce n’est pas moi »: the address comes back, every session ends, the password opens nothing more, and neither do
    the means added these last seven days; roles and proofs given since on its word end, or wait for a decision. Raises
    LinkOver, AddressTaken."""
    User.objects.select_for_update().get(pk=_subject(token)[0].pk)  # the same link, pressed twice at once
    user, change = _subject(token)
    if change is not None:
        if not AddressChange.objects.filter(pk=change.pk, undone_at=None).update(undone_at=at):
            raise LinkOver
        # What came after goes with it: a thief who moved the address twice holds the link of the second move.
        later = AddressChange.objects.filter(user=user, pk__gt=change.pk, undone_at=None)
        has_moved = change.confirmed_at or later.filter(confirmed_at__isnull=False).exists()
        later.update(undone_at=at)
        if has_moved:
            _free(change.old_email, user)
            with suppress(AddressTaken):  # somebody proved it meanwhile: the account opens to nobody, see below
                _put(user, change.old_email)
            user.is_active = user.email == change.old_email
    since = at - UNDONE_WITHIN
    AddressChange.objects.filter(user=user, confirmed_at=None, undone_at=None).update(undone_at=at)
    Authenticator.objects.filter(user=user, created_at__gte=since).delete()
    LinkedIdentity.objects.in_force().filter(user=user, linked_at__gte=since).update(ended_at=at)
    for proof in NumberProof.objects.open().filter(user=user, proved_at__gte=since):
        end_proof(proof=proof, reason="compte repris par « ce n’est pas moi »", at=at)
    take_back_granted(by=user, since=since, at=at)
    AccountRecovery.objects.filter(user=user, used_at=None, expires_at__gt=at).update(expires_at=at)
    user.set_unusable_password()
    user.save(update_fields=["password", "is_active"])
    end_others(user=user, kept=None, at=at, why="« ce n’est pas moi »")
    hooks.account_taken_back(user=user, at=at)
    audit.record(Act.ACCOUNT_TAKEN_BACK, target=user, by=None, at=at, summary=f"« Ce n’est pas moi » : {user}")
    return user


def check_token(token: str) -> User:
    """Whose account a link speaks of, before the press. Raises LinkOver."""
    user, change = _subject(token)
    if change is not None and change.undone_at:
        raise LinkOver
    return user


def _subject(token: str) -> tuple[User, AddressChange | None]:
    try:
        kind, _, name = signer.unsign(token, max_age=UNDONE_WITHIN).partition(":")
        if kind == "change":
            change = AddressChange.objects.select_related("user").get(uuid=UUID(hex=name))
            return change.user, change
        user = User.objects.get(uuid=UUID(hex=name[:UUID_LENGTH]))
        if not constant_time_compare(name[UUID_LENGTH:], _state_of(user)):
            raise LinkOver
        return user, None
    except (signing.BadSignature, ValueError, AddressChange.DoesNotExist, User.DoesNotExist) as error:
        raise LinkOver from error
