"""Limits of accounts: passwords and codes (accounts.signing_in.guessing), sign-up, mails, invitations, imports."""

from maillage.core.dates import DAY, HOUR, MINUTE
from maillage.core.limits import TOO_MANY_TRIES, By, limit

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
IMPORTS = limit("imports", "Fichiers importés par un compte", most=40, seconds=HOUR, by=(By.ACCOUNT,))

PROOF_CODES = limit(
    "proof-codes",
    "Codes de preuve d’identité tapés par un compte",
    most=10,
    seconds=15 * MINUTE,
    by=(By.ACCOUNT,),
    said=TOO_MANY_TRIES,
)
SIGN_UP_CODES = limit(
    "sign-up-codes",
    "Codes d’inscription refusés, pour une adresse",
    most=12,
    seconds=HOUR,
    by=(By.OBJECT,),
    said=TOO_MANY_TRIES,
)
