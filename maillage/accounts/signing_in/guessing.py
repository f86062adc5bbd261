"""Guessing a password or a code is slow from everywhere, and the person still enters.

Only failures stay counted: a sign-in that goes well gives back what it spent. An office of forty behind one address
fails as often as people do; one network that tries one account does not. A device that the account knows is counted
apart, so that whoever guesses from elsewhere closes nothing to the person.
"""

from datetime import datetime

from django.http import HttpRequest

from maillage.accounts.limits import (
    BLOCK,
    CODES,
    CODES_KNOWN_DEVICE,
    CODES_OF_ALL,
    GROWING,
    KNOWN_DEVICE,
    NETWORK,
    PAIR,
)
from maillage.accounts.models import User
from maillage.accounts.signing_in.devices import device_of, knows
from maillage.core.limits import Spent, spend
from maillage.core.network import address_of


def try_password(request: HttpRequest, email: str, *, at: datetime) -> Spent:
    """Count a password that is about to be tried; given back when it is right. Raises LimitReached."""
    account, device = email.strip().lower(), device_of(request)
    if device and knows(request, account):
        return spend(*KNOWN_DEVICE, at=at, account=account, of=device.number)
    return spend(PAIR, NETWORK, BLOCK, *GROWING, at=at, account=account, address=address_of(request))


def try_code(request: HttpRequest, user: User, *, at: datetime) -> Spent:
    """Count a code that is about to be tried, of an application or of recovery; given back when it is right.

    Raises LimitReached.
    """
    device = device_of(request)
    if device and knows(request, user):
        return spend(CODES_KNOWN_DEVICE, at=at, account=user.pk, of=device.number)
    return spend(CODES, *CODES_OF_ALL, at=at, account=user.pk, address=address_of(request))
