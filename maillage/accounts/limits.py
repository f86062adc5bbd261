"""Limits of accounts: guessing a password is slow from everywhere, and the person still enters.

Only failures stay counted: a sign-in that goes well gives back what it spent. An office of forty behind one address
fails as often as people do; one network that tries one account does not. A device that the account knows is counted
apart, so that whoever guesses from elsewhere closes nothing to the person.
"""

from datetime import datetime

from django.http import HttpRequest

from maillage.accounts.devices import device_of, knows
from maillage.accounts.models import User
from maillage.core.dates import DAY, HOUR, MINUTE
from maillage.core.limits import TOO_MANY_TRIES, By, Spent, limit, spend
from maillage.core.network import address_of

PAIR = limit(
    "sign-in",
    "Mots de passe refusés d’un compte, depuis un réseau",
    most=8,
    seconds=15 * MINUTE,
    by=(By.ACCOUNT, By.NETWORK),
    said=TOO_MANY_TRIES,
)
NETWORK = limit(
    "sign-in-network",
    "Mots de passe refusés, depuis un réseau",
    most=300,
    seconds=15 * MINUTE,
    by=(By.NETWORK,),
    said="Trop d’essais depuis votre réseau",
)
BLOCK = limit(
    "sign-in-block",
    "Mots de passe refusés, depuis un bloc de réseaux",
    most=600,
    seconds=15 * MINUTE,
    by=(By.BLOCK,),
    said="Trop d’essais depuis votre réseau",
)
# From devices that the account does not know, wherever they are: the more failures, the longer the wait.
GROWING = tuple(
    limit(name, label, most=most, seconds=seconds, by=(By.ACCOUNT,), said=TOO_MANY_TRIES)
    for name, label, most, seconds in (
        ("sign-in-account", "Mots de passe refusés d’un compte, de partout", 12, 5 * MINUTE),
        ("sign-in-account-hour", "Mots de passe refusés d’un compte, de partout, en une heure", 30, HOUR),
        ("sign-in-account-day", "Mots de passe refusés d’un compte, de partout, en un jour", 80, DAY),
    )
)
KNOWN_DEVICE = tuple(
    limit(name, label, most=most, seconds=seconds, by=(By.ACCOUNT, By.OBJECT), said=TOO_MANY_TRIES)
    for name, label, most, seconds in (
        ("sign-in-device", "Mots de passe refusés d’un compte, sur un appareil connu", 10, 15 * MINUTE),
        ("sign-in-device-day", "Mots de passe refusés d’un compte, sur un appareil connu, en un jour", 60, DAY),
    )
)
CODES = limit(
    "second-factor",
    "Codes refusés d’un compte, depuis un réseau",
    most=8,
    seconds=15 * MINUTE,
    by=(By.ACCOUNT, By.NETWORK),
    said=TOO_MANY_TRIES,
)
CODES_OF_ALL = tuple(
    limit(name, label, most=most, seconds=seconds, by=(By.ACCOUNT,), said=TOO_MANY_TRIES)
    for name, label, most, seconds in (
        ("second-factor-hour", "Codes refusés d’un compte, de partout, en une heure", 20, HOUR),
        ("second-factor-day", "Codes refusés d’un compte, de partout, en un jour", 60, DAY),
    )
)
CODES_KNOWN_DEVICE = limit(
    "second-factor-device",
    "Codes refusés d’un compte, sur un appareil connu",
    most=10,
    seconds=15 * MINUTE,
    by=(By.ACCOUNT, By.OBJECT),
    said=TOO_MANY_TRIES,
)
SIGN_UP = limit("sign-up", "Comptes demandés depuis un réseau", most=60, seconds=HOUR, by=(By.NETWORK,))
SIGN_UP_BLOCK = limit(
    "sign-up-block", "Comptes demandés depuis un bloc de réseaux", most=200, seconds=HOUR, by=(By.BLOCK,)
)
# A whole office may come from one address.
PSC_DOOR = limit(
    "psc-door", "Départs vers Pro Santé Connect, depuis un réseau", most=300, seconds=15 * MINUTE, by=(By.NETWORK,)
)
ADDRESS_CHANGES = limit(
    "address-changes", "Changements d’adresse demandés par un compte", most=5, seconds=DAY, by=(By.ACCOUNT,)
)
SPOKEN_CODES = limit(
    "spoken-codes", "Codes donnés en personne, essayés sur un compte", most=10, seconds=HOUR, by=(By.ACCOUNT,)
)
RESET = limit("reset", "Mots de passe oubliés, depuis un réseau", most=60, seconds=HOUR, by=(By.NETWORK,))
RESET_BLOCK = limit(
    "reset-block", "Mots de passe oubliés, depuis un bloc de réseaux", most=200, seconds=HOUR, by=(By.BLOCK,)
)
# In silence: whoever is written to already holds as many messages as they need.
ACCOUNT_MAILS = limit("account-mails", "Messages de compte à une adresse", most=6, seconds=HOUR, by=(By.OBJECT,))
PASSWORD_CHANGE = limit(
    "password-change", "Mots de passe changés par un compte", most=10, seconds=15 * MINUTE, by=(By.ACCOUNT,)
)
INVITATIONS = limit(
    "invitations",
    "Invitations envoyées par un compte",
    most=60,
    seconds=DAY,
    by=(By.ACCOUNT,),
    said="Trop d’invitations",
)
TOKENS = limit(
    "invitation-tokens",
    "Liens d’invitation qui n’ouvrent rien, depuis un réseau",
    most=30,
    seconds=HOUR,
    by=(By.NETWORK,),
    said=TOO_MANY_TRIES,
)


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
