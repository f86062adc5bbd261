"""What accounts tell the apps above them. Each is called in the transaction of what it tells."""

from datetime import datetime

from maillage.accounts.models import Invitation, NumberProof, User
from maillage.core.hooks import Hook


@Hook
def invitation_accepted(*, invitation: Invitation, user: User, at: datetime) -> None:
    """Somebody took the role they were offered, with the account of the address that the link proved."""


@Hook
def number_proved(*, proof: NumberProof, at: datetime) -> None:
    """An account is now, or is again, proved to be one professional."""


@Hook
def number_lost(*, proof: NumberProof, at: datetime) -> None:
    """A proof was contested or ended: what it opened closes."""


@Hook
def identity_contested(*, what: str, at: datetime, is_urgent: bool = False) -> None:
    """Something waits for the administrator of the instance to decide; `what`, in a few words. Urgent: told at once,
    whatever was told lately."""


@Hook
def address_changed(*, user: User) -> None:
    """An account answers at another address, which proved itself; or at the one before, taken back."""


@Hook
def account_taken_back(*, user: User, at: datetime) -> None:
    """« Ce n’est pas moi »: what was said or read from the account these last days may be somebody else's doing."""
