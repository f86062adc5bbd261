"""The pair of keys of the backups: the public one writes them, the secret one, kept elsewhere, opens them."""

import pyrage

from maillage.core.errors import DomainError

SECRET_PREFIX = "AGE-SECRET-KEY-"  # noqa: S105  # how a secret key begins


class BadPublicKey(DomainError):
    user_message = "La clé publique des sauvegardes (BACKUP_PUBLIC_KEY) n’est pas une clé « age1… »."


class SecretKeyHere(DomainError):
    user_message = (
        "BACKUP_PUBLIC_KEY contient la clé secrète : mettez-y la clé publique (age1…), et gardez l’autre ailleurs."
    )


class NoSecretKey(DomainError):
    user_message = "Ce fichier ne contient pas de clé secrète de sauvegarde (AGE-SECRET-KEY-1…)."


def new_pair() -> tuple[str, str]:
    """Public, secret."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity.to_public()), str(identity)


def public_key(text: str) -> pyrage.x25519.Recipient:
    """Raises BadPublicKey, SecretKeyHere."""
    if text.strip().upper().startswith(SECRET_PREFIX):
        raise SecretKeyHere
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise BadPublicKey from error


def secret_keys(text: str) -> list[pyrage.x25519.Identity]:
    """Those of a key file, as `age-keygen` writes it. Raises NoSecretKey."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith(SECRET_PREFIX)]
    try:
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines]
    except pyrage.IdentityError as error:
        raise NoSecretKey from error
    if not keys:
        raise NoSecretKey
    return keys
