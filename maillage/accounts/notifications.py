"""Who is told what of an account, in the transaction of what is told (the journal of mails is the outbox)."""

from datetime import date, datetime

from maillage.accounts import letters
from maillage.accounts.models import (
    AccountRecovery,
    AddressChange,
    Invitation,
    LinkedIdentity,
    NumberDispute,
    NumberProof,
    User,
)
from maillage.core.letters import Letter, post


def _to(user: User | None, letter: Letter) -> None:
    if user and user.email:
        post(letter, to=user.email)


def invitation_sent(invitation: Invitation, token: str) -> None:
    post(letters.invitation(invitation, token), to=invitation.email, cpts_id=invitation.cpts_id)


def number_contested(proof: NumberProof, at: datetime) -> None:
    _to(proof.user, letters.number_contested(proof, at))


def number_settled(dispute: NumberDispute) -> None:
    """Both accounts."""
    holder, claimant = dispute.proof.user, dispute.claimant
    if claimant != holder:
        _to(holder, letters.number_settled(dispute.outcome, is_holder=True))
    _to(claimant, letters.number_settled(dispute.outcome, is_holder=False))


def identity_linked(linked: LinkedIdentity) -> None:
    _to(linked.user, letters.identity_linked(linked))


def new_account_code(email: str, code: str) -> None:
    post(letters.new_account_code(code), to=email)


def new_account_exists(email: str) -> None:
    post(letters.new_account_exists(), to=email)


def new_device(user: User, *, device: str, network: str, at: datetime, token: str) -> None:
    _to(user, letters.new_device(device=device, network=network, at=at, token=token))


def address_code(email: str, code: str) -> None:
    post(letters.address_code(code), to=email)


def address_changing(change: AddressChange, token: str) -> None:
    post(letters.address_changing(change, token), to=change.old_email)


def address_changed(change: AddressChange, token: str) -> None:
    post(letters.address_changed(token), to=change.old_email)


def recovery_checked(recovery: AccountRecovery, token: str) -> None:
    _to(recovery.user, letters.recovery_checked(recovery, token))


def recovery_used(recovery: AccountRecovery, token: str) -> None:
    _to(recovery.user, letters.recovery_used(token))


def account_unused(user: User, *, on: date) -> None:
    """A month before it is erased."""
    _to(user, letters.account_unused(on))
